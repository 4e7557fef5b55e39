/** Pinned messages, search in a chat, and threads, at its side. */

import { first, self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { effect, onEnd, signal } from "../../core/reactive.js";
import { empty, skeleton } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { tried } from "../../parts/layers.js";
import { messageRow as foundRow, walk } from "../../parts/rows.js";
import { messageRow } from "./message.js";

const WAIT_MILLISECONDS = 200;
const MOST = 100;

/** @param {any} chat @param {string[]} _ @param {any} actions */
export function pins(chat, _, { jump }) {
  return listOf(() => first(chat.pins(), MOST), "pin", "pins.none", jump);
}

/** @param {() => Promise<any[]>} load @param {any} name @param {string} none @param {(seq: number) => void} jump */
function listOf(load, name, none, jump) {
  const all = signal(/** @type {any[] | null} */ (null));
  void tried(load()).then((found) => (all.value = found ?? []));
  return h("div.rows", { onkeydown: walk }, () => (all.value === null ? skeleton(3) : all.value.length ? all.value.map((one) => foundRow(one, () => jump(one.seq))) : empty(name, t(none))));
}

/** @param {any} chat @param {string[]} _ @param {any} actions */
export function searchIn(chat, _, { jump }) {
  const text = signal("");
  const found = signal(/** @type {any[] | null} */ (null));
  effect(() => {
    const asked = text.value.trim();
    found.value = null;
    if (!asked) return;
    let ended = false;
    const timer = setTimeout(async () => {
      const all = await tried(first(chat.search(asked), MOST));
      if (!ended) found.value = all ?? [];
    }, WAIT_MILLISECONDS);
    onEnd(() => {
      ended = true;
      clearTimeout(timer);
    });
  });
  const box = h("input", { type: "search", placeholder: t("chat.search"), "aria-label": t("chat.search"), oninput: () => (text.value = box.value) });
  requestAnimationFrame(() => box.focus());
  return [h("div.pad", null, box), h("div.rows", { onkeydown: walk }, () => found.value?.map((/** @type {any} */ one) => foundRow(one, () => jump(one.seq))), () => found.value?.length === 0 && empty("search", t("search.none", { text: text.value })))];
}

/** @param {any} chat @param {string[]} path with the id of the head @param {any} actions */
export function thread(chat, [head], actions) {
  const id = Number(head);
  const all = signal(/** @type {any[] | null} */ (null));
  const load = async () => {
    const page = await tried(self().http.get(`/messages/${id}/thread`, { limit: MOST }));
    if (page) all.value = [page.message, ...page.messages.reverse()];
  };
  const mark = () => chat.markThreadRead(id).catch(() => undefined);
  void load().then(mark);
  const changed = (/** @type {any} */ message) => (message.threadId === id || message.id === id) && void load().then(mark);
  onEnd(chat.on("message", changed));
  onEnd(chat.on("updated", changed));
  const box = h("textarea", { rows: 1, dir: "auto", placeholder: t("thread.write"), "aria-label": t("thread.write"), onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && (event.preventDefault(), send()) });
  const send = () => {
    const content = box.value.trim();
    if (!content) return;
    chat.send({ content, replyTo: id }).catch(() => undefined);
    box.value = "";
  };
  const place = { first: true, last: true };
  return h(
    "div.thread",
    null,
    h("div.messages", null, () => all.value?.map((message) => messageRow(chat, { ...message, quote: null, thread: null }, place, actions)) ?? skeleton(3)),
    h("form.composer", { onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), send()) }, h("div", null, h("div.line", null, box, h("button.send", { type: "submit", "aria-label": t("send") }, icon("send"))))),
  );
}
