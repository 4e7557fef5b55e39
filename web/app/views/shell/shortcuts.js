/** Keys that work everywhere. `?` lists them. */

import { self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { listen } from "../../core/reactive.js";
import { go, route, swap } from "../../core/router.js";
import { dialog } from "../../parts/layers.js";

const focus = (/** @type {string} */ which) => /** @type {HTMLElement | null} */ (document.querySelector(which))?.focus();

/** Opens the chat before or after the open one. @param {number} step */
function step(step) {
  const chats = self().chats.filter(({ data }) => !data.archived);
  const at = chats.findIndex(({ id }) => id === Number(route.peek()[1]));
  const next = chats[at < 0 ? 0 : at + step];
  if (next) go("chat", next.id);
}

/** @type {[keys: string, words: string, run: ((event: KeyboardEvent) => void) | null][]} */
const KEYS = [
  ["?", "keys.help", () => showShortcuts()],
  ["Ctrl+K", "keys.search", () => focus("#search")],
  ["Alt+↑", "keys.before", () => step(-1)],
  ["Alt+↓", "keys.after", () => step(1)],
  ["N", "keys.new", () => focus("#new-chat")],
  ["C", "keys.write", () => focus(".composer textarea")],
  ["Ctrl+,", "keys.settings", () => go("settings")],
  ["Esc", "keys.leave", (event) => leave(event)],
  ["Enter", "keys.send", null],
  ["Shift+Enter", "keys.line", null],
  ["↑", "keys.edit", null],
  ["↑ ↓", "keys.messages", null],
  ["Menu", "keys.menu", null],
];

/** Closes what lies at the side, and then the chat. @param {KeyboardEvent} event */
function leave(event) {
  if (event.defaultPrevented || document.querySelector("dialog, .menu")) return;
  const [name, id, side] = route.peek();
  if (side) swap(name, id);
  else if (name) swap();
}

/** @param {KeyboardEvent} event */
function nameOfKeys(event) {
  const key = { ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" }[event.key] ?? event.key;
  const held = `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}`;
  return held + (key.length === 1 ? key.toUpperCase() : key);
}

export function shortcuts() {
  listen(document, "keydown", (/** @type {KeyboardEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const pressed = nameOfKeys(event);
    // Letters are for writing where something is written.
    const writing = target.closest("input, textarea, select, [contenteditable]");
    if (writing && pressed.length === 1) return;
    if (pressed !== "Esc" && document.querySelector("dialog")) return;
    const known = KEYS.find(([keys, , run]) => run && keys === pressed);
    if (!known) return;
    if (pressed !== "Esc") event.preventDefault();
    known[2]?.(event);
  });
}

export function showShortcuts() {
  const rows = KEYS.map(([keys, words]) => h("div.row", null, h("span", null, t(words)), h("kbd", null, keys)));
  dialog(t("keys"), () => h("div.keys", null, rows));
}
