const SAY_MILLISECONDS = 3000;
const BELIEVE_MILLISECONDS = 6000;

/** Who types in which chat, and telling that the user does. */
export class Typing {
  /** When typing was last told, by chat. @type {Map<number, number>} */
  #told = new Map();
  /** @type {Map<number, Map<number, any>>} timers by chat and user */
  #typists = new Map();

  /**
   * @param {import("./net/socket.js").Socket} socket
   * @param {(chatId: number) => void} changed is called when others begin or stop in a chat
   */
  constructor(socket, changed) {
    this.socket = socket;
    this.changed = changed;
  }

  /** @param {number} chatId @returns {number[]} the ids of the others who type there */
  in(chatId) {
    return [...(this.#typists.get(chatId)?.keys() ?? [])];
  }

  /**
   * The user types. It may be called at every key: it is told every 3 seconds.
   *
   * @param {number} chatId
   */
  start(chatId) {
    if (Date.now() - (this.#told.get(chatId) ?? 0) < SAY_MILLISECONDS) return;
    this.#told.set(chatId, Date.now());
    this.#tell("typing:start", chatId);
  }

  /** The user stopped. @param {number} chatId */
  stop(chatId) {
    if (this.#told.delete(chatId)) this.#tell("typing:stop", chatId);
  }

  /** The user sent what they were typing: that tells the others. @param {number} chatId */
  sent(chatId) {
    this.#told.delete(chatId);
  }

  /**
   * Takes an event: `typing:*`, or a message of somebody who typed.
   *
   * @param {any} event
   */
  hear({ type, data }) {
    if (type === "typing:start") this.#believe(data.chatId, data.userId);
    else if (type === "typing:stop") this.#forget(data.chatId, data.userId);
    else if (type === "message:new") this.#forget(data.chatId, data.senderId);
  }

  /** Forgets everybody: nobody tells any more. */
  clear() {
    for (const [chatId, typists] of this.#typists) for (const userId of [...typists.keys()]) this.#forget(chatId, userId);
  }

  /** @param {number} chatId @param {number} userId */
  #believe(chatId, userId) {
    const typists = this.#typists.get(chatId) ?? new Map();
    this.#typists.set(chatId, typists);
    const isNew = !typists.has(userId);
    clearTimeout(typists.get(userId));
    typists.set(userId, setTimeout(() => this.#forget(chatId, userId), BELIEVE_MILLISECONDS));
    if (isNew) this.changed(chatId);
  }

  /** @param {number} chatId @param {number} userId */
  #forget(chatId, userId) {
    const typists = this.#typists.get(chatId);
    clearTimeout(typists?.get(userId));
    if (typists?.delete(userId)) this.changed(chatId);
  }

  /** @param {string} action @param {number} chatId */
  #tell(action, chatId) {
    this.socket.tell(action, { chatId }).catch(() => undefined); // nothing is lost
  }
}
