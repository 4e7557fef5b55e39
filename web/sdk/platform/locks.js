import { oneByOne } from "../timing.js";

/** @type {Map<string, ReturnType<typeof oneByOne>>} */
const inThisProcess = new Map();

/**
 * Does something while nobody else holds the lock of this name: no other tab (Web Locks), no other process (where the
 * storage can lock), and nobody in this process.
 *
 * @template T
 * @param {import("./storage.js").Storage} storage
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export function withLock(storage, name, work) {
  const whole = `${storage.scope}:${name}`;
  if (storage.shared && globalThis.navigator?.locks) return /** @type {Promise<any>} */ (navigator.locks.request(whole, work));
  const queue = inThisProcess.get(whole) ?? oneByOne();
  inThisProcess.set(whole, queue);
  return queue(() => (storage.lock ? storage.lock(name, work) : work()));
}

/**
 * Holds a lock for as long as this tab lives, once it is free. At most one tab holds it.
 *
 * @param {import("./storage.js").Storage} storage
 * @param {string} name
 * @param {() => void} held is called once it is held; where there are no tabs, at once
 * @returns {() => void} gives it back
 */
export function holdLock(storage, name, held) {
  if (!storage.shared || !globalThis.navigator?.locks) {
    held();
    return () => undefined;
  }
  const given = new AbortController();
  const whole = `${storage.scope}:${name}`;
  const until = new Promise((resolve) => given.signal.addEventListener("abort", resolve));
  navigator.locks
    .request(whole, { signal: given.signal }, () => {
      held();
      return until;
    })
    .catch(() => undefined); // given back before it was held
  return () => given.abort();
}

/**
 * The names of the locks that tabs hold now; null where nobody knows.
 *
 * @param {import("./storage.js").Storage} storage
 * @returns {Promise<Set<string> | null>}
 */
export async function heldLocks(storage) {
  if (!storage.shared || !globalThis.navigator?.locks) return null;
  const { held = [] } = await navigator.locks.query();
  const prefix = `${storage.scope}:`;
  const names = held.map((lock) => lock.name ?? "").filter((name) => name.startsWith(prefix));
  return new Set(names.map((name) => name.slice(prefix.length)));
}
