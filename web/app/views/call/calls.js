/**
 * Calls: those that ring, and the one that this page is in, above whatever is open. What is here, its words and its style
 * are loaded with the first call.
 */

import { Calls } from "../../../sdk/calls/calls.js";
import { nameOf, titleOf } from "../../core/app.js";
import { h, each } from "../../core/dom.js";
import { moreWords, t } from "../../core/i18n.js";
import { effect, onEnd, scope, watch } from "../../core/reactive.js";
import { personAvatar } from "../../parts/avatar.js";
import { iconButton } from "../../parts/fields.js";
import { tried } from "../../parts/layers.js";
import { callPanel } from "./panel.js";
import { ringTone } from "./tone.js";

const STYLE = new URL("call.css", import.meta.url).href;

/** Those of the user who is logged in. @type {Promise<Calls> | null} */
let opened = null;

/**
 * Begins to hear of calls.
 *
 * @param {import("../../../sdk/messenger.js").Messenger} me
 * @returns {Promise<Calls>}
 */
export function callsOf(me) {
  opened ??= open(me);
  return opened;
}

/** Calls the others in a chat. @param {any} chat @param {"audio" | "video"} type */
export async function call(chat, type) {
  const calls = await callsOf(chat.me);
  if (!calls.current) await tried(calls.start(chat.id, { type }).catch(namedWhereNotAllowed));
}

/** @param {import("../../../sdk/messenger.js").Messenger} me */
async function open(me) {
  await moreWords(() => import("./locales/en.js"), () => import("./locales/ru.js"));
  const calls = new Calls(me);
  const layer = h("div.calls");
  const end = scope(() => {
    const rings = watch(calls, ["changed"], () => calls.ringing);
    const current = watch(calls, ["changed"], () => (calls.current ? [calls.current] : []));
    layer.append(
      each(rings, ({ call }) => call.id, (ring) => ringing(calls, ring()))(h("div.rings", { role: "alert" })),
      each(current, (one) => one.id, (one) => callPanel(one()))(h("div", null)),
    );
    effect(() => {
      if (!calls.current && rings().some(({ silent }) => !silent)) onEnd(ringTone());
    });
  });
  document.head.append(h("link", { rel: "stylesheet", href: STYLE }));
  document.body.append(layer);
  me.on("ended", () => {
    end();
    layer.remove();
    opened = null;
  });
  return calls;
}

/** @param {Calls} calls @param {{call: any}} ring */
function ringing(calls, { call: { id, type, callerId, chatId } }) {
  const chat = calls.me.chat(chatId);
  const group = chat?.type === "group" ? titleOf(chat) : "";
  return h(
    "section.ring",
    { "aria-label": t(`call.incoming.${type}`) },
    personAvatar(callerId),
    h("span.names", null, h("b", { dir: "auto" }, nameOf(callerId)), h("small", null, [t(`call.incoming.${type}`), group].filter(Boolean).join(" · "))),
    iconButton("hangup", t("call.decline"), () => void tried(calls.decline(id)), { class: "decline" }),
    iconButton("phone", t("call.accept"), () => void tried(answer(calls, id)), { class: "accept" }),
  );
}

/** The call that goes on ends by it. @param {Calls} calls @param {number} id */
async function answer(calls, id) {
  await calls.current?.end();
  await calls.accept(id).catch(namedWhereNotAllowed);
}

/** Browsers tell in their own words that there is no microphone. @param {any} error @returns {never} */
function namedWhereNotAllowed(error) {
  if (error instanceof DOMException) throw Object.assign(error, { code: "no_microphone" });
  throw error;
}
