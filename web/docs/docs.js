/** What the pages of the documentation do: the list of pages, the search, and the forms that send requests. */

import { listen } from "./requests.js";
import { search } from "./search.js";

const ways = /** @type {HTMLDetailsElement} */ (document.getElementById("ways"));
const wide = matchMedia("(min-width: 50.01rem)");
const show = () => (ways.open = wide.matches);
wide.addEventListener("change", show);
show();

search(
  /** @type {HTMLInputElement} */ (document.getElementById("search")),
  /** @type {HTMLElement} */ (document.getElementById("found")),
);
listen();
