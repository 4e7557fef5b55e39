import { isRetryable } from "./errors.js";

const PAUSE_MILLISECONDS = 1000;

/**
 * Tells what has arrived and what was read: few receipts for many messages.
 *
 * No acks are asked for: what was told counts as done at once. Those that fail, or whose connection ends so soon that
 * they may have failed, are told again; again is as once.
 */
export class Receipts {
  /** What is to be told, by action and chat. @type {Map<string, {action: string, chatId: number, seq: number}>} */
  #due = new Map();
  /** @type {any} */
  #timer = null;
  #stopped = false;

  /**
   * @param {import("./net/socket.js").Socket} socket
   * @param {import("./net/http.js").Http} http
   * @param {(type: string, mark: {chatId: number, seq: number}) => void} told takes what was told
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
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#due.clear();
  }

  /** @param {string} action @param {number} chatId @param {number} seq */
  #later(action, chatId, seq) {
    const key = `${action} ${chatId}`;
    this.#due.set(key, { action, chatId, seq: Math.max(seq, this.#due.get(key)?.seq ?? 0) });
    this.#timer ??= setTimeout(() => this.#tell(), PAUSE_MILLISECONDS);
  }

  #tell() {
    const due = [...this.#due.values()];
    this.#due.clear();
    this.#timer = null;
    for (const { action, chatId, seq } of due) {
      this.#ask(action, chatId, seq).catch((error) => {
        if (!this.#stopped && isRetryable(error)) this.#later(action, chatId, seq);
      });
      this.told("message:delivered", { chatId, seq });
      if (action === "messages:read") this.told("messages:read", { chatId, seq });
    }
  }

  /** @param {string} action @param {number} chatId @param {number} seq @returns {Promise<any>} */
  #ask(action, chatId, seq) {
    if (this.socket.state === "open") return this.socket.tell(action, { chatId, seq });
    return this.http.post(`/chats/${chatId}/${action === "messages:read" ? "read" : "delivered"}`, { seq });
  }
}
