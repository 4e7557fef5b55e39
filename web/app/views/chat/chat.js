/** A chat: who it is with, its history, and where one writes. At its side, what belongs to it. */

import { first, isSaved, self, titleOf } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { lastSeen, t } from "../../core/i18n.js";
import { computed, effect, listen, onEnd, signal, watch } from "../../core/reactive.js";
import { go, route, swap, to } from "../../core/router.js";
import { chatAvatar } from "../../parts/avatar.js";
import { empty, iconButton } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { later } from "../../parts/later.js";
import { kindOf, typing } from "../list/row.js";
import { Composer } from "./composer.js";
import { historyOf } from "./history.js";
import { SIDES } from "./sides.js";

const MOST_IN_CALL = 4;

/**
 * Buttons in the head of a chat. To add one: `CHAT_BUTTONS.push((chat) => iconButton(…))`.
 *
 * @type {((chat: any) => any)[]}
 */
export const CHAT_BUTTONS = [
  (chat) => takesCalls(chat) && iconButton("phone", t("call.audio"), () => void call(chat, "audio")),
  (chat) => takesCalls(chat) && iconButton("camera", t("call.video"), () => void call(chat, "video")),
  (chat) => iconButton("search", t("chat.search"), () => go("chat", chat.id, "search")),
  (chat) => iconButton("info", t("chat.info"), () => go("chat", chat.id, "info")),
];

/** @param {any} chat all of whose members can be in one call */
const takesCalls = (chat) => !isSaved(chat) && chat.data.participantCount <= MOST_IN_CALL && globalThis.RTCPeerConnection;

/** @param {any} chat @param {"audio" | "video"} type */
async function call(chat, type) {
  await (await import("../call/calls.js")).call(chat, type);
}

/** The open chat stays as it is while what is at its side changes. @param {string[]} path */
export function chatView([id]) {
  const me = self();
  const chat = me.chat(Number(id));
  if (!chat) return h("div.pane", null, header(backButton()), empty("thread", t("chat.gone")));
  onEnd(chat.on("left", () => swap()));
  const composer = new Composer(chat, () => history.follow());
  const actions = {
    menu: async (/** @type {any} */ message, /** @type {any} */ at) => (await import("./actions.js")).messageMenu(chat, message, at, composer),
    react: async (/** @type {any} */ message, /** @type {string} */ emoji) => (await import("./actions.js")).react(chat, message, emoji),
    jump: (/** @type {number} */ seq) => void history.jump(seq),
    thread: (/** @type {any} */ message) => go("chat", chat.id, "thread", message.id),
  };
  const history = historyOf(chat, actions);
  // Phones would open the keyboard.
  if (matchMedia("(pointer: fine)").matches) requestAnimationFrame(() => composer.box.focus({ preventScroll: true }));
  const side = computed(() => route.value.slice(2).join("/"));
  effect(() => {
    const [name, seq] = side.value.split("/");
    if (name === "at") void history.jump(Number(seq)).then(() => swap("chat", chat.id));
  });
  const pane = h("div.pane", { class: () => (SIDES[side.value.split("/")[0]] ? "has-side" : "") }, head(chat), pinnedBar(chat, actions), history.element, composer.element);
  dropping(pane, composer);
  return [
    pane,
    () => {
      const [name, ...rest] = side.value.split("/");
      const open = SIDES[name];
      return open && sideOf(chat, t(`side.${name}`), later("div.scroll", open, chat, rest, { ...actions, composer }));
    },
  ];
}

/** @param {...any} parts */
function header(...parts) {
  return h("header.bar", null, parts);
}

function backButton() {
  return h("a.icon-button.back", { href: "#/", "aria-label": t("back") }, icon("back"));
}

/** @param {any} chat */
function head(chat) {
  const me = self();
  const names = watch(me.people, ["changed"], () => null);
  const now = watch(chat, ["changed", "typing"], () => chat);
  const presence = watch(me.presence, ["changed"], () => chat.peerId && me.presence.get(chat.peerId));
  if (chat.peerId && !isSaved(chat)) void me.presence.watch([chat.peerId]).catch(() => undefined);
  const below = () => {
    if (now().typists.length) return h("em", null, typing(chat));
    if (isSaved(chat)) return t("chat.saved.hint");
    if (chat.type === "group") return t("members", { count: chat.data.participantCount });
    const known = presence();
    if (!known) return "";
    if (known.status !== "offline") return known.statusText || t(`presence.${known.status}`);
    return known.lastSeenAt ? lastSeen(known.lastSeenAt) : t("presence.offline");
  };
  return header(
    backButton(),
    h("a.who", { href: to("chat", chat.id, "info") }, () => (names(), now(), chatAvatar(chat)), h("span.names", null, h("b", { dir: "auto", role: "heading", "aria-level": "1" }, () => (names(), titleOf(now()))), h("small", { "aria-live": "polite" }, below))),
    CHAT_BUTTONS.map((button) => button(chat)),
  );
}

/** The message that was pinned last. @param {any} chat @param {import("./message.js").Actions} actions */
function pinnedBar(chat, actions) {
  const pinned = signal(/** @type {any} */ (null));
  const load = () => first(chat.pins(), 1).then(([message]) => (pinned.value = message ?? null), () => undefined);
  void load();
  onEnd(chat.on("updated", (/** @type {any} */ message) => (message.pinnedAt || message.id === pinned.peek()?.id) && void load()));
  return () =>
    pinned.value &&
    h("div.pinned", null, icon("pin"), h("button.names", { type: "button", onclick: () => actions.jump(pinned.value.seq) }, h("b", null, t("pinned")), h("small", { dir: "auto" }, kindOf(pinned.value))), iconButton("menu", t("side.pins"), () => go("chat", chat.id, "pins")));
}

/** What is at the side of a chat. @param {any} chat @param {string} title @param {any} content */
function sideOf(chat, title, content) {
  return h("aside.side", { "aria-label": title }, header(iconButton("close", t("close"), () => swap("chat", chat.id)), h("h2", null, title)), content);
}

/** Files that are dropped onto the chat are attached. @param {HTMLElement} pane @param {Composer} composer */
function dropping(pane, composer) {
  const over = signal(0);
  const has = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  pane.append(h("div.drop", { hidden: () => over.value < 1 }, icon("attach"), t("drop")));
  listen(pane, "dragenter", (event) => has(event) && (over.value = over.peek() + 1));
  listen(pane, "dragleave", (event) => has(event) && (over.value = Math.max(0, over.peek() - 1)));
  listen(pane, "dragover", (event) => has(event) && event.preventDefault());
  listen(pane, "drop", (event) => {
    if (!has(event)) return;
    event.preventDefault();
    over.value = 0;
    composer.add([...event.dataTransfer.files]);
  });
}
