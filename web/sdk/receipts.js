import { isRetryable } from "./errors.js";

const PAUSE_MILLISECONDS = 1000;

/**
 * Tells what has arrived and what was read: few receipts for many messages.
 *
 * Those that fail are told by the next one of the chat, or after the next sync.
 */
export class Receipts {
  /** What is to be told, by action and chat. @type {Map<string, {action: string, chatId: number, seq: number}>} */
  #due = new Map();
  /** @type {any} */
  #timer = null;

  /**
   * @param {import("./net/socket.js").Socket} socket
   * @param {import("./net/http.js").Http} http
   * @param {(marks: any) => void} told takes the watermarks of the answers
   */
  constructor(socket, http, told) {
    this.socket = socket;
    this.http = http;
    this.told = told;
  }

  /** Messages up to this one are on the device. @param {number} chatId @param {number} seq */
  delivered(chatId, seq) {
    this.#later("message:delivered", chatId, seq);
  }

  /** The user has seen messages up to this one. @param {number} chatId @param {number} seq */
  read(chatId, seq) {
    this.#due.delete(`message:delivered ${chatId}`); // reading includes it
    this.#later("messages:read", chatId, seq);
  }

  /** Tells nothing more. */
  stop() {
    clearTimeout(this.#timer);
    this.#due.clear();
  }

  /** @param {string} action @param {number} chatId @param {number} seq */
  #later(action, chatId, seq) {
    const key = `${action} ${chatId}`;
    this.#due.set(key, { action, chatId, seq: Math.max(seq, this.#due.get(key)?.seq ?? 0) });
    this.#timer ??= setTimeout(() => this.#tell(), PAUSE_MILLISECONDS);
  }

  async #tell() {
    const due = [...this.#due.values()];
    this.#due.clear();
    for (const { action, chatId, seq } of due) {
      try {
        this.told(await this.#ask(action, chatId, seq));
      } catch (error) {
        if (isRetryable(error) && !this.#due.has(`${action} ${chatId}`)) this.#later(action, chatId, seq);
      }
    }
    this.#timer = this.#due.size ? setTimeout(() => this.#tell(), PAUSE_MILLISECONDS) : null;
  }

  /** @param {string} action @param {number} chatId @param {number} seq */
  #ask(action, chatId, seq) {
    if (this.socket.state === "open") return this.socket.request(action, { chatId, seq });
    return this.http.post(`/chats/${chatId}/${action === "messages:read" ? "read" : "delivered"}`, { seq });
  }
}
