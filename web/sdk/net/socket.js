import { ApiError, ConnectionLost } from "../errors.js";
import { Emitter } from "../emitter.js";
import { Backoff, pause } from "../timing.js";
import { Connection } from "./connection.js";

const PING_MILLISECONDS = 10_000;

/**
 * The line of connections that a client has, one in use. It reconnects after a loss, and renews before the end.
 *
 * Events: `event` is each event of any connection; `ready` follows each `hello`, when it is time to sync; `state` is
 * `connecting`, `open` or `closed`.
 *
 * @extends {Emitter<{event: any, ready: any, state: "connecting" | "open" | "closed"}>}
 */
export class Socket extends Emitter {
  /** @type {"connecting" | "open" | "closed"} */
  state = "closed";
  /** @type {Connection | null} the one in use */
  #connection = null;
  #stopped = new AbortController();
  /** What came with the last hello. @type {Connection["changes"]} */
  changes = null;
  /** Whether the last handshake failed. */
  #asksWhy = false;
  /** Ends a pause before the next try. */
  #waking = new AbortController();

  /**
   * @param {object} options
   * @param {string} options.url as `wss://HOST/api`
   * @param {import("./http.js").Http} options.http makes tickets
   * @param {() => Promise<string>} options.token an access token
   * @param {() => import("./connection.js").SyncQuery} options.asked which changes come with a hello
   * @param {new (address: string, protocols?: string[]) => WebSocket} options.WebSocket
   */
  constructor({ url, http, token, asked, WebSocket }) {
    super();
    this.url = url;
    this.http = http;
    this.token = token;
    this.asked = asked;
    this.WebSocket = WebSocket;
  }

  /** Connects, and stays connected until `stop`. */
  start() {
    this.#stopped = new AbortController();
    this.#stay(this.#stopped.signal);
  }

  /** Closes it. */
  stop() {
    this.#stopped.abort();
    this.#waking.abort();
    this.#connection?.close();
    this.#connection = null;
    this.#become("closed");
  }

  /** The network may have changed: tries now what it would try later, and looks whether the connection lives. */
  wake() {
    this.#waking.abort();
    if (this.#connection) this.#ping(this.#connection);
  }

  /**
   * Sends a frame over the connection in use.
   *
   * @param {string} action one of docs/protocol.md, "Actions"
   * @param {unknown} [data]
   * @returns {Promise<any>} the ack's data
   * @throws {ApiError} the service refused
   * @throws {ConnectionLost} there is no connection, or no answer came
   */
  request(action, data) {
    if (!this.#connection) return Promise.reject(new ConnectionLost("The socket is not connected"));
    return this.#connection.request(action, data);
  }

  /**
   * Whether a connection is there that takes this frame: what is larger goes by REST.
   *
   * @param {string} action
   * @param {unknown} data
   */
  carries(action, data) {
    return this.state === "open" && this.#connection !== null && this.#connection.carries(action, data);
  }

  /**
   * Sends a frame that needs no answer, over the connection in use.
   *
   * @param {string} action
   * @param {unknown} data
   * @returns {Promise<void>} resolves when no refusal can come any more
   * @throws {ApiError} the service refused
   * @throws {ConnectionLost} there is no connection, or it ended before that
   */
  tell(action, data) {
    if (!this.#connection) return Promise.reject(new ConnectionLost("The socket is not connected"));
    return this.#connection.tell(action, data);
  }

  /** @param {AbortSignal} stopped */
  async #stay(stopped) {
    const backoff = new Backoff();
    while (!stopped.aborted) {
      let wait = 0;
      this.#become("connecting");
      try {
        const connection = await this.#connect(stopped);
        backoff.reset();
        await this.#use(connection, stopped);
      } catch (error) {
        // Refusals other than of the token are final, and the session tells that it has ended.
        if (isFinal(error)) return this.stop();
        if (error instanceof ApiError) wait = (error.retryAfter ?? 0) * 1000;
      }
      if (!stopped.aborted) await this.#pause(Math.max(wait, backoff.next()));
    }
  }

  /**
   * Uses a connection, and each that takes its place, until one is lost.
   *
   * @param {Connection} first
   * @param {AbortSignal} stopped
   */
  async #use(first, stopped) {
    let connection = first;
    for (;;) {
      this.#connection = connection;
      this.#become("open");
      this.changes = connection.changes;
      this.emit("ready", connection.hello);
      const next = await this.#renewed(connection, stopped);
      if (!next) {
        connection.close();
        if (this.#connection === connection) this.#connection = null;
        return;
      }
      connection.retire();
      connection = next;
    }
  }

  /**
   * Keeps a connection alive until it is time for the next one, which it answers; null when the connection was lost.
   *
   * @param {Connection} connection
   * @param {AbortSignal} stopped
   */
  async #renewed(connection, stopped) {
    const lost = connection.over;
    const { heartbeatSeconds, reconnectAfterSeconds } = connection.hello;
    const renewal = Date.now() + reconnectAfterSeconds * 1000;
    const backoff = new Backoff();
    let due = renewal;
    while (!lost.aborted && !stopped.aborted) {
      const silent = () => connection.sentAt + heartbeatSeconds * 1000;
      await pause(Math.max(0, Math.min(silent(), due) - Date.now()), lost);
      if (lost.aborted || stopped.aborted) break;
      if (Date.now() < due) {
        if (Date.now() >= silent()) this.#ping(connection); // other frames do as well
        continue;
      }
      try {
        return await this.#connect(stopped);
      } catch {
        due = Date.now() + backoff.next();
      }
    }
    return null;
  }

  /** @param {AbortSignal} stopped */
  async #connect(stopped) {
    const socket = await this.#opening(stopped);
    const connection = new Connection(socket, (event) => this.emit("event", event), this.asked);
    const abort = () => connection.close();
    stopped.addEventListener("abort", abort);
    try {
      await connection.ready;
      this.#asksWhy = false;
      return connection;
    } catch (error) {
      this.#asksWhy = true;
      throw error;
    } finally {
      stopped.removeEventListener("abort", abort);
    }
  }

  /**
   * A handshake with the access token. Browsers do not tell why one failed: after that a ticket is asked for, which
   * does, and which also passes what takes subprotocols away.
   *
   * @param {AbortSignal} stopped
   */
  async #opening(stopped) {
    const { WebSocket } = this;
    if (!this.#asksWhy) return new WebSocket(`${this.url}?hello=ask`, ["bearer", await this.token()]);
    const { ticket } = await this.http.request("POST", "/ws/tickets", { once: true, signal: stopped });
    return new WebSocket(`${this.url}?hello=ask&ticket=${encodeURIComponent(ticket)}`);
  }

  /** @param {Connection} connection */
  #ping(connection) {
    connection.request("ping", undefined, PING_MILLISECONDS).catch((error) => {
      if (error instanceof ConnectionLost) connection.close();
    });
  }

  /** @param {number} milliseconds */
  async #pause(milliseconds) {
    this.#waking = new AbortController();
    await pause(milliseconds, this.#waking.signal);
  }

  /** @param {"connecting" | "open" | "closed"} state */
  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit("state", state);
  }
}

/** @param {unknown} error */
function isFinal(error) {
  return error instanceof ApiError && !error.retryable && error.code !== "unauthenticated";
}
