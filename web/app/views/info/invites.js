/** Links by which others may join a group. */

import { first } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { momentOf, t } from "../../core/i18n.js";
import { to } from "../../core/router.js";
import { skeleton } from "../../parts/fields.js";
import { dialog, tried } from "../../parts/layers.js";
import { copy } from "../chat/actions.js";

const MOST = 50;

/** @param {any} chat */
export function invites(chat) {
  dialog(t("group.invites"), () => {
    const list = h("div.rows", null, skeleton(2));
    const made = h("div");
    const show = async () => {
      const all = (await tried(first(chat.members.invites(), MOST))) ?? [];
      list.replaceChildren(...all.map(invite));
    };
    const invite = (/** @type {any} */ one) =>
      h("div.row", null, h("span.names", null, h("b", null, momentOf(one.createdAt)), h("small", null, t("invite.used", { count: one.uses ?? one.useCount ?? 0 }))), h("button.link.danger", { type: "button", onclick: async () => (await tried(chat.members.revokeInvite(one.id)), show()) }, t("invite.revoke")));
    const make = async () => {
      const one = await tried(chat.members.invite());
      if (!one) return;
      const address = `${location.origin}${location.pathname}${to("join", one.token)}`;
      made.replaceChildren(h("div.field", null, h("input", { readonly: true, value: address, "aria-label": t("invite.link"), onfocus: (/** @type {any} */ { target }) => target.select() }), h("p.hint", null, t("invite.once"))), h("button.plain", { type: "button", onclick: () => copy(address) }, t("message.copy")));
      void show();
    };
    void show();
    return [h("button.primary", { type: "button", onclick: make }, t("invite.make")), made, list];
  });
}
