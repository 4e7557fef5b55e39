/** The search: every word must be in a section, as a beginning or inside of a word; titles count most. */

const MOST = 20;
const AROUND = 60;

/** @type {Promise<[string, string, string, string][]> | undefined} */
let index;

/**
 * Has what is typed looked for, and what is found listed.
 *
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 */
export function search(input, list) {
  const look = async () => {
    index ??= fetch("/docs/search.json").then((answer) => answer.json());
    const sections = await index;
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? sections.map((section) => rated(section, words)) : [];
    const best = found.filter(({ rate }) => rate > 0).sort((one, other) => other.rate - one.rate);
    list.replaceChildren(...best.slice(0, MOST).map(({ section }) => entry(section, words[0])));
    if (words.length && !best.length) list.append(nothing());
    list.hidden = !words.length;
  };
  input.addEventListener("input", look);
  input.addEventListener("focus", look);
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.matches("input, textarea, select");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      input.focus();
    }
    if (event.key === "Escape") list.hidden = true;
    if (event.key === "Enter" && event.target === input) list.querySelector("a")?.click();
    if (/^Arrow(Down|Up)$/.test(event.key) && !list.hidden) walk(event, input, list);
  });
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Node && (list.contains(event.target) || event.target === input))) list.hidden = true;
  });
}

/**
 * @param {[string, string, string, string]} section
 * @param {string[]} words
 */
function rated(section, words) {
  const [page, , title, text] = section.map((part) => part.toLowerCase());
  let rate = 0;
  for (const word of words) {
    const found = (title === word ? 40 : title.includes(word) ? 12 : 0) + (page.includes(word) ? 3 : 0);
    const here = found + (text.includes(word) ? 1 : 0);
    if (!here) return { section, rate: 0 };
    rate += here;
  }
  return { section, rate };
}

/**
 * @param {[string, string, string, string]} section
 * @param {string} word
 */
function entry([page, path, title, text], word) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const place = Math.max(0, text.toLowerCase().indexOf(word) - AROUND);
  const small = document.createElement("small");
  small.textContent = `${page} · ${place ? "…" : ""}${text.slice(place, place + 3 * AROUND)}`;
  link.href = path;
  link.append(title, small);
  link.addEventListener("click", () => item.parentElement?.setAttribute("hidden", ""));
  item.append(link);
  return item;
}

function nothing() {
  const item = document.createElement("li");
  item.textContent = "Nothing has all these words.";
  return item;
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLElement} input
 * @param {HTMLElement} list
 */
function walk(event, input, list) {
  const places = [input, ...list.querySelectorAll("a")];
  const at = places.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (at < 0) return;
  event.preventDefault();
  places[(at + (event.key === "ArrowDown" ? 1 : places.length - 1)) % places.length].focus();
}
