/**
 * The reactive core: signals hold values, effects run again when a signal that they read has changed, and scopes end
 * what was begun in them. docs/web.md has a page on it.
 */

/** @type {Effect | null} */
let reading = null;
/** @type {(() => void)[] | null} what the current scope ends */
let ending = null;
/** @type {Set<Effect>} */
const due = new Set();
let scheduled = false;

/** @typedef {{run: () => void, sources: Set<Set<Effect>>, ended: boolean}} Effect */
/** @template T @typedef {{value: T, peek: () => T, touch: () => void}} Signal */

/**
 * A value that effects can read. Setting the same value again does nothing; `touch` tells of a change inside it.
 *
 * @template T
 * @param {T} value
 * @returns {Signal<T>}
 */
export function signal(value) {
  /** @type {Set<Effect>} */
  const readers = new Set();
  const touch = () => readers.forEach(schedule);
  return {
    get value() {
      if (reading) {
        readers.add(reading);
        reading.sources.add(readers);
      }
      return value;
    },
    set value(next) {
      if (Object.is(next, value)) return;
      value = next;
      touch();
    },
    peek: () => value,
    touch,
  };
}

/**
 * Runs work now, and again after each change of a signal that it has read. It ends with the scope it is made in.
 *
 * @param {() => void} work
 */
export function effect(work) {
  /** @type {() => void} */
  let endInner = () => undefined;
  /** @type {Effect} */
  const self = {
    ended: false,
    sources: new Set(),
    run() {
      if (self.ended) return;
      endInner();
      forget(self);
      const outer = reading;
      reading = self;
      try {
        endInner = scope(work);
      } finally {
        reading = outer;
      }
    },
  };
  onEnd(() => {
    self.ended = true;
    forget(self);
    endInner();
  });
  self.run();
}

/**
 * A signal that is computed from others.
 *
 * @template T
 * @param {() => T} read
 * @returns {Signal<T>}
 */
export function computed(read) {
  const made = signal(/** @type {T} */ (undefined));
  effect(() => {
    made.value = read();
  });
  return made;
}

/**
 * Runs work, and answers what ends all that was begun in it.
 *
 * @param {() => void} work
 * @returns {() => void}
 */
export function scope(work) {
  /** @type {(() => void)[]} */
  const ends = [];
  const outer = ending;
  ending = ends;
  try {
    work();
  } finally {
    ending = outer;
  }
  return () => {
    for (const end of ends.splice(0).reverse()) end();
  };
}

/** Calls `end` when the current scope ends. @param {() => void} end */
export function onEnd(end) {
  ending?.push(end);
}

/** Reads without being told of changes. @template T @param {() => T} read @returns {T} */
export function untracked(read) {
  const outer = reading;
  reading = null;
  try {
    return read();
  } finally {
    reading = outer;
  }
}

/**
 * What is read from something that tells of its changes by events, like all of the client library.
 *
 * @template T
 * @param {{on: (name: any, listener: () => void) => () => void}} emitter
 * @param {string[]} names
 * @param {() => T} read
 * @returns {() => T} reads anew, for effects
 */
export function watch(emitter, names, read) {
  const changed = signal(0);
  for (const name of names) onEnd(emitter.on(name, () => changed.touch()));
  return () => {
    void changed.value;
    return read();
  };
}

/** @param {EventTarget} target @param {string} name @param {(event: any) => void} listener @param {any} [options] */
export function listen(target, name, listener, options) {
  target.addEventListener(name, listener, options);
  onEnd(() => target.removeEventListener(name, listener, options));
}

/** @param {Effect} self */
function forget(self) {
  for (const readers of self.sources) readers.delete(self);
  self.sources.clear();
}

/** @param {Effect} self */
function schedule(self) {
  due.add(self);
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    // What these change in turn runs in the next round.
    const now = [...due];
    due.clear();
    for (const one of now) one.run();
  });
}
