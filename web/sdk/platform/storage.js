import { randomId } from "../ids.js";

/**
 * Where a client keeps its session, its copy and what is not sent yet. Values are what structured clones can be.
 *
 * @typedef {object} Storage
 * @property {string} scope names this storage among all that share locks with it
 * @property {boolean} shared whether other tabs of the browser have it too
 * @property {(key: string) => Promise<any>} get the value of a key; undefined where there is none
 * @property {(entries: [string, any][]) => Promise<void>} set stores values in this order; undefined removes a key. A
 *   crash may leave a beginning of them stored
 * @property {(prefix: string) => Promise<[string, any][]>} list the entries whose keys begin so
 * @property {<T>(name: string, work: () => Promise<T>) => Promise<T>} [lock] does something while no other process
 *   that shares the storage does
 */

/** Forgets everything with the process. @implements {Storage} */
export class MemoryStorage {
  scope = `memory:${randomId()}`;
  shared = false;
  /** @type {Map<string, any>} */
  #kept = new Map();

  /** @param {string} key @returns {Promise<any>} */
  async get(key) {
    return this.#kept.get(key);
  }

  /** @param {[string, any][]} entries */
  async set(entries) {
    for (const [key, value] of entries) {
      if (value === undefined) this.#kept.delete(key);
      else this.#kept.set(key, value);
    }
  }

  /** @param {string} prefix @returns {Promise<[string, any][]>} */
  async list(prefix) {
    return [...this.#kept].filter(([key]) => key.startsWith(prefix));
  }
}

/**
 * React Native's AsyncStorage, or anything with the same four methods. Values are kept as JSON.
 *
 * @implements {Storage}
 */
export class KeyValueStorage {
  shared = false;

  /**
   * @param {{getItem(key: string): Promise<string | null>, multiSet(entries: [string, string][]): Promise<void>,
   *   multiRemove(keys: string[]): Promise<void>, getAllKeys(): Promise<readonly string[]>}} store
   * @param {string} [scope] begins the names of all keys
   */
  constructor(store, scope = "messenger") {
    this.scope = scope;
    this.store = store;
  }

  /** @param {string} key @returns {Promise<any>} */
  async get(key) {
    const text = await this.store.getItem(`${this.scope}:${key}`);
    return text === null ? undefined : JSON.parse(text);
  }

  /** @param {[string, any][]} entries */
  async set(entries) {
    const named = entries.map(([key, value]) => /** @type {[string, any]} */ ([`${this.scope}:${key}`, value]));
    const kept = named.filter(([, value]) => value !== undefined);
    const gone = named.filter(([, value]) => value === undefined).map(([key]) => key);
    if (kept.length) await this.store.multiSet(kept.map(([key, value]) => [key, JSON.stringify(value)]));
    if (gone.length) await this.store.multiRemove(gone);
  }

  /** @param {string} prefix @returns {Promise<[string, any][]>} */
  async list(prefix) {
    const keys = (await this.store.getAllKeys()).filter((key) => key.startsWith(`${this.scope}:${prefix}`));
    const names = keys.map((key) => key.slice(this.scope.length + 1));
    return Promise.all(names.map(async (name) => /** @type {[string, any]} */ ([name, await this.get(name)])));
  }
}
