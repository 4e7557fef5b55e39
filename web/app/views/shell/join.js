/** The page that an invite leads to. */

import { self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { signal } from "../../core/reactive.js";
import { swap } from "../../core/router.js";
import { skeleton } from "../../parts/fields.js";
import { notice, tried } from "../../parts/layers.js";

/** Follows an invite. @param {string[]} path */
export function join([token]) {
  const me = self();
  const group = signal(/** @type {any} */ (null));
  me.previewInvite(token).then((preview) => (group.value = preview), () => {
    notice(t("invite.wrong"), { bad: true });
    swap();
  });
  const agree = async () => {
    const chat = await tried(me.joinByInvite(token));
    if (chat) swap("chat", chat.id);
  };
  return h("div.centre", null, () =>
    group.value
      ? h("section.card", null, h("h2", null, group.value.name ?? ""), h("p", null, t("members", { count: group.value.participantCount })), h("p.lead", null, group.value.description ?? ""), h("button.primary", { type: "button", onclick: agree }, t("invite.join")))
      : skeleton(2),
  );
}
