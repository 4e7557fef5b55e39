/**
 * The history of a chat: a window of what is loaded is in the page, and moves as one scrolls. What is added or taken
 * away above what is seen does not move it.
 */

import { self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { dayOf, shortCount, t } from "../../core/i18n.js";
import { effect, listen, onEnd, scope, signal, untracked, watch } from "../../core/reactive.js";
import { empty, iconButton, skeleton } from "../../parts/fields.js";
import { tried } from "../../parts/layers.js";
import { messageRow, pendingRow } from "./message.js";

/** How many messages are in the page at most, and by how many the window moves. */
const MOST = 120;
const STEP = 40;
const NEAR_PIXELS = 900;
const BOTTOM_PIXELS = 60;
const TOGETHER_MILLISECONDS = 5 * 60_000;

/** @param {any} chat @param {import("./message.js").Actions} actions */
export function historyOf(chat, actions) {
  return new History(chat, actions);
}

class History {
  /** The window: from this number on. @type {number} */
  #from = 0;
  /** Up to this number; without end where it follows the newest message. @type {number} */
  #to = Infinity;
  #loading = false;
  /** @type {Map<string, {element: HTMLElement, made: any[], end: () => void}>} */
  #rows = new Map();
  /** @type {Map<string, import("../../core/reactive.js").Signal<number>>} */
  #progress = new Map();
  /** What was read when the chat was opened: what is after it is told as new. */
  #readSeq;
  #atBottom = signal(true);
  #settled = false;

  /** @param {any} chat @param {import("./message.js").Actions} actions */
  constructor(chat, actions) {
    this.chat = chat;
    this.actions = actions;
    this.#readSeq = chat.data.unreadCount ? chat.data.readSeq : Infinity;
    this.list = h("div.messages", { role: "log", "aria-label": t("messages"), "aria-live": "off" });
    this.top = h("div.top", null);
    this.view = h("div.history", { tabindex: "-1", "aria-busy": "true", onscroll: () => this.#scrolled(), onkeydown: (/** @type {any} */ event) => this.#walk(event) }, this.top, this.list);
    this.element = h("div.history-frame", null, this.view, this.#down());
    const now = watch(chat, ["message", "updated", "removed", "pending", "changed"], () => chat);
    const people = watch(self().people, ["changed"], () => null);
    effect(() => {
      now();
      people();
      this.#draw();
    });
    onEnd(() => this.#rows.forEach(({ end }) => end()));
    onEnd(chat.on("progress", (/** @type {any} */ told) => this.#progressOf(told.clientMessageId).value = told.sent / Math.max(1, told.total)));
    const resized = new ResizeObserver(() => this.#atBottom.peek() && this.#toBottom());
    resized.observe(this.view);
    resized.observe(this.list);
    onEnd(() => resized.disconnect());
    listen(globalThis, "focus", () => this.#read());
    void this.#open();
  }

  /** Shows the message with this number, and marks it for a moment. @param {number} seq */
  async jump(seq) {
    await this.#loadUntil(seq);
    const element = this.#elementOf(this.#around(seq));
    element?.scrollIntoView({ block: "center" });
    element?.classList.add("found");
    element?.focus({ preventScroll: true });
    setTimeout(() => element?.classList.remove("found"), 2000);
  }

  /** Moves the window there. @param {number} seq @returns {number} of the first message from there on */
  #around(seq) {
    const list = this.chat.messages;
    const at = list.findIndex((/** @type {any} */ one) => one.seq >= seq);
    if (at < 0) return seq;
    this.#atBottom.value = false;
    this.#from = list[Math.max(0, at - MOST / 2)].seq;
    this.#to = list[at + MOST / 2]?.seq ?? Infinity;
    this.#draw();
    return list[at].seq;
  }

  /** Shows the newest message. */
  follow() {
    this.#to = Infinity;
    this.#from = this.chat.messages.at(-MOST)?.seq ?? 0;
    this.#atBottom.value = true;
    this.#draw();
  }

  /** @param {number} seq @returns {any} */
  #elementOf(seq) {
    return this.list.querySelector(`[data-seq="${seq}"]`);
  }

  async #open() {
    const { chat } = this;
    if (chat.messages.length < STEP && !chat.copy.whole) await this.#more();
    const unread = this.#readSeq !== Infinity;
    if (unread) await this.#loadUntil(this.#readSeq + 1, 4);
    this.#settled = true;
    this.follow();
    if (unread) this.#around(Math.max(this.#readSeq + 1, chat.copy.from));
    const fresh = this.list.querySelector(".new-line");
    if (fresh) {
      fresh.scrollIntoView({ block: "start" });
      this.view.scrollTop -= 80;
    }
    this.view.removeAttribute("aria-busy");
    this.#scrolled();
  }

  /** Loads until a number is there. @param {number} seq @param {number} [pages] at most */
  async #loadUntil(seq, pages = Infinity) {
    for (let page = 0; page < pages && this.chat.copy.from > seq && !this.chat.copy.whole; page++) {
      if (!(await this.#more(100))) return;
    }
  }

  /** Loads earlier messages. @param {number} [count] @returns {Promise<boolean>} whether it could */
  async #more(count = STEP) {
    if (!this.top.firstChild) this.top.replaceChildren(skeleton(3));
    const loaded = await tried(this.chat.loadOlder(count));
    if (this.chat.copy.whole) this.top.replaceChildren();
    return loaded !== undefined;
  }

  #scrolled() {
    if (!this.#settled) return;
    const { scrollTop, scrollHeight, clientHeight } = this.view;
    const below = scrollHeight - scrollTop - clientHeight;
    this.#atBottom.value = below < BOTTOM_PIXELS && this.#to === Infinity;
    if (scrollTop < NEAR_PIXELS) void this.#up();
    if (below < NEAR_PIXELS && this.#to !== Infinity) this.#forward();
    this.#read();
  }

  async #up() {
    if (this.#loading) return;
    const list = this.chat.messages;
    const at = list.findIndex((/** @type {any} */ one) => one.seq >= this.#from);
    if (at <= 0) {
      if (this.chat.copy.whole) return;
      this.#loading = true;
      const could = await this.#more();
      this.#loading = false;
      if (!could) return;
    }
    const now = this.chat.messages;
    const from = Math.max(0, now.findIndex((/** @type {any} */ one) => one.seq >= this.#from) - STEP);
    if (!now[from] || now[from].seq === this.#from) return;
    this.#from = now[from].seq;
    // What is far below leaves the page.
    if (this.#shown().length > MOST + STEP && !this.#atBottom.peek()) this.#to = now[from + MOST]?.seq ?? Infinity;
    this.#draw();
  }

  #forward() {
    const list = this.chat.messages;
    const at = list.findIndex((/** @type {any} */ one) => one.seq > this.#to);
    this.#to = at < 0 ? Infinity : (list[at + STEP]?.seq ?? Infinity);
    const shown = this.#shown();
    if (shown.length > MOST + STEP) this.#from = shown.at(-MOST).seq;
    this.#draw();
  }

  /** @returns {any[]} the messages of the window */
  #shown() {
    return this.chat.messages.filter((/** @type {any} */ one) => one.seq >= this.#from && one.seq <= this.#to);
  }

  /** Brings the page up to date: rows that have not changed stay as they are. */
  #draw() {
    const wanted = this.#wanted();
    const keys = new Set(wanted.map(({ key }) => key));
    const anchor = this.#atBottom.peek() ? null : this.#anchor(keys);
    for (const [key, { element, end }] of this.#rows) {
      if (keys.has(key)) continue;
      end();
      element.remove();
      this.#rows.delete(key);
    }
    let place = this.list.firstChild;
    for (const { key, made, make } of wanted) {
      const known = this.#rows.get(key);
      let element = known?.element;
      if (!known || known.made.some((/** @type {any} */ one, /** @type {number} */ at) => one !== made[at])) {
        known?.end();
        /** @type {any} */
        let fresh;
        // Not a part of the effect that draws: it lives as long as its row.
        const end = untracked(() => scope(() => (fresh = make())));
        if (element && element === place) place = element.nextSibling;
        if (element?.contains(document.activeElement)) queueMicrotask(() => fresh.focus({ preventScroll: true }));
        element?.remove();
        element = fresh;
        this.#rows.set(key, { element: fresh, made, end });
      }
      if (element === place) place = place.nextSibling;
      else this.list.insertBefore(/** @type {Node} */ (element), place);
    }
    const kept = anchor && this.#rows.get(anchor.key)?.element;
    if (kept) this.view.scrollTop += kept.getBoundingClientRect().top - anchor.top;
    else if (!anchor) this.#toBottom();
    this.#read();
  }

  /** What stays where it is: the first message that is seen, and stays. A day sticks to the edge. @param {Set<string>} keys */
  #anchor(keys) {
    const edge = this.view.getBoundingClientRect().top;
    const seen = [...this.#rows].map(([key, { element }]) => ({ key, ...element.getBoundingClientRect().toJSON() }));
    const staying = seen.filter(({ key, bottom }) => keys.has(key) && !key.startsWith("day") && bottom > edge);
    return staying.sort((one, other) => one.top - other.top)[0];
  }

  #toBottom() {
    this.view.scrollTop = this.view.scrollHeight;
  }

  /** The rows in order: by what they are known, of what they are made, and how. */
  #wanted() {
    const { chat, actions } = this;
    /** @type {{key: string, made: any[], make: () => any}[]} */
    const rows = [];
    const shown = this.#shown();
    let day = "";
    shown.forEach((message, at) => {
      const today = new Date(message.createdAt).toDateString();
      if (today !== day) rows.push({ key: `day ${today}`, made: [dayOf(message.createdAt)], make: () => h("div.day", null, h("span", null, dayOf(message.createdAt))) });
      const fresh = message.seq > this.#readSeq && (shown[at - 1]?.seq ?? 0) <= this.#readSeq;
      if (fresh) rows.push({ key: "new", made: [], make: () => h("div.new-line", null, h("span", null, t("messages.new"))) });
      const place = { first: today !== day || fresh || !together(shown[at - 1], message), last: !together(message, shown[at + 1]) };
      day = today;
      const quoted = message.quote && chat.messages.find((/** @type {any} */ one) => one.seq === message.quote.seq);
      const made = [message, place.first, place.last, chat.statusOf(message), quoted, self().people.get(message.senderId)];
      rows.push({ key: String(message.seq), made, make: () => messageRow(chat, message, place, actions) });
    });
    if (this.#to !== Infinity) return rows;
    for (const pending of chat.pending) {
      const { clientMessageId: key, failed } = pending;
      rows.push({ key, made: [failed, pending.begun], make: () => pendingRow(chat, pending, () => this.#progressOf(key).value) });
    }
    if (!rows.length && chat.copy.whole) rows.push({ key: "none", made: [], make: () => empty("smile", t("messages.none")) });
    return rows;
  }

  /** @param {string} key */
  #progressOf(key) {
    const known = this.#progress.get(key) ?? signal(0);
    this.#progress.set(key, known);
    return known;
  }

  /** What is seen is read, while the page has the user's attention. */
  #read() {
    if (!this.#settled || document.visibilityState !== "visible" || !document.hasFocus()) return;
    const edge = this.view.getBoundingClientRect().bottom;
    const seen = [...this.list.children].filter((one) => one instanceof HTMLElement && one.dataset.seq && one.getBoundingClientRect().top < edge);
    const last = /** @type {any} */ (seen.at(-1))?.dataset.seq;
    if (last) this.chat.markRead(Number(last));
  }

  #down() {
    const unread = watch(this.chat, ["changed", "message"], () => this.chat.unreadCount);
    const button = iconButton("down", t("messages.newest"), () => this.follow(), { class: "to-newest" });
    button.append(h("span.badge", { hidden: () => !unread() }, () => shortCount(unread())));
    effect(() => (button.hidden = this.#atBottom.value));
    return button;
  }

  /** Arrow keys go from message to message. @param {KeyboardEvent} event */
  #walk(event) {
    const at = /** @type {HTMLElement} */ (document.activeElement)?.closest("article");
    if (!at) return;
    const step = /** @type {Record<string, "nextElementSibling" | "previousElementSibling">} */ ({ ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" })[event.key];
    if (step && !event.altKey) {
      let next = /** @type {any} */ (at[step]);
      while (next && next.tagName !== "ARTICLE") next = next[step];
      if (next) next.focus();
      else if (event.key === "ArrowDown") /** @type {any} */ (document.querySelector(".composer textarea"))?.focus();
    } else if ((event.key === "Enter" || event.key === "ContextMenu") && event.target === at) {
      const message = this.chat.messages.find((/** @type {any} */ one) => String(one.seq) === at.dataset.seq);
      if (message) this.actions.menu(message, at);
    } else return;
    event.preventDefault();
  }
}

/** Whether two messages belong together: of one person, soon after each other. @param {any} one @param {any} other */
function together(one, other) {
  if (!one || !other || one.senderId !== other.senderId) return false;
  if (one.messageType === "system" || other.messageType === "system") return false;
  const times = [one.createdAt, other.createdAt].map(Date.parse);
  return times[1] - times[0] < TOGETHER_MILLISECONDS && new Date(times[0]).toDateString() === new Date(times[1]).toDateString();
}
