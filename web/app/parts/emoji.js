/** A choice of emoji, the lately used ones first. */

import { h } from "../core/dom.js";
import { store, stored } from "../core/choices.js";
import { t } from "../core/i18n.js";
import { menu } from "./layers.js";

const ALL =
  "😀😃😄😁😅😂🤣😊😇🙂😉😍🥰😘😋😜🤪🤗🤭🤔🤐😐😏😒🙄😬😌😔😴🤒🤯🥳😎🤓😕😟😮😳🥺😢😭😱😤😡🤬💀💩🤡👻🤖👍👎👌✌🤞🤟👈👉👆👇👋✋💪🙏👏🙌🤝❤🧡💛💚💙💜🖤💔💯🔥✨⭐🎉🎂🎁🎈🏆☀🌧❄🌈🌍🐶🐱🦊🐻🐼🐸🐵🦄🐝🌸🌹🌲🍎🍋🍓🍕🍔🍟🍰🍺🍷☕🚗🚲✈🚀⌛⏰📷💡📌📎📅✅❌❓❗💬👀🙈";
const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
const RECENT = 16;

/** @returns {string[]} */
function recent() {
  return (stored("emoji") ?? "").split(" ").filter(Boolean);
}

/** @param {string} emoji */
function remember(emoji) {
  store("emoji", [emoji, ...recent().filter((one) => one !== emoji)].slice(0, RECENT).join(" "));
}

/** @param {string[]} all @param {(emoji: string) => void} choose */
function buttons(all, choose) {
  return all.map((emoji) => h("button", { type: "button", role: "menuitem", tabindex: "-1", "aria-label": emoji, onclick: () => choose(emoji) }, emoji));
}

/** @param {Element | {x: number, y: number}} at @param {(emoji: string) => void} chosen */
export function pickEmoji(at, chosen) {
  const choose = (/** @type {string} */ emoji) => {
    remember(emoji);
    close();
    chosen(emoji);
  };
  // Some need the sign that asks for a picture in place of a letter.
  const all = [...ALL].map((one) => (/\p{Emoji_Presentation}/u.test(one) ? one : `${one}\ufe0f`));
  const old = recent();
  const close = menu(at, [], h("div.emoji", { role: "group", "aria-label": t("emoji") }, buttons([...old, ...all.filter((one) => !old.includes(one))], choose)));
}

/** The row of reactions above a message's menu. @param {(emoji: string) => void} react @param {() => void} more */
export function quickReactions(react, more) {
  return h(
    "div.quick",
    { role: "group", "aria-label": t("message.react") },
    buttons(QUICK, react),
    h("button", { type: "button", role: "menuitem", tabindex: "-1", "aria-label": t("emoji.more"), onclick: more }, "…"),
  );
}
