/** Choosing people: contacts first, and everybody by search. */

import { first, self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { effect, onEnd, signal } from "../../core/reactive.js";
import { icon } from "../../parts/icons.js";
import { dialog, tried } from "../../parts/layers.js";
import { personRow, walk } from "../../parts/rows.js";

const FOUND = 30;
const WAIT_MILLISECONDS = 150;

/**
 * @param {string} title
 * @param {object} options
 * @param {boolean} [options.one] the first that is pressed is chosen
 * @param {Set<number>} [options.without] who is not shown
 * @param {any} [options.above] what is shown first
 * @param {string} [options.action] what the button says, where several may be chosen
 * @param {(userIds: number[]) => Promise<any>} options.chosen
 */
export function pickPeople(title, { one = false, without = new Set(), above, action = "", chosen }) {
  dialog(title, (close) => {
    const me = self();
    const text = signal("");
    const people = signal(/** @type {any[] | null} */ (null));
    const picked = signal(/** @type {any[]} */ ([]));
    effect(() => {
      const asked = text.value.trim();
      let ended = false;
      const timer = setTimeout(async () => {
        const all = await tried(asked ? first(me.people.search(asked), FOUND) : contacts());
        if (!ended) people.value = (all ?? []).filter(({ id }) => id !== me.id && !without.has(id));
      }, asked ? WAIT_MILLISECONDS : 0);
      onEnd(() => {
        ended = true;
        clearTimeout(timer);
      });
    });
    const done = async (/** @type {number[]} */ userIds) => {
      if ((await tried(chosen(userIds).then(() => true))) === true) close();
    };
    const press = (/** @type {any} */ user) => {
      if (one) return done([user.id]);
      const others = picked.peek().filter(({ id }) => id !== user.id);
      picked.value = others.length < picked.peek().length ? others : [...others, user];
    };
    const isPicked = (/** @type {any} */ user) => picked.value.some(({ id }) => id === user.id);
    return [
      above,
      h("input", { type: "search", class: "people-search", placeholder: t("people.search"), "aria-label": t("people.search"), autofocus: one, oninput: (/** @type {any} */ { target }) => (text.value = target.value) }),
      () => picked.value.length > 0 && h("div.tray", null, picked.value.map((user) => h("button.chip", { type: "button", onclick: () => press(user) }, user.displayName, icon("close")))),
      h("div.rows", { onkeydown: walk }, () => people.value?.map((user) => personRow(user, () => press(user), isPicked(user) && icon("check"))), () => people.value?.length === 0 && h("p.hint", null, t(text.value ? "people.none" : "people.begin"))),
      !one && h("div.buttons", null, h("button.primary", { type: "button", onclick: () => done(picked.peek().map(({ id }) => id)) }, action)),
    ];
  });
}

/** Contacts, and with whom the user has a chat. */
async function contacts() {
  const me = self();
  const all = (await first(me.people.contacts(), FOUND)).map(({ user }) => user);
  const known = new Set(all.map(({ id }) => id));
  const peers = me.chats.map(({ peerId }) => me.people.get(peerId ?? 0)).filter((one) => one && !known.has(one.id));
  return [...all, ...peers.slice(0, FOUND)];
}
