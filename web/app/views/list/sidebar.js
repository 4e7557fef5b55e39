/** The chat list, or what is found for the text in the search field. */

import { self } from "../../core/app.js";
import { each, h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { signal, watch } from "../../core/reactive.js";
import { go } from "../../core/router.js";
import { empty, iconButton } from "../../parts/fields.js";
import { menu } from "../../parts/layers.js";
import { openPrivate, walk } from "../../parts/rows.js";
import { showShortcuts } from "../shell/shortcuts.js";
import { chatRow } from "./row.js";
import { found } from "./search.js";

const newChat = async () => (await import("../people/new.js")).newChat();
const newGroup = async () => (await import("../people/new.js")).newGroup();

/** @type {Record<string, (chat: any) => boolean>} */
const KINDS = {
  all: ({ data }) => !data.archived,
  unread: ({ data }) => !data.archived && (data.unreadCount > 0 || data.markedUnread),
  groups: ({ data }) => !data.archived && data.type === "group",
  archive: ({ data }) => data.archived,
  requests: ({ data }) => !data.archived,
};

export function sidebar() {
  const me = self();
  const text = signal("");
  const kind = signal("all");
  const chats = watch(me, ["chats"], () => me.chats);
  const search = h("input", {
    id: "search",
    type: "search",
    placeholder: t("search"),
    "aria-label": t("search.hint"),
    autocomplete: "off",
    oninput: () => (text.value = search.value),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape" && search.value) {
        event.preventDefault();
        clear();
      } else if (event.key === "ArrowDown") /** @type {any} */ (document.querySelector(".sidebar .scroll :is(a, .row)"))?.focus();
    },
  });
  const clear = () => {
    search.value = "";
    text.value = "";
  };
  const asking = () => chats().filter(({ data }) => data.isRequest);
  const tabs = Object.keys(KINDS).map((name) =>
    h("button", { type: "button", hidden: () => name === "requests" && !asking().length, "aria-pressed": () => String(kind.value === name), onclick: () => (kind.value = name) }, t(`list.${name}`), () => name === "requests" && ` ${asking().length}`),
  );
  const shown = () => (kind.value === "requests" && asking().length ? asking() : chats().filter((chat) => !chat.data.isRequest && KINDS[kind.value](chat)));
  return [
    h("h1.unseen", null, "Messenger"),
    h("header.bar", null, iconButton("menu", t("menu"), ({ currentTarget }) => openMenu(currentTarget)), search, iconButton("edit", t("new"), ({ currentTarget }) => openNew(currentTarget), { id: "new-chat" })),
    () => text.value.trim() ? found(text, clear) : h(
      "nav.list",
      { "aria-label": t("chats") },
      h("div.tabs", { role: "group", "aria-label": t("list.filter") }, tabs),
      h("div.scroll", { onkeydown: walk }, () => shown().length === 0 && nothing(kind.value), each(shown, ({ id }) => id, (chat) => chatRow(chat))(h("div.rows"))),
    ),
  ];
}

/** @param {string} kind */
function nothing(kind) {
  if (!["all", "requests"].includes(kind)) return empty("thread", t(`list.${kind}.empty`));
  return empty("thread", t("list.empty"), h("button.primary", { type: "button", onclick: newChat }, t("new.chat")));
}

/** @param {Element} at */
function openNew(at) {
  menu(at, [
    { label: t("new.chat"), icon: "contact", run: newChat },
    { label: t("new.group"), icon: "group", run: newGroup },
  ]);
}

/** @param {Element} at */
function openMenu(at) {
  const me = self();
  menu(at, [
    { label: t("chat.saved"), icon: "bookmark", run: () => openPrivate(me.id) },
    { label: t("contacts"), icon: "contact", run: () => go("settings", "contacts") },
    { label: t("settings"), icon: "settings", run: () => go("settings") },
    { label: t("keys"), icon: "keyboard", run: showShortcuts },
  ]);
}
