/** The text of a message: links and mentions in it, and emoji alone shown large. */

import { h } from "../../core/dom.js";
import { nameOf, self } from "../../core/app.js";
import { t } from "../../core/i18n.js";
import { openPrivate } from "../../parts/rows.js";

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/giu;
const EMOJI_ALONE = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0f\s])+$/u;
const LARGE = 5;
const LINES = 24;
const CHARACTERS = 2400;
const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** @param {string} text @returns {boolean} */
export function isLarge(text) {
  return EMOJI_ALONE.test(text) && [...letters.segment(text.trim())].length <= LARGE;
}

/** @param {any} message */
export function textOf(message) {
  const { content } = message;
  const element = h("p.text", { dir: "auto", class: isLarge(content) ? "large" : "" });
  const cut = shortened(content);
  element.append(...pieces(cut, message.mentions));
  if (cut === content) return element;
  const more = h("button.link", { type: "button", onclick: () => element.replaceChildren(...pieces(content, message.mentions)) }, t("message.more"));
  element.append("… ", more);
  return element;
}

/** @param {string} text */
function shortened(text) {
  const lines = text.split("\n");
  const few = lines.length > LINES ? lines.slice(0, LINES).join("\n") : text;
  return few.length > CHARACTERS ? few.slice(0, CHARACTERS) : few;
}

/** @param {string} text @param {number[]} mentions @returns {(Node | string)[]} */
function pieces(text, mentions) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    found.push(...named(text.slice(end, match.index), mentions));
    const href = match[0].startsWith("http") ? match[0] : `https://${match[0]}`;
    found.push(h("a", { href, target: "_blank", rel: "noopener noreferrer" }, match[0]));
    end = match.index + match[0].length;
  }
  return [...found, ...named(text.slice(end), mentions)];
}

/** @param {string} text @param {number[]} mentions */
function named(text, mentions) {
  const known = mentions.map((userId) => ({ userId, name: self().people.get(userId)?.username })).filter(({ name }) => name);
  if (!known.length) return [text];
  const parts = text.split(/(@[\p{L}\p{M}\p{N}_.-]+)/u);
  return parts.map((part) => {
    const one = known.find(({ name }) => part.toLowerCase() === `@${name?.toLowerCase()}`);
    if (!one) return part;
    const press = () => openPrivate(one.userId);
    return h("button.mention", { type: "button", title: nameOf(one.userId), class: one.userId === self().id ? "own" : "", onclick: press }, part);
  });
}
