/** Begins the admin pages: words, theme, the session that the messenger has stored, and the view that the address asks for. */

import { session } from "../app/core/app.js";
import { showTheme } from "../app/core/choices.js";
import { h } from "../app/core/dom.js";
import { loadWords, moreWords, t } from "../app/core/i18n.js";
import { effect } from "../app/core/reactive.js";
import { route, to } from "../app/core/router.js";
import { empty } from "../app/parts/fields.js";
import { Messenger } from "../sdk/index.js";
import { ownRole } from "./parts.js";
import { audit } from "./views/audit.js";
import { held } from "./views/held.js";
import { reports } from "./views/reports.js";
import { users } from "./views/users.js";
import { words } from "./views/words.js";

/** The pages by the first part of the address; `admins` alone see some. @type {Record<string, {view: () => any, admins?: boolean}>} */
const PAGES = {
  reports: { view: reports },
  held: { view: held },
  words: { view: words },
  users: { view: users },
  audit: { view: audit, admins: true },
};

/** What stands in place of the pages. @param {string} said */
function refused(said) {
  return h("main", null, empty("lock", said, h("a", { href: "/" }, t("admin.messenger"))));
}

function pages() {
  const names = Object.keys(PAGES).filter((name) => ownRole.peek() === "admin" || !PAGES[name].admins);
  const shown = () => (names.includes(route.value[0]) ? route.value[0] : names[0]);
  const link = (/** @type {string} */ name) => h("a", { href: to(name), "aria-current": () => shown() === name && "page" }, t(`admin.${name}`));
  return [
    h("header.head", null, h("h1", null, t("admin")), h("nav", null, names.map(link)), h("a", { href: "/" }, t("admin.messenger"))),
    h("main", null, () => PAGES[shown()].view()),
  ];
}

async function begin() {
  showTheme();
  await loadWords();
  await moreWords(() => import("./locales/en.js"), () => import("./locales/ru.js"));
  document.title = t("admin");
  const root = document.getElementById("app");
  const me = await Messenger.resume(location.origin).catch(() => null);
  if (!me) return root?.replaceChildren(refused(t("admin.sign-in")));
  // The stored profile may be older than the role.
  ownRole.value = (await me.account.profile()).role;
  me.on("ended", () => (session.value = null));
  session.value = me;
  effect(() => {
    if (!session.value) root?.replaceChildren(refused(t("admin.sign-in")));
    else if (ownRole.peek() === "user") root?.replaceChildren(refused(t("admin.refused")));
    else root?.replaceChildren(...pages());
  });
}

void begin();
