/** A voice message, or another sound: played, with its loudness drawn, and told as listened to. */

import { nameOf, self } from "../../core/app.js";
import { drawing, h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { effect, signal } from "../../core/reactive.js";
import { route } from "../../core/router.js";
import { icon } from "../../parts/icons.js";
import { tried } from "../../parts/layers.js";
import { download } from "../chat/files.js";
import { lengthOf } from "../chat/story.js";
import { bars } from "./loudness.js";

const PLAY = "M8 5l11 7-11 7z";
const PAUSE = "M8 5v14M16 5v14";
const BARS = 40;
/** Of a sound whose loudness nobody has told. */
const FLAT = Array(BARS).fill(25);
const STEP_SECONDS = 5;

/** By attachment: a row that is drawn anew goes on with what plays. @type {Map<number, Sound>} */
const sounds = new Map();

class Sound {
  playing = signal(false);
  /** Where it is, in seconds. */
  at = signal(0);
  #audio = new Audio();

  /** @param {any} chat @param {any} attachment */
  constructor(chat, attachment) {
    this.chat = chat;
    this.id = attachment.id;
    this.seconds = signal(attachment.duration ?? 0);
    this.#audio.preload = "auto";
    this.#hear("playing", () => (this.playing.value = true));
    this.#hear("pause", () => (this.playing.value = false));
    this.#hear("timeupdate", () => !this.#audio.seeking && (this.at.value = this.#audio.currentTime));
    this.#hear("ended", () => ((this.playing.value = false), (this.at.value = 0)));
    // Recordings of browsers do not say how long they are.
    this.#hear("durationchange", () => Number.isFinite(this.#audio.duration) && (this.seconds.value ||= this.#audio.duration));
  }

  /** @returns {Promise<void>} once it plays */
  async play() {
    for (const other of sounds.values()) if (other !== this) other.pause();
    const from = this.at.peek();
    // An address lives for minutes.
    if (!this.#audio.src || this.#audio.error) this.#audio.src = (await download(this.id)).url;
    if (Math.abs(this.#audio.currentTime - from) > 0.1) this.#audio.currentTime = from;
    await this.#audio.play();
  }

  pause() {
    this.#audio.pause();
  }

  /** @param {number} seconds */
  seek(seconds) {
    this.at.value = Math.min(Math.max(0, seconds), this.seconds.peek());
    if (this.#audio.src) this.#audio.currentTime = this.at.peek();
  }

  /** @param {string} name @param {() => any} listener */
  #hear(name, listener) {
    this.#audio.addEventListener(name, listener);
  }
}

// What plays ends with the chat that it is in, and with the session.
effect(() => {
  const [view, id] = route.value;
  for (const sound of sounds.values()) if (view !== "chat" || String(sound.chat.id) !== id) sound.pause();
});

/** @param {any} chat @param {any} attachment */
function soundOf(chat, attachment) {
  const known = sounds.get(attachment.id);
  if (known?.chat === chat) return known;
  const sound = new Sound(chat, attachment);
  if (!sounds.size) chat.me.on("ended", () => (sounds.forEach((one) => one.pause()), sounds.clear()));
  sounds.set(attachment.id, sound);
  return sound;
}

/** @param {any} chat @param {any} message @param {any} attachment */
export function voice(chat, message, attachment) {
  const sound = soundOf(chat, attachment);
  const { playing, at } = sound;
  const own = message.senderId === self().id;
  const fresh = message.messageType === "audio" && !own && !message.listenedBy.includes(self().id);
  const press = async () => {
    if (playing.peek()) return sound.pause();
    await tried(sound.play());
    if (fresh && playing.peek()) void chat.listened(message).catch(() => undefined);
  };
  const says = () => t(playing.value ? "voice.pause" : "voice.play");
  const time = () => (at.value || playing.value ? `${lengthOf(Math.floor(at.value))} / ` : "") + lengthOf(Math.round(sound.seconds.value));
  return h(
    "div.voice",
    { role: "group", "aria-label": attachment.waveform ? t("voice") : attachment.filename },
    h("button.file-icon", { type: "button", "aria-label": says, title: says, onclick: press }, () => drawing(playing.value ? PAUSE : PLAY)),
    h("div", null, wave(sound, attachment.waveform ?? FLAT), h("div.voice-facts", null, h("small", null, time), !attachment.waveform && h("small", { dir: "auto" }, attachment.filename), heard(message, own), fresh && h("small.fresh", null, t("voice.new")))),
  );
}

/** Who has listened, for whom has sent it. @param {any} message @param {boolean} own */
function heard({ listenedBy }, own) {
  if (!own || !listenedBy.length) return null;
  const names = listenedBy.map(nameOf).join(", ");
  return h("small.heard", { title: names }, icon("checks"), t("voice.heard", { names }));
}

/** @param {Sound} sound @param {number[]} levels */
function wave(sound, levels) {
  const { at, seconds } = sound;
  const shown = bars(levels, BARS);
  effect(() => {
    const share = seconds.value ? at.value / seconds.value : 0;
    shown.forEach((bar, place) => bar.classList.toggle("played", place < share * shown.length));
  });
  const press = (/** @type {MouseEvent} */ event) => {
    const box = slider.getBoundingClientRect();
    sound.seek(((event.clientX - box.left) / box.width) * seconds.peek());
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const end = seconds.peek();
    /** @type {Record<string, number>} */
    const to = { ArrowRight: at.peek() + STEP_SECONDS, ArrowUp: at.peek() + STEP_SECONDS, ArrowLeft: at.peek() - STEP_SECONDS, ArrowDown: at.peek() - STEP_SECONDS, Home: 0, End: end };
    if (!(event.key in to)) return;
    event.preventDefault();
    // Arrows go from message to message elsewhere.
    event.stopPropagation();
    sound.seek(to[event.key]);
  };
  const slider = h(
    "div.wave",
    { role: "slider", tabindex: "0", "aria-label": t("voice.seek"), "aria-valuemin": "0", "aria-valuemax": () => String(Math.ceil(seconds.value)), "aria-valuenow": () => String(Math.round(at.value)), "aria-valuetext": () => lengthOf(Math.round(at.value)), onclick: press, onkeydown: key },
    shown,
  );
  return slider;
}
