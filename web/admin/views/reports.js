/** The queue of reports: who looks at one, what was said, and what was decided. */

import { self } from "../../app/core/app.js";
import { h } from "../../app/core/dom.js";
import { momentOf, t } from "../../app/core/i18n.js";
import { signal } from "../../app/core/reactive.js";
import { field, form } from "../../app/parts/fields.js";
import { icon } from "../../app/parts/icons.js";
import { dialog, notice, tried } from "../../app/parts/layers.js";
import { row } from "../../app/parts/rows.js";
import { facts, filter, listing, moderation, who } from "../parts.js";
import { openAccount } from "./users.js";

const STATES = ["open", "assigned", "decided"];
/** @type {Record<string, any>} */
const ICONS = { message: "thread", user: "contact", chat: "group", sanction: "lock" };

export function reports() {
  const state = signal(STATES[0]);
  const options = STATES.map((name) => /** @type {[string, string]} */ ([name, t(`admin.report.${name}`)]));
  return [
    h("div.filters", null, filter(t("admin.state"), "state", options, state)),
    () => {
      const query = { state: state.value };
      return listing(() => moderation().reports(query), (report, again) => reportRow(report, () => openReport(report, again)));
    },
  ];
}

/** @param {any} report @returns {string} what it is about, in a few words */
function titleOf(report) {
  return report.subjectKind === "sanction" ? t("admin.subject.sanction") : t(`admin.ground.${report.reason}`);
}

/** @param {any} report @param {() => void} press */
function reportRow(report, press) {
  const title = `${titleOf(report)}: ${who(report.subjectKind === "sanction" ? report.reporterId : report.userId)}`;
  const below = report.content || report.comment || t(`admin.subject.${report.subjectKind}`);
  const mark = report.decision ? t(`admin.decision.${report.decision}`) : report.assigneeId !== null && who(report.assigneeId);
  return row(icon(ICONS[report.subjectKind]), title, [below, " · ", momentOf(report.createdAt)], press, mark && h("span.badge.quiet", null, mark));
}

/** @param {any} report @param {() => void} changed */
function openReport(report, changed) {
  dialog(titleOf(report), (close) => {
    const done = (/** @type {any} */ answer) => {
      if (!answer) return;
      close();
      changed();
      notice(t("saved"));
    };
    const change = async (/** @type {any} */ fields) => done(await tried(moderation().changeReport(report.id, fields)));
    const isMine = report.assigneeId === self().id;
    const button = (/** @type {string} */ key, /** @type {() => any} */ press) => h("button.plain", { type: "button", onclick: press }, t(`admin.${key}`));
    return [
      report.content && h("p.said", { dir: "auto" }, report.content),
      facts([
        [t("admin.accused"), who(report.userId)],
        [t("admin.reporter"), report.phrase === null ? who(report.reporterId) : t("admin.word.found", { phrase: report.phrase })],
        [t("admin.opinion"), report.opinion && (report.opinion.text ?? t(`admin.opinion.${report.opinion.state}`))],
        [t("admin.comment"), report.comment],
        [t("admin.assignee"), report.assigneeId === null ? "" : who(report.assigneeId)],
        [t("admin.decided"), report.decidedAt ? `${t(`admin.decision.${report.decision}`)}, ${who(report.decidedBy)}, ${momentOf(report.decidedAt)}` : ""],
        [t("admin.note"), report.note],
      ]),
      h(
        "div.buttons",
        null,
        report.userId !== null && button("open-account", () => openAccount(report.userId)),
        report.subjectKind === "sanction" && button("open-account", () => openAccount(report.reporterId)),
        report.subjectKind === "message" && button("remove", () => remove(report.subjectId)),
        report.state !== "decided" && button(isMine ? "give-back" : "take", () => change({ assigneeId: isMine ? null : self().id })),
      ),
      report.state !== "decided" && decide(change),
    ];
  });
}

/** @param {(fields: any) => Promise<void>} change */
function decide(change) {
  const note = h("textarea", { name: "note", rows: "2" });
  const button = (/** @type {string} */ decision, /** @type {string} */ tag) =>
    h(tag, { type: "button", onclick: () => change({ decision, note: note.value.trim() }) }, t(`admin.${decision}`));
  return [h("label.field", null, h("b", null, t("admin.note")), note), h("div.buttons", null, button("dismissed", "button.plain"), button("upheld", "button.primary"))];
}

/** @param {number} messageId */
function remove(messageId) {
  dialog(t("admin.remove"), (close) =>
    form([field({ label: t("admin.reason"), name: "reason", hint: t("admin.reason.audit") })], t("admin.remove"), async (values) => {
      await moderation().removeMessage(messageId, values.reason.trim());
      close();
      notice(t("admin.removed"));
    }),
  );
}
