/** Where the user is: `#/chat/12/info`. The address has it, so that going back, reloading and links work. */

import { signal } from "./reactive.js";

/** @returns {string[]} */
function read() {
  return location.hash
    .replace(/^#?\/?/, "")
    .split("/")
    .filter(Boolean)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}

/** @type {import("./reactive.js").Signal<string[]>} the parts of the path: `["chat", "12", "info"]` */
export const route = signal(read());

addEventListener("hashchange", () => {
  route.value = read();
});

/** @param {...(string | number)} parts @returns {string} what a link leads to */
export function to(...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** @param {...(string | number)} parts */
export function go(...parts) {
  location.hash = to(...parts);
}

/** Goes there in place of where the user is: going back does not lead here again. @param {...(string | number)} parts */
export function swap(...parts) {
  location.replace(to(...parts));
}
