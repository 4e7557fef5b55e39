/**
 * What the first part of the address opens. A view is a function of the other parts that answers an element; it is
 * loaded when it is first opened. To add one: make its folder, and a line here.
 *
 * @type {Record<string, () => Promise<(path: string[]) => any>>}
 */
export const VIEWS = {
  chat: async () => (await import("./chat/chat.js")).chatView,
  join: async () => (await import("./shell/join.js")).join,
  settings: async () => (await import("./settings/settings.js")).settings,
};
