/** How loud a recording is: as it is made, and drawn as bars. */

import { h } from "../../core/dom.js";

const SAMPLES = 2048;

/** What stands for silence, so that a quiet room is not drawn as loud. */
const QUIET = 0.02;

/** Measures a stream. @param {MediaStream} stream */
export function meter(stream) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: SAMPLES });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(SAMPLES);
  return {
    /** @returns {number} how loud it is now, from 0 to 1 */
    level: () => {
      analyser.getFloatTimeDomainData(samples);
      return Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / SAMPLES);
    },
    end: () => void context.close(),
  };
}

/**
 * Loudness as the service keeps it.
 *
 * @param {number[]} levels
 * @param {number} most how many numbers at most
 * @returns {number[]} from 0 to 100 of the loudest
 */
export function waveform(levels, most) {
  const loudest = Math.max(QUIET, ...levels);
  return fewer(levels, most).map((level) => Math.round((level / loudest) * 100));
}

/** The loudest of each part. @param {number[]} levels @param {number} most @returns {number[]} */
function fewer(levels, most) {
  const count = Math.min(most, levels.length);
  const edge = (/** @type {number} */ place) => Math.floor((place * levels.length) / count);
  return Array.from({ length: count }, (_, place) => Math.max(...levels.slice(edge(place), edge(place + 1))));
}

/** @param {number[]} levels from 0 to 100 @param {number} most @returns {HTMLElement[]} a bar each */
export function bars(levels, most) {
  return fewer(levels, most).map((level) => h("i", { style: { "--level": String(level / 100) } }));
}
