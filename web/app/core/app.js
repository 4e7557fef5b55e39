/** What all views share: who is logged in, and the names of people and chats. */

import { signal } from "./reactive.js";
import { t } from "./i18n.js";

/** @type {import("./reactive.js").Signal<import("../../sdk/messenger.js").Messenger | null>} */
export const session = signal(/** @type {any} */ (null));

/** @returns {import("../../sdk/messenger.js").Messenger} who is logged in; views after log-in may rely on it */
export function self() {
  return /** @type {import("../../sdk/messenger.js").Messenger} */ (session.peek());
}

/** @param {number | null} userId @returns {string} */
export function nameOf(userId) {
  const known = userId === null ? undefined : self().people.get(userId);
  return known?.displayName || known?.username || t("person.deleted");
}

/** @param {any} chat @returns {string} */
export function titleOf(chat) {
  return chat.type === "private" && chat.peerId === self().id ? t("chat.saved") : chat.name || t("chat.unnamed");
}

/** @param {any} chat @returns {boolean} the user's own chat with themselves */
export const isSaved = (chat) => chat.type === "private" && chat.peerId === self().id;

/** The user's part in a chat. @param {any} chat @returns {"owner" | "admin" | "member"} */
export function roleIn(chat) {
  const { createdBy, participants } = chat.data;
  const own = participants.find((/** @type {any} */ one) => one.userId === self().id)?.role;
  return own ?? (createdBy === self().id ? "owner" : "member");
}

/** The first items of an async iterator. @template T @param {AsyncIterable<T>} items @param {number} count */
export async function first(items, count) {
  /** @type {T[]} */
  const found = [];
  for await (const item of items) if (found.push(item) >= count) break;
  return found;
}
