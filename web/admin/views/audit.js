/** The audit trail: who did what, when and from where. */

import { h } from "../../app/core/dom.js";
import { momentOf, t } from "../../app/core/i18n.js";
import { signal } from "../../app/core/reactive.js";
import { icon } from "../../app/parts/icons.js";
import { dialog } from "../../app/parts/layers.js";
import { row } from "../../app/parts/rows.js";
import { facts, filter, listing, moderation, who } from "../parts.js";

const ACTIONS = [
  ...["login_from_new_device", "password_changed", "password_reset", "email_verified", "email_changed"],
  ...["second_factor_on", "second_factor_off", "passkey_added", "passkey_removed", "passkey_copied", "deletion_asked", "account_deleted", "role_changed"],
  ...["report_assigned", "report_decided", "message_removed", "warned", "muted", "banned", "unwarned", "unmuted", "unbanned"],
  ...["word_rule_set", "word_rule_removed", "held_approved", "held_deleted"],
];

/** @param {string} action its name in words; one that is newer than this page stays as it is */
const said = (action) => action.replaceAll("_", " ");

export function audit() {
  const action = signal("");
  const options = [["", t("admin.all")], ...ACTIONS.map((name) => [name, said(name)])];
  return [
    h("div.filters", null, filter(t("admin.action"), "action", /** @type {[string, string][]} */ (options), action)),
    () => {
      const query = { action: action.value || undefined };
      return listing(() => moderation().acts(query), (entry) => row(icon("clock"), [h("time", null, momentOf(entry.happenedAt)), said(entry.action)], `${who(entry.actorId)} → ${subject(entry)}`, () => openEntry(entry)));
    },
  ];
}

/** @param {any} entry */
function subject(entry) {
  return entry.subjectKind === "user" ? who(entry.subjectId) : `${entry.subjectKind} #${entry.subjectId}`;
}

/** @param {any} entry */
function openEntry(entry) {
  const details = Object.entries(entry.details).map(([name, value]) => /** @type {[string, string]} */ ([name, String(value)]));
  dialog(said(entry.action), () =>
    facts([
      [t("admin.when"), momentOf(entry.happenedAt)],
      [t("admin.actor"), who(entry.actorId)],
      [t("admin.subject"), subject(entry)],
      ...details,
      [t("admin.address"), entry.address],
      [t("admin.request"), entry.requestId],
    ]),
  );
}
