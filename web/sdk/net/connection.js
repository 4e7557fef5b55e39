import { ApiError, ConnectionLost } from "../errors.js";
import { pause } from "../timing.js";

const HELLO_MILLISECONDS = 10_000;
const ANSWER_MILLISECONDS = 30_000;
const DRAIN_LOOK_MILLISECONDS = 100;
// Of services that do not tell it.
const MAX_FRAME_BYTES = 32_768;

/** @typedef {{resolve: (data: any) => void, reject: (error: Error) => void, timer: any, answered: boolean}} Waiting */
/** @typedef {{limit: number, cursor?: string}} SyncQuery */

/** One WebSocket: frames and their answers, and the events that it brings. */
export class Connection {
  /** @type {Map<string, Waiting>} */
  #waiting = new Map();
  #frames = 0;
  #over = new AbortController();
  /** @type {(error: Error | null, hello?: any) => void} settles `ready` */
  #greeted = () => undefined;

  /**
   * @param {WebSocket} socket
   * @param {(event: any) => void} onevent takes each event, `hello` too
   * @param {() => SyncQuery} asked which changes come with the hello
   */
  constructor(socket, onevent, asked) {
    this.socket = socket;
    this.onevent = onevent;
    /** @type {any} what `hello` told */
    this.hello = null;
    /** The changes that came with it, and what was asked for. @type {{query: SyncQuery, answer: any} | null} */
    this.changes = null;
    /** When it last sent something: each frame keeps it open. */
    this.sentAt = Date.now();
    /** Resolves at `hello`. @type {Promise<any>} */
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#lose("no hello came"), HELLO_MILLISECONDS);
      this.#greeted = (error, hello) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve(hello);
      };
    });
    this.ready.catch(() => undefined); // whoever waits for it hears of it
    socket.onopen = () => this.#ask(asked());
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = () => this.#lose("the socket was closed");
    socket.onerror = () => this.#lose("the socket failed");
  }

  /**
   * Sends a frame, and waits for its answer.
   *
   * @param {string} action
   * @param {unknown} [data]
   * @param {number} [patience] in milliseconds
   * @returns {Promise<any>} the ack's data
   * @throws {ApiError} the service refused
   * @throws {ConnectionLost} no answer came: it may have been done or not
   */
  request(action, data, patience = ANSWER_MILLISECONDS) {
    const late = (/** @type {string} */ id) => this.#settle(id, new ConnectionLost(`No answer to ${action}`));
    return this.#send({ action, data, reply: this.#known("ack") }, late, patience);
  }

  /**
   * Sends a frame of which only a refusal is told: what no answer comes to within the time for one is done.
   *
   * @param {string} action
   * @param {unknown} data
   * @returns {Promise<void>}
   * @throws {ApiError} the service refused
   * @throws {ConnectionLost} the connection ended meanwhile: it may have been done or not
   */
  tell(action, data) {
    const reply = this.#known("none");
    if (!reply) return this.request(action, data);
    return this.#send({ action, data, reply }, (id) => this.#settle(id, null), ANSWER_MILLISECONDS);
  }

  /**
   * @param {{action: string, data: unknown, reply: string | undefined}} frame
   * @param {(id: string) => void} late settles it after so many milliseconds
   * @param {number} patience
   * @returns {Promise<any>}
   */
  #send(frame, late, patience) {
    if (this.over.aborted) return Promise.reject(new ConnectionLost("The socket is closed"));
    const id = `c${++this.#frames}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => late(id), patience);
      this.#waiting.set(id, { resolve, reject, timer, answered: frame.reply !== "none" });
      try {
        this.socket.send(JSON.stringify({ ...frame, id }));
        this.sentAt = Date.now();
      } catch (error) {
        this.#settle(id, new ConnectionLost("The socket is closed", error));
      }
    });
  }

  /**
   * Whether a frame is small enough: a larger one would end the connection, unanswered.
   *
   * @param {string} action
   * @param {unknown} data
   */
  carries(action, data) {
    const frame = { action, data, reply: this.#known("ack"), id: `c${this.#frames + 1}` };
    return utf8Bytes(JSON.stringify(frame)) <= (this.hello?.maxFrameBytes ?? MAX_FRAME_BYTES);
  }

  /** Aborted once the connection has ended. */
  get over() {
    return this.#over.signal;
  }

  /** Closes it as soon as all its frames are answered. */
  async retire() {
    while (this.#answered.length) await pause(DRAIN_LOOK_MILLISECONDS, this.over);
    this.close();
  }

  /** Closes it now. */
  close() {
    this.#lose("the socket was closed");
  }

  /** @param {string} text */
  #take(text) {
    if (!text) return;
    const frame = JSON.parse(text);
    if (frame.type === "ack") this.#settle(frame.id, null, frame.data);
    else if (frame.type === "error" && frame.error) this.#refuse(frame);
    else if (typeof frame.type === "string") this.#hear(frame);
    // API Gateway's own words, without an id. Where one frame alone waits, it is the one that failed.
    else if (frame.message && this.#answered.length === 1) {
      this.#settle(this.#answered[0], new ConnectionLost("The frame was not handled"));
    }
  }

  /** Asks for hello, and for what changed, in one. @param {SyncQuery} query */
  async #ask(query) {
    const late = (/** @type {string} */ id) => this.#settle(id, new ConnectionLost("No hello came"));
    try {
      const frame = { action: "sync", data: { ...query, hello: true }, reply: undefined };
      const { hello, ...answer } = await this.#send(frame, late, HELLO_MILLISECONDS);
      this.hello = hello;
      this.changes = { query, answer };
      this.#greeted(null, hello);
    } catch (error) {
      // A release that does not know this says hello by itself.
      if (!(error instanceof ApiError) || error.code !== "invalid_input") this.#lose("hello was refused");
    }
  }

  /** @param {any} event */
  #hear(event) {
    if (event.type === "hello") {
      this.hello = event.data;
      this.#greeted(null, event.data);
    }
    this.onevent(event);
  }

  /** The ids of the frames whose answers are still to come. */
  get #answered() {
    return [...this.#waiting].filter(([, { answered }]) => answered).map(([id]) => id);
  }

  /**
   * What acks say need not come as an event too, and some frames need no ack. A service that does not say that it
   * knows such a `reply` refuses it.
   *
   * @param {string} reply
   */
  #known(reply) {
    return this.hello?.replies?.includes(reply) ? reply : undefined;
  }

  /** @param {{id: string, error: any}} frame */
  #refuse(frame) {
    if (frame.error.errors?.some((/** @type {any} */ { field }) => field === "reply")) {
      // An earlier release came back: it is asked again without.
      this.hello.replies = [];
      this.#settle(frame.id, new ConnectionLost("The frame was not understood"));
      return;
    }
    this.#settle(frame.id, new ApiError(frame.error));
    if (frame.error.code === "unauthenticated") this.#lose("the service does not know the socket");
  }

  /** @param {string} id @param {Error | null} error @param {any} [data] */
  #settle(id, error, data) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (error) waiting.reject(error);
    else waiting.resolve(data);
  }

  /** @param {string} why */
  #lose(why) {
    if (this.over.aborted) return;
    this.#over.abort();
    const lost = new ConnectionLost(`No connection: ${why}`);
    this.#greeted(lost);
    for (const id of [...this.#waiting.keys()]) this.#settle(id, lost);
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = this.socket.onerror = null;
    this.socket.close(1000);
  }
}

/** @param {string} text @returns {number} how many bytes it takes */
function utf8Bytes(text) {
  let bytes = 0;
  for (const character of text) {
    const code = /** @type {number} */ (character.codePointAt(0));
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
