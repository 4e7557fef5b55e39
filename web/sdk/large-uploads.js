import { ApiError, ConnectionLost, isRetryable } from "./errors.js";
import { Backoff, pause } from "./timing.js";

const AT_ONCE = 3;

/**
 * @typedef {object} LargeOptions
 * @property {import("./uploads.js").OnProgress} [onProgress]
 * @property {(uploadId: number) => void} [onBegun] is told the id, by which another process can go on
 * @property {(upload: LargeUpload) => void} [onLarge] is given what pauses it, where `me.uploads.upload` sends in parts
 * @property {number} [begun] an upload to go on with; the file must be the same
 * @property {AbortSignal} [signal] gives up
 */

/**
 * A large file on its way: in parts, several at a time, which the store checks one by one.
 *
 * What has arrived stays there for a day, so that nothing is sent twice: not after a pause, a lost network, or a crash.
 */
export class LargeUpload {
  #running = new AbortController();
  #given = false;
  #arrived = 0;
  /** @type {Map<number, number>} the bytes that are sent of parts on their way */
  #sent = new Map();
  /** @type {() => void} */
  #resume = () => undefined;
  /** @type {Promise<void> | null} until it is to go on */
  #paused = null;

  /**
   * Begins at once.
   *
   * @param {object} parts
   * @param {import("./net/http.js").Http} parts.http
   * @param {{name: string, type: string, size: number, content: Blob}} parts.file
   * @param {(uploadId: number, signal?: AbortSignal) => Promise<import("./types/api.js").Attachment>} parts.complete
   * @param {LargeOptions} options
   */
  constructor({ http, file, complete }, { onProgress = () => undefined, onBegun = () => undefined, begun, signal }) {
    this.http = http;
    this.file = file;
    this.complete = complete;
    this.onProgress = onProgress;
    this.onBegun = onBegun;
    /** @type {number | null} the upload's id, once it is announced */
    this.id = begun ?? null;
    signal?.addEventListener("abort", () => this.discard());
    /** @type {Promise<import("./types/api.js").Attachment>} the file, once it can be attached */
    this.done = this.#run();
    this.done.catch(() => undefined); // whoever waits for it hears of it
    if (signal?.aborted) this.discard();
  }

  /** Stops, until `resume`. What has arrived is kept. */
  pause() {
    if (this.#paused || this.#given) return;
    this.#paused = new Promise((resolve) => (this.#resume = resolve));
    this.#running.abort();
  }

  /** Goes on with what is missing. */
  resume() {
    this.#paused = null;
    this.#resume();
  }

  /** Gives up, and has the store delete what has arrived. */
  discard() {
    this.#given = true;
    this.#running.abort();
    this.resume();
  }

  async #run() {
    const backoff = new Backoff(500, 8000);
    let until = Date.now() + this.http.patience;
    try {
      for (let before = -1; ; before = this.#arrived) {
        await this.#paused;
        if (this.#given) throw new DOMException("The upload was given up", "AbortError");
        this.#running = new AbortController();
        const { signal } = this.#running;
        try {
          return await this.#sendMissing(signal);
        } catch (error) {
          // It was paused or given up, and may have been resumed by now.
          if (signal.aborted) continue;
          if (this.#arrived > before) until = Date.now() + this.http.patience;
          if (!isRetryable(error) || Date.now() > until) throw error;
          await pause(backoff.next(), signal);
        }
      }
    } catch (error) {
      // Without a network it can be gone on with; else it would count against the user's storage for a day.
      if (this.id && !isRetryable(error)) void this.http.delete(`/uploads/${this.id}`).catch(() => undefined);
      throw error;
    }
  }

  /** @param {AbortSignal} signal */
  async #sendMissing(signal) {
    const { partSize, missing } = (await this.#known(signal)) ?? (await this.#announced(signal));
    const sizeOf = (/** @type {number} */ number) => Math.min(partSize, this.file.size - (number - 1) * partSize);
    const left = missing.reduce((/** @type {number} */ sum, /** @type {number} */ number) => sum + sizeOf(number), 0);
    this.#sent.clear();
    this.#arrived = this.file.size - left;
    this.#tell();
    for (let next = 0; next < missing.length; next += AT_ONCE) {
      await this.#sendBatch(missing.slice(next, next + AT_ONCE), partSize, signal);
    }
    signal.throwIfAborted();
    return this.complete(/** @type {number} */ (this.id), signal);
  }

  /** What is missing of an upload that was begun; null where there is none, or it has expired. @param {AbortSignal} signal */
  async #known(signal) {
    if (this.id === null) return null;
    try {
      return await this.http.request("GET", `/uploads/${this.id}/parts`, { signal });
    } catch (error) {
      const { code } = /** @type {{code?: string}} */ (error);
      if (code !== "gone" && code !== "not_found") throw error;
      return null;
    }
  }

  /** @param {AbortSignal} signal */
  async #announced(signal) {
    const { name, type, size } = this.file;
    const body = { filename: name, contentType: type, size };
    const { id, partSize, partCount } = await this.http.request("POST", "/uploads/multipart", { body, creates: true, signal });
    this.id = id;
    this.onBegun(id);
    return { partSize, missing: Array.from({ length: partCount }, (_, place) => place + 1) };
  }

  /** @param {number[]} numbers @param {number} partSize @param {AbortSignal} signal */
  async #sendBatch(numbers, partSize, signal) {
    const contents = numbers.map((number) => this.file.content.slice((number - 1) * partSize, number * partSize));
    const parts = contents.map(async (content, place) => ({
      partNumber: numbers[place],
      checksum: await checksumOf(content),
    }));
    const body = { parts: await Promise.all(parts) };
    signal.throwIfAborted();
    const signed = await this.http.request("POST", `/uploads/${this.id}/parts`, { body, signal });
    signal.throwIfAborted();
    // One that fails ends the others: they are asked for anew, with addresses that are good again.
    const failed = new AbortController();
    signal.addEventListener("abort", () => failed.abort());
    const sending = contents.map((content, place) => this.#send(signed.parts[place], content, failed.signal));
    try {
      await Promise.all(sending);
    } catch (error) {
      failed.abort();
      await Promise.allSettled(sending);
      throw error;
    }
  }

  /** @param {any} part @param {Blob} content @param {AbortSignal} signal */
  async #send({ partNumber, url, headers, size }, content, signal) {
    const onSent = (/** @type {number} */ sent) => {
      this.#sent.set(partNumber, sent);
      this.#tell();
    };
    const status = await (globalThis.XMLHttpRequest ? putByXhr : putByFetch)(url, content, {
      headers,
      signal,
      onSent,
      fetch: this.http.fetch,
    });
    // 403: the address has expired. 404: another device has joined the parts. Each is looked at anew.
    if (status >= 400) throw new ApiError({ status, code: "part_refused", title: "The store refused a part", retryable: true });
    this.#sent.delete(partNumber);
    this.#arrived += size;
    this.#tell();
  }

  #tell() {
    let sent = this.#arrived;
    for (const bytes of this.#sent.values()) sent += bytes;
    this.onProgress({ sent: Math.min(sent, this.file.size), total: this.file.size });
  }
}

/** @param {Blob} content @returns {Promise<string>} SHA-256 in base64 */
async function checksumOf(content) {
  const { subtle } = globalThis.crypto;
  if (!subtle) throw new TypeError("Large files can be sent from pages that were loaded by HTTPS only");
  const digest = new Uint8Array(await subtle.digest("SHA-256", await content.arrayBuffer()));
  return btoa(String.fromCharCode(...digest));
}

/**
 * @typedef {{headers: Record<string, string>, signal: AbortSignal, onSent: (bytes: number) => void, fetch: typeof fetch}} Putting
 */

/** @param {string} url @param {Blob} content @param {Putting} putting @returns {Promise<number>} the status */
function putByXhr(url, content, { headers, signal, onSent }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = () => resolve(request.status);
    request.onerror = request.onabort = () => reject(new ConnectionLost("The store of files did not answer"));
    signal.addEventListener("abort", () => request.abort());
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(content);
  });
}

/** @param {string} url @param {Blob} content @param {Putting} putting @returns {Promise<number>} the status */
async function putByFetch(url, content, { headers, signal, fetch }) {
  try {
    const answer = await fetch(url, { method: "PUT", headers, body: content, signal });
    await answer.arrayBuffer();
    return answer.status;
  } catch (error) {
    throw new ConnectionLost("The store of files did not answer", error);
  }
}
