/** A chat in the list. */

import { nameOf, self, titleOf } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { shortCount, shortTime, t } from "../../core/i18n.js";
import { watch } from "../../core/reactive.js";
import { route, swap, to } from "../../core/router.js";
import { chatAvatar } from "../../parts/avatar.js";
import { icon } from "../../parts/icons.js";
import { confirm, menu, tried } from "../../parts/layers.js";
import { callStory, storyOf } from "../chat/story.js";

/** @param {() => any} item a chat */
export function chatRow(item) {
  const chat = item();
  const now = watch(chat, ["changed", "message", "updated", "removed", "typing", "pending"], () => chat);
  const person = watch(self().people, ["changed"], () => null);
  const open = (/** @type {any} */ event) => {
    event.preventDefault();
    chatMenu(chat, "clientX" in event && event.clientX ? { x: event.clientX, y: event.clientY } : event.currentTarget);
  };
  const current = () => route.value[0] === "chat" && Number(route.value[1]) === chat.id;
  return h(
    "a.chat-row",
    { href: to("chat", chat.id), "aria-current": () => current() && "page", oncontextmenu: open },
    () => (person(), now(), chatAvatar(chat)),
    h("div.names", null, h("b", { dir: "auto" }, () => (person(), titleOf(now()))), () => now().data.muted && icon("mute"), h("time", null, () => when(now()))),
    h("div.preview", null, h("span", { dir: "auto" }, () => (person(), preview(now()))), () => marks(now())),
  );
}

/** @param {any} chat */
function when(chat) {
  return [own(chat) && ticks(chat.statusOf(chat.lastMessage)), shortTime(chat.lastMessage?.createdAt ?? chat.data.createdAt)];
}

/** @param {any} chat */
const own = (chat) => chat.lastMessage?.senderId === self().id && chat.lastMessage.messageType !== "system" && chat.peerId !== self().id;

/** @param {"sent" | "delivered" | "read"} status */
export function ticks(status) {
  const shown = icon(status === "sent" ? "check" : "checks");
  shown.classList.add("ticks", status);
  return h("span.status", { title: t(`status.${status}`) }, h("span.unseen", null, t(`status.${status}`)), shown);
}

/** @param {any} chat */
function preview(chat) {
  if (chat.typists.length) return h("em", null, typing(chat));
  const { content: draft } = chat.draft;
  if (draft && route.value[1] !== String(chat.id)) return [h("strong", null, t("draft")), " ", draft];
  const message = chat.pending.at(-1)?.body ?? chat.lastMessage;
  if (!message) return t("list.no-messages");
  if (message.messageType === "system") return storyOf(message);
  if (message.isDeleted) return h("i", null, t("message.deleted"));
  const who = message.senderId === self().id || !message.senderId ? t("you") : nameOf(message.senderId).split(" ")[0];
  const text = kindOf(message);
  return chat.type === "group" || !message.senderId || message.senderId === self().id ? `${who}: ${text}` : text;
}

/** @param {any} message @returns {string} one line for it */
export function kindOf(message) {
  const { messageType: kind = "text", content } = message;
  if (kind === "call" && message.call) return `📞 ${callStory(message.call)}`;
  const mark = { image: "🖼", video: "🎬", audio: "🎵", file: "📎", location: "📍", contact: "👤", poll: "📊" }[/** @type {string} */ (kind)];
  return mark ? `${mark} ${content || t(`kind.${kind}`)}` : content;
}

/** @param {any} chat */
export function typing(chat) {
  const [one, two] = chat.typists;
  if (chat.type === "private") return t("typing");
  return two ? t("typing.many", { count: chat.typists.length }) : t("typing.one", { name: nameOf(one).split(" ")[0] });
}

/** @param {any} chat */
function marks(chat) {
  const { unreadCount, markedUnread, muted, pinned } = chat.data;
  const mentioned = unreadCount > 0 && chat.messages.some((/** @type {any} */ one) => one.seq > chat.data.readSeq && one.mentions.includes(self().id));
  if (chat.pending.some((/** @type {any} */ one) => one.failed)) return h("span.badge.bad", null, "!");
  return [
    mentioned && h("span.badge", { title: t("mentioned") }, "@"),
    unreadCount > 0 && h("span.badge", { class: muted ? "quiet" : "", title: t("unread", { count: unreadCount }) }, shortCount(unreadCount)),
    !unreadCount && markedUnread && h("span.badge.point", { title: t("unread.marked") }),
    !unreadCount && !markedUnread && pinned && icon("pin"),
  ];
}

/** What can be done with a chat as a whole. @param {any} chat @param {any} at */
export function chatMenu(chat, at) {
  const { pinned, muted, archived, unreadCount, markedUnread } = chat.data;
  const unread = unreadCount > 0 || markedUnread;
  menu(at, [
    { label: t(unread ? "chat.read" : "chat.unread"), icon: "check", run: () => (unread ? chat.markRead() : tried(chat.markUnread())) },
    { label: t(pinned ? "chat.unpin" : "chat.pin"), icon: "pin", run: () => tried(pinned ? chat.unpin() : chat.pin()) },
    { label: t(muted ? "chat.unmute" : "chat.mute"), icon: muted ? "bell" : "mute", run: () => tried(muted ? chat.unmute() : chat.mute()) },
    { label: t(archived ? "chat.unarchive" : "chat.archive"), icon: "archive", run: () => tried(archived ? chat.unarchive() : chat.archive()) },
    { label: t(chat.type === "group" ? "group.leave" : "chat.delete"), icon: "trash", danger: true, run: () => leave(chat) },
  ]);
}

/** Leaves a group, or takes a private chat off the list. @param {any} chat */
export async function leave(chat) {
  const group = chat.type === "group";
  const question = t(group ? "group.leave.ask" : "chat.delete.ask", { name: titleOf(chat) });
  if (!(await confirm(question, t(group ? "group.leave" : "chat.delete")))) return;
  await tried(group ? chat.leave() : chat.remove());
  if (Number(route.peek()[1]) === chat.id) swap();
}

