/** Begins: words, theme, the stored session, and then the view that the address asks for. */

import { Messenger } from "../sdk/index.js";
import { session } from "./core/app.js";
import { showTheme } from "./core/choices.js";
import { h } from "./core/dom.js";
import { loadWords, t, why } from "./core/i18n.js";
import { effect } from "./core/reactive.js";
import { swap } from "./core/router.js";
import { later } from "./parts/later.js";
import { notice } from "./parts/layers.js";
import { shell } from "./views/shell/shell.js";

/** Where the service is: beside this page, unless the page says another place. */
const SERVICE = document.documentElement.dataset.service ?? location.origin;

/** Who is logged in already has no use for it. */
const entrance = async () => (await import("./views/entrance/entrance.js")).entrance;

/** @param {import("../sdk/messenger.js").Messenger} me */
function enter(me) {
  me.on("ended", ({ reason }) => {
    if (reason !== "logged_out") notice(t("session.ended"), { bad: true });
    session.value = null;
  });
  session.value = me;
}

/** Follows the link of a letter. @param {string} token */
function confirmEmail(token) {
  swap();
  const confirmed = Messenger.confirmEmail(SERVICE, token).then(() => notice(t("email.confirmed")));
  confirmed.catch((error) => notice(why(error), { bad: true }));
}

async function begin() {
  showTheme();
  await loadWords();
  const [, token] = location.hash.match(/^#(?:verify|change)=(.+)$/) ?? [];
  if (token) confirmEmail(token);
  const resumed = await Messenger.resume(SERVICE).catch(() => null);
  if (resumed) enter(resumed);
  effect(() => {
    const root = document.getElementById("app");
    root?.replaceChildren(session.value ? h("div.root", null, shell()) : later("div.root", entrance, SERVICE, enter));
  });
}

/** Has the page open without a network too. */
function keepFiles() {
  if (!navigator.serviceWorker) return;
  // Trusted Types ask for a policy: it lets this one address pass.
  const policy = globalThis.trustedTypes?.createPolicy("worker", { createScriptURL: () => "/worker.js" });
  const address = policy ? policy.createScriptURL("") : "/worker.js";
  navigator.serviceWorker.register(address).catch(() => undefined);
}

void begin();
addEventListener("load", keepFiles);
