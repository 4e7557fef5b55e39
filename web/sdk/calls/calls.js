import { Emitter } from "../emitter.js";
import { everyItem } from "../paging.js";
import { Call } from "./call.js";

/**
 * Calls: those that ring, and the one that this device is in. docs/calls.md shows the flow.
 *
 * Events: `changed` when another call rings, or one rings no more, and when `current` is another call or none.
 *
 * @extends {Emitter<{changed: {}}>}
 */
export class Calls extends Emitter {
  /** The call that this device is in. @type {Call | null} */
  current = null;
  /** As they are known, also those that have ended. @type {Map<number, import("../types/api.js").Call>} */
  #known = new Map();
  /** @type {Set<number>} */
  #silent = new Set();
  /** @type {Promise<any>} */
  #joining = Promise.resolve();
  /** @type {(() => void)[]} */
  #off;

  /**
   * @param {import("../messenger.js").Messenger} me
   * @param {object} [options] for where there is no browser
   * @param {typeof RTCPeerConnection} [options.RTCPeerConnection]
   * @param {MediaDevices} [options.mediaDevices]
   */
  constructor(me, options = {}) {
    super();
    this.me = me;
    this.RTCPeerConnection = options.RTCPeerConnection ?? globalThis.RTCPeerConnection;
    this.mediaDevices = options.mediaDevices ?? globalThis.navigator?.mediaDevices;
    this.#off = [
      me.on("event", (event) => this.#hear(event)),
      me.on("connection", (state) => state === "open" && void this.#refresh()),
      me.on("ended", () => this.stop()),
    ];
    void this.#refresh();
  }

  /** @returns {{call: import("../types/api.js").Call, silent: boolean}[]} those that ring for the user */
  get ringing() {
    const rings = [...this.#known.values()].filter((call) => ringsFor(call, this.me.id));
    return rings.map((call) => ({ call, silent: this.#silent.has(call.id) }));
  }

  /**
   * Calls the members of a chat, or joins the call that is there.
   *
   * @param {number} chatId
   * @param {{type?: "audio" | "video", userIds?: number[]}} [options] whom of a group with more than four members
   * @returns {Promise<Call>}
   * @throws {import("../errors.js").ApiError} `call_refused`, for example
   * @throws {DOMException} the microphone may not be used, or there is none
   */
  start(chatId, { type = "audio", userIds } = {}) {
    return this.#join(type, () => this.me.http.create("/calls", { chatId, type, userIds }));
  }

  /** Answers a call that rings. @param {number} callId @returns {Promise<Call>} */
  accept(callId) {
    const type = this.#known.get(callId)?.type ?? "audio";
    return this.#join(type, () => this.me.http.post(`/calls/${callId}/accept`, {}));
  }

  /** @param {number} callId @returns {Promise<void>} */
  async decline(callId) {
    this.take(await this.me.http.post(`/calls/${callId}/decline`));
  }

  /** @param {Record<string, any>} [query] `chatId`, `type`, `status`, `direction`, `missed` */
  log(query = {}) {
    return everyItem(this.me.http, "/calls", "calls", query);
  }

  /** Hears no more, and leaves the call, for the others too. */
  stop() {
    for (const off of this.#off.splice(0)) off();
    const { current } = this;
    if (current && !current.ended) current.end().catch(() => undefined); // the session may have ended
  }

  /** A state of a call, wherever it was told. @param {import("../types/api.js").Call} told */
  take(told) {
    const { current } = this;
    const before = this.#known.get(told.id);
    const call = this.#newest(told);
    if (call !== told) return;
    if (current && current.id === call.id) current.take(call);
    if (!ringsFor(before, this.me.id) && ringsFor(call, this.me.id)) {
      this.me.socket.request("call:ring", { callId: call.id }).catch(() => undefined); // the caller sees less
    }
    this.emit("changed", {});
  }

  /** An answer may have been overtaken by an event. @param {import("../types/api.js").Call} told */
  #newest(told) {
    const known = this.#known.get(told.id);
    if (known && known.updatedAt > told.updatedAt) return known;
    this.#known.set(told.id, told);
    return told;
  }

  /** @param {any} event */
  #hear(event) {
    const { current } = this;
    const { type, data } = event;
    if (!type.startsWith("call:")) return;
    if (!data.call) {
      if (current && current.id === data.callId) current.hear(event);
      return;
    }
    if (data.silent) this.#silent.add(data.callId);
    this.take(data.call);
  }

  /**
   * One after the other: a device is in one call.
   *
   * @param {"audio" | "video"} type
   * @param {() => Promise<import("../types/api.js").Call>} enter
   */
  #join(type, enter) {
    const joining = this.#joining.then(() => this.#enter(type, enter));
    this.#joining = joining.catch(() => undefined); // whoever asked is told
    return joining;
  }

  /** @param {"audio" | "video"} type @param {() => Promise<import("../types/api.js").Call>} enter */
  async #enter(type, enter) {
    const [local, { iceServers }] = await Promise.all([this.#record(type), this.me.http.get("/calls/ice-servers")]);
    try {
      const call = new Call(this, this.#newest(await enter()), local, iceServers);
      if (!call.ended) this.#use(call);
      if (call.picture) await call.tell();
      return call;
    } catch (error) {
      for (const track of local.getTracks()) track.stop();
      throw error;
    }
  }

  /** @param {Call} call */
  #use(call) {
    this.current = call;
    call.on("ended", () => {
      this.current = null;
      this.emit("changed", {});
    });
    this.emit("changed", {});
  }

  /** Without a camera, a call with video is heard alone. @param {"audio" | "video"} type @returns {Promise<MediaStream>} */
  async #record(type) {
    if (type === "audio") return this.mediaDevices.getUserMedia({ audio: true });
    return this.mediaDevices.getUserMedia({ audio: true, video: true }).catch(() => this.#record("audio"));
  }

  /** A call may have begun, changed or ended while there was no socket. */
  async #refresh() {
    this.current?.reconnect();
    try {
      const open = [...this.#known.values()].filter((call) => !call.endedAt);
      for (const { id } of open) this.take(await this.me.http.get(`/calls/${id}`));
      for (const status of ["ringing", "active"]) for await (const call of this.log({ status })) this.take(call);
    } catch {
      // Asked again after the next connection.
    }
  }
}

/** @param {import("../types/api.js").Call | undefined} call @param {number} userId @returns {boolean} */
function ringsFor(call, userId) {
  // Rooms are for clients with the Amazon Chime SDK.
  return Boolean(call && !call.endedAt && !call.isRoom && call.participants.some((one) => one.userId === userId && one.state === "ringing"));
}
