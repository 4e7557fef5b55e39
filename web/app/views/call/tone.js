/** The sound of a call that rings, made by the browser: two notes every two seconds. */

const EVERY_MILLISECONDS = 2000;
const NOTES = [660, 880];
const NOTE_SECONDS = 0.25;
const LOUDNESS = 0.08;

/** Begins it. Browsers keep it silent until somebody has pressed something in the page. @returns {() => void} ends it */
export function ringTone() {
  const sound = new AudioContext();
  const play = () => {
    NOTES.forEach((note, at) => {
      const volume = new GainNode(sound, { gain: LOUDNESS });
      const tone = new OscillatorNode(sound, { frequency: note });
      tone.connect(volume).connect(sound.destination);
      tone.start(sound.currentTime + at * NOTE_SECONDS);
      tone.stop(sound.currentTime + (at + 1) * NOTE_SECONDS);
    });
  };
  play();
  const timer = setInterval(play, EVERY_MILLISECONDS);
  return () => {
    clearInterval(timer);
    sound.close().catch(() => undefined); // closed already
  };
}
