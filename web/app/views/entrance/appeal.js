/** What is shown to whoever is banned: why, and an appeal against it. */

import { Messenger } from "../../../sdk/index.js";
import { h } from "../../core/dom.js";
import { t, why } from "../../core/i18n.js";
import { signal } from "../../core/reactive.js";
import { form } from "../../parts/fields.js";
import { plea } from "./entrance.js";

/**
 * @param {string} service
 * @param {{error: any, credentials: any}} refused the log-in that the service has refused
 * @param {() => void} back
 */
export function banned(service, { error, credentials }, back) {
  const said = signal("");
  const send = async (/** @type {Record<string, string>} */ { comment }) => {
    const { username, email, password } = credentials;
    const { state, decision } = await Messenger.appeal(service, { username, email, password, comment: comment.trim() });
    said.value = t(`appeal.${decision ?? (state === "open" ? "sent" : "waits")}`);
  };
  const title = h("h1", { tabindex: "-1" }, t("banned.title"));
  // What had the focus is gone.
  queueMicrotask(() => title.focus());
  return [
    h("div.brand", { "aria-hidden": "true" }),
    title,
    h("p.lead", { dir: "auto" }, why(error)),
    () => (said.value ? h("p.lead", { role: "status" }, said.value) : [h("p.hint", null, t("appeal.hint")), form([plea()], t("appeal.send"), send)]),
    h("p.switch", null, h("button.link", { type: "button", onclick: back }, t("back"))),
  ];
}
