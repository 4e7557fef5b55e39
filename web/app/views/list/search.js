/** What is found in chats, people and messages. */

import { first, self, titleOf } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { effect, onEnd, signal } from "../../core/reactive.js";
import { go } from "../../core/router.js";
import { chatAvatar } from "../../parts/avatar.js";
import { empty, skeleton } from "../../parts/fields.js";
import { messageRow, openPrivate, personRow, row, walk } from "../../parts/rows.js";

const WAIT_MILLISECONDS = 200;
const PEOPLE = 8;
const MESSAGES = 30;

/** @param {import("../../core/reactive.js").Signal<string>} text @param {() => void} clear */
export function found(text, clear) {
  const me = self();
  const people = signal(/** @type {any[] | null} */ (null));
  const messages = signal(/** @type {any[] | null} */ (null));
  effect(() => {
    const asked = text.value.trim();
    let ended = false;
    const timer = setTimeout(async () => {
      const both = [first(me.people.search(asked), PEOPLE), first(me.search(asked), MESSAGES)].map((one) => one.catch(() => []));
      const [who, what] = await Promise.all(both);
      if (ended) return;
      people.value = who;
      messages.value = what;
    }, WAIT_MILLISECONDS);
    onEnd(() => {
      ended = true;
      clearTimeout(timer);
    });
  });
  const chats = () => {
    const asked = text.value.trim().toLocaleLowerCase();
    return me.chats.filter((chat) => titleOf(chat).toLocaleLowerCase().includes(asked)).slice(0, PEOPLE);
  };
  const leading = (/** @type {any} */ run) => () => {
    clear();
    run();
  };
  const none = () => people.value?.length === 0 && messages.value?.length === 0 && chats().length === 0;
  return h(
    "div.scroll.found",
    { onkeydown: walk },
    () => section(t("search.chats"), chats().map((chat) => row(chatAvatar(chat), titleOf(chat), "", leading(() => go("chat", chat.id))))),
    () => section(t("search.people"), (people.value ?? []).map((one) => personRow(one, leading(() => openPrivate(one.id))))),
    () => section(t("search.messages"), (messages.value ?? []).map((one) => messageRow(one, leading(() => go("chat", one.chatId, "at", one.seq))))),
    () => people.value === null && skeleton(4),
    () => none() && empty("search", t("search.none", { text: text.value })),
  );
}

/** @param {string} title @param {any[]} rows */
function section(title, rows) {
  return rows.length > 0 && h("section", null, h("h3", null, title), rows);
}
