/** What a message holds, by its kind. */

import { nameOf, self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { momentOf, t } from "../../core/i18n.js";
import { signal } from "../../core/reactive.js";
import { personAvatar } from "../../parts/avatar.js";
import { icon } from "../../parts/icons.js";
import { tried } from "../../parts/layers.js";
import { openPrivate } from "../../parts/rows.js";
import { kindOf } from "../list/row.js";
import { attachmentsOf } from "./files.js";
import { textOf } from "./text.js";

/** @param {any} chat @param {any} message */
export function bodyOf(chat, message) {
  if (message.isDeleted) return h("p.text.deleted", null, t("message.deleted"));
  const { messageType: kind, content, location, contact, attachments = [] } = message;
  if (kind === "poll" && message.poll) return pollOf(chat, message);
  if (kind === "call" && message.call) return h("p.text", null, kindOf(message));
  return [
    location && place(location),
    contact && card(contact),
    attachmentsOf(chat, message, attachments),
    content && textOf(message),
  ];
}

/** @param {any} location */
function place({ latitude, longitude, name }) {
  const at = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const href = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
  return h("a.file", { href, target: "_blank", rel: "noopener noreferrer" }, h("span.file-icon", null, icon("place")), h("span.names", null, h("b", { dir: "auto" }, name || t("kind.location")), h("small", null, at)));
}

/** @param {any} contact */
function card({ userId, name, phone }) {
  const below = userId ? t("contact.write") : (phone ?? "");
  const picture = userId ? personAvatar(userId) : h("span.file-icon", null, icon("contact"));
  const names = h("span.names", null, h("b", { dir: "auto" }, name || (userId ? nameOf(userId) : phone)), h("small", null, below));
  if (userId) return h("button.file", { type: "button", onclick: () => openPrivate(userId) }, picture, names);
  return h("a.file", { href: phone ? `tel:${phone.replace(/[^+\d]/g, "")}` : null }, picture, names);
}

/** What the user voted for, by message: messages themselves do not tell. @type {Map<number, import("../../core/reactive.js").Signal<number[]>>} */
const votes = new Map();

/** @param {any} chat @param {any} message */
function pollOf(chat, message) {
  const { poll, content, id } = message;
  const chosen = votes.get(id) ?? signal(/** @type {number[]} */ (ownVotes(poll)));
  if (!votes.has(id)) {
    votes.set(id, chosen);
    chat.poll(id).then((/** @type {any} */ answer) => (chosen.value = answer.votes), () => undefined);
    chat.on("voted", (/** @type {any} */ told) => void (told.messageId === id && (chosen.value = told.votes)));
  }
  const closed = poll.closedAt !== null || (poll.closesAt && Date.parse(poll.closesAt) < Date.now());
  const total = poll.options.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.voteCount, 0);
  /** @param {number} at */
  const vote = async (at) => {
    const own = chosen.peek();
    const others = poll.isMultiple ? own.filter((one) => one !== at) : [];
    const answer = await tried(chat.vote(id, own.includes(at) ? others : [...others, at].sort()));
    if (answer) chosen.value = answer.votes;
  };
  const option = (/** @type {any} */ one, /** @type {number} */ at) => {
    const share = total ? one.voteCount / total : 0;
    const voters = one.voters?.length ? one.voters.map(nameOf).join(", ") : "";
    return h(
      "button.option",
      { type: "button", role: poll.isMultiple ? "checkbox" : "radio", "aria-checked": () => String(chosen.value.includes(at)), disabled: closed, title: voters, style: { "--share": `${share * 100}%` }, onclick: () => vote(at) },
      h("span", { dir: "auto" }, one.text),
      h("b", null, `${Math.round(share * 100)} %`),
    );
  };
  const facts = [t(poll.isAnonymous ? "poll.anonymous" : "poll.public"), t("poll.voters", { count: poll.voterCount }), closed ? t("poll.closed") : poll.closesAt && t("poll.until", { time: momentOf(poll.closesAt) })];
  return h("div.poll", { role: poll.isMultiple ? "group" : "radiogroup", "aria-label": content }, h("p.text", { dir: "auto" }, h("b", null, content)), poll.options.map(option), h("small", null, facts.filter(Boolean).join(" · ")));
}

/** @param {any} poll @returns {number[]} */
function ownVotes(poll) {
  return poll.options.flatMap((/** @type {any} */ one, /** @type {number} */ at) => (one.voters?.includes(self().id) ? [at] : []));
}
