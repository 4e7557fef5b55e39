/** New chats and groups. */

import { self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { go } from "../../core/router.js";
import { field } from "../../parts/fields.js";
import { pickPeople } from "./pick.js";

export function newChat() {
  const group = h("button.link", { type: "button", onclick: () => (document.querySelector("dialog")?.close(), newGroup()) }, t("new.group"));
  pickPeople(t("new.chat"), {
    one: true,
    above: group,
    chosen: async ([userId]) => go("chat", (await self().openPrivate(userId)).id),
  });
}

export function newGroup() {
  const name = field({ label: t("group.name"), name: "name", check: (value) => (value.trim() ? "" : t("field.needed")), input: { maxlength: 100, autofocus: true } });
  pickPeople(t("new.group"), {
    above: name.element,
    action: t("group.make"),
    chosen: async (participantIds) => {
      if (!name.ok()) return Promise.reject(new Error(t("field.needed")));
      const chat = await self().createGroup({ name: name.box.value.trim(), participantIds });
      go("chat", chat.id);
    },
  });
}
