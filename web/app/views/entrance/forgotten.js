/** A forgotten password: asking for a letter, and choosing another with what the letter says. */

import { Messenger } from "../../../sdk/index.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { signal } from "../../core/reactive.js";
import { swap } from "../../core/router.js";
import { field, form } from "../../parts/fields.js";
import { notice } from "../../parts/layers.js";
import { wrongEmail, wrongPassword } from "./entrance.js";

/** @param {string} service @param {string} token of a letter; empty to ask for one @param {() => void} back */
export function forgotten(service, token, back) {
  const sent = signal(false);
  const leave = () => {
    swap();
    back();
  };
  return [
    h("div.brand", { "aria-hidden": "true" }),
    h("h1", null, t(token ? "reset.title" : "forgot.title")),
    () => (sent.value ? h("p.lead", { role: "status" }, t("forgot.sent")) : token ? choosing(service, token, leave) : asking(service, sent)),
    h("p.switch", null, h("button.link", { type: "button", onclick: leave }, t("login.action"))),
  ];
}

/** @param {string} service @param {import("../../core/reactive.js").Signal<boolean>} sent */
function asking(service, sent) {
  const email = field({ label: t("email"), name: "email", check: (value) => (value ? wrongEmail(value) : t("field.needed")), input: { type: "email", autocomplete: "email", autofocus: true } });
  const send = async (/** @type {Record<string, string>} */ values) => {
    await Messenger.forgotPassword(service, values.email.trim());
    sent.value = true;
  };
  return [h("p.lead", null, t("forgot.lead")), form([email], t("forgot.action"), send)];
}

/** @param {string} service @param {string} token @param {() => void} leave */
function choosing(service, token, leave) {
  const secret = field({ label: t("password.new"), name: "password", check: wrongPassword, hint: t("password.hint"), input: { type: "password", autocomplete: "new-password", autofocus: true } });
  const send = async (/** @type {Record<string, string>} */ { password }) => {
    await Messenger.resetPassword(service, { token, password });
    notice(t("reset.done"));
    leave();
  };
  return form([secret], t("save"), send);
}
