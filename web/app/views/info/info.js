/** Who a chat is with, and what can be done with it: a person, or a group with its members. */

import { isSaved, nameOf, roleIn, self, titleOf } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { momentOf, moreWords, t } from "../../core/i18n.js";
import { onEnd, signal, watch } from "../../core/reactive.js";
import { go } from "../../core/router.js";
import { chatAvatar, personAvatar } from "../../parts/avatar.js";
import { choice, field, form, iconButton, toggle } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { confirm, dialog, menu, tried } from "../../parts/layers.js";
import { openPrivate } from "../../parts/rows.js";
import { leave } from "../list/row.js";
import { pickPeople } from "../people/pick.js";
import { invites } from "./invites.js";

await moreWords(() => import("./locales/en.js"), () => import("./locales/ru.js"));

const LIVES = [0, 3600, 86_400, 604_800, 2_592_000];

/** @param {any} chat */
export function infoOf(chat) {
  const now = watch(chat, ["changed"], () => chat);
  const people = watch(self().people, ["changed"], () => null);
  return h(
    "div.info",
    null,
    h("section.about", null, () => (people(), now(), chatAvatar(chat)), h("h2", { dir: "auto" }, () => (people(), titleOf(now()))), () => now().data.description && h("p.text", { dir: "auto" }, now().data.description), chat.peerId && !isSaved(chat) && person(chat.peerId)),
    h("section", null, settings(chat, now)),
    chat.type === "group" && group(chat, now),
    h("section.actions", null, chat.peerId && !isSaved(chat) && block(chat.peerId), action(chat.type === "group" ? "group.leave" : "chat.delete", "exit", () => leave(chat)), chat.type === "group" && roleIn(chat) === "owner" && action("group.delete", "trash", () => end(chat))),
  );
}

/** @param {string} words @param {any} name @param {() => void} run */
function action(words, name, run) {
  return h("button.row.danger", { type: "button", onclick: run }, icon(name), t(words));
}

/** @param {number} userId */
function person(userId) {
  const me = self();
  const profile = signal(/** @type {any} */ (me.people.get(userId)));
  const contact = signal(/** @type {boolean | null} */ (null));
  me.people.fetch(userId).then((user) => (profile.value = user), () => undefined);
  void (async () => {
    for await (const one of me.people.contacts()) if (one.userId === userId) return (contact.value = true);
    contact.value = false;
  })().catch(() => undefined);
  const change = async () => {
    const was = contact.peek();
    await tried(Promise.resolve(was ? me.people.removeContact(userId) : me.people.addContact(userId)).then(() => (contact.value = !was)));
  };
  return [
    h("p.hint", null, () => `@${profile.value?.username ?? ""}`),
    () => profile.value?.statusText && h("p.text", { dir: "auto" }, profile.value.statusText),
    () => contact.value !== null && h("button.plain", { type: "button", onclick: change }, icon("contact"), t(contact.value ? "contact.remove" : "contact.add")),
  ];
}

/** The user's own settings of a chat. @param {any} chat @param {() => any} now */
function settings(chat, now) {
  const owner = chat.type === "private" || roleIn(chat) !== "member";
  const life = [...new Set([...LIVES, chat.data.settings?.messageSeconds ?? 0])];
  return [
    toggle(t("chat.notices"), () => !now().data.muted, (on) => tried(on ? chat.unmute() : chat.mute())),
    choice(t("chat.notify"), ["all", "mentions", "none"].map((of) => [of, t(`notify.${of}`)]), () => now().data.notifyOf, (of) => tried(chat.notify(of))),
    toggle(t("chat.pin"), () => now().data.pinned, (on) => tried(on ? chat.pin() : chat.unpin())),
    toggle(t("chat.archive"), () => now().data.archived, (on) => tried(on ? chat.archive() : chat.unarchive())),
    owner && choice(t("chat.lives"), life.map((seconds) => [String(seconds), lifeOf(seconds)]), () => String(chat.data.settings?.messageSeconds ?? 0), (value) => tried(chat.change({ settings: { messageSeconds: Number(value) || null } }))),
    link("side.pins", "pin", () => go("chat", chat.id, "pins")),
    link("side.scheduled", "clock", () => go("chat", chat.id, "scheduled")),
  ];
}

/** @param {number} seconds */
function lifeOf(seconds) {
  if (!seconds) return t("lives.forever");
  if (seconds % 86_400 === 0) return t("lives.days", { count: seconds / 86_400 });
  return seconds % 3600 === 0 ? t("lives.hours", { count: seconds / 3600 }) : t("lives.seconds", { count: seconds });
}

/** @param {string} words @param {any} name @param {() => void} run */
function link(words, name, run) {
  return h("button.row", { type: "button", onclick: run }, icon(name), t(words));
}

/** @param {any} chat @param {() => any} now */
function group(chat, now) {
  const leads = roleIn(chat) !== "member";
  return [
    leads && h("section", null, link("group.edit", "edit", () => edit(chat)), link("group.invites", "link", () => invites(chat)), rules(chat)),
    h("section", null, h("h3", null, () => t("members", { count: now().data.participantCount })), (leads || chat.data.settings.whoCanAdd === "members") && link("group.add", "plus", () => add(chat)), members(chat, now)),
  ];
}

/** @param {any} chat */
function rules(chat) {
  const sides = /** @type {[string, string][]} */ ([["members", t("rules.members")], ["admins", t("rules.admins")]]);
  const rule = (/** @type {string} */ name) => choice(t(`rules.${name}`), sides, () => chat.data.settings[name], (value) => tried(chat.change({ settings: { [name]: value } })));
  return [rule("whoCanSend"), rule("whoCanAdd"), toggle(t("group.public"), () => chat.data.isPublic, (isPublic) => tried(chat.change({ isPublic })), t("group.public.hint"))];
}

/** @param {any} chat @param {() => any} now */
function members(chat, now) {
  const all = signal(/** @type {any[]} */ (chat.data.participants));
  // The chat knows the first 20 of them.
  const load = () => chat.members.all().then((/** @type {any[]} */ found) => (all.value = found), () => undefined);
  void load();
  onEnd(chat.on("changed", () => (chat.data.participantCount > chat.data.participants.length ? void load() : (all.value = chat.data.participants))));
  void self().presence.watch(chat.data.participants.map((/** @type {any} */ one) => one.userId)).catch(() => undefined);
  const order = ["owner", "admin", "member"];
  return h("div.rows", null, () => {
    now();
    return [...all.value]
      .sort((one, other) => order.indexOf(one.role) - order.indexOf(other.role))
      .map((one) => h("div.row", null, personAvatar(one.userId, { dot: true }), h("span.names", null, h("b", { dir: "auto" }, nameOf(one.userId)), one.role !== "member" && h("small", null, t(`role.${one.role}`))), one.userId !== self().id && iconButton("more", t("member.menu", { name: nameOf(one.userId) }), ({ currentTarget }) => memberMenu(chat, one, currentTarget, load))));
  });
}

/** @param {any} chat @param {any} member @param {Element} at @param {() => void} load */
function memberMenu(chat, { userId, role }, at, load) {
  const own = roleIn(chat);
  const above = own === "owner" || (own === "admin" && role === "member");
  const doing = (/** @type {Promise<any>} */ work) => void tried(work).then(load);
  menu(at, [
    { label: t("contact.write"), icon: "thread", run: () => openPrivate(userId) },
    own === "owner" && { label: t(role === "admin" ? "role.make.member" : "role.make.admin"), icon: "group", run: () => doing(chat.members.setRole(userId, role === "admin" ? "member" : "admin")) },
    own === "owner" && { label: t("role.make.owner"), icon: "lock", run: async () => (await confirm(t("role.make.owner.ask", { name: nameOf(userId) }), t("role.make.owner"))) && doing(chat.members.setRole(userId, "owner")) },
    above && { label: t("member.remove"), icon: "trash", danger: true, run: () => doing(chat.members.remove(userId)) },
  ]);
}

/** @param {any} chat */
function add(chat) {
  const without = new Set(/** @type {number[]} */ (chat.data.participants.map((/** @type {any} */ one) => one.userId)));
  pickPeople(t("group.add"), { without, action: t("group.add"), chosen: (userIds) => chat.members.add(userIds) });
}

/** @param {any} chat */
function edit(chat) {
  dialog(t("group.edit"), (close) => {
    const name = field({ label: t("group.name"), name: "name", check: (value) => (value.trim() ? "" : t("field.needed")), input: { maxlength: 100, value: chat.data.name } });
    const description = field({ label: t("group.description"), name: "description", tag: "textarea", input: { maxlength: 500, rows: 3, value: chat.data.description } });
    const picture = h("input", { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp", "aria-label": t("picture.choose") });
    const save = async (/** @type {any} */ values) => {
      const [file] = picture.files;
      const avatar = file && { avatarId: (await self().uploads.upload(file)).id };
      await chat.change({ name: values.name.trim(), description: values.description.trim(), ...avatar });
      close();
    };
    return form([name, description, { element: h("div.field", null, h("label", null, t("picture"), picture)), name: "", box: picture, ok: () => true, refuse: () => undefined }], t("save"), save);
  });
}

/** @param {any} chat */
async function end(chat) {
  if (await confirm(t("group.delete.ask", { name: titleOf(chat) }), t("group.delete"))) await tried(chat.remove());
}

/** @param {number} userId */
function block(userId) {
  const { people } = self();
  const blocked = signal(/** @type {boolean | null} */ (null));
  void (async () => {
    for await (const one of people.blocks()) if (one.userId === userId) return (blocked.value = true);
    blocked.value = false;
  })().catch(() => undefined);
  const change = async () => {
    const was = blocked.peek();
    if (!was && !(await confirm(t("block.ask", { name: nameOf(userId) }), t("block")))) return;
    await tried(Promise.resolve(was ? people.unblock(userId) : people.block(userId)).then(() => (blocked.value = !was)));
  };
  return () => blocked.value !== null && h("button.row.danger", { type: "button", onclick: change }, icon("block"), t(blocked.value ? "unblock" : "block"));
}
