import { ApiError, ConnectionLost } from "../errors.js";
import { pause } from "../timing.js";

const HELLO_MILLISECONDS = 10_000;
const ANSWER_MILLISECONDS = 30_000;
const DRAIN_LOOK_MILLISECONDS = 100;

/** @typedef {{resolve: (data: any) => void, reject: (error: Error) => void, timer: any}} Waiting */

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
   */
  constructor(socket, onevent) {
    this.socket = socket;
    this.onevent = onevent;
    /** @type {any} what `hello` told */
    this.hello = null;
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
    if (this.over.aborted) return Promise.reject(new ConnectionLost("The socket is closed"));
    const id = `c${++this.#frames}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id, new ConnectionLost(`No answer to ${action}`)), patience);
      this.#waiting.set(id, { resolve, reject, timer });
      try {
        this.socket.send(JSON.stringify({ action, id, data, reply: this.#reply }));
        this.sentAt = Date.now();
      } catch (error) {
        this.#settle(id, new ConnectionLost("The socket is closed", error));
      }
    });
  }

  /** Aborted once the connection has ended. */
  get over() {
    return this.#over.signal;
  }

  /** Closes it as soon as all its frames are answered. */
  async retire() {
    while (this.#waiting.size) await pause(DRAIN_LOOK_MILLISECONDS, this.over);
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
    else if (frame.message && this.#waiting.size === 1) {
      const [id] = this.#waiting.keys();
      this.#settle(id, new ConnectionLost("The frame was not handled"));
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

  /** What acks say need not come as an event too. A service that does not say that it knows `reply` refuses it. */
  get #reply() {
    return this.hello?.replies?.includes("ack") ? "ack" : undefined;
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
    this.socket.onmessage = this.socket.onclose = this.socket.onerror = null;
    this.socket.close(1000);
  }
}
