/** Language and theme. */

import { showTheme, store, stored } from "../../core/choices.js";
import { h } from "../../core/dom.js";
import { LANGUAGES, shownLanguage, t } from "../../core/i18n.js";
import { choice } from "../../parts/fields.js";

/** @param {string} language */
function speak(language) {
  store("language", language);
  location.reload();
}

/** The languages as links, for those who cannot read the page. */
export function languages() {
  return h("nav.languages", { "aria-label": t("language") }, Object.entries(LANGUAGES).map(([language, name]) => h("button.link", { type: "button", lang: language, "aria-pressed": String(language === shownLanguage()), onclick: () => speak(language) }, name)));
}

export function appearance() {
  const themes = ["system", "light", "dark"].map((name) => /** @type {[string, string]} */ ([name, t(`theme.${name}`)]));
  const show = (/** @type {string} */ theme) => {
    store("theme", theme);
    showTheme();
  };
  return h("section", null, choice(t("theme"), themes, () => stored("theme") ?? "system", show), choice(t("language"), Object.entries(LANGUAGES), shownLanguage, speak));
}
