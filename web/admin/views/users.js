/** Accounts: looking for them, roles, warnings, mutes and bans. */

import { first, self } from "../../app/core/app.js";
import { h } from "../../app/core/dom.js";
import { momentOf, t } from "../../app/core/i18n.js";
import { signal } from "../../app/core/reactive.js";
import { choice, field, form } from "../../app/parts/fields.js";
import { dialog, notice, tried } from "../../app/parts/layers.js";
import { row } from "../../app/parts/rows.js";
import { avatar } from "../../app/parts/avatar.js";
import { facts, filter, listing, moderation, ownRole, who } from "../parts.js";

const WAIT_MILLISECONDS = 250;
const SANCTIONS = 20;
const ROLES = ["user", "moderator", "admin"];
const STATES = ["active", "muted", "banned", "leaving", "deleted"];
/** How long a mute or ban lasts, in hours; none is for good. */
const SPANS = [24, 24 * 7, 24 * 30];

/** @param {string} kind @param {string[]} values @returns {[string, string][]} */
const named = (kind, values) => [["", t("admin.all")], ...values.map((value) => /** @type {[string, string]} */ ([value, t(`admin.${kind}.${value}`)]))];

export function users() {
  const [text, role, state] = [signal(""), signal(""), signal("")];
  /** @type {any} */
  let timer;
  const type = (/** @type {any} */ { target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => (text.value = target.value.trim()), WAIT_MILLISECONDS);
  };
  return [
    h(
      "div.filters",
      null,
      h("label", null, h("span", null, t("admin.search")), h("input", { type: "search", name: "q", oninput: type })),
      filter(t("admin.role"), "role", named("role", ROLES), role),
      filter(t("admin.state"), "state", named("state", STATES), state),
    ),
    () => {
      const query = { q: text.value || undefined, role: role.value || undefined, state: state.value || undefined };
      return listing(() => moderation().accounts(query), (user, again) => accountRow(user, () => openAccount(user.id, again)));
    },
  ];
}

/** @param {any} user @param {() => void} press */
function accountRow(user, press) {
  const marks = [user.role !== "user" && h("span.badge", null, t(`admin.role.${user.role}`)), user.state !== "active" && h("span.badge.quiet", null, t(`admin.state.${user.state}`))];
  return row(avatar(user.id, user.displayName, user.avatarUrl), user.displayName, `@${user.username}`, press, marks);
}

/** Shows an account, and what may be done to it. @param {number} userId @param {() => void} changed */
export async function openAccount(userId, changed = () => undefined) {
  const account = signal(await tried(moderation().account(userId)));
  if (!account.peek()) return;
  const past = signal(await tried(first(moderation().sanctions(userId), SANCTIONS)));
  const done = async (/** @type {any} */ user) => {
    if (!user) return;
    account.value = user;
    past.value = await tried(first(moderation().sanctions(userId), SANCTIONS));
    changed();
    notice(t("saved"));
  };
  dialog(`@${account.peek()?.username}`, () => () => {
    const user = /** @type {any} */ (account.value);
    return [
      facts([
        [t("admin.name"), user.displayName],
        [t("admin.email"), user.email ?? ""],
        [t("admin.state"), t(`admin.state.${user.state}`)],
        [t("admin.registered"), momentOf(user.createdAt)],
        [t("admin.seen"), user.lastSeenAt ? momentOf(user.lastSeenAt) : ""],
      ]),
      user.id !== self().id && user.state !== "deleted" && acts(user, done),
      past.value?.map((/** @type {any} */ one) =>
        h("p.said", null, h("b", null, t(`admin.sanction.${one.kind}`)), ` · ${momentOf(one.createdAt)}`, one.until && ` – ${momentOf(one.until)}`, h("br", null), one.reason),
      ),
    ];
  });
}

/** @param {any} user @param {(user: any) => Promise<void>} done */
function acts(user, done) {
  const button = (/** @type {string} */ key, /** @type {() => any} */ press) => h("button.plain", { type: "button", onclick: press }, t(`admin.${key}`));
  const bound = (/** @type {"mute" | "ban"} */ kind) =>
    user.sanctions.some((/** @type {any} */ one) => one.kind === kind)
      ? button(`un${kind}`, async () => done(await tried(moderation().lift(user.id, kind))))
      : button(kind, () => impose(user.id, kind, done));
  return [
    ownRole.peek() === "admin" && choice(t("admin.role"), ROLES.map((role) => /** @type {[string, string]} */ ([role, t(`admin.role.${role}`)])), () => user.role, async (role) => done(await tried(moderation().setRole(user.id, role)))),
    h("div.buttons", null, button("warn", () => warn(user.id, done)), bound("mute"), bound("ban")),
  ];
}

/** @param {string} value */
const needed = (value) => (value.trim() ? "" : t("admin.reason.needed"));
const reason = () => field({ label: t("admin.reason"), name: "reason", hint: t("admin.reason.hint"), tag: "textarea", check: needed });

/** @param {number} userId @param {(user: any) => Promise<void>} done */
function warn(userId, done) {
  dialog(t("admin.warn"), (close) =>
    form([reason()], t("admin.warn"), async (values) => {
      const user = await moderation().warn(userId, values.reason.trim());
      close();
      await done(user);
    }),
  );
}

/** @param {number} userId @param {"mute" | "ban"} kind @param {(user: any) => Promise<void>} done */
function impose(userId, kind, done) {
  const span = signal(String(SPANS[0]));
  const spans = SPANS.map((hours) => /** @type {[string, string]} */ ([String(hours), t("admin.days", { count: hours / 24 })]));
  dialog(`${t(`admin.${kind}`)}: ${who(userId)}`, (close) => [
    filter(t("admin.span"), "span", [...spans, ["", t("admin.for-good")]], span),
    form([reason()], t(`admin.${kind}`), async (values) => {
      const hours = Number(span.peek());
      const until = hours ? new Date(Date.now() + hours * 3_600_000).toISOString() : undefined;
      const user = await moderation().impose(userId, kind, values.reason.trim(), until);
      close();
      await done(user);
    }),
  ]);
}
