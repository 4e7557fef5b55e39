/** What can be done with a message. */

import { first, nameOf, roleIn, self, titleOf } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { momentOf, t } from "../../core/i18n.js";
import { go } from "../../core/router.js";
import { chatAvatar, personAvatar } from "../../parts/avatar.js";
import { pickEmoji, quickReactions } from "../../parts/emoji.js";
import { skeleton } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { confirm, dialog, menu, notice, tried } from "../../parts/layers.js";
import { row } from "../../parts/rows.js";


/**
 * @param {any} chat
 * @param {any} message
 * @param {any} at
 * @param {{reply: (message: any) => void, edit: (message: any) => void}} composer
 */
export function messageMenu(chat, message, at, composer) {
  if (message.isDeleted) return menu(at, [forMe(chat, message)]);
  const own = message.senderId === self().id;
  const mayPin = chat.type === "private" || roleIn(chat) !== "member";
  const reacting = (/** @type {string} */ emoji) => {
    close();
    react(chat, message, emoji);
  };
  const more = () => {
    close();
    pickEmoji(at, (emoji) => react(chat, message, emoji));
  };
  const close = menu(
    at,
    [
      { label: t("message.reply"), icon: "reply", run: () => composer.reply(message) },
      own && message.content && message.messageType !== "poll" && { label: t("message.edit"), icon: "edit", run: () => composer.edit(message) },
      message.content && { label: t("message.copy"), icon: "copy", run: () => copy(message.content) },
      { label: t("message.forward"), icon: "forward", run: () => forward(chat, message) },
      mayPin && { label: t(message.pinnedAt ? "message.unpin" : "message.pin"), icon: "pin", run: () => tried(message.pinnedAt ? chat.unpinMessage(message) : chat.pinMessage(message)) },
      { label: t("thread.open"), icon: "thread", run: () => go("chat", chat.id, "thread", message.threadId ?? message.id) },
      own && { label: t("message.readers"), icon: "checks", run: () => readers(chat, message) },
      message.isEdited && { label: t("message.edits"), icon: "clock", run: () => edits(chat, message) },
      own && message.poll && !message.poll.closedAt && { label: t("poll.close"), icon: "lock", run: () => tried(chat.closePoll(message)) },
      forMe(chat, message),
      (own || (chat.type === "group" && roleIn(chat) !== "member")) && { label: t("message.delete.all"), icon: "trash", danger: true, run: () => remove(chat, message, "everyone") },
    ],
    quickReactions(reacting, more),
  );
}

/** @param {any} chat @param {any} message */
function forMe(chat, message) {
  return { label: t("message.delete.me"), icon: "trash", danger: true, run: () => remove(chat, message, "me") };
}

/** @param {any} chat @param {any} message @param {"me" | "everyone"} whom */
async function remove(chat, message, whom) {
  const all = whom === "everyone";
  if (await confirm(t(all ? "message.delete.all.ask" : "message.delete.me.ask"), t("message.delete"))) await tried(chat.delete(message, whom));
}

/** Reacts, or takes the reaction back. @param {any} chat @param {any} message @param {string} emoji */
export function react(chat, message, emoji) {
  const own = message.reactions[emoji]?.includes(self().id);
  void tried(own ? chat.unreact(message, emoji) : chat.react(message, emoji));
}

/** @param {string} text */
export async function copy(text) {
  await navigator.clipboard.writeText(text).then(
    () => notice(t("copied")),
    () => notice(t("copy.refused"), { bad: true }),
  );
}

/** @param {any} chat @param {any} message */
function forward(chat, message) {
  dialog(t("message.forward"), (close) => {
    const send = async (/** @type {any} */ target) => {
      close();
      if (await tried(chat.forward(message, [target.id]))) notice(t("message.forwarded-to", { name: titleOf(target) }));
    };
    const rows = h("div.rows", null, self().chats.map((one) => row(chatAvatar(one), titleOf(one), "", () => send(one))));
    const filter = (/** @type {any} */ { target }) => {
      for (const one of rows.children) one.hidden = !one.textContent.toLocaleLowerCase().includes(target.value.toLocaleLowerCase());
    };
    return [h("input", { type: "search", placeholder: t("search"), "aria-label": t("search"), oninput: filter }), rows];
  });
}

/** Who has read a message. @param {any} chat @param {any} message */
function readers(chat, message) {
  dialog(t("message.readers"), () => {
    const list = h("div.rows", null, skeleton(2));
    void tried(first(chat.receipts(message), 200)).then((all) => {
      const rows = (all ?? []).map(({ userId, status, readAt }) =>
        h("div.row", null, personAvatar(userId), h("span.names", null, h("b", { dir: "auto" }, nameOf(userId)), h("small", null, readAt ? momentOf(readAt) : t(`status.${status}`))), icon(status === "sent" ? "check" : "checks")),
      );
      list.replaceChildren(...(rows.length ? rows : [h("p.hint", null, t("message.readers.none"))]));
    });
    return list;
  });
}

/** What a message said before. @param {any} chat @param {any} message */
function edits(chat, message) {
  dialog(t("message.edits"), () => {
    const list = h("div.rows", null, skeleton(2));
    void tried(first(chat.edits(message), 50)).then((all) => list.replaceChildren(...(all ?? []).map(({ content, editedAt }) => h("div.edit", null, h("small", null, momentOf(editedAt)), h("p.text", { dir: "auto" }, content)))));
    return list;
  });
}
