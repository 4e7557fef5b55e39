import { ApiError, ConnectionLost, isRetryable } from "../errors.js";
import { randomId } from "../ids.js";
import { Backoff, pause } from "../timing.js";

const ANSWER_MILLISECONDS = 30_000;

/**
 * @typedef {object} RequestOptions
 * @property {Record<string, string | number | boolean | null | undefined>} [query] null and undefined are left out
 * @property {unknown} [body] is sent as JSON
 * @property {boolean} [creates] a POST that creates something: a retry creates nothing twice
 * @property {boolean} [once] is never retried
 * @property {AbortSignal} [signal]
 */

/** Requests of REST: with the access token, retried where that is safe, refusals as errors. */
export class Http {
  /**
   * @param {object} options
   * @param {string} options.url the API's base, as `https://HOST/api`
   * @param {typeof fetch} options.fetch
   * @param {number} options.patience how long a request is retried, in milliseconds
   */
  constructor({ url, fetch, patience }) {
    this.url = url;
    this.fetch = fetch;
    this.patience = patience;
    /** @type {import("./session.js").Session | null} whose token requests carry */
    this.session = null;
    /** @type {(answer: any) => void} is told of each answer */
    this.onanswer = () => undefined;
  }

  /** @param {string} path @param {RequestOptions["query"]} [query] @returns {Promise<any>} */
  get(path, query) {
    return this.request("GET", path, { query });
  }

  /** @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  put(path, body) {
    return this.request("PUT", path, { body });
  }

  /** @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  patch(path, body) {
    return this.request("PATCH", path, { body });
  }

  /** @param {string} path @param {RequestOptions["query"]} [query] @returns {Promise<any>} */
  delete(path, query) {
    return this.request("DELETE", path, { query });
  }

  /** A POST that may be repeated. @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  post(path, body) {
    return this.request("POST", path, { body });
  }

  /** A POST that creates something, once. @param {string} path @param {unknown} body @returns {Promise<any>} */
  create(path, body) {
    return this.request("POST", path, { body, creates: true });
  }

  /**
   * Asks, and asks again after what may pass: no answer, overload, a failure. It gives up after `patience`.
   *
   * @param {string} method
   * @param {string} path below the base, with its parts percent-encoded
   * @param {RequestOptions} [options]
   * @returns {Promise<any>} the answer's JSON; null where it has none
   * @throws {ApiError} the service refused
   * @throws {ConnectionLost} no answer came
   */
  async request(method, path, options = {}) {
    const key = options.creates ? randomId() : null;
    const backoff = new Backoff(250, 4000);
    const until = Date.now() + this.patience;
    for (;;) {
      try {
        return await this.#authorised(method, path, options, key);
      } catch (error) {
        if (options.once || options.signal?.aborted || !isRetryable(error)) throw error;
        const wait = Math.max((error.retryAfter ?? 0) * 1000, backoff.next());
        if (Date.now() + wait > until) throw error;
        await pause(wait, options.signal);
      }
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {RequestOptions} options
   * @param {string | null} key
   */
  async #authorised(method, path, options, key) {
    const { session } = this;
    if (!session) return this.#ask(method, path, options, key, null);
    const token = await session.accessToken();
    try {
      return await this.#ask(method, path, options, key, token);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "session_ended") await session.end("session_ended");
      if (error.code !== "unauthenticated") throw error;
      return this.#ask(method, path, options, key, await session.refresh(token));
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {RequestOptions} options
   * @param {string | null} key
   * @param {string | null} token
   */
  async #ask(method, path, { query = {}, body, signal }, key, token) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    if (key) headers["Idempotency-Key"] = key;
    const { text, ...answer } = await this.#fetched(`${this.url}${path}${search && `?${search}`}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
    const data = parsed(text);
    if (!answer.ok) throw new ApiError({ ...data, status: answer.status });
    this.onanswer(data);
    return data;
  }

  /**
   * @param {string} address
   * @param {RequestInit & {signal?: AbortSignal}} options
   */
  async #fetched(address, options) {
    const late = new AbortController();
    const abort = () => late.abort();
    const timer = setTimeout(abort, ANSWER_MILLISECONDS);
    options.signal?.addEventListener("abort", abort);
    try {
      const { fetch } = this;
      const answer = await fetch(address, { ...options, signal: late.signal, cache: "no-store" });
      return { ok: answer.ok, status: answer.status, text: await answer.text() };
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new ConnectionLost("The service did not answer", error);
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
    }
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null; // a proxy's page
  }
}
