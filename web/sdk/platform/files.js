import { mkdir, open, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { deserialize, serialize } from "node:v8";

import { randomId } from "../ids.js";
import { pause } from "../timing.js";

/** @typedef {import("./storage.js").Storage} Storage */

const LOCK_LOOK_MILLISECONDS = 20;

/**
 * A folder with a file for each key, for Node. Several processes may share it.
 *
 * The folder holds the session's tokens: only its owner may read it.
 *
 * @implements {Storage}
 */
export class FileStorage {
  shared = false;

  /** @param {string} folder is made when something is stored */
  constructor(folder) {
    this.folder = resolve(folder);
    this.scope = `files:${this.folder}`;
  }

  /** @param {string} key @returns {Promise<any>} */
  async get(key) {
    const bytes = await readFile(this.#path(key)).catch(onlyMissing);
    return bytes && deserialize(bytes);
  }

  /** @param {[string, any][]} entries */
  async set(entries) {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    for (const [key, value] of entries) {
      if (value === undefined) {
        await rm(this.#path(key), { force: true });
        continue;
      }
      // Whoever reads finds the old value or the new one, also after a crash.
      const written = join(this.folder, `.${randomId()}`);
      await writeFile(written, serialize(await storable(value)), { mode: 0o600 });
      await rename(written, this.#path(key));
    }
  }

  /** @param {string} prefix @returns {Promise<[string, any][]>} */
  async list(prefix) {
    const names = (await readdir(this.folder).catch(onlyMissing)) ?? [];
    const keys = names.filter((name) => !name.startsWith(".")).map(decodeURIComponent);
    const entries = keys
      .filter((key) => key.startsWith(prefix))
      .map(async (key) => /** @type {[string, any]} */ ([key, await this.get(key)]));
    return (await Promise.all(entries)).filter(([, value]) => value !== undefined);
  }

  /**
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async lock(name, work) {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, `.lock-${encodeURIComponent(name)}`);
    while (!(await taken(path))) await pause(LOCK_LOOK_MILLISECONDS);
    try {
      return await work();
    } finally {
      await rm(path, { force: true });
    }
  }

  /** @param {string} key */
  #path(key) {
    return join(this.folder, encodeURIComponent(key));
  }
}

/**
 * Takes the lock unless a living process holds it.
 *
 * @param {string} path
 * @returns {Promise<boolean>}
 */
async function taken(path) {
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
  }
  const holder = Number(await readFile(path, "utf8").catch(onlyMissing));
  if (holder && !isAlive(holder)) await rm(path, { force: true });
  return false;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/**
 * The same with the bytes of its files: Node cannot store a Blob.
 *
 * @param {any} value
 * @returns {Promise<any>}
 */
async function storable(value) {
  if (value instanceof Blob) return new Uint8Array(await value.arrayBuffer());
  if (Array.isArray(value)) return Promise.all(value.map(storable));
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).map(async ([name, part]) => [name, await storable(part)]);
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * @param {NodeJS.ErrnoException} error
 * @returns {undefined}
 */
function onlyMissing(error) {
  if (error.code !== "ENOENT") throw error;
}
