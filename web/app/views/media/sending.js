/** A large file on its way: how much has arrived, and what pauses it and gives it up. */

import { h } from "../../core/dom.js";
import { sizeOf, t } from "../../core/i18n.js";
import { watch } from "../../core/reactive.js";
import { confirm, tried } from "../../parts/layers.js";

/**
 * @param {any} chat
 * @param {any} pending the message that it belongs to
 * @param {() => number} progress from 0 to 1
 */
export function sending(chat, { clientMessageId, files, uploaded }, progress) {
  const isPaused = watch(chat, ["pending"], () => Boolean(chat.pending.find((/** @type {any} */ one) => one.clientMessageId === clientMessageId)?.paused));
  const size = files[uploaded.length]?.size ?? 0;
  const share = () => (progress() ? t("sending.share", { sent: sizeOf(progress() * size), size: sizeOf(size) }) : "");
  const told = () => [isPaused() && t("sending.paused"), share()].filter(Boolean).join(" · ");
  const press = () => tried(isPaused() ? chat.resume(clientMessageId) : chat.pause(clientMessageId));
  const cancel = async () => (await confirm(t("sending.cancel.ask"), t("discard"))) && chat.discard(clientMessageId);
  return h(
    "div.sending",
    null,
    h("small", null, told),
    h("button.link", { type: "button", onclick: press }, () => t(isPaused() ? "sending.resume" : "sending.pause")),
    h("button.link.danger", { type: "button", onclick: cancel }, t("sending.cancel")),
  );
}
