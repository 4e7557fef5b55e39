/** The password, the second factor, passkeys, and deleting the account. */

import { self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { momentOf, t } from "../../core/i18n.js";
import { signal } from "../../core/reactive.js";
import { field, form } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { dialog, notice, tried } from "../../parts/layers.js";
import { copy } from "../chat/actions.js";
import { wrongPassword } from "../entrance/entrance.js";

const needed = (/** @type {string} */ value) => (value ? "" : t("field.needed"));
const current = (/** @type {string} */ name) => field({ label: t("password.current"), name, check: needed, input: { type: "password", autocomplete: "current-password", autofocus: true } });
const codeField = () => field({ label: t("factor.code"), name: "code", check: needed, input: { autocomplete: "one-time-code", maxlength: 40 } });

export function security() {
  const factor = signal(/** @type {{isOn: boolean, recoveryCodesLeft: number} | null} */ (null));
  const load = () => void tried(self().account.secondFactor()).then((found) => (factor.value = found ?? null));
  load();
  return [
    h("section", null, h("button.row", { type: "button", onclick: changePassword }, icon("lock"), t("password.change"))),
    () => factor.value && h("section", null, h("button.row", { type: "button", onclick: () => (factor.value?.isOn ? endFactor(load) : beginFactor(load)) }, icon("phone"), h("span.names", null, h("b", null, t("factor")), h("small", null, factor.value.isOn ? t("factor.on", { count: factor.value.recoveryCodesLeft }) : t("factor.off"))))),
    h("section", null, h("button.row", { type: "button", onclick: async () => (await import("./passkeys.js")).passkeys() }, icon("check"), t("passkeys"))),
    h("section", null, h("button.row.danger", { type: "button", onclick: deleteAccount }, icon("trash"), t("account.delete"))),
  ];
}

function changePassword() {
  dialog(t("password.change"), (close) => {
    const next = field({ label: t("password.new"), name: "newPassword", check: wrongPassword, hint: t("password.hint"), input: { type: "password", autocomplete: "new-password" } });
    return form([current("currentPassword"), next], t("save"), async ({ currentPassword, newPassword }) => {
      await self().account.changePassword(currentPassword, newPassword);
      close();
      notice(t("saved"));
    });
  });
}

/** @param {() => void} done */
function beginFactor(done) {
  dialog(t("factor"), (close) => {
    const begun = signal(/** @type {{secret: string, uri: string} | null} */ (null));
    const codes = signal(/** @type {string[] | null} */ (null));
    const begin = async (/** @type {Record<string, string>} */ { password }) => {
      begun.value = await self().account.beginSecondFactor(password);
    };
    const confirm = async (/** @type {Record<string, string>} */ { code }) => {
      codes.value = (await self().account.confirmSecondFactor(code.trim())).recoveryCodes;
      done();
    };
    return () => {
      if (codes.value) return [h("p.hint", null, t("factor.codes")), h("pre.codes", null, codes.value.join("\n")), h("div.buttons", null, h("button.plain", { type: "button", onclick: () => copy(codes.value?.join("\n") ?? "") }, t("message.copy")), h("button.primary", { type: "button", onclick: close }, t("close")))];
      if (begun.value) return [h("p.hint", null, t("factor.secret")), h("pre.codes", null, begun.value.secret), form([codeField()], t("factor.turn-on"), confirm)];
      return form([current("password")], t("next"), begin);
    };
  });
}

/** @param {() => void} done */
function endFactor(done) {
  dialog(t("factor.turn-off"), (close) =>
    form([current("password"), codeField()], t("factor.turn-off"), async ({ password, code }) => {
      await self().account.endSecondFactor(password, code.trim());
      close();
      done();
    }),
  );
}

function deleteAccount() {
  dialog(t("account.delete"), (close) => [
    h("p.hint", null, t("account.delete.hint")),
    form([current("password")], t("account.delete"), async ({ password }) => {
      const { deleteAfter } = await self().account.delete(password);
      close();
      notice(t("account.deleted", { time: momentOf(deleteAfter) }));
    }),
  ]);
}
