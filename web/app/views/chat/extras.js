/** Polls, places, contacts, and messages for later. */

import { first, self } from "../../core/app.js";
import { h } from "../../core/dom.js";
import { momentOf, t } from "../../core/i18n.js";
import { signal } from "../../core/reactive.js";
import { field, form, toggle } from "../../parts/fields.js";
import { dialog, notice, tried } from "../../parts/layers.js";
import { pickPeople } from "../people/pick.js";

const MOST_OPTIONS = 12;
const needed = (/** @type {string} */ value) => (value.trim() ? "" : t("field.needed"));

/** @param {any} chat */
export function makePoll(chat) {
  dialog(t("kind.poll"), (close) => {
    const question = field({ label: t("poll.question"), name: "content", check: needed, input: { maxlength: 500, autofocus: true } });
    const options = h("div", { class: "options" });
    const add = () => {
      const at = options.children.length;
      const input = () => at === options.children.length - 1 && at + 1 < MOST_OPTIONS && add();
      options.append(h("input", { maxlength: 100, placeholder: t("poll.option", { count: at + 1 }), "aria-label": t("poll.option", { count: at + 1 }), oninput: input }));
    };
    add();
    add();
    const multiple = signal(false);
    const anonymous = signal(false);
    const send = async () => {
      const texts = [...options.children].map((one) => /** @type {any} */ (one).value.trim()).filter(Boolean);
      if (new Set(texts).size < 2 || new Set(texts).size < texts.length) return notice(t("poll.few"), { bad: true });
      chat.send({ content: question.box.value.trim(), messageType: "poll", poll: { options: texts, isMultiple: multiple.peek(), isAnonymous: anonymous.peek() } }).catch(() => undefined);
      close();
    };
    const sending = form([question], t("send"), send);
    sending.querySelector(".form-error")?.before(options, toggle(t("poll.multiple"), () => multiple.value, (on) => (multiple.value = on)), toggle(t("poll.anonymous"), () => anonymous.value, (on) => (anonymous.value = on)));
    return sending;
  });
}

/** @param {any} chat */
export function sendPlace(chat) {
  dialog(t("kind.location"), (close) => {
    const number = (/** @type {number} */ most) => (/** @type {string} */ value) => (value !== "" && Math.abs(Number(value)) <= most ? "" : t("place.number", { most }));
    const name = field({ label: t("place.name"), name: "name", input: { maxlength: 100 } });
    const latitude = field({ label: t("place.latitude"), name: "latitude", check: number(90), input: { inputmode: "decimal" } });
    const longitude = field({ label: t("place.longitude"), name: "longitude", check: number(180), input: { inputmode: "decimal" } });
    const here = () =>
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          latitude.box.value = coords.latitude.toFixed(6);
          longitude.box.value = coords.longitude.toFixed(6);
        },
        () => notice(t("place.refused"), { bad: true }),
      );
    const send = async (/** @type {any} */ values) => {
      const location = { latitude: Number(values.latitude), longitude: Number(values.longitude), ...(values.name.trim() && { name: values.name.trim() }) };
      chat.send({ messageType: "location", location }).catch(() => undefined);
      close();
    };
    return [h("button.plain", { type: "button", onclick: here }, t("place.here")), form([name, latitude, longitude], t("send"), send)];
  });
}

/** @param {any} chat */
export function sendContact(chat) {
  pickPeople(t("kind.contact"), {
    one: true,
    chosen: async ([userId]) => {
      chat.send({ messageType: "contact", contact: { userId } }).catch(() => undefined);
    },
  });
}

/** @param {any} chat @param {any} message @param {() => void} done */
export function schedule(chat, message, done) {
  dialog(t("schedule"), (close) => {
    const soon = new Date(Date.now() + 60 * 60_000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    const at = field({ label: t("schedule.time"), name: "sendAt", check: (value) => (Date.parse(value) > Date.now() ? "" : t("schedule.past")), input: { type: "datetime-local", value: soon } });
    const send = async (/** @type {any} */ { sendAt }) => {
      await chat.schedule(new Date(sendAt), message);
      close();
      done();
      notice(t("schedule.done", { time: momentOf(sendAt) }));
    };
    return [h("p.text.quoted", { dir: "auto" }, message.content), form([at], t("schedule.action"), send)];
  });
}

/** Messages that wait for their time. @param {any} chat */
export function scheduled(chat) {
  const list = h("div.rows");
  const show = async () => {
    const all = await tried(first(self().scheduled.all(chat.id), 100));
    list.replaceChildren(...(all?.length ? all.map(waiting) : [h("p.hint", null, t("schedule.none"))]));
  };
  const doing = async (/** @type {Promise<any>} */ work) => {
    await tried(work);
    await show();
  };
  const waiting = (/** @type {any} */ one) =>
    h("div.edit", null, h("small", null, one.refused ? t("schedule.refused") : momentOf(one.sendAt)), h("p.text", { dir: "auto" }, one.content), h("div.buttons", null, h("button.link", { type: "button", onclick: () => doing(self().scheduled.sendNow(one.id)) }, t("schedule.now")), h("button.link.danger", { type: "button", onclick: () => doing(self().scheduled.cancel(one.id)) }, t("cancel"))));
  void show();
  return list;
}
