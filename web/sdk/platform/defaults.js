import { IndexedDbStorage } from "./indexeddb.js";
import { MemoryStorage } from "./storage.js";

/** What is used where the options name nothing else. An entry for another platform replaces it. */
export const defaults = {
  /** @returns {import("./storage.js").Storage} */
  storage: () => (globalThis.indexedDB ? new IndexedDbStorage() : new MemoryStorage()),
  /** @returns {new (address: string) => WebSocket} */
  WebSocket: () => globalThis.WebSocket,
};
