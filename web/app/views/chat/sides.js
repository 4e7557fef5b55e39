/**
 * What can be open at the side of a chat, by its name in the address: `#/chat/ID/NAME/…`. It is loaded when it is first
 * opened. To add one: a line here, and its title as `side.NAME` in the locales.
 *
 * @type {Record<string, () => Promise<(chat: any, path: string[], actions: any) => any>>}
 */
export const SIDES = {
  info: async () => (await import("../info/info.js")).infoOf,
  pins: async () => (await import("./panels.js")).pins,
  scheduled: async () => (await import("./extras.js")).scheduled,
  search: async () => (await import("./panels.js")).searchIn,
  thread: async () => (await import("./panels.js")).thread,
};
