import { randomId } from "./ids.js";
import { everyItem } from "./paging.js";

/** Messages that the service sends later. */
export class Scheduled {
  /**
   * @param {import("./net/http.js").Http} http
   * @param {import("./copy/ingest.js").Ingest} ingest
   */
  constructor(http, ingest) {
    this.http = http;
    this.ingest = ingest;
  }

  /**
   * @param {number} chatId
   * @param {Date | string} sendAt
   * @param {Record<string, any>} body the fields of `POST /messages`
   * @returns {Promise<import("./types/api.js").ScheduledMessage>}
   */
  add(chatId, sendAt, body) {
    const fields = { clientMessageId: randomId(), ...body, chatId, sendAt: timeOf(sendAt) };
    return this.http.create("/scheduled-messages", fields);
  }

  /** @param {number} [chatId] @returns {AsyncGenerator<import("./types/api.js").ScheduledMessage>} next due first */
  all(chatId) {
    return everyItem(this.http, "/scheduled-messages", "scheduled", { chatId });
  }

  /**
   * @param {number} scheduledId
   * @param {{content?: string, mentions?: number[], sendAt?: Date | string}} fields
   * @returns {Promise<import("./types/api.js").ScheduledMessage>}
   */
  change(scheduledId, { sendAt, ...fields }) {
    return this.http.patch(`/scheduled-messages/${scheduledId}`, { ...fields, ...(sendAt && { sendAt: timeOf(sendAt) }) });
  }

  /** @param {number} scheduledId @returns {Promise<void>} */
  cancel(scheduledId) {
    return this.http.delete(`/scheduled-messages/${scheduledId}`);
  }

  /** @param {number} scheduledId @returns {Promise<import("./types/api.js").Message>} the message, as it was sent now */
  async sendNow(scheduledId) {
    const message = await this.http.post(`/scheduled-messages/${scheduledId}/send-now`);
    await this.ingest.take("message:new", message);
    return message;
  }
}

/** @param {Date | string} time */
export function timeOf(time) {
  return time instanceof Date ? time.toISOString() : time;
}
