/** What others see of the user. */

import { self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { signal, watch } from "../../core/reactive.js";
import { personAvatar } from "../../parts/avatar.js";
import { choice, field, form, skeleton } from "../../parts/fields.js";
import { notice, tried } from "../../parts/layers.js";
import { wrongEmail, wrongUsername } from "../entrance/entrance.js";

const STATUSES = ["online", "away", "busy", "invisible"];

export function profile() {
  const { account } = self();
  const now = signal(/** @type {any} */ (null));
  void tried(Promise.all([account.profile(), account.status()])).then((both) => (now.value = both));
  return () => (now.value ? [picture(), status(now.value[1]), names(now.value[0])] : skeleton(5));
}

function picture() {
  const me = self();
  const person = watch(me.people, ["changed"], () => me.user);
  const choose = h("input", { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp", hidden: true, onchange: () => choose.files[0] && change(choose.files[0]) });
  const change = async (/** @type {File | null} */ file) => {
    const work = async () => me.people.learn([await me.account.change({ avatarId: file && (await me.uploads.upload(file)).id })]);
    await tried(work());
  };
  return h("section.about", null, () => (person(), personAvatar(me.id)), choose, h("div.buttons", null, h("button.plain", { type: "button", onclick: () => choose.click() }, t("picture.choose")), () => person().avatarUrl && h("button.link.danger", { type: "button", onclick: () => change(null) }, t("picture.remove"))));
}

/** @param {any} now */
function status(now) {
  const { account } = self();
  const text = h("input", { maxlength: 200, value: now.statusText, placeholder: t("status.text"), "aria-label": t("status.text"), onchange: () => save(now.status) });
  const save = (/** @type {any} */ chosen) => {
    now.status = chosen;
    void tried(account.setStatus(chosen, text.value.trim()));
  };
  return h("section", null, choice(t("status"), STATUSES.map((one) => [one, t(`presence.${one}`)]), () => now.status, save), h("div.pad", null, text));
}

/** @param {any} user */
function names(user) {
  const me = self();
  const fields = [
    field({ label: t("profile.name"), name: "displayName", check: (value) => (value.trim() ? "" : t("field.needed")), input: { maxlength: 100, value: user.displayName, autocomplete: "name" } }),
    field({ label: t("username"), name: "username", check: wrongUsername, input: { maxlength: 64, value: user.username, autocapitalize: "none" } }),
    field({ label: t("email.optional"), name: "email", check: wrongEmail, input: { type: "email", maxlength: 254, value: user.email ?? "" } }),
  ];
  const save = async (/** @type {any} */ { displayName, username, email }) => {
    const wanted = /** @type {Record<string, any>} */ ({ displayName: displayName.trim(), username: username.trim(), email: email.trim() || null });
    const changed = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== (user[name] ?? null)));
    me.people.learn([await me.account.change(changed)]);
    Object.assign(user, wanted);
    notice(t("saved"));
  };
  return h("section", null, form(fields, t("save"), save));
}
