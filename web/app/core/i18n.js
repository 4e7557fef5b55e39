/** Words in the user's language, and times and sizes as they are written in it. */

import { stored } from "./choices.js";

export const LANGUAGES = { en: "English", ru: "Русский" };

/** @type {Record<string, any>} */
const words = {};
let language = "en";
let plurals = new Intl.PluralRules("en");

/** @returns {string} the language that is shown */
export const shownLanguage = () => language;

/** Loads the words of the chosen language, or of the browser's first one that there is. */
export async function loadWords() {
  const wanted = [stored("language"), ...navigator.languages.map((one) => one.slice(0, 2)), "en"];
  language = wanted.find((one) => one && Object.hasOwn(LANGUAGES, one)) ?? "en";
  await moreWords(() => import("../locales/en.js"), () => import("../locales/ru.js"));
  plurals = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

/** Loads the words of a part that is itself loaded later. @param {() => Promise<any>} english @param {() => Promise<any>} russian */
export async function moreWords(english, russian) {
  Object.assign(words, (await (language === "ru" ? russian() : english())).default);
}

/**
 * @param {string} key as in `locales/en.js`
 * @param {Record<string, any>} [values] for what is in braces; `count` chooses the plural
 * @returns {string}
 */
export function t(key, values = {}) {
  const found = words[key] ?? key;
  const text = typeof found === "string" ? found : (found[plurals.select(values.count)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (/** @type {string} */ _, /** @type {string} */ name) => String(values[name] ?? ""));
}

/** What to tell of an error: the service's own words where there are any. @param {any} error @returns {string} */
export function why(error) {
  if (error?.code === "connection_lost") return t("error.connection");
  return words[`error.${error?.code}`] ?? (error?.status ? error.message : t("error.unknown"));
}

/** @param {Record<string, any>} options @returns {(date: string | number | Date) => string} */
function dates(options) {
  /** @type {Intl.DateTimeFormat | undefined} */
  let format;
  return (date) => (format ??= new Intl.DateTimeFormat(language, options)).format(new Date(date));
}

export const timeOf = dates({ hour: "2-digit", minute: "2-digit" });
const weekday = dates({ weekday: "short" });
const dayAndMonth = dates({ day: "numeric", month: "short" });
const dayAndYear = dates({ day: "numeric", month: "short", year: "numeric" });
const wholeDay = dates({ weekday: "long", day: "numeric", month: "long" });
export const momentOf = dates({ dateStyle: "medium", timeStyle: "short" });

const DAY = 86_400_000;

/** @param {string | Date} date @returns {number} how many midnights ago */
function daysAgo(date) {
  const midnight = (/** @type {Date} */ one) => new Date(one.getFullYear(), one.getMonth(), one.getDate()).getTime();
  return Math.round((midnight(new Date()) - midnight(new Date(date))) / DAY);
}

/** A time in a list: today's as a time, then a weekday, then a date. @param {string} date */
export function shortTime(date) {
  const days = daysAgo(date);
  if (days < 1) return timeOf(date);
  if (days < 7) return weekday(date);
  return new Date(date).getFullYear() === new Date().getFullYear() ? dayAndMonth(date) : dayAndYear(date);
}

/** A day between messages. @param {string} date */
export function dayOf(date) {
  const days = daysAgo(date);
  if (days === 0 || days === 1) return t(days ? "day.yesterday" : "day.today");
  return days < 300 ? wholeDay(date) : dayAndYear(date);
}

/** @param {string} date when somebody was last seen */
export function lastSeen(date) {
  const minutes = Math.floor((Date.now() - Date.parse(date)) / 60_000);
  if (minutes < 1) return t("seen.now");
  if (minutes < 60) return t("seen.minutes", { count: minutes });
  return t("seen.at", { time: daysAgo(date) === 0 ? timeOf(date) : shortTime(date) });
}

/** @param {number} bytes */
export function sizeOf(bytes) {
  const power = Math.min(3, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)));
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: power > 1 ? 1 : 0 });
  return `${number.format(bytes / 1024 ** power)} ${t("size.units").split(" ")[power]}`;
}

/** A count for a badge, which is never wide. @param {number} count */
export function shortCount(count) {
  return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(count);
}
