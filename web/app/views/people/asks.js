/**
 * Above the composer of a chat that a stranger has begun: whether the user accepts it. It and its words are loaded when
 * they are first needed.
 */

import { titleOf } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { moreWords, t } from "../../core/i18n.js";
import { swap } from "../../core/router.js";
import { confirm, tried } from "../../parts/layers.js";

/** Loads what is said of requests. */
export async function open() {
  await moreWords(() => import("./locales/en.js"), () => import("./locales/ru.js"));
  return asks;
}

/** @param {any} chat */
function asks(chat) {
  const decline = async () => {
    if (!(await confirm(t("request.decline.ask", { name: titleOf(chat) }), t("request.decline")))) return;
    await tried(chat.decline());
    swap();
  };
  const accept = () => tried(chat.accept().then(() => chat.markRead()));
  return h(
    "div.asks",
    { role: "group", "aria-label": t("request") },
    h("p.hint", null, t("request.hint")),
    h("button.primary", { type: "button", onclick: accept }, t("request.accept")),
    h("button.plain", { type: "button", onclick: decline }, t("request.decline")),
  );
}
