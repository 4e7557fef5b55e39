/** @typedef {import("./storage.js").Storage} Storage */

/**
 * The browser's database. All tabs of an origin share it.
 *
 * @implements {Storage}
 */
export class IndexedDbStorage {
  shared = true;
  /** @type {Promise<IDBDatabase> | null} */
  #opened = null;

  /** @param {string} [scope] the database's name: another one for each account that is used at the same time */
  constructor(scope = "messenger") {
    this.scope = scope;
  }

  /** @param {string} key @returns {Promise<any>} */
  async get(key) {
    return answer((await this.#store("readonly")).get(key));
  }

  /** @param {[string, any][]} entries */
  async set(entries) {
    const store = await this.#store("readwrite");
    for (const [key, value] of entries) {
      if (value === undefined) store.delete(key);
      else store.put(value, key);
    }
    const { transaction } = store;
    await new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(undefined);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }

  /** @param {string} prefix @returns {Promise<[string, any][]>} */
  async list(prefix) {
    const store = await this.#store("readonly");
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    const [keys, values] = await Promise.all([answer(store.getAllKeys(range)), answer(store.getAll(range))]);
    return keys.map((key, index) => [String(key), values[index]]);
  }

  /** @param {IDBTransactionMode} mode */
  async #store(mode) {
    this.#opened ??= this.#open().catch((error) => {
      this.#opened = null;
      throw error;
    });
    return (await this.#opened).transaction("kept", mode).objectStore("kept");
  }

  async #open() {
    const request = indexedDB.open(this.scope, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore("kept");
    const database = await answer(request);
    // The browser closes it when the user clears the site's data, for example: the next use opens it again.
    database.onclose = () => (this.#opened = null);
    return database;
  }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
