/** The user's profile and settings. To add a section: a line in SECTIONS, and its title as `settings.NAME`. */

import { first, self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { momentOf, moreWords, sizeOf, t } from "../../core/i18n.js";
import { signal } from "../../core/reactive.js";
import { to } from "../../core/router.js";
import { personAvatar } from "../../parts/avatar.js";
import { choice, empty, toggle } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { confirm, tried } from "../../parts/layers.js";
import { openPrivate, personRow } from "../../parts/rows.js";
import { showShortcuts } from "../shell/shortcuts.js";
import { pickPeople } from "../people/pick.js";
import { appearance } from "./appearance.js";
import { archive } from "./archive.js";
import { loaded } from "./loaded.js";
import { profile } from "./profile.js";
import { sanctions } from "./sanctions.js";
import { security } from "./security.js";

await moreWords(() => import("./locales/en.js"), () => import("./locales/ru.js"));

const MOST = 200;

/** @type {Record<string, {icon: any, view: () => any}>} */
export const SECTIONS = {
  profile: { icon: "contact", view: profile },
  appearance: { icon: "smile", view: appearance },
  notices: { icon: "bell", view: notices },
  privacy: { icon: "info", view: privacy },
  security: { icon: "lock", view: security },
  contacts: { icon: "group", view: contacts },
  blocks: { icon: "block", view: blocks },
  sessions: { icon: "keyboard", view: sessions },
  storage: { icon: "file", view: storage },
  archive: { icon: "download", view: archive },
  sanctions: { icon: "warning", view: sanctions },
};

/** @param {string[]} path */
export function settings([name]) {
  const section = SECTIONS[name];
  const back = h("a.icon-button.back", { href: section ? to("settings") : "#/", "aria-label": t("back"), class: section ? "always" : "" }, icon("back"));
  return h("div.pane", null, h("header.bar", null, back, h("h1", null, t(section ? `settings.${name}` : "settings"))), h("div.scroll", null, h("div.settings", null, section ? section.view() : overview())));
}

function overview() {
  const me = self();
  const leave = async () => {
    if (await confirm(t("logout.ask"), t("logout"))) await tried(me.logout());
  };
  const link = (/** @type {string} */ name) => h("a.row", { href: to("settings", name) }, icon(SECTIONS[name].icon), t(`settings.${name}`));
  return [
    h("section.about", null, personAvatar(me.id), h("h2", { dir: "auto" }, me.user.displayName), h("p.hint", null, `@${me.user.username}`)),
    h("section", null, Object.keys(SECTIONS).map(link), h("button.row", { type: "button", onclick: showShortcuts }, icon("keyboard"), t("keys")), ["moderator", "admin"].includes(me.user.role ?? "") && h("a.row", { href: "/admin" }, icon("warning"), t("settings.moderation"))),
    h("section", null, h("button.row.danger", { type: "button", onclick: leave }, icon("exit"), t("logout"))),
  ];
}

function privacy() {
  const { account } = self();
  const rules = ["everyone", "contacts", "nobody"].map((rule) => /** @type {[string, string]} */ ([rule, t(`seen.${rule}`)]));
  return loaded(() => account.privacy(), (now) => [
    toggle(t("privacy.receipts"), () => now.readReceipts, (readReceipts) => tried(account.changePrivacy({ readReceipts })), t("privacy.receipts.hint")),
    choice(t("privacy.messages"), [rules[0], /** @type {[string, string]} */ (["requests", t("privacy.messages.requests")]), ...rules.slice(1)], () => now.messages, (messages) => tried(account.changePrivacy({ messages: /** @type {any} */ (messages) }))),
    choice(t("privacy.seen"), rules, () => now.lastSeen, (lastSeen) => tried(account.changePrivacy({ lastSeen: /** @type {any} */ (lastSeen) }))),
  ]);
}

function notices() {
  const state = signal(globalThis.Notification?.permission ?? "denied");
  const me = self();
  const ask = async () => {
    state.value = await Notification.requestPermission();
    if (state.value === "granted") await (await import("./notified.js")).notified(me);
  };
  return h("section", null, h("p.hint", null, () => t(`notices.${state.value}`)), () => state.value === "default" && h("button.primary", { type: "button", onclick: ask }, t("notices.allow")));
}

function contacts() {
  const { people } = self();
  return loaded(() => first(people.contacts(), MOST), (all, again) => [
    h("button.row", { type: "button", onclick: () => pickPeople(t("contact.add"), { one: true, chosen: async ([userId]) => (await people.addContact(userId), again()) }) }, icon("plus"), t("contact.add")),
    all.length ? all.map(({ user, name }) => personRow({ ...user, displayName: name || user.displayName }, () => openPrivate(user.id))) : empty("contact", t("contacts.none")),
  ]);
}

function blocks() {
  const { people } = self();
  return loaded(() => first(people.blocks(), MOST), (all, again) =>
    all.length ? all.map(({ user }) => h("div.row", null, personAvatar(user.id), h("span.names", null, h("b", { dir: "auto" }, user.displayName), h("small", null, `@${user.username}`)), h("button.link", { type: "button", onclick: async () => (await tried(people.unblock(user.id)), again()) }, t("unblock")))) : empty("block", t("blocks.none")),
  );
}

function sessions() {
  const me = self();
  const end = async () => (await confirm(t("logout.all.ask"), t("logout.all"))) && tried(me.logoutAll());
  return loaded(() => first(me.account.sessions(), MOST), (all, again) => [
    all.map((one) => h("div.row", null, icon("keyboard"), h("span.names", null, h("b", null, one.current ? t("session.this") : deviceOf(one.userAgent)), h("small", null, `${one.current ? `${deviceOf(one.userAgent)} · ` : ""}${one.address} · ${momentOf(one.createdAt)}`)), !one.current && h("button.link.danger", { type: "button", onclick: async () => (await tried(me.account.endSession(one.id)), again()) }, t("session.end")))),
    h("button.row.danger", { type: "button", onclick: end }, icon("exit"), t("logout.all")),
  ]);
}

/** @param {string} agent as browsers name themselves */
function deviceOf(agent) {
  const browser = agent.match(/(Firefox|Edg|OPR|Chrome|Safari)\//)?.[1] ?? agent.split("/")[0];
  const system = agent.match(/Windows|Android|iPhone|iPad|Mac OS|Linux/)?.[0];
  const name = { Edg: "Edge", OPR: "Opera" }[browser] ?? browser;
  return [name || t("session.unknown"), system].filter(Boolean).join(", ");
}

function storage() {
  return loaded(() => self().account.storage(), ({ used, quota }) => h("div.field", null, h("p", null, t("storage.used", { used: sizeOf(used), quota: sizeOf(quota) })), h("progress", { max: quota, value: used, "aria-label": t("settings.storage") })));
}

