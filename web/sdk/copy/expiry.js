/** The longest wait that a timer can do. */
const MOST_MILLISECONDS = 2 ** 31 - 1;

/** Takes messages away when their time has come. */
export class Expiry {
  /** @type {any} */
  #timer = null;
  #next = Infinity;

  /** @param {import("./copy.js").Copy} copy */
  constructor(copy) {
    this.copy = copy;
    copy.on("message", ({ message }) => this.#watch(message.expiresAt));
    copy.on("reset", () => this.look());
  }

  /** Takes away what has expired, and sets the timer for what expires next. */
  look() {
    this.stop();
    for (const chat of this.copy.chats.values()) {
      for (const message of chat.list) {
        if (message.expiresAt && Date.parse(message.expiresAt) <= Date.now()) this.copy.expire(chat, message);
        else this.#watch(message.expiresAt);
      }
    }
  }

  /** Takes nothing away any more. */
  stop() {
    clearTimeout(this.#timer);
    this.#next = Infinity;
  }

  /** @param {string | null} [expiresAt] */
  #watch(expiresAt) {
    const time = expiresAt ? Date.parse(expiresAt) : Infinity;
    if (time >= this.#next) return;
    clearTimeout(this.#timer);
    this.#next = time;
    this.#timer = setTimeout(() => this.look(), Math.min(Math.max(0, time - Date.now()), MOST_MILLISECONDS));
  }
}
