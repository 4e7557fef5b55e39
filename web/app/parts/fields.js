/** Parts of forms. */

import { h } from "../core/dom.js";
import { signal } from "../core/reactive.js";
import { t, why } from "../core/i18n.js";
import { icon } from "./icons.js";

const FIRST_LETTERS = 3;
let count = 0;

/**
 * A labelled field that says what is wrong with its value as one types, once it was left or is long enough to judge.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.name as the service names it
 * @param {(value: string) => string} [options.check] what is wrong, or nothing
 * @param {string} [options.hint]
 * @param {Record<string, any>} [options.input] attributes of the input
 * @param {string} [options.tag] `textarea` for longer texts
 */
export function field({ label, name, check = () => "", hint = "", input = {}, tag = "input" }) {
  const id = `field-${++count}`;
  const wrong = signal("");
  const touched = signal(false);
  const look = () => (wrong.value = check(box.value));
  const box = h(tag, {
    id,
    name,
    ...input,
    "aria-describedby": `${id}-hint`,
    "aria-invalid": () => touched.value && wrong.value !== "" && "true",
    oninput: () => {
      look();
      // What is wrong with the first letters alone need not be said yet.
      if (!wrong.peek() || box.value.length >= FIRST_LETTERS) touched.value = true;
    },
    onblur: () => {
      if (box.value) touched.value = true;
      look();
    },
  });
  const secret = input.type === "password";
  const element = h(
    "div.field",
    null,
    h("label", { for: id }, label),
    h("div.box", null, box, secret && reveal(box)),
    h("p.hint", { id: `${id}-hint`, class: () => (touched.value && wrong.value ? "wrong" : "") }, () =>
      touched.value && wrong.value ? wrong.value : hint,
    ),
  );
  return {
    element,
    name,
    box,
    /** @returns {boolean} whether the value may be sent; else it says why not */
    ok: () => {
      touched.value = true;
      look();
      return !wrong.peek();
    },
    /** @param {string} text what the service says is wrong */
    refuse: (text) => {
      touched.value = true;
      wrong.value = text;
    },
  };
}

/** @param {any} box */
function reveal(box) {
  const shown = signal(false);
  const toggle = () => {
    shown.value = !shown.value;
    box.type = shown.value ? "text" : "password";
  };
  return h("button.link", { type: "button", onclick: toggle, "aria-pressed": () => String(shown.value) }, () =>
    t(shown.value ? "password.hide" : "password.show"),
  );
}

/**
 * A form: its button waits while it is sent, and refusals are told at their fields.
 *
 * @param {ReturnType<typeof field>[]} fields
 * @param {string} action what the button says
 * @param {(values: Record<string, string>) => Promise<any>} send
 */
export function form(fields, action, send) {
  const busy = signal(false);
  const wrong = signal("");
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const bad = fields.filter((one) => !one.ok());
    if (bad.length) return bad[0].box.focus();
    busy.value = true;
    wrong.value = "";
    try {
      await send(Object.fromEntries(fields.map(({ name, box }) => [name, box.value])));
    } catch (error) {
      wrong.value = placed(fields, error) ? "" : why(error);
    } finally {
      busy.value = false;
    }
  };
  return h(
    "form",
    { novalidate: true, onsubmit: submit },
    fields.map(({ element }) => element),
    h("p.form-error", { role: "alert" }, () => wrong.value),
    h("button.primary", { type: "submit", disabled: () => busy.value }, action),
  );
}

/** @param {ReturnType<typeof field>[]} fields @param {any} error @returns {boolean} whether a field tells it */
function placed(fields, error) {
  let told = false;
  for (const { field: name, message } of error.errors ?? []) {
    const at = fields.find((one) => one.name === name);
    at?.refuse(message);
    if (at && !told) at.box.focus();
    told ||= at !== undefined;
  }
  const taken = { username_taken: "username", email_taken: "email" }[/** @type {string} */ (error.code)];
  const at = taken && fields.find((one) => one.name === taken);
  if (at) at.refuse(why(error));
  return told || Boolean(at);
}

/** A switch. @param {string} label @param {() => boolean} read @param {(on: boolean) => any} change @param {string} [hint] */
export function toggle(label, read, change, hint) {
  const box = h("input", { type: "checkbox", role: "switch", checked: read, onchange: () => change(box.checked) });
  return h("label.toggle", null, h("span", null, label, hint && h("small", null, hint)), box);
}

/**
 * A choice of few.
 *
 * @param {string} label
 * @param {[string, string][]} options value and name of each
 * @param {() => string} read
 * @param {(value: string) => any} change
 */
export function choice(label, options, read, change) {
  const box = h("select", { onchange: () => change(box.value) }, options.map(([value, name]) => h("option", { value }, name)));
  box.value = read();
  return h("label.toggle", null, h("span", null, label), box);
}

/** A round button with an icon and a name. @param {any} name @param {string} label @param {(event: any) => void} press @param {Record<string, any>} [more] */
export function iconButton(name, label, press, more = {}) {
  return h("button.icon-button", { type: "button", "aria-label": label, title: label, onclick: press, ...more }, icon(name));
}

/** What is shown where there is nothing. @param {any} name @param {string} title @param {...any} more */
export function empty(name, title, ...more) {
  return h("div.empty", null, icon(name), h("p", null, title), more);
}

/** Grey lines in place of what is loading. @param {number} count */
export function skeleton(count) {
  return h("div.skeleton", { "aria-hidden": "true" }, Array.from({ length: count }, () => h("div", null, h("i"), h("b"), h("b"))));
}
