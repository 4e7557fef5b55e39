/** Where messages are written. */

import { nameOf, roleIn, self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { sizeOf, t } from "../../core/i18n.js";
import { computed, effect, onEnd, signal, watch } from "../../core/reactive.js";
import { personAvatar } from "../../parts/avatar.js";
import { pickEmoji } from "../../parts/emoji.js";
import { iconButton } from "../../parts/fields.js";
import { later } from "../../parts/later.js";
import { icon } from "../../parts/icons.js";
import { menu, notice, tried } from "../../parts/layers.js";
import { kindOf } from "../list/row.js";
import { media } from "./files.js";

const extras = () => import("./extras.js");
const asks = async () => (await import("../people/asks.js")).open();
const DRAFT_MILLISECONDS = 800;
const MOST_FILES = 10;
const MOST_CHARACTERS = 10_000;
const RECORDS = Boolean(navigator.mediaDevices && globalThis.MediaRecorder);

export class Composer {
  /** @type {import("../../core/reactive.js").Signal<any>} */
  #replying = signal(null);
  /** @type {import("../../core/reactive.js").Signal<any>} */
  #editing = signal(null);
  /** @type {import("../../core/reactive.js").Signal<File[]>} */
  #files = signal(/** @type {File[]} */ ([]));
  /** What is said of some of them. @type {WeakMap<File, string>} */
  #captions = new WeakMap();
  #written = signal(false);
  /** @type {any} */
  #draftTimer = null;

  /** @param {any} chat @param {() => void} sent */
  constructor(chat, sent) {
    this.chat = chat;
    this.sent = sent;
    const { content, replyTo } = chat.draft;
    this.box = h("textarea", {
      rows: 1,
      dir: "auto",
      maxlength: MOST_CHARACTERS,
      placeholder: t("write"),
      "aria-label": t("write"),
      value: content,
      oninput: () => this.#changed(),
      onkeydown: (/** @type {any} */ event) => this.#key(event),
      onpaste: (/** @type {any} */ event) => this.#paste(event),
    });
    this.#written.value = Boolean(content);
    if (replyTo) this.#replying.value = chat.messages.find((/** @type {any} */ one) => one.id === replyTo) ?? null;
    this.picker = h("input", { type: "file", multiple: true, hidden: true, onchange: () => (this.add([...this.picker.files]), (this.picker.value = "")) });
    this.names = h("div.completion", { role: "listbox", hidden: true });
    const ready = () => this.#written.value || this.#files.value.length > 0 || this.#editing.value;
    const says = () => t(RECORDS && !ready() ? "voice.record" : "send");
    const record = async (/** @type {PointerEvent | undefined} */ pressed) => (await media()).record(this, pressed);
    const rules = watch(chat, ["changed"], () => (chat.type === "private" ? chat.data.cannotSendReason !== "request_declined" : chat.data.settings.whoCanSend === "members" || roleIn(chat) !== "member"));
    const asked = watch(chat, ["changed"], () => chat.data.isRequest);
    // Computed: the field keeps the focus as long as this stays the same.
    const maySend = computed(rules);
    this.element = h("footer.composer", null, () =>
      maySend.value
        ? h("div", null, () => asked() && later("div", asks, chat), () => this.#above(), () => this.#tray(), this.names, h("form", { onsubmit: (/** @type {any} */ event) => (event.preventDefault(), ready() ? this.send() : record()) },
            iconButton("attach", t("attach"), ({ currentTarget }) => this.#attach(currentTarget)), this.picker, this.box,
            iconButton("smile", t("emoji"), ({ currentTarget }) => pickEmoji(currentTarget, (emoji) => this.#insert(emoji))),
            h("button.send", { type: "submit", "aria-label": says, title: says, disabled: () => !RECORDS && !ready(), onpointerdown: (/** @type {any} */ event) => RECORDS && !ready() && record(event) }, () => icon(this.#editing.value ? "check" : RECORDS && !ready() ? "mic" : "send"))))
        : h("p.hint", null, t(chat.peerId ? "write.declined" : "write.admins")),
    );
    requestAnimationFrame(() => this.#grow());
    onEnd(() => this.#keepDraft());
    effect(() => {
      if (!this.#editing.value && !this.#replying.value) return;
      this.box.focus();
    });
  }

  /** @param {any} message */
  reply(message) {
    this.#editing.value = null;
    this.#replying.value = message;
  }

  /** @param {any} message */
  edit(message) {
    this.#replying.value = null;
    this.#editing.value = message;
    this.#write(message.content);
  }

  /** @param {File[]} files to send with the next message */
  add(files) {
    const all = [...this.#files.peek(), ...files.filter((file) => file.size > 0)];
    if (all.length > MOST_FILES) notice(t("files.most", { count: MOST_FILES }), { bad: true });
    this.#files.value = all.slice(0, MOST_FILES);
    this.box.focus();
  }

  send() {
    const content = this.box.value.trim();
    const files = this.#files.peek();
    const edited = this.#editing.peek();
    const mentions = this.#mentioned(content);
    if (edited) {
      if (content && content !== edited.content) void tried(this.chat.edit(edited, content, mentions));
      return this.#leave();
    }
    if (!content && !files.length) return;
    const captions = files.map((file) => this.#captions.get(file));
    this.post({ content, files, ...(captions.some(Boolean) && { fileDetails: captions.map((caption) => (caption ? { caption } : null)) }), ...(mentions.length && { mentions }) });
  }

  /** Sends a message, in reply to what is chosen. @param {any} message */
  post(message) {
    const replyTo = this.#replying.peek()?.id;
    // Refusals are shown at the message itself.
    this.chat.send({ ...message, ...(replyTo && { replyTo }) }).catch(() => undefined);
    this.#leave();
    this.sent();
  }

  /** What is written is taken for something else. @returns {{content: string, replyTo?: number}} */
  take() {
    const replyTo = this.#replying.peek()?.id;
    return { content: this.box.value.trim(), ...(replyTo && { replyTo }) };
  }

  #leave() {
    this.#editing.value = null;
    this.#replying.value = null;
    this.#files.value = [];
    this.#write("");
    clearTimeout(this.#draftTimer);
    if (this.chat.draft.content) void this.chat.setDraft("").catch(() => undefined);
  }

  /** @param {string} text */
  #write(text) {
    this.box.value = text;
    this.#written.value = text.trim() !== "";
    this.names.hidden = true;
    this.#grow();
  }

  /** @param {string} text */
  #insert(text) {
    this.box.setRangeText(text, this.box.selectionStart, this.box.selectionEnd, "end");
    this.box.focus();
    this.#changed();
  }

  #changed() {
    this.#written.value = this.box.value.trim() !== "";
    this.#grow();
    this.#complete();
    if (this.#editing.peek()) return;
    if (this.#written.peek()) this.chat.startTyping();
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => this.#keepDraft(), DRAFT_MILLISECONDS);
  }

  #keepDraft() {
    clearTimeout(this.#draftTimer);
    if (this.#editing.peek()) return;
    const content = this.box.value.trim();
    const replyTo = this.#replying.peek()?.id ?? null;
    if (content !== this.chat.draft.content) void this.chat.setDraft(content, content ? replyTo : null).catch(() => undefined);
  }

  #grow() {
    this.box.style.setProperty("height", "auto");
    this.box.style.setProperty("height", `${this.box.scrollHeight}px`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.names.hidden && this.#choose(event)) return;
    const touch = matchMedia("(pointer: coarse)").matches;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !touch) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape" && (this.#editing.peek() || this.#replying.peek())) {
      event.preventDefault();
      if (this.#editing.peek()) this.#write("");
      this.#editing.value = null;
      this.#replying.value = null;
    } else if (event.key === "ArrowUp" && !this.box.value && !event.altKey) {
      const own = this.chat.messages.findLast((/** @type {any} */ one) => one.senderId === self().id && one.messageType === "text" && !one.isDeleted);
      if (own) this.edit(own);
      event.preventDefault();
    }
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.add(files);
  }

  #above() {
    const editing = this.#editing.value;
    const message = editing ?? this.#replying.value;
    if (!message) return null;
    const leave = () => {
      if (editing) this.#write("");
      this.#editing.value = null;
      this.#replying.value = null;
    };
    return h("div.above", null, icon(editing ? "edit" : "reply"), h("span.names", null, h("b", { dir: "auto" }, editing ? t("message.edit") : nameOf(message.senderId)), h("small", { dir: "auto" }, kindOf(message))), iconButton("close", t("cancel"), leave));
  }

  #tray() {
    const files = this.#files.value;
    const less = (/** @type {File} */ file) => (this.#files.value = files.filter((one) => one !== file));
    const describe = async (/** @type {File} */ file) => (await media()).describe(file, this.#captions, () => this.#files.value = [...files]);
    return files.length > 0 && h("div.tray", null, files.map((file) => h("span.chip", null, icon(file.type.startsWith("image/") ? "picture" : "file"), h("span", { dir: "auto" }, file.name), h("small", { dir: "auto" }, this.#captions.get(file) ?? sizeOf(file.size)), iconButton("edit", t("caption.of", { name: file.name }), () => describe(file)), iconButton("close", t("files.remove", { name: file.name }), () => less(file)))));
  }

  /** @param {Element} at */
  #attach(at) {
    menu(at, [
      { label: t("attach.files"), icon: "picture", run: () => this.picker.click() },
      { label: t("kind.poll"), icon: "poll", run: async () => (await extras()).makePoll(this.chat) },
      { label: t("kind.location"), icon: "place", run: async () => (await extras()).sendPlace(this.chat) },
      { label: t("kind.contact"), icon: "contact", run: async () => (await extras()).sendContact(this.chat) },
      Boolean(this.box.value.trim()) && { label: t("schedule"), icon: "clock", run: async () => (await extras()).schedule(this.chat, this.take(), () => this.#leave()) },
    ]);
  }

  /** @param {string} content @returns {number[]} who is mentioned in it */
  #mentioned(content) {
    const names = new Set([...content.matchAll(/@([\p{L}\p{M}\p{N}_.-]+)/gu)].map(([, name]) => name.toLowerCase().replace(/[.-]+$/, "")));
    return this.#members().filter(({ username }) => names.has(username.toLowerCase())).map(({ id }) => id);
  }

  /** @returns {any[]} who may be mentioned */
  #members() {
    return this.chat.data.participants.map((/** @type {any} */ one) => self().people.get(one.userId)).filter((/** @type {any} */ one) => one?.username);
  }

  /** Offers the names that begin as what is written after an `@`. */
  #complete() {
    const begun = this.box.value.slice(0, this.box.selectionStart).match(/(?:^|\s)@([\p{L}\p{M}\p{N}_.-]*)$/u)?.[1]?.toLowerCase();
    const fitting = begun === undefined || this.chat.type !== "group" ? [] : this.#members().filter(({ id, username, displayName }) => id !== self().id && (username.toLowerCase().startsWith(begun) || displayName.toLowerCase().startsWith(begun))).slice(0, 6);
    const put = (/** @type {any} */ one) => {
      const end = this.box.selectionStart;
      this.box.setRangeText(`@${one.username} `, end - (begun ?? "").length - 1, end, "end");
      this.box.focus();
      this.#changed();
    };
    this.names.replaceChildren(...fitting.map((one, at) => h("button.row", { type: "button", role: "option", tabindex: "-1", "aria-selected": String(at === 0), onclick: () => put(one) }, personAvatar(one.id), h("span.names", null, h("b", { dir: "auto" }, one.displayName), h("small", null, `@${one.username}`)))));
    this.names.hidden = !fitting.length;
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the offered names */
  #choose(event) {
    const all = [...this.names.children];
    const at = all.findIndex((one) => one.ariaSelected === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) all.forEach((one, index) => (one.ariaSelected = String(index === (at + step + all.length) % all.length)));
    else if (event.key === "Enter" || event.key === "Tab") /** @type {any} */ (all[at]).click();
    else if (event.key === "Escape") this.names.hidden = true;
    else return false;
    event.preventDefault();
    return true;
  }
}
