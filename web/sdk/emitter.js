/**
 * Tells listeners what happened.
 *
 * @template {Record<string, any>} Events what is told with each event
 */
export class Emitter {
  /** @type {Map<keyof Events, Set<(told: any) => void>>} */
  #listeners = new Map();

  /**
   * Calls the listener at every such event.
   *
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(told: Events[Name]) => void} listener
   * @returns {() => void} takes the listener away again
   */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /**
   * The next such event.
   *
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(told: Events[Name]) => boolean} [fits] passes over other ones
   * @returns {Promise<Events[Name]>}
   */
  next(name, fits = () => true) {
    return new Promise((resolve) => {
      const off = this.on(name, (told) => {
        if (!fits(told)) return;
        off();
        resolve(told);
      });
    });
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {Events[Name]} told
   */
  emit(name, told) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(told);
      } catch (error) {
        // A listener's mistake is its own: it is reported as uncaught, and the others still hear.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
