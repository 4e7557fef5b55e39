import { Emitter } from "./emitter.js";

const ASK_AT_ONCE = 100;

/** @typedef {import("./types/api.js").UserPresence} UserPresence */

/**
 * Who is online. Changes come by themselves of contacts and private chats; `watch` asks how it is now.
 *
 * @extends {Emitter<{changed: UserPresence}>}
 */
export class Presence extends Emitter {
  /** @type {Map<number, UserPresence>} */
  #known = new Map();
  /** @type {Set<number>} */
  #watched = new Set();

  /** @param {import("./net/http.js").Http} http */
  constructor(http) {
    super();
    this.http = http;
  }

  /** @param {number} userId @returns {UserPresence | undefined} undefined before it is known */
  get(userId) {
    return this.#known.get(userId);
  }

  /**
   * Asks for the presence of users now, and again after each connection.
   *
   * @param {number[]} userIds
   * @returns {Promise<void>} resolves when `get` answers for them
   */
  async watch(userIds) {
    for (const userId of userIds) this.#watched.add(userId);
    await this.#ask(userIds);
  }

  /** Asks again for everybody who is watched: changes may have been missed. */
  async renew() {
    await this.#ask([...this.#watched]);
  }

  /** @param {UserPresence} presence */
  take(presence) {
    this.#known.set(presence.userId, presence);
    this.emit("changed", presence);
  }

  /** @param {number[]} userIds */
  async #ask(userIds) {
    for (let first = 0; first < userIds.length; first += ASK_AT_ONCE) {
      const some = userIds.slice(first, first + ASK_AT_ONCE);
      const { presences } = await this.http.post("/presence/query", { userIds: some });
      for (const presence of presences) this.take(presence);
    }
  }
}
