/** What lies over the page: dialogs, menus, and short notices. */

import { h } from "../core/dom.js";
import { scope } from "../core/reactive.js";
import { t, why } from "../core/i18n.js";
import { icon } from "./icons.js";

const NOTICE_MILLISECONDS = 5000;
const MARGIN = 8;

/**
 * Opens a dialog. The browser keeps the focus inside, closes it at Escape, and gives the focus back.
 *
 * @param {string} title
 * @param {(close: () => void) => any} content
 * @param {{wide?: boolean, closed?: () => void}} [options]
 */
export function dialog(title, content, { wide = false, closed = () => undefined } = {}) {
  const shown = h("dialog", { "aria-label": title, class: wide ? "wide" : "" });
  const close = () => shown.close();
  const end = scope(() => {
    const closing = h("button.icon-button", { type: "button", onclick: close, "aria-label": t("close") }, icon("close"));
    shown.append(h("header", null, h("h2", null, title), closing), h("div.body", null, content(close)));
  });
  shown.addEventListener("close", () => {
    end();
    shown.remove();
    closed();
  });
  // A press beside the dialog closes it: its own area is its children's.
  shown.addEventListener("mousedown", (/** @type {MouseEvent} */ event) => event.target === shown && close());
  document.body.append(shown);
  shown.showModal();
  return close;
}

/**
 * Asks before something that cannot be undone.
 *
 * @param {string} question
 * @param {string} action what the button says
 * @returns {Promise<boolean>}
 */
export function confirm(question, action) {
  return new Promise((resolve) => {
    let agreed = false;
    const content = (/** @type {() => void} */ close) => {
      const agree = () => {
        agreed = true;
        close();
      };
      return h(
        "div.buttons",
        null,
        h("button.plain", { type: "button", onclick: close }, t("cancel")),
        h("button.primary.danger", { type: "button", onclick: agree }, action),
      );
    };
    dialog(question, content, { closed: () => resolve(agreed) });
  });
}

/** @typedef {{label: string, icon?: any, run: () => void, danger?: boolean} | null | false} Item */

/**
 * Opens a menu at an element or at a point.
 *
 * @param {Element | {x: number, y: number}} at
 * @param {Item[]} items
 * @param {any} [before] what is shown above the items
 */
export function menu(at, items, before) {
  document.querySelector(".menu")?.remove();
  const back = /** @type {HTMLElement | null} */ (document.activeElement);
  const close = (returning = true) => {
    shown.remove();
    removeEventListener("pointerdown", outside, true);
    removeEventListener("resize", leave);
    if (returning) back?.focus({ preventScroll: true });
  };
  const leave = () => close(false);
  const outside = (/** @type {any} */ event) => !shown.contains(event.target) && close(false);
  const buttons = items.filter(Boolean).map((item) => {
    const { label, icon: name, run, danger } = /** @type {Exclude<Item, null | false>} */ (item);
    const press = () => {
      close();
      run();
    };
    return h("button", { type: "button", role: "menuitem", tabindex: "-1", class: danger ? "danger" : "", onclick: press }, name && icon(name), label);
  });
  const shown = h("div.menu", { role: "menu", onkeydown: (/** @type {KeyboardEvent} */ event) => move(event, shown, close) }, before, buttons);
  document.body.append(shown);
  place(shown, at);
  addEventListener("pointerdown", outside, true);
  addEventListener("resize", leave);
  shown.querySelector("button")?.focus({ preventScroll: true });
  return close;
}

/** @param {KeyboardEvent} event @param {HTMLElement} shown @param {() => void} close */
function move(event, shown, close) {
  const all = /** @type {HTMLElement[]} */ ([...shown.querySelectorAll("button")]);
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  /** @type {Record<string, number>} */
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
  if (event.key in steps) all.at(steps[event.key] % all.length)?.focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** @param {HTMLElement} shown @param {Element | {x: number, y: number}} at */
function place(shown, at) {
  const box = at instanceof Element ? at.getBoundingClientRect() : new DOMRect(at.x, at.y, 0, 0);
  const { offsetWidth: width, offsetHeight: height } = shown;
  const below = box.bottom + height + MARGIN < innerHeight;
  const top = below ? box.bottom + 4 : Math.max(MARGIN, Math.min(box.top, innerHeight) - height - 4);
  const left = at instanceof Element && box.left + width > innerWidth - MARGIN ? box.right - width : box.left;
  shown.style.setProperty("top", `${top}px`);
  shown.style.setProperty("left", `${Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN))}px`);
}

/** Says something shortly. Screen readers say it too. @param {string} text @param {{bad?: boolean}} [options] */
export function notice(text, { bad = false } = {}) {
  const shown = h("div.notice", { class: bad ? "bad" : "" }, text);
  document.getElementById("notices")?.append(shown);
  setTimeout(() => shown.remove(), NOTICE_MILLISECONDS);
}

/** Waits for work, and tells why it failed. @template T @param {Promise<T>} work @returns {Promise<T | undefined>} */
export async function tried(work) {
  try {
    return await work;
  } catch (error) {
    notice(why(error), { bad: true });
    return undefined;
  }
}
