// For browsers and React Native. Node takes node.js.
export { Chat } from "./chat.js";
export { ApiError, ConnectionLost } from "./errors.js";
export { Messenger } from "./messenger.js";
export { IndexedDbStorage } from "./platform/indexeddb.js";
export { KeyValueStorage, MemoryStorage } from "./platform/storage.js";
