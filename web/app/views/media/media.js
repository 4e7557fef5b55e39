/**
 * Files of messages beside small pictures: voice messages and their recorder, videos, other files, captions. What is here,
 * its words and its style are loaded when they are first needed.
 */

import { h } from "../../core/dom.js";
import { moreWords } from "../../core/i18n.js";
import { attached, showPicture } from "./attached.js";
import { describe } from "./captions.js";
import { record } from "./recorder.js";
import { sending } from "./sending.js";

const STYLE = new URL("media.css", import.meta.url).href;

/** @type {ReturnType<typeof open> | null} */
let opened = null;

/** @returns {ReturnType<typeof open>} what shows and makes them */
export function media() {
  opened ??= open();
  return opened;
}

async function open() {
  const words = moreWords(() => import("./locales/en.js"), () => import("./locales/ru.js"));
  const style = h("link", { rel: "stylesheet", href: STYLE });
  const styled = new Promise((done) => (style.onload = style.onerror = done));
  document.head.append(style);
  await Promise.all([words, styled]);
  return { attached, describe, record, sending, showPicture };
}
