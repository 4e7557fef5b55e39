/** The user's passkeys, which are loaded when they are looked at. */

import { Passkeys, usable } from "../../../sdk/passkeys.js";
import { self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { momentOf, t } from "../../core/i18n.js";
import { signal } from "../../core/reactive.js";
import { field, form, skeleton } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { confirm, dialog, tried } from "../../parts/layers.js";
import { asked, tellWhere } from "../entrance/passkey.js";

/** @typedef {import("../../../sdk/types/api.js").Passkey} Passkey */

const needed = (/** @type {string} */ value) => (value.trim() ? "" : t("field.needed"));
const nameField = (/** @type {string} */ value) => field({ label: t("passkey.name"), name: "name", check: needed, input: { value, maxlength: 60, autofocus: true } });

export function passkeys() {
  const mine = new Passkeys(self().http);
  const all = signal(/** @type {Passkey[] | null} */ (null));
  const load = async () => {
    all.value = (await tried(mine.all())) ?? [];
  };
  void load();
  dialog(t("passkeys"), () => [
    h("p.hint", null, t("passkeys.hint")),
    () => (all.value ? all.value.map((one) => row(mine, one, load)) : skeleton(2)),
    h("div.buttons", null, h("button.primary", { type: "button", onclick: () => (usable() ? add(mine, load) : tellWhere()) }, t("passkey.add"))),
  ]);
}

/** @param {Passkeys} mine @param {Passkey} one @param {() => Promise<void>} load */
function row(mine, one, load) {
  const used = one.lastUsedAt ? t("passkey.used", { time: momentOf(one.lastUsedAt) }) : t("passkey.unused");
  const rename = () =>
    dialog(t("passkey.rename"), (close) =>
      form([nameField(one.name)], t("save"), async ({ name }) => {
        await mine.rename(one.id, name.trim());
        close();
        await load();
      }),
    );
  const remove = async () => {
    if (!(await confirm(t("passkey.remove.ask", { name: one.name }), t("passkey.remove")))) return;
    await tried(mine.remove(one.id));
    await load();
  };
  return h(
    "div.row",
    null,
    icon("lock"),
    h("span.names", null, h("b", { dir: "auto" }, one.name), h("small", null, used)),
    h("button.icon-button", { type: "button", "aria-label": t("passkey.rename"), onclick: rename }, icon("edit")),
    h("button.icon-button", { type: "button", "aria-label": t("passkey.remove"), onclick: remove }, icon("trash")),
  );
}

/** @param {Passkeys} mine @param {() => Promise<void>} load */
function add(mine, load) {
  dialog(t("passkey.add"), (close) => {
    const password = field({ label: t("password.current"), name: "password", check: needed, input: { type: "password", autocomplete: "current-password" } });
    const code = field({ label: t("factor.code"), name: "code", hint: t("factor.hint"), input: { autocomplete: "one-time-code", maxlength: 40 } });
    code.element.hidden = true;
    return form([nameField(""), password, code], t("passkey.add"), async (given) => {
      const proof = { password: given.password, ...(given.code && { code: given.code.trim() }) };
      try {
        await mine.add(given.name.trim(), proof);
      } catch (error) {
        if (/** @type {any} */ (error).code === "second_factor_needed") {
          code.element.hidden = false;
          return code.box.focus();
        }
        if (!(error instanceof DOMException)) throw error;
        return asked(() => Promise.reject(error));
      }
      close();
      await load();
    });
  });
}
