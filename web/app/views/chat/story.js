/** What a system message tells, in the user's language. */

import { nameOf, self } from "../../core/app.js";
import { t } from "../../core/i18n.js";

/** @param {any} message @returns {string} */
export function storyOf({ system, senderId, content }) {
  if (!system) return content;
  const { action, userIds, userCount, name, changes, role } = system;
  const named = userIds.map(nameOf).join(", ");
  const others = userCount > userIds.length ? t("story.more", { names: named, count: userCount - userIds.length }) : named;
  const what = action === "changed" ? t(`story.changed.${changes[0]}`) : "";
  const who = senderId === self().id ? t("you") : nameOf(senderId);
  const key = action === "role" ? `story.role.${role}` : `story.${action}`;
  const told = t(key, { who, others, name, what });
  // What a later service tells has its own words in the content.
  return told === key ? content : told;
}

/** How a call went. @param {any} call @returns {string} */
export function callStory({ status, duration }) {
  return t(`call.was.${status}`, { length: lengthOf(duration ?? 0) });
}

/** @param {number} seconds @returns {string} as `1:05`, `1:00:05` */
export function lengthOf(seconds) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [first, ...rest] = parts[0] ? parts : parts.slice(1);
  return [first, ...rest.map((part) => String(part).padStart(2, "0"))].join(":");
}
