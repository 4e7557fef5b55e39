/** Rows of lists: of chats, people and messages. */

import { nameOf, self, titleOf } from "../core/app.js";
import { h } from "../core/dom.js";
import { shortTime } from "../core/i18n.js";
import { go } from "../core/router.js";
import { personAvatar } from "./avatar.js";
import { tried } from "./layers.js";

/** @param {any} picture @param {any} title @param {any} below @param {() => void} press @param {any} [after] */
export function row(picture, title, below, press, after) {
  return h("button.row", { type: "button", onclick: press }, picture, h("span.names", null, h("b", { dir: "auto" }, title), h("small", { dir: "auto" }, below)), after);
}

/** @param {any} user @param {() => void} press @param {any} [after] */
export function personRow(user, press, after) {
  return row(personAvatar(user.id, { dot: true }), user.displayName, `@${user.username}`, press, after);
}

/** @param {any} message @param {() => void} press */
export function messageRow(message, press) {
  const chat = self().chat(message.chatId);
  const pieces = message.snippet?.map((/** @type {any} */ piece) => (piece.isMatch ? h("mark", null, piece.text) : piece.text)) ?? message.content;
  const title = [h("time", null, shortTime(message.createdAt)), chat ? titleOf(chat) : nameOf(message.senderId)];
  return row(personAvatar(message.senderId), title, [chat?.type === "group" && `${nameOf(message.senderId)}: `, pieces], press);
}

/** Arrow keys go through the rows. @param {KeyboardEvent} event */
export function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.altKey) return;
  const list = /** @type {HTMLElement} */ (event.currentTarget);
  const rows = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("a, button.row")]);
  rows[rows.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + step]?.focus();
  event.preventDefault();
}

/** Opens the chat with a user. @param {number} userId */
export async function openPrivate(userId) {
  const chat = await tried(self().openPrivate(userId));
  if (chat) go("chat", chat.id);
}
