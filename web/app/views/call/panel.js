/** The call that this page is in: who is there, what they show, and what one does in it. */

import { nameOf, self } from "../../core/app.js";
import { each, h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { computed, effect, onEnd, signal, watch } from "../../core/reactive.js";
import { personAvatar } from "../../parts/avatar.js";
import { iconButton } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { tried } from "../../parts/layers.js";
import { lengthOf } from "../chat/story.js";

/** @param {import("../../../sdk/calls/call.js").Call} call */
export function callPanel(call) {
  const now = watch(call, ["changed"], () => ({ call }));
  const others = () => now().call.others.filter(({ state }) => state === "joined" || state === "ringing");
  return h(
    "section.call",
    { "aria-label": t("call.title") },
    h("header", null, h("b", { dir: "auto" }, () => others().map(({ userId }) => nameOf(userId)).join(", ")), h("small", { role: "status" }, stateOf(now))),
    each(others, ({ userId }) => userId, (one) => tile(one, now))(h("div.tiles", null)),
    () => ownTile(now),
    buttons(call, now),
  );
}

/** How the call stands, in words; once it is on, for how long. @param {() => {call: any}} now */
function stateOf(now) {
  const seconds = signal(0);
  effect(() => {
    const { answeredAt } = now().call.data;
    if (!answeredAt) return;
    const count = () => (seconds.value = Math.max(0, Math.round((Date.now() - Date.parse(answeredAt)) / 1000)));
    const timer = setInterval(count, 1000);
    onEnd(() => clearInterval(timer));
  });
  return () => {
    const { call } = now();
    if (call.connected) return lengthOf(seconds.value);
    if (call.others.some((/** @type {any} */ one) => one.state === "joined")) return t("call.connecting");
    return t(call.others.some((/** @type {any} */ one) => one.ringing) ? "call.ringing" : "call.calling");
  };
}

/** @param {() => any} one a participant @param {() => {call: any}} now */
function tile(one, now) {
  const { userId } = one();
  const stream = computed(() => now().call.streams.get(userId) ?? null);
  return h(
    "figure.tile",
    { class: () => [one().camera || one().screen ? "has-picture" : "", one().connected ? "" : "is-away"].join(" ") },
    personAvatar(userId),
    () => stream.value && h("video", { autoplay: true, playsinline: true, srcObject: stream.value, "data-user": userId }),
    h("figcaption", null, h("span", { dir: "auto" }, nameOf(userId)), () => one().muted && icon("mic-off")),
  );
}

/** What one shows oneself. @param {() => {call: any}} now */
function ownTile(now) {
  const { call } = now();
  if (!call.picture) return null;
  const video = h("video", { autoplay: true, playsinline: true, srcObject: new MediaStream(call.local.getVideoTracks()) });
  video.muted = true;
  return h("figure.tile.own.has-picture", { class: `is-${call.picture}`, title: nameOf(self().id) }, video);
}

/** @param {any} call @param {() => {call: any}} now */
function buttons(call, now) {
  /** @type {(name: any, label: string, read: () => boolean, change: (on: boolean) => Promise<void>) => any} */
  const switched = (name, label, read, change) =>
    iconButton(name, label, () => void tried(change(!read())), { "aria-pressed": () => (now(), String(read())) });
  return h(
    "footer",
    null,
    switched("mic-off", t("call.mute"), () => call.muted, (on) => call.mute(on)),
    switched("camera", t("call.camera"), () => call.picture === "camera", (on) => call.setCamera(on)),
    call.calls.mediaDevices.getDisplayMedia && switched("screen", t("call.screen"), () => call.picture === "screen", (on) => call.setScreen(on)),
    iconButton("hangup", t("call.end"), () => void tried(call.end()), { class: "decline" }),
  );
}
