/** Parts of the page whose code is loaded when they are first opened. */

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { signal } from "../core/reactive.js";
import { skeleton } from "./fields.js";
import { notice } from "./layers.js";

/**
 * @param {string} tag of what is around it
 * @param {() => Promise<(...values: any[]) => any>} load
 * @param {...any} values what the loaded function is given
 */
export function later(tag, load, ...values) {
  /** @type {import("../core/reactive.js").Signal<((...values: any[]) => any) | null>} */
  const loaded = signal(null);
  load().then((make) => (loaded.value = make), () => notice(t("error.connection"), { bad: true }));
  return h(tag, null, () => (loaded.value ? loaded.value(...values) : skeleton(6)));
}
