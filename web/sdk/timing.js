/**
 * Waits.
 *
 * @param {number} milliseconds
 * @param {AbortSignal} [signal] ends the wait early
 * @returns {Promise<void>}
 */
export function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}

/** Growing random pauses: a bound that doubles after each failure, and anything from 0 to it. */
export class Backoff {
  /**
   * @param {number} first the first bound, in milliseconds
   * @param {number} most the highest bound, in milliseconds
   */
  constructor(first = 1000, most = 60_000) {
    this.first = first;
    this.most = most;
    this.bound = first;
  }

  /** @returns {number} the next pause, in milliseconds */
  next() {
    const bound = this.bound;
    this.bound = Math.min(bound * 2, this.most);
    return Math.random() * bound;
  }

  /** What was tried has succeeded: the next pause is short again. */
  reset() {
    this.bound = this.first;
  }
}

/**
 * A function that does things one after the other, in the order in which they are given to it.
 *
 * @returns {<T>(work: () => Promise<T> | T) => Promise<T>}
 */
export function oneByOne() {
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}
