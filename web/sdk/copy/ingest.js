import { ApiError, isRetryable } from "../errors.js";
import { Backoff, oneByOne, pause } from "../timing.js";

const PAGE = 500;

/** @typedef {import("../net/connection.js").Connection["changes"]} Told */

/**
 * What changes a copy, one thing after the other: events of sockets, answers, and sync.
 *
 * `cursor` is how far sync has told everything; null before the copy is loaded for the first time.
 */
export class Ingest {
  /** @type {string | null} */
  cursor = null;
  #inOrder = oneByOne();
  #backoff = new Backoff();
  /** @type {Promise<void> | null} a sync that has not begun yet */
  #due = null;
  #stopped = new AbortController();

  /**
   * @param {(query: {limit: number, cursor?: string}) => Promise<any>} ask for a page of what changed
   * @param {import("./copy.js").Copy} copy
   * @param {(event: any) => void} learn is told of each event and answer, for what it says of people
   * @param {() => void} changed is called after each change
   */
  constructor(ask, copy, learn, changed) {
    this.ask = ask;
    this.copy = copy;
    this.learn = learn;
    this.changed = changed;
    copy.sync = () => this.#sync();
  }

  /**
   * Takes an event of a socket.
   *
   * @param {any} event
   */
  hear(event) {
    return this.#insist(() => this.copy.hear(event));
  }

  /**
   * Takes what an answer tells, as the event of this type would tell it.
   *
   * @param {string} type
   * @param {any} answer
   * @returns {Promise<void>} resolves when the copy has it
   */
  take(type, { users: _, ...data }) {
    return this.#insist(() => this.copy.take({ type, data, seq: data.seq }, data.chatId));
  }

  /**
   * Keeps a chat that an answer told.
   *
   * @param {any} answer
   * @returns {Promise<void>}
   */
  keep({ users: _, ...data }) {
    return this.#insist(() => {
      if (this.copy.chats.has(data.id)) return this.copy.take({ type: "chat:updated", data }, data.id);
      this.copy.keep(data);
    });
  }

  /**
   * Loads everything for the first time.
   *
   * @throws {ApiError | import("../errors.js").ConnectionLost}
   */
  load() {
    return this.#inOrder(() => this.#sync());
  }

  /**
   * Loads messages before those that are loaded: see `Copy.loadOlder`.
   *
   * @param {import("./chat-copy.js").ChatCopy} chat
   * @param {number} count
   */
  loadOlder(chat, count) {
    return this.#inOrder(() => this.copy.loadOlder(chat, count));
  }

  /**
   * Brings the copy up to date. Where that fails it is tried again by itself.
   *
   * @param {Told} [told] the first page, where it has come already
   * @returns {Promise<void>}
   */
  sync(told = null) {
    this.#due ??= this.#insist(() => {
      this.#due = null;
      return this.#sync(told);
    });
    return this.#due;
  }

  /** Nothing is tried again from now on. */
  stop() {
    this.#stopped.abort();
  }

  /**
   * Does something with the copy. What is lost by a failure is brought back by sync.
   *
   * @param {() => Promise<any> | any} work
   * @returns {Promise<void>}
   */
  #insist(work) {
    return this.#inOrder(async () => {
      try {
        await work();
        this.#backoff.reset();
      } catch (error) {
        if (!isRetryable(error) && !(error instanceof ApiError)) throw error;
        this.#syncLater();
      }
      this.changed();
    });
  }

  async #syncLater() {
    await pause(this.#backoff.next(), this.#stopped.signal);
    if (!this.#stopped.signal.aborted) await this.sync();
  }

  /** What to ask for next. */
  get query() {
    return { limit: PAGE, cursor: this.cursor ?? undefined };
  }

  /** @param {Told} [told] is passed over where the copy has come further since */
  async #sync(told = null) {
    let more = true;
    while (more) {
      const { query } = this;
      const answer = told && told.query.cursor === query.cursor ? told.answer : await this.ask(query);
      told = null;
      const { events, nextCursor, hasMore, resyncRequired } = answer;
      this.learn(answer);
      if (this.cursor === null || resyncRequired) await this.copy.load();
      for (const event of events) {
        this.learn(event);
        this.copy.apply(event);
      }
      this.copy.applied(hasMore);
      this.cursor = nextCursor;
      this.changed();
      more = hasMore;
    }
  }
}
