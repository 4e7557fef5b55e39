/** The forms that send requests of the REST API to the service that has the page. The token stays in this tab. */

const TOKEN = "docs-token";
const API = "/api";

/** Listens to all forms of the page. */
export function listen() {
  for (const form of document.querySelectorAll("form")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const sent = form.id === "login" ? admit(form, event) : send(form);
      sent.catch((error) => show(form, `No answer: ${error.message}`, null));
    });
    const examples = form.querySelector("select[data-examples]");
    const body = form.querySelector("textarea");
    if (examples instanceof HTMLSelectElement && body) {
      examples.addEventListener("change", () => (body.value = examples.value));
    }
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {SubmitEvent} event
 */
async function admit(form, event) {
  const path = /** @type {HTMLButtonElement} */ (event.submitter).value;
  const { username, password } = Object.fromEntries(new FormData(form));
  const answer = await request("POST", path, JSON.stringify({ username, password }));
  const told = await answer.json();
  if (answer.ok) sessionStorage.setItem(TOKEN, told.accessToken);
  show(form, answer.ok ? `Requests are sent as ${told.user.username}.` : told.detail, null);
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const { method = "GET", path = "" } = form.dataset;
  const query = new URLSearchParams();
  let target = path;
  for (const input of form.querySelectorAll("input")) {
    if (input.dataset.in === "path") target = target.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value) query.set(input.name, input.value);
  }
  const asked = query.size ? `${target}?${query}` : target;
  const answer = await request(method, asked, form.querySelector("textarea")?.value);
  const text = await answer.text();
  show(form, `${answer.status} ${method} ${API}${asked}`, text);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {string} [body]
 */
function request(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(`${API}${path}`, { method, headers, body });
}

/**
 * @param {HTMLFormElement} form
 * @param {string} line
 * @param {string | null} body
 */
function show(form, line, body) {
  const output = /** @type {HTMLOutputElement} */ (form.querySelector("output"));
  const head = document.createElement("strong");
  head.textContent = line;
  output.replaceChildren(head);
  if (body) {
    const text = document.createElement("pre");
    text.textContent = readable(body);
    text.tabIndex = 0;
    output.append(text);
  }
  output.hidden = false;
}

/** @param {string} text */
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
