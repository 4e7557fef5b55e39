/** The rules on words that hold in all chats. */

import { h } from "../../app/core/dom.js";
import { momentOf, t } from "../../app/core/i18n.js";
import { signal } from "../../app/core/reactive.js";
import { field, form } from "../../app/parts/fields.js";
import { icon } from "../../app/parts/icons.js";
import { confirm, dialog, notice, tried } from "../../app/parts/layers.js";
import { row } from "../../app/parts/rows.js";
import { filter, listing, moderation } from "../parts.js";

const ACTIONS = ["refuse", "hide", "report"];
/** @type {Record<string, any>} */
const ICONS = { refuse: "block", hide: "clock", report: "warning" };

export function words() {
  const changes = signal(0);
  const changed = () => {
    changes.value += 1;
    notice(t("saved"));
  };
  return [
    h("div.filters", null, h("button.primary", { type: "button", onclick: () => add(changed) }, t("admin.word.add"))),
    () => {
      changes.value;
      return listing(() => moderation().wordRules(), (rule) => row(icon(ICONS[rule.action]), rule.phrase, [t(`admin.word.${rule.action}`), " · ", momentOf(rule.createdAt)], () => remove(rule, changed)));
    },
  ];
}

/** @param {() => void} changed */
function add(changed) {
  const action = signal(ACTIONS[0]);
  const needed = (/** @type {string} */ value) => (value.trim() ? "" : t("admin.word.needed"));
  dialog(t("admin.word.add"), (close) => [
    filter(t("admin.word.action"), "action", ACTIONS.map((name) => [name, t(`admin.word.${name}`)]), action),
    form([field({ label: t("admin.word.phrase"), name: "phrase", hint: t("admin.word.hint"), check: needed })], t("admin.word.add"), async (values) => {
      await moderation().setWordRule(values.phrase.trim(), action.peek());
      close();
      changed();
    }),
  ]);
}

/** @param {any} rule @param {() => void} changed */
async function remove(rule, changed) {
  if (!(await confirm(t("admin.word.remove", { phrase: rule.phrase }), t("admin.word.remove.do")))) return;
  await tried(moderation().removeWordRule(rule.id));
  changed();
}
