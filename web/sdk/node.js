// For Node: the same, with files to keep things in, and a WebSocket where Node has none.
import { defaults } from "./platform/defaults.js";
import { NodeWebSocket } from "./platform/websocket.js";

defaults.WebSocket = () => globalThis.WebSocket ?? /** @type {any} */ (NodeWebSocket);

export * from "./index.js";
export { FileStorage } from "./platform/files.js";
