/** Records a voice message in place of the composer's form: by one press, or as long as the button is held. */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { iconButton } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { notice } from "../../parts/layers.js";
import { lengthOf } from "../chat/story.js";
import { bars, meter, waveform } from "./loudness.js";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const HELD_MILLISECONDS = 400;
const LEAST_SECONDS = 0.5;
const MOST_SECONDS = 900;
const LOOK_MILLISECONDS = 50;
const SHOWN_BARS = 130;
const STORED_BARS = 60;

let busy = false;

/**
 * @param {import("../chat/composer.js").Composer} composer
 * @param {PointerEvent} [pressed] where a pointer began it
 */
export async function record(composer, pressed) {
  // A press is a click, too.
  if (busy || pressed?.button) return;
  busy = true;
  try {
    const released = pressed && new Promise((resolve) => addEventListener("pointerup", resolve, { once: true }));
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorded = await new Recording(composer, stream).made((done) => {
      void released?.then((/** @type {any} */ { timeStamp }) => timeStamp - pressed.timeStamp > HELD_MILLISECONDS && done());
    });
    if (recorded) composer.post(recorded);
  } catch {
    notice(t("voice.denied"), { bad: true });
  } finally {
    busy = false;
  }
}

class Recording {
  /** @type {number[]} */
  #levels = [];
  /** @type {Blob[]} */
  #parts = [];
  #began = performance.now();

  /** @param {import("../chat/composer.js").Composer} composer @param {MediaStream} stream */
  constructor(composer, stream) {
    this.composer = composer;
    this.stream = stream;
    this.meter = meter(stream);
    this.recorder = new MediaRecorder(stream, { mimeType: TYPES.find((type) => MediaRecorder.isTypeSupported(type)) });
    this.recorder.ondataavailable = ({ data }) => this.#parts.push(data);
  }

  get seconds() {
    return (performance.now() - this.#began) / 1000;
  }

  /**
   * Records until it is sent or given up.
   *
   * @param {(done: () => void) => void} begun is given what sends it
   * @returns {Promise<any>} the message; null where it was given up
   */
  made(begun) {
    return new Promise((resolve) => {
      const finish = (/** @type {boolean} */ kept) => {
        if (this.recorder.state === "inactive") return;
        const { seconds } = this;
        clearInterval(timer);
        this.recorder.onstop = () => {
          this.meter.end();
          for (const track of this.stream.getTracks()) track.stop();
          panel.remove();
          this.composer.box.focus();
          if (kept && seconds < LEAST_SECONDS) notice(t("voice.short"));
          resolve(kept && seconds >= LEAST_SECONDS ? this.#message(seconds) : null);
        };
        this.recorder.stop();
      };
      const panel = this.#panel(finish);
      const timer = setInterval(() => {
        this.#look(panel);
        // The chat was left.
        if (!panel.isConnected) finish(false);
        else if (this.seconds > MOST_SECONDS) finish(true);
      }, LOOK_MILLISECONDS);
      this.recorder.start();
      this.composer.element.append(panel);
      panel.querySelector(".send").focus();
      begun(() => finish(true));
    });
  }

  /** @param {number} seconds */
  #message(seconds) {
    const type = this.recorder.mimeType.split(";")[0];
    const file = new File(this.#parts, `voice.${type.split("/")[1]}`, { type });
    const duration = Math.round(seconds * 10) / 10;
    return { files: [file], fileDetails: [{ duration, waveform: waveform(this.#levels, STORED_BARS) }] };
  }

  /** @param {(kept: boolean) => void} finish */
  #panel(finish) {
    const key = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      finish(false);
    };
    return h(
      "div.recorder",
      { role: "group", "aria-label": t("voice.recording"), onkeydown: key },
      iconButton("trash", t("voice.cancel"), () => finish(false)),
      h("time", { role: "timer" }, "0:00"),
      h("div.levels", { "aria-hidden": "true" }),
      h("span.unseen", { role: "status" }, t("voice.recording.hint")),
      h("button.send", { type: "button", "aria-label": t("voice.send"), title: t("voice.send"), onclick: () => finish(true) }, icon("send")),
    );
  }

  /** @param {HTMLElement} panel */
  #look(panel) {
    this.#levels.push(this.meter.level());
    const recent = this.#levels.slice(-SHOWN_BARS);
    panel.querySelector(".levels")?.replaceChildren(...bars(waveform(recent, SHOWN_BARS), SHOWN_BARS));
    const time = /** @type {HTMLElement} */ (panel.querySelector("time"));
    time.textContent = lengthOf(Math.floor(this.seconds));
  }
}
