import { Emitter } from "./emitter.js";
import { ApiError, isRetryable } from "./errors.js";
import { randomId } from "./ids.js";
import { heldLocks, holdLock } from "./platform/locks.js";
import { Backoff, oneByOne, pause } from "./timing.js";

/**
 * A message that is not acknowledged yet.
 *
 * @typedef {object} Pending
 * @property {string} clientMessageId has a repeated send store the message once
 * @property {number} chatId
 * @property {Record<string, any>} body the other fields of `POST /messages`, and `fileDetails`
 * @property {import("./uploads.js").Sendable[]} files what is attached
 * @property {number[]} uploaded the uploads of the first of them
 * @property {number} [begun] the large upload that was begun of the next one
 * @property {boolean} [paused] its large file waits for `resume`, and others pass it
 * @property {string} createdAt
 * @property {number} order counts up
 * @property {string} tab which tab sends it
 * @property {{code: string, message: string} | null} failed why it was refused; it waits for `retry` or `discard`
 */

/**
 * Messages that are not acknowledged yet. They are stored before they are sent, and sent until there is an answer: those
 * of one chat one after the other, each once.
 *
 * @extends {Emitter<{changed: {chatId: number},
 *   progress: {clientMessageId: string, chatId: number, sent: number, total: number}}>}
 */
export class Outbox extends Emitter {
  /** @type {Map<string, Pending>} in the order of sending */
  #pending = new Map();
  /** @type {Map<string, {resolve: (message: any) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  /** Chats whose messages are being sent. @type {Set<number>} */
  #busy = new Set();
  /** What ends the upload of a message's file. @type {Map<string, {pause: () => void, discard: () => void}>} */
  #uploading = new Map();
  #inOrder = oneByOne();
  #tab = randomId();
  #waking = new AbortController();
  #stopped = false;
  #order = Date.now();
  /** What gives back the locks of this tab, and those that it waits for. @type {(() => void)[]} */
  #releases = [];

  /**
   * @param {object} parts
   * @param {number} parts.userId
   * @param {import("./platform/storage.js").Storage} parts.storage
   * @param {import("./net/socket.js").Socket} parts.socket
   * @param {import("./net/http.js").Http} parts.http
   * @param {import("./uploads.js").Uploads} parts.uploads
   * @param {(message: any) => Promise<void>} parts.stored takes each message that is acknowledged
   */
  constructor({ userId, storage, socket, http, uploads, stored }) {
    super();
    this.prefix = `outbox:${userId}:`;
    this.storage = storage;
    this.socket = socket;
    this.http = http;
    this.uploads = uploads;
    this.stored = stored;
  }

  /** Takes over what an earlier process, or a tab that is closed, has left unsent. */
  async start() {
    const own = `tab:${this.#tab}`;
    this.#releases.push(holdLock(this.storage, own, () => undefined));
    const held = await heldLocks(this.storage);
    await this.#takeOver((tab) => !held?.has(tab));
    for (const tab of held ?? []) if (tab.startsWith("tab:") && tab !== own) this.#inherit(tab);
  }

  /** Takes over what a tab leaves unsent, once it is closed: a page that is reloaded may end after the new one has begun. @param {string} tab */
  #inherit(tab) {
    const release = holdLock(this.storage, tab, () => {
      void this.#takeOver((name) => name === tab).finally(() => release());
    });
    this.#releases.push(release);
  }

  /** @param {(tab: string) => boolean} isLeft by the name of a tab's lock */
  async #takeOver(isLeft) {
    const stored = (await this.storage.list(this.prefix)).map(([, pending]) => pending);
    const left = stored.filter(({ tab }) => isLeft(`tab:${tab}`)).sort((one, other) => one.order - other.order);
    for (const pending of left) await this.#store({ ...pending, tab: this.#tab });
    for (const { chatId } of left) this.#send(chatId);
  }

  /** Sends nothing more. What is not acknowledged stays stored. */
  stop() {
    this.#stopped = true;
    this.wake();
    for (const release of this.#releases) release();
  }

  /** Tries now what it would try later: there is a connection. */
  wake() {
    this.#waking.abort();
    this.#waking = new AbortController();
  }

  /** @param {number} chatId @returns {Pending[]} in order, those that were refused too */
  of(chatId) {
    return [...this.#pending.values()].filter((pending) => pending.chatId === chatId);
  }

  /**
   * Sends a message as soon as that is possible.
   *
   * @param {number} chatId
   * @param {Record<string, any>} body the fields of `POST /messages`
   * @param {import("./uploads.js").Sendable[]} files
   * @returns {Promise<import("./types/api.js").Message>} the message, once it is durable
   * @throws {ApiError} it was refused: it stays among the pending ones
   */
  async add(chatId, { clientMessageId = randomId(), ...body }, files) {
    const pending = {
      clientMessageId,
      chatId,
      body,
      files,
      uploaded: [],
      createdAt: new Date().toISOString(),
      order: this.#order++,
      tab: this.#tab,
      failed: null,
    };
    const done = new Promise((resolve, reject) => this.#waiting.set(clientMessageId, { resolve, reject }));
    done.catch(() => undefined); // `failed` tells it too
    await this.#store(pending);
    this.#send(chatId);
    return done;
  }

  /** Gives up everything, and removes it from this device. */
  async forget() {
    this.stop();
    for (const pending of [...this.#pending.values()]) await this.#remove(pending);
    const others = await this.storage.list(this.prefix);
    await this.storage.set(others.map(([key]) => [key, undefined]));
  }

  /** Sends a refused message again. @param {string} clientMessageId @returns {Promise<void>} */
  async retry(clientMessageId) {
    const pending = this.#pending.get(clientMessageId);
    if (!pending?.failed) return;
    await this.#change(clientMessageId, { failed: null });
    this.#send(pending.chatId);
  }

  /**
   * Holds a message back whose large file is on its way. What has arrived of it is kept, for a day.
   *
   * @param {string} clientMessageId
   * @returns {Promise<void>}
   */
  async pause(clientMessageId) {
    const pending = this.#pending.get(clientMessageId);
    if (!pending?.begun || pending.failed || pending.paused) return;
    await this.#change(clientMessageId, { paused: true });
    this.#uploading.get(clientMessageId)?.pause();
  }

  /** Sends what is missing of a file that was paused. @param {string} clientMessageId @returns {Promise<void>} */
  async resume(clientMessageId) {
    const pending = this.#pending.get(clientMessageId);
    if (!pending?.paused) return;
    await this.#change(clientMessageId, { paused: false });
    this.#send(pending.chatId);
  }

  /** Gives up a message that is not sent. @param {string} clientMessageId @returns {Promise<void>} */
  async discard(clientMessageId) {
    const pending = this.#pending.get(clientMessageId);
    if (!pending) return;
    await this.#remove(pending);
    this.#uploading.get(clientMessageId)?.discard();
    if (pending.paused && pending.begun) void this.uploads.remove(pending.begun).catch(() => undefined);
    this.#settle(clientMessageId)?.reject(new ApiError({ status: 410, code: "discarded", title: "It was given up" }));
  }

  /** Sends the messages of a chat, one after the other. @param {number} chatId */
  async #send(chatId) {
    if (this.#busy.has(chatId)) return;
    this.#busy.add(chatId);
    const backoff = new Backoff(500, 30_000);
    for (let next = this.#next(chatId); next; next = this.#next(chatId)) {
      try {
        const message = await this.#sent(next);
        backoff.reset();
        await this.stored(message);
        await this.#remove(next);
        this.#settle(next.clientMessageId)?.resolve(message);
      } catch (error) {
        if (this.#pending.get(next.clientMessageId)?.paused) continue;
        if (isRetryable(error)) await this.#pause(Math.max((error.retryAfter ?? 0) * 1000, backoff.next()));
        else if (this.#pending.has(next.clientMessageId)) await this.#refuse(next.clientMessageId, error);
      }
    }
    this.#busy.delete(chatId);
  }

  /** @param {number} chatId */
  #next(chatId) {
    return this.#stopped ? undefined : this.of(chatId).find((pending) => !pending.failed && !pending.paused);
  }

  /** @param {Pending} pending @returns {Promise<any>} the message */
  async #sent(pending) {
    const uploaded = await this.#uploaded(pending);
    const { fileDetails = [], ...body } = pending.body;
    const attachments = [...(body.attachments ?? []), ...uploaded];
    const described = uploaded.flatMap((id, place) => (fileDetails[place] ? [{ id, ...fileDetails[place] }] : []));
    const attachmentDetails = [...(body.attachmentDetails ?? []), ...described];
    const { chatId, clientMessageId } = pending;
    const files = { ...(attachments.length && { attachments }), ...(attachmentDetails.length && { attachmentDetails }) };
    const data = { ...body, chatId, clientMessageId, ...files };
    if (this.socket.carries("message:send", data)) return this.socket.request("message:send", data);
    return this.http.request("POST", "/messages", { body: data, once: true });
  }

  /** @param {Pending} pending @returns {Promise<number[]>} the uploads of its files */
  async #uploaded({ clientMessageId, files }) {
    const known = () => /** @type {Pending} */ (this.#pending.get(clientMessageId));
    for (const file of files.slice(known().uploaded.length)) {
      const { id } = await this.#upload(known(), file).finally(() => this.#uploading.delete(clientMessageId));
      if (!known()) throw new ApiError({ status: 410, code: "discarded" });
      await this.#change(clientMessageId, { uploaded: [...known().uploaded, id], begun: undefined });
    }
    return known().uploaded;
  }

  /** @param {Pending} pending @param {import("./uploads.js").Sendable} file @returns {Promise<import("./types/api.js").Attachment>} */
  #upload({ clientMessageId, chatId, begun }, file) {
    const discarded = new AbortController();
    return new Promise((resolve, reject) => {
      /** @type {import("./large-uploads.js").LargeUpload | undefined} */
      let large;
      const pause = () => {
        large?.pause();
        reject(new ApiError({ status: 409, code: "paused" }));
      };
      this.#uploading.set(clientMessageId, { pause, discard: () => discarded.abort() });
      const uploaded = this.uploads.upload(file, {
        begun,
        signal: discarded.signal,
        onLarge: (upload) => (large = upload),
        onBegun: (uploadId) => void this.#change(clientMessageId, { begun: uploadId }),
        onProgress: (progress) => this.emit("progress", { clientMessageId, chatId, ...progress }),
      });
      uploaded.then(resolve, reject);
    });
  }

  /** @param {string} clientMessageId @param {unknown} error */
  async #refuse(clientMessageId, error) {
    const { code = "failed", message } = /** @type {{code?: string, message: string}} */ (error);
    await this.#change(clientMessageId, { failed: { code, message } });
    this.#settle(clientMessageId)?.reject(/** @type {Error} */ (error));
  }

  /** @param {Pending} pending */
  #store(pending) {
    // One by one: messages are sent in the order in which they were given.
    return this.#inOrder(() => this.#keep(pending));
  }

  /** @param {string} clientMessageId of a message that is changed, unless it was given up @param {Partial<Pending>} fields */
  #change(clientMessageId, fields) {
    return this.#inOrder(async () => {
      const pending = this.#pending.get(clientMessageId);
      if (pending) await this.#keep({ ...pending, ...fields });
    });
  }

  /** @param {Pending} pending */
  async #keep(pending) {
    await this.storage.set([[`${this.prefix}${pending.clientMessageId}`, pending]]);
    this.#pending.set(pending.clientMessageId, pending);
    this.emit("changed", { chatId: pending.chatId });
  }

  /** @param {Pending} pending */
  async #remove({ clientMessageId, chatId }) {
    this.#pending.delete(clientMessageId);
    await this.storage.set([[`${this.prefix}${clientMessageId}`, undefined]]);
    this.emit("changed", { chatId });
  }

  /** @param {string} clientMessageId */
  #settle(clientMessageId) {
    const waiting = this.#waiting.get(clientMessageId);
    this.#waiting.delete(clientMessageId);
    return waiting;
  }

  /** @param {number} milliseconds */
  #pause(milliseconds) {
    return this.#stopped ? undefined : pause(milliseconds, this.#waking.signal);
  }
}
