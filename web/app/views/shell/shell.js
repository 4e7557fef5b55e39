/** The frame around all views after log-in: the chat list, what is open beside it, and what holds for the whole page. */

import { nameOf, self, session, titleOf } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { computed, effect, listen, onEnd, signal, watch } from "../../core/reactive.js";
import { go, route } from "../../core/router.js";
import { empty } from "../../parts/fields.js";
import { later } from "../../parts/later.js";
import { sidebar } from "../list/sidebar.js";
import { VIEWS } from "../views.js";
import { shortcuts } from "./shortcuts.js";

const TITLE = "Messenger";

export function shell() {
  const me = self();
  keepTitle(me);
  shortcuts();
  onEnd(me.on("message", hear));
  hearCalls(me);
  if (globalThis.Notification?.permission === "granted") void import("../settings/notified.js").then(({ notified }) => notified(me));
  const opened = () => VIEWS[route.value[0]];
  // The third part and what follows is the view's own: it stays while these change.
  const place = computed(() => route.value.slice(0, 2).join("/"));
  return h(
    "div.shell",
    { class: () => (opened() ? "has-open" : "") },
    connectionBanner(me),
    h("div.sidebar", null, sidebar()),
    h("main.stage", { tabindex: "-1" }, () => stage(place.value.split("/"))),
  );
}

/**
 * The code of calls is loaded with the first one; it may have begun while nothing was open.
 *
 * @param {import("../../../sdk/messenger.js").Messenger} me
 */
function hearCalls(me) {
  const open = async () => (await import("../call/calls.js")).callsOf(me);
  onEnd(me.on("event", ({ type }) => type === "call:ring" && void open().catch(() => undefined)));
  const ringing = me.http.get("/calls", { status: "ringing", limit: 1 });
  ringing.then(({ calls }) => calls.length && open()).catch(() => undefined); // without a network nothing rings
}

/**
 * The view that the address asks for.
 *
 * @param {string[]} path
 */
function stage([name, ...rest]) {
  const view = VIEWS[name];
  if (!view) return empty("thread", t("stage.empty"), h("p.hint", null, t("stage.hint")));
  return later("div.view", view, rest);
}

/** @param {import("../../../sdk/messenger.js").Messenger} me */
function connectionBanner(me) {
  const offline = signal(!navigator.onLine);
  const late = signal(false);
  const state = watch(me, ["connection"], () => me.connection);
  listen(globalThis, "online", () => (offline.value = false));
  listen(globalThis, "offline", () => (offline.value = true));
  // A connection that comes within moments is nothing to tell.
  effect(() => {
    late.value = false;
    if (state() === "open") return;
    const timer = setTimeout(() => (late.value = true), 1500);
    onEnd(() => clearTimeout(timer));
  });
  const text = () => (offline.value ? t("offline") : late.value ? t("connecting") : "");
  return h("div.banner", { role: "status", hidden: () => !text() }, text);
}

/** How much is unread is told by the page's title. @param {import("../../../sdk/messenger.js").Messenger} me */
function keepTitle(me) {
  const unread = watch(me, ["chats"], () => me.chats.filter((chat) => !chat.data.muted && !chat.data.archived && !chat.data.isRequest && chat.unreadCount).length);
  effect(() => {
    const open = me.chat(Number(route.value[1]));
    const name = route.value[0] === "chat" && open ? `${titleOf(open)} · ${TITLE}` : TITLE;
    document.title = unread() ? `(${unread()}) ${name}` : name;
  });
  onEnd(() => (document.title = TITLE));
}

/** Whether the user wants to be told of a message. @param {any} chat @param {any} message */
function isWanted({ muted, isRequest, notifyOf }, message) {
  return !muted && !isRequest && (notifyOf === "all" || (notifyOf === "mentions" && message.mentions?.includes(self().id)));
}

/** A new message: told by the page's own notice where it is not seen. @param {any} told */
function hear({ chat, message }) {
  const me = self();
  if (!session.peek() || message.senderId === me.id || message.messageType === "system" || !isWanted(chat.data, message)) return;
  const text = message.content || t(`kind.${message.messageType}`);
  const seen = route.peek()[0] === "chat" && Number(route.peek()[1]) === chat.id;
  if (seen || document.visibilityState === "visible") {
    const announcer = document.getElementById("announcer");
    if (announcer) announcer.textContent = `${nameOf(message.senderId)}: ${text}`;
  }
  if (!document.hasFocus() && globalThis.Notification?.permission === "granted") {
    const shown = new Notification(titleOf(chat), { body: text, tag: `chat-${chat.id}` });
    shown.onclick = () => {
      globalThis.focus();
      go("chat", chat.id);
    };
  }
}
