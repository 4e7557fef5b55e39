/** What the user chose for this browser. Without storage, a choice lasts as long as the page. */

/** @type {Map<string, string>} */
const here = new Map();

/** @param {string} name @returns {string | null} */
export function stored(name) {
  try {
    return here.get(name) ?? localStorage.getItem(`messenger:${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function store(name, value) {
  here.set(name, value);
  try {
    localStorage.setItem(`messenger:${name}`, value);
  } catch {
    // Private windows of some browsers have none.
  }
}

/** Shows the chosen theme; `system` follows the system. */
export function showTheme() {
  document.documentElement.dataset.theme = stored("theme") ?? "system";
}
