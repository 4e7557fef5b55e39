import { h } from "../core/dom.js";
import { isSaved, self, titleOf } from "../core/app.js";
import { watch } from "../core/reactive.js";
import { icon } from "./icons.js";

const HUES = 12;
const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** @param {string} name */
function initials(name) {
  const words = name.split(/\s+/).filter(Boolean).slice(0, 2);
  return words.map((word) => [...letters.segment(word)][0].segment.toLocaleUpperCase()).join("");
}

/** @param {number} id @param {string} name @param {string | null} [address] of a picture */
export function avatar(id, name, address) {
  const style = { "--hue": String((id * 5) % HUES * 30) };
  const shown = h("span.avatar", { style, "aria-hidden": "true" }, h("span", null, initials(name)));
  if (address) {
    // Where the picture is gone, the letters below it are seen.
    const picture = h("img", { src: `${address}?size=small`, alt: "", onerror: () => picture.remove() });
    shown.append(picture);
  }
  return shown;
}

/** @param {number | null} userId @param {{dot?: boolean}} [options] with a dot where the user is online */
export function personAvatar(userId, { dot = false } = {}) {
  const me = self();
  const known = userId === null ? undefined : me.people.get(userId);
  const shown = avatar(userId ?? 0, known?.displayName ?? "?", known?.avatarUrl);
  if (dot && userId !== null && userId !== me.id) shown.append(presenceDot(userId));
  return shown;
}

/** @param {any} chat */
export function chatAvatar(chat) {
  if (isSaved(chat)) return h("span.avatar.saved", { "aria-hidden": "true" }, icon("bookmark"));
  if (chat.peerId) return personAvatar(chat.peerId, { dot: true });
  return avatar(chat.id, titleOf(chat), chat.data.avatarUrl);
}

/** @param {number} userId */
function presenceDot(userId) {
  const { presence } = self();
  const read = watch(presence, ["changed"], () => presence.get(userId)?.status ?? "offline");
  return h("span", { class: () => `dot is-${read()}` });
}
