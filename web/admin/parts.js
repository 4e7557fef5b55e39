/** What the admin pages share. */

import { self } from "../app/core/app.js";
import { h } from "../app/core/dom.js";
import { t } from "../app/core/i18n.js";
import { signal } from "../app/core/reactive.js";
import { empty, skeleton } from "../app/parts/fields.js";
import { tried } from "../app/parts/layers.js";
import { Moderation } from "../sdk/moderation.js";

const PAGE = 30;

/** The role of who is logged in, as it was when the page was opened. */
export const ownRole = signal("user");

export const moderation = () => new Moderation(self().http);

/** @param {number | null} userId @returns {string} a name, as far as an answer has told it */
export function who(userId) {
  const known = userId === self().id ? self().user : userId === null ? undefined : self().people.get(userId);
  return known ? `@${known.username}` : userId === null ? t("admin.nobody") : `#${userId}`;
}

/**
 * A list that is asked for as it is read.
 *
 * @param {() => AsyncGenerator<any, any, any>} ask
 * @param {(item: any, again: () => void) => any} show
 */
export function listing(ask, show) {
  const shown = signal(/** @type {any[] | null} */ (null));
  const isWhole = signal(false);
  let items = ask();
  const more = async () => {
    const found = [];
    while (found.length < PAGE && !isWhole.peek()) {
      const next = await items.next();
      if (next.done) isWhole.value = true;
      else found.push(next.value);
    }
    shown.value = [...(shown.peek() ?? []), ...found];
  };
  const again = () => {
    items = ask();
    shown.value = null;
    isWhole.value = false;
    void tried(more());
  };
  void tried(more());
  return h("section.card", null, () => {
    const all = shown.value;
    if (all === null) return skeleton(4);
    if (all.length === 0) return empty("check", t("admin.nothing"));
    return [all.map((item) => show(item, again)), !isWhole.value && h("button.plain", { type: "button", onclick: () => tried(more()) }, t("admin.more"))];
  });
}

/**
 * A choice among few, with a name above it.
 *
 * @param {string} label
 * @param {string} name
 * @param {[string, string][]} options value and name of each
 * @param {import("../app/core/reactive.js").Signal<string>} chosen
 */
export function filter(label, name, options, chosen) {
  const box = h("select", { name, onchange: () => (chosen.value = box.value) }, options.map(([value, words]) => h("option", { value }, words)));
  box.value = chosen.peek();
  return h("label", null, h("span", null, label), box);
}

/** @param {[string, any][]} pairs what a name stands for; those without a value are left out */
export function facts(pairs) {
  return h("dl.facts", null, pairs.filter(([, value]) => value !== null && value !== "").map(([name, value]) => [h("dt", null, name), h("dd", { dir: "auto" }, value)]));
}
