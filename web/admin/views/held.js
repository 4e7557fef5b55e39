/** Messages that a rule on words holds until somebody has looked at them. */

import { h } from "../../app/core/dom.js";
import { momentOf, t } from "../../app/core/i18n.js";
import { signal } from "../../app/core/reactive.js";
import { icon } from "../../app/parts/icons.js";
import { dialog, notice, tried } from "../../app/parts/layers.js";
import { row } from "../../app/parts/rows.js";
import { facts, filter, listing, moderation, who } from "../parts.js";
import { openAccount } from "./users.js";

const STATES = ["waiting", "approved", "deleted"];

export function held() {
  const state = signal(STATES[0]);
  return [
    h("div.filters", null, filter(t("admin.state"), "state", STATES.map((name) => [name, t(`admin.held.${name}`)]), state)),
    () => {
      const query = { state: state.value };
      return listing(() => moderation().held(query), (one, again) => row(icon("clock"), `${one.phrase}: ${who(one.userId)}`, [one.content, " · ", momentOf(one.createdAt)], () => open(one, again)));
    },
  ];
}

/** @param {any} one @param {() => void} changed */
function open(one, changed) {
  dialog(one.phrase, (close) => {
    const button = (/** @type {"approved" | "deleted"} */ decision, /** @type {string} */ tag) =>
      h(tag, { type: "button", onclick: () => decide(decision) }, t(`admin.held.${decision}.do`));
    const decide = async (/** @type {"approved" | "deleted"} */ decision) => {
      if (!(await tried(moderation().decideHeld(one.id, decision)))) return;
      close();
      changed();
      notice(t("saved"));
    };
    return [
      h("p.said", { dir: "auto" }, one.content),
      facts([
        [t("admin.held.author"), who(one.userId)],
        [t("admin.when"), momentOf(one.createdAt)],
        [t("admin.decided"), one.decidedAt ? `${t(`admin.held.${one.state}`)}, ${who(one.decidedBy)}, ${momentOf(one.decidedAt)}` : ""],
      ]),
      h("div.buttons", null, h("button.plain", { type: "button", onclick: () => openAccount(one.userId) }, t("admin.open-account")), one.state === "waiting" && [button("deleted", "button.plain"), button("approved", "button.primary")]),
    ];
  });
}
