/** What a section asks the service for. */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { signal } from "../../core/reactive.js";
import { skeleton } from "../../parts/fields.js";
import { tried } from "../../parts/layers.js";
import { walk } from "../../parts/rows.js";

/** Shows what is loaded, or why it is not. @template T @param {() => Promise<T>} load @param {(value: T, again: () => void) => any} show */
export function loaded(load, show) {
  const value = signal(/** @type {any} */ (null));
  const again = () => void tried(load()).then((found) => (value.value = { found }));
  again();
  return h("section", { onkeydown: walk }, () => (value.value === null ? skeleton(3) : value.value.found === undefined ? h("button.plain", { type: "button", onclick: again }, t("retry")) : show(value.value.found, again)));
}
