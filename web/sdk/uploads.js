import { ApiError, ConnectionLost } from "./errors.js";
import { Backoff, pause } from "./timing.js";

const ARRIVAL_MILLISECONDS = 30_000;
const SCAN_MILLISECONDS = 10 * 60_000;
const SLICE_BYTES = 64 * 1024;

/**
 * A file to send: a File or Blob; bytes with a name and a type; in React Native an object with its `uri`.
 *
 * @typedef {Blob & {name?: string}} BlobFile
 * @typedef {{name: string, type: string, data: Blob | Uint8Array}} NamedFile
 * @typedef {{name: string, type: string, uri: string, size: number}} NativeFile
 * @typedef {BlobFile | NamedFile | NativeFile} Sendable
 * @typedef {(progress: {sent: number, total: number}) => void} OnProgress in bytes
 */

/** Files: announced, sent to the store, checked. */
export class Uploads {
  /** @param {import("./net/http.js").Http} http */
  constructor(http) {
    this.http = http;
  }

  /**
   * Uploads a file, so that it can be attached to a message; a large one in parts.
   *
   * @param {Sendable} file
   * @param {import("./large-uploads.js").LargeOptions} [options]
   * @returns {Promise<import("./types/api.js").Attachment>}
   * @throws {ApiError} the service or the store refused the file
   * @throws {ConnectionLost} the store did not answer
   */
  async upload(file, options = {}) {
    const { onProgress = () => undefined, signal, begun } = options;
    const { name, type, size, content } = described(file);
    let form;
    try {
      const body = { filename: name, contentType: type, size };
      form = !begun && (await this.http.request("POST", "/uploads", { body, creates: true, signal }));
    } catch (error) {
      if (/** @type {ApiError} */ (error).code !== "too_large") throw error;
    }
    if (!form) {
      const large = await this.large(file, options);
      options.onLarge?.(large);
      return large.done;
    }
    const data = new FormData();
    for (const [field, value] of Object.entries(form.fields)) data.append(field, value);
    // React Native's FormData takes an object with a `uri`, which the types of browsers do not know.
    data.append("file", /** @type {Blob} */ (content), name);
    const send = globalThis.XMLHttpRequest ? sendByXhr : sendByFetch;
    try {
      onProgress({ sent: 0, total: size });
      await send(form.url, data, { total: size, onProgress, signal, fetch: this.http.fetch });
      onProgress({ sent: size, total: size });
      return await this.#completed(form.id, signal);
    } catch (error) {
      // What was announced counts against the user's storage until it is removed or expires.
      void this.remove(form.id).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Uploads a file in parts. It can be paused, and gone on with within a day, also by another process.
   *
   * @param {Sendable} file a Blob, or bytes
   * @param {import("./large-uploads.js").LargeOptions} [options]
   */
  async large(file, options = {}) {
    const { LargeUpload } = await import("./large-uploads.js");
    const complete = this.#completed.bind(this);
    return new LargeUpload({ http: this.http, file: /** @type {any} */ (described(file)), complete }, options);
  }

  /**
   * @param {number} uploadId
   * @param {"small" | "medium" | "large"} [size] of a picture; the file itself where there is no such thumbnail
   * @returns {Promise<import("./types/api.js").Download>} with an address for 5 minutes
   */
  download(uploadId, size) {
    return this.http.get(`/uploads/${uploadId}${size ? `?size=${size}` : ""}`);
  }

  /** Deletes a file that no message holds. @param {number} uploadId @returns {Promise<void>} */
  remove(uploadId) {
    return this.http.delete(`/uploads/${uploadId}`);
  }

  /** @param {number} uploadId @param {AbortSignal} [signal] */
  async #completed(uploadId, signal) {
    const backoff = new Backoff(200, 2000);
    const began = Date.now();
    for (;;) {
      try {
        return await this.http.request("POST", `/uploads/${uploadId}/complete`, { signal });
      } catch (error) {
        const { code } = /** @type {ApiError} */ (error);
        const most = code === "upload_pending" ? ARRIVAL_MILLISECONDS : code === "upload_scanning" ? SCAN_MILLISECONDS : 0;
        if (Date.now() - began > most || !most) throw error;
        await pause(backoff.next(), signal);
      }
    }
  }
}

/**
 * What the service is told of a file, and what is sent.
 *
 * @param {Sendable} file
 */
function described(file) {
  const type = file.type || "application/octet-stream";
  if ("uri" in file) return { name: file.name, type, size: file.size, content: file };
  const blob = "data" in file ? new Blob([/** @type {BlobPart} */ (file.data)], { type }) : file;
  return { name: file.name || "file", type, size: blob.size, content: blob };
}

/**
 * @typedef {{total: number, onProgress: OnProgress, signal?: AbortSignal, fetch: typeof fetch}} Sending
 */

/** @param {string} url @param {FormData} form @param {Sending} sending @returns {Promise<void>} */
function sendByXhr(url, form, { total, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    // The form's own bytes count too: they are spread over the file's.
    request.upload.onprogress = ({ loaded, total: all }) => onProgress({ sent: Math.floor((loaded / all) * total), total });
    request.onload = () => (request.status < 300 ? resolve() : reject(refusal(request.status)));
    request.onerror = () => reject(new ConnectionLost("The store of files did not answer"));
    request.onabort = () => reject(signal?.reason ?? new ConnectionLost("The upload was given up"));
    signal?.addEventListener("abort", () => request.abort());
    request.open("POST", url);
    request.send(form);
  });
}

/** @param {string} url @param {FormData} form @param {Sending} sending @returns {Promise<void>} */
async function sendByFetch(url, form, { total, onProgress, signal, fetch }) {
  const encoded = new Response(form);
  const type = /** @type {string} */ (encoded.headers.get("Content-Type"));
  const bytes = new Uint8Array(await encoded.arrayBuffer());
  async function* slices() {
    for (let sent = 0; sent < bytes.length; sent += SLICE_BYTES) {
      onProgress({ sent: Math.floor((sent / bytes.length) * total), total });
      yield bytes.subarray(sent, sent + SLICE_BYTES);
    }
  }
  const options = {
    method: "POST",
    // The store takes no chunked bodies. Node sends this length in place of chunks.
    headers: { "Content-Type": type, "Content-Length": String(bytes.length) },
    body: /** @type {any} */ (slices()),
    duplex: "half",
    signal,
  };
  let answer;
  try {
    answer = await fetch(url, options);
    await answer.arrayBuffer();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ConnectionLost("The store of files did not answer", error);
  }
  if (!answer.ok) throw refusal(answer.status);
}

/** @param {number} status */
function refusal(status) {
  return new ApiError({ status, code: "upload_refused", title: "The store refused the file" });
}
