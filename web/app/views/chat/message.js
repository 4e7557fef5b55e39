/** One message in the history. */

import { isSaved, nameOf, self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { momentOf, t, timeOf, why } from "../../core/i18n.js";
import { personAvatar } from "../../parts/avatar.js";
import { icon } from "../../parts/icons.js";
import { later } from "../../parts/later.js";
import { openPrivate } from "../../parts/rows.js";
import { kindOf, ticks } from "../list/row.js";
import { bodyOf } from "./body.js";
import { media, sendingFiles } from "./files.js";
import { storyOf } from "./story.js";

/**
 * @typedef {object} Place what a message looks like by its neighbours
 * @property {boolean} first of those that one person has sent in a row
 * @property {boolean} last
 *
 * @typedef {object} Actions what the chat's view does for its messages
 * @property {(message: any, at: any) => void} menu
 * @property {(message: any, emoji: string) => void} react
 * @property {(seq: number) => void} jump
 * @property {(message: any) => void} thread
 */

/** @param {any} chat @param {any} message @param {Place} place @param {Actions} actions */
export function messageRow(chat, message, place, actions) {
  if (message.messageType === "system") return h("div.story", { role: "note" }, h("span", { dir: "auto" }, storyOf(message)));
  const own = message.senderId === self().id;
  const others = chat.type === "group" && !own;
  const bubble = h(
    "div.bubble",
    null,
    others && place.first && author(message.senderId),
    message.forwardedFrom && h("p.forwarded", null, icon("forward"), t("message.forwarded", { name: nameOf(message.forwardedFrom.senderId) })),
    message.quote && quoteOf(chat, message, actions),
    bodyOf(chat, message),
    reactions(message, actions),
    message.thread && threadLink(message, actions),
    facts(chat, message, own),
  );
  const press = (/** @type {any} */ event) => {
    // A selected text keeps the browser's own menu, for copying.
    if (String(getSelection())) return;
    event.preventDefault();
    actions.menu(message, event.clientX ? { x: event.clientX, y: event.clientY } : event.currentTarget);
  };
  return h(
    "article.message",
    {
      class: `${own ? "own" : "other"} ${place.first ? "first" : ""} ${place.last ? "last" : ""}`,
      tabindex: "-1",
      "data-seq": message.seq,
      "aria-label": `${own ? t("you") : nameOf(message.senderId)}, ${timeOf(message.createdAt)}`,
      oncontextmenu: press,
      ondblclick: (/** @type {any} */ event) => event.target.closest("a, button, p") || actions.react(message, "👍"),
    },
    others && (place.last ? personAvatar(message.senderId) : h("span.avatar.none")),
    bubble,
    h("button.icon-button.act", { type: "button", tabindex: "-1", "aria-label": t("message.menu"), onclick: ({ currentTarget }) => actions.menu(message, currentTarget) }, icon("more")),
  );
}

/** @param {number | null} userId */
function author(userId) {
  const style = { "--hue": String((((userId ?? 0) * 5) % 12) * 30) };
  return h("button.author", { type: "button", tabindex: "-1", style, dir: "auto", onclick: () => userId && openPrivate(userId) }, nameOf(userId));
}

/** @param {any} chat @param {any} message @param {Actions} actions */
function quoteOf(chat, { quote }, actions) {
  // The message itself, where it is loaded: a quote is as old as the reply.
  const now = chat.messages.find((/** @type {any} */ one) => one.seq === quote.seq) ?? quote;
  return h("button.quote", { type: "button", onclick: () => actions.jump(quote.seq) }, h("b", { dir: "auto" }, nameOf(quote.senderId)), h("span", { dir: "auto" }, now.isDeleted ? t("message.deleted") : kindOf(now)));
}

/** @param {any} message @param {Actions} actions */
function reactions(message, actions) {
  const all = Object.entries(message.reactions);
  if (!all.length || message.isDeleted) return null;
  return h(
    "div.reactions",
    null,
    all.map(([emoji, userIds]) => {
      const own = userIds.includes(self().id);
      const names = userIds.map(nameOf).join(", ");
      return h("button", { type: "button", tabindex: "-1", "aria-pressed": String(own), "aria-label": `${emoji} ${names}`, title: names, onclick: () => actions.react(message, emoji) }, h("span", null, emoji), userIds.length);
    }),
  );
}

/** @param {any} message @param {Actions} actions */
function threadLink(message, actions) {
  const { replyCount, lastReply } = message.thread;
  return h("button.thread-link", { type: "button", onclick: () => actions.thread(message) }, icon("thread"), t("thread.replies", { count: replyCount }), h("small", null, timeOf(lastReply.createdAt)));
}

/** @param {any} chat @param {any} message @param {boolean} own */
function facts(chat, message, own) {
  return h(
    "div.facts",
    null,
    message.pinnedAt && icon("pin"),
    message.expiresAt && h("span", { title: t("message.expires", { time: momentOf(message.expiresAt) }) }, icon("clock")),
    message.isEdited && t("message.edited"),
    h("time", { datetime: message.createdAt, title: momentOf(message.createdAt) }, timeOf(message.createdAt)),
    own && !message.isDeleted && !isSaved(chat) && ticks(chat.statusOf(message)),
  );
}

/**
 * A message that is not sent yet.
 *
 * @param {any} chat
 * @param {any} pending
 * @param {() => number} progress
 */
export function pendingRow(chat, pending, progress) {
  const { body, files, failed, begun, clientMessageId } = pending;
  const state = failed
    ? [icon("warning"), h("span", null, why({ ...failed, status: 400 }))]
    : [h("small", null, () => files.length > 0 && progress() >= 1 && t("file.checking")), h("time", null, timeOf(pending.createdAt)), h("span", { title: t("status.pending") }, icon("clock"), h("span.unseen", null, t("status.pending")))];
  return h(
    "article.message.own.pending",
    { class: failed ? "failed" : "", tabindex: "-1", "aria-label": t("status.pending") },
    h(
      "div.bubble",
      null,
      sendingFiles(files, body.fileDetails ?? [], progress),
      begun && !failed && later("div.attached", async () => (await media()).sending, chat, pending, progress),
      bodyOf(chat, { ...body, attachments: [], mentions: [], messageType: body.poll ? "text" : body.messageType }),
      h("div.facts", null, state),
      failed &&
        h(
          "div.buttons",
          null,
          h("button.link", { type: "button", onclick: () => chat.retry(clientMessageId).catch(() => undefined) }, t("retry")),
          h("button.link", { type: "button", onclick: () => chat.discard(clientMessageId) }, t("discard")),
        ),
    ),
  );
}
