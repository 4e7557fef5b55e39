/** Signing in and registering. */

import { Messenger } from "../../../sdk/index.js";
import { h } from "../../core/dom.js";
import { moreWords, t } from "../../core/i18n.js";
import { signal } from "../../core/reactive.js";
import { route } from "../../core/router.js";
import { field, form } from "../../parts/fields.js";
import { later } from "../../parts/later.js";
import { languages } from "../settings/appearance.js";

await moreWords(() => import("./locales/en.js"), () => import("./locales/ru.js"));

// The service decides; these tell as one types what it will say.
const NAME = /^[\p{L}\p{M}\p{N}_.-]*$/u;
const EMAIL = /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/;
const bytes = new TextEncoder();

/** @param {string} value */
export function wrongUsername(value) {
  if (!NAME.test(value)) return t("username.letters");
  if ([...value].length < 3) return t("username.short");
  return [...value].length > 32 ? t("username.long") : "";
}

/** @param {string} value */
export function wrongEmail(value) {
  return value && !EMAIL.test(value) ? t("email.wrong") : "";
}

/** @param {string} value */
export function wrongPassword(value) {
  if (value.length < 8) return t("password.left", { count: 8 - value.length });
  return bytes.encode(value).length > 72 ? t("password.long") : "";
}

/** @param {string} service @param {(me: Messenger) => void} enter */
export function entrance(service, enter) {
  const letter = signal(location.hash.match(/^#reset=(.+)$/)?.[1] ?? (route.peek()[0] === "forgot" ? "" : null));
  const refused = signal(/** @type {any} */ (null));
  const shown = () => {
    if (refused.value) return later("section.card", appeal, service, refused.value, () => (refused.value = null));
    if (letter.value !== null) return later("section.card", password, service, letter.value, () => (letter.value = null));
    return doors({ service, enter, forget: () => (letter.value = ""), ban: (one) => (refused.value = one) });
  };
  return h("main.entrance", null, shown, languages());
}

const appeal = async () => (await import("./appeal.js")).banned;
const password = async () => (await import("./forgotten.js")).forgotten;

/** @typedef {{service: string, enter: (me: Messenger) => void, forget: () => void, ban: (refused: {error: any, credentials: any}) => void}} Ways */

/** @param {Ways} ways */
function doors(ways) {
  const registering = signal(route.peek()[0] === "register");
  const other = () => (registering.value = !registering.value);
  return h(
    "section.card",
    null,
    h("div.brand", { "aria-hidden": "true" }),
    h("h1", null, () => t(registering.value ? "register.title" : "login.title")),
    h("p.lead", null, () => t(registering.value ? "register.lead" : "login.lead")),
    () => (registering.value ? registration(ways) : login(ways)),
    h("p.switch", null, () => t(registering.value ? "register.have" : "login.new"), " ", h("button.link", { type: "button", onclick: other }, () => t(registering.value ? "login.action" : "register.action"))),
  );
}

/** @param {Ways} ways */
function login({ service, enter, forget, ban }) {
  const code = field({ label: t("factor.code"), name: "code", hint: t("factor.hint"), input: { autocomplete: "one-time-code", inputmode: "text", maxlength: 40 } });
  code.element.hidden = true;
  const name = field({ label: t("login.name"), name: "username", check: needed, input: { autocomplete: "username", autocapitalize: "none", autofocus: true, required: true } });
  const password = field({ label: t("password"), name: "password", check: needed, input: { type: "password", autocomplete: "current-password", required: true } });
  const send = async (/** @type {Record<string, string>} */ { username, password: secret, code: given }) => {
    const who = username.includes("@") ? { email: username.trim() } : { username: username.trim() };
    try {
      enter(await Messenger.login(service, { ...who, password: secret, ...(given && { code: given.trim() }) }));
    } catch (/** @type {any} */ error) {
      if (error.code === "banned") return ban({ error, credentials: { ...who, password: secret } });
      if (error.code !== "second_factor_needed") throw error;
      code.element.hidden = false;
      code.box.focus();
    }
  };
  const byPasskey = async () => (await import("./passkey.js")).byPasskey(service, enter);
  return [form([name, password, code], t("login.action"), send), h("button.plain", { type: "button", onclick: byPasskey }, t("passkey.login")), h("p.switch", null, h("button.link", { type: "button", onclick: forget }, t("forgot")))];
}

/** @param {Ways} ways */
function registration({ service, enter }) {
  const fields = [
    field({ label: t("username"), name: "username", check: wrongUsername, hint: t("username.hint"), input: { autocomplete: "username", autocapitalize: "none", maxlength: 64, required: true, autofocus: true } }),
    field({ label: t("profile.name"), name: "firstName", input: { autocomplete: "name", maxlength: 100 } }),
    field({ label: t("email.optional"), name: "email", check: wrongEmail, input: { type: "email", autocomplete: "email", maxlength: 254 } }),
    field({ label: t("password"), name: "password", check: wrongPassword, hint: t("password.hint"), input: { type: "password", autocomplete: "new-password", required: true } }),
  ];
  return form(fields, t("register.action"), async ({ username, firstName, email, password }) => {
    const body = { username: username.trim(), password, ...(firstName.trim() && { firstName: firstName.trim() }), ...(email.trim() && { email: email.trim() }) };
    enter(await Messenger.register(service, body));
  });
}

/** What an appeal says. */
export function plea() {
  return field({ label: t("appeal.comment"), name: "comment", check: (value) => needed(value.trim()), input: { maxlength: 1000, rows: 4, dir: "auto", autofocus: true }, tag: "textarea" });
}

/** @param {string} value */
const needed = (value) => (value ? "" : t("field.needed"));
