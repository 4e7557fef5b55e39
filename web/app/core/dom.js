/** Elements from plain functions. Texts become text nodes, never markup, and links lead to web pages alone. */

import { effect, onEnd, scope, signal, untracked } from "./reactive.js";

const SVG = "http://www.w3.org/2000/svg";
const LINKS = new Set(["http:", "https:", "blob:", "mailto:", "tel:", "geo:"]);
const PROPERTIES = new Set(["value", "checked", "indeterminate", "srcObject"]);

/** @typedef {Node | string | number | false | null | undefined | (() => any) | any[]} Child */

/**
 * An element. Of its properties, `on…` are listeners, `style` sets custom and other properties, functions are read again
 * when a signal in them changes, and all others are attributes. Children that are functions are parts that change.
 *
 * @param {string} tag a tag's name, and classes: `button.round`
 * @param {Record<string, any> | null} [properties]
 * @param {...Child} children
 * @returns {any}
 */
export function h(tag, properties, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (typeof value === "function") effect(() => set(element, key, value()));
    else set(element, key, value);
  }
  element.append(...nodesOf(children));
  return element;
}

/** @param {string} paths what an icon is drawn of @returns {Element} */
export function drawing(paths) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", paths);
  svg.append(path);
  return svg;
}

/**
 * A list whose elements stay the same while their keys do.
 *
 * @template T
 * @param {() => T[]} items
 * @param {(item: T) => any} keyOf
 * @param {(item: () => T) => HTMLElement} make reads the item again when it is another one under the same key
 * @returns {(parent: HTMLElement) => HTMLElement} fills an element that has nothing else
 */
export function each(items, keyOf, make) {
  /** @type {Map<any, {element: HTMLElement, item: import("./reactive.js").Signal<T>, end: () => void}>} */
  const rows = new Map();
  return (parent) => {
    effect(() => {
      const wanted = items();
      const keys = new Set(wanted.map(keyOf));
      for (const [key, row] of rows) {
        if (keys.has(key)) continue;
        row.end();
        row.element.remove();
        rows.delete(key);
      }
      let place = parent.firstChild;
      for (const item of wanted) {
        const key = keyOf(item);
        let row = rows.get(key);
        if (row) row.item.value = item;
        else rows.set(key, (row = made(item, make)));
        if (row.element === place) place = place.nextSibling;
        else parent.insertBefore(row.element, place);
      }
    });
    onEnd(() => rows.forEach(({ end }) => end()));
    return parent;
  };
}

/** @template T @param {T} value @param {(item: () => T) => HTMLElement} make */
function made(value, make) {
  const item = signal(value);
  /** @type {any} */
  let element;
  // Not a part of the effect that asks for it: it lives as long as its key.
  const end = untracked(() => scope(() => (element = make(() => item.value))));
  return { element, item, end };
}

/** @param {any} element @param {string} key @param {any} value */
function set(element, key, value) {
  if (PROPERTIES.has(key)) element[key] = value ?? "";
  else if (key === "style") for (const [name, one] of Object.entries(value)) element.style.setProperty(name, one);
  else if (key === "class") classes(element, value);
  else if (value === false || value === null || value === undefined) element.removeAttribute(key);
  else if ((key === "href" || key === "src") && !isSafe(value)) element.removeAttribute(key);
  else element.setAttribute(key, value === true ? "" : value);
}

/** The classes that a function gave: those that it gives no more are taken away. */
const given = new WeakMap();

/** @param {Element} element @param {string} value */
function classes(element, value) {
  const names = String(value || "").split(" ").filter(Boolean);
  for (const name of given.get(element) ?? []) if (!names.includes(name)) element.classList.remove(name);
  element.classList.add(...names);
  given.set(element, names);
}

/** @param {string} address */
function isSafe(address) {
  try {
    return LINKS.has(new URL(address, location.href).protocol);
  } catch {
    return false;
  }
}

/** @param {Child[]} children @returns {Node[]} */
function nodesOf(children) {
  return children.flat(Infinity).flatMap((child) => {
    if (child === null || child === undefined || child === false) return [];
    if (child instanceof Node) return [child];
    if (typeof child === "function") return [changing(child)];
    return [document.createTextNode(String(child))];
  });
}

/** A part that is made anew when a signal that it reads changes. @param {() => any} read */
function changing(read) {
  // What is between these two: parts inside may have been made anew since.
  const [start, end] = [document.createComment(""), document.createComment("")];
  const part = document.createDocumentFragment();
  part.append(start, end);
  effect(() => {
    const nodes = nodesOf([read()]);
    while (start.nextSibling && start.nextSibling !== end) start.nextSibling.remove();
    end.before(...nodes);
  });
  return part;
}
