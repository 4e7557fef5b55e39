import { Emitter } from "./emitter.js";
import { everyItem } from "./paging.js";

/** @typedef {import("./types/api.js").User} User */
/** @typedef {Partial<User> & {id: number, username: string, displayName: string, avatarUrl: string | null}} Known */

/**
 * Whom the client knows: everybody whom answers and events have named, and what was asked for. And the user's contacts
 * and blocks.
 *
 * @extends {Emitter<{changed: Known}>}
 */
export class People extends Emitter {
  /** @type {Map<number, Known>} */
  #known = new Map();

  /** @param {import("./net/http.js").Http} http */
  constructor(http) {
    super();
    this.http = http;
  }

  /** @returns {Known[]} everybody who is known */
  get known() {
    return [...this.#known.values()];
  }

  /** @param {number} userId @returns {Known | undefined} who that is, as far as it is known */
  get(userId) {
    return this.#known.get(userId);
  }

  /** @param {number} userId @returns {Promise<User>} the whole profile, as it is now */
  async fetch(userId) {
    const user = await this.http.get(`/users/${userId}`);
    this.learn([user]);
    return user;
  }

  /** @param {number[]} userIds at most 100 @returns {Promise<User[]>} the profiles of those who exist */
  async fetchAll(userIds) {
    return (await this.http.get("/users", { ids: userIds.join(",") })).users;
  }

  /** @param {string} text @returns {AsyncGenerator<User>} those whose names hold the text, the best first */
  search(text) {
    return this.#list("/users/search", "users", { q: text });
  }

  /** @returns {AsyncGenerator<User>} everybody */
  all() {
    return this.#list("/users", "users");
  }

  /** @param {string} [text] @returns {AsyncGenerator<import("./types/api.js").Contact>} contacts whose names hold it */
  contacts(text) {
    return this.#list("/contacts", "contacts", { q: text });
  }

  /**
   * @param {number} userId
   * @param {string} [name] the user's own name for the contact
   * @returns {Promise<import("./types/api.js").Contact>}
   */
  addContact(userId, name) {
    return this.http.create("/contacts", { userId, name });
  }

  /** @param {number} userId @param {string | null} name @returns {Promise<import("./types/api.js").Contact>} */
  renameContact(userId, name) {
    return this.http.patch(`/contacts/${userId}`, { name });
  }

  /** @param {number} userId @returns {Promise<void>} */
  removeContact(userId) {
    return this.http.delete(`/contacts/${userId}`);
  }

  /** @returns {AsyncGenerator<import("./types/api.js").Block>} whom the user has blocked */
  blocks() {
    return this.#list("/blocks", "blocks");
  }

  /** @param {number} userId @returns {Promise<import("./types/api.js").Block>} */
  block(userId) {
    return this.http.put(`/blocks/${userId}`);
  }

  /** @param {number} userId @returns {Promise<void>} */
  unblock(userId) {
    return this.http.delete(`/blocks/${userId}`);
  }

  /**
   * Remembers what was said of people. Newer fields replace older ones.
   *
   * @param {any[]} users
   */
  learn(users) {
    for (const user of users) {
      const before = this.#known.get(user.id);
      const after = { ...before, ...user };
      if (before && Object.keys(user).every((name) => Object.is(user[name], before[/** @type {"id"} */ (name)]))) continue;
      this.#known.set(user.id, after);
      this.emit("changed", after);
    }
  }

  /** @param {string} path @param {string} items @param {Record<string, any>} [query] */
  async *#list(path, items, query) {
    for await (const item of everyItem(this.http, path, items, query)) {
      this.learn([item.user ?? item]);
      yield item;
    }
  }
}
