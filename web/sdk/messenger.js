import { Account } from "./account.js";
import { Chat } from "./chat.js";
import { Copy } from "./copy/copy.js";
import { Expiry } from "./copy/expiry.js";
import { Ingest } from "./copy/ingest.js";
import { Keeper } from "./copy/keeper.js";
import { Emitter } from "./emitter.js";
import { Http } from "./net/http.js";
import { Session } from "./net/session.js";
import { Socket } from "./net/socket.js";
import { Outbox } from "./outbox.js";
import { everyItem } from "./paging.js";
import { People } from "./people.js";
import { defaults } from "./platform/defaults.js";
import { watchNetwork } from "./platform/network.js";
import { Presence } from "./presence.js";
import { Receipts } from "./receipts.js";
import { Scheduled } from "./scheduled.js";
import { Typing } from "./typing.js";
import { Uploads } from "./uploads.js";

const PATIENCE_MILLISECONDS = 15_000;

/**
 * @typedef {object} Options
 * @property {import("./platform/storage.js").Storage} [storage] IndexedDB in browsers, memory elsewhere
 * @property {string} [socketUrl] where sockets connect, if not beside REST: `wss://HOST/api`
 * @property {boolean} [receipts] whether arrived messages are told as delivered; true
 * @property {number} [patience] how long requests are retried, in milliseconds; 15 seconds
 * @property {typeof fetch} [fetch]
 * @property {new (address: string, protocols?: string[]) => WebSocket} [WebSocket]
 *
 * @typedef {import("./types/api.js").Message} Message
 */

/**
 * A logged-in user: their chats, kept up to date, and everything that they can do.
 *
 * Events: those of every chat, with the `chat`; `chats` when the list has changed; `connection` with the socket's
 * state; `presence` and `person` when something is known anew of a user; `event` with every event of the socket, also
 * of types that this version does not know; `voted` when the user has voted in an anonymous poll, on any device; `ended`
 * when the session has.
 *
 * @extends {Emitter<{message: {chat: Chat, message: Message}, updated: {chat: Chat, message: Message},
 *   removed: {chat: Chat, message: Message}, typing: {chat: Chat, userIds: number[]}, chats: {},
 *   connection: "connecting" | "open" | "closed", presence: import("./types/api.js").UserPresence,
 *   person: import("./people.js").Known, event: any, ended: {reason: string},
 *   voted: {chatId: number, messageId: number, votes: number[]}}>}
 */
export class Messenger extends Emitter {
  /** @type {Map<number, Chat>} */
  #chats = new Map();
  /** @type {() => void} */
  #stopWatching = () => undefined;
  /** Resolves when everything is closed, once the session has ended. @type {Promise<void>} */
  #closing = Promise.resolve();

  /**
   * Logs in.
   *
   * @param {string} url where the service is, as `https://HOST`
   * @param {import("./types/api.js").Credentials} credentials
   * @param {Options} [options]
   * @returns {Promise<Messenger>} with the chats loaded, and connecting
   * @throws {import("./errors.js").ApiError} `wrong_credentials`, for example
   */
  static login(url, credentials, options = {}) {
    return Messenger.#begin(url, "/auth/login", credentials, options);
  }

  /**
   * Logs in by a passkey: `logIn` of `messenger-sdk/passkeys` asks the browser.
   *
   * @param {string} url
   * @param {(asked: any) => Promise<any>} sign answers the credential, given what it is to sign
   * @param {Options} [options]
   * @returns {Promise<Messenger>}
   */
  static async loginByPasskey(url, sign, options = {}) {
    const credential = await sign(await basics(url, options).open.post("/auth/passkeys/login/options", {}));
    return Messenger.#begin(url, "/auth/passkeys/login", { credential }, options);
  }

  /**
   * Registers a user, and logs in.
   *
   * @param {string} url
   * @param {import("./types/api.js").Registration} registration
   * @param {Options} [options]
   * @returns {Promise<Messenger>}
   * @throws {import("./errors.js").ApiError} its `errors` name the fields at fault
   */
  static register(url, registration, options = {}) {
    return Messenger.#begin(url, "/auth/register", registration, options);
  }

  /**
   * Goes on with the session that is stored. Works without a network where the chats were stored too.
   *
   * @param {string} url
   * @param {Options} [options]
   * @returns {Promise<Messenger | null>} null where nobody is logged in
   */
  static async resume(url, options = {}) {
    const parts = basics(url, options);
    const session = await Session.resume(parts.open, parts.storage);
    return session && Messenger.#started(new Messenger(parts, session, options));
  }

  /**
   * Has a letter sent that a new password can be set with. Whether an account has the address is not told.
   *
   * @param {string} url
   * @param {string} email
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  static forgotPassword(url, email, options = {}) {
    return basics(url, options).open.post("/auth/password/reset", { email });
  }

  /**
   * Appeals against the ban that a log-in was refused by, once; asking again answers how far that appeal is.
   *
   * @param {string} url
   * @param {import("./types/api.js").BanAppeal} appeal
   * @param {Options} [options]
   * @returns {Promise<import("./types/api.js").Report>}
   */
  static appeal(url, appeal, options = {}) {
    return basics(url, options).open.post("/auth/appeal", appeal);
  }

  /**
   * Sets a new password with the token of a letter. All sessions end.
   *
   * @param {string} url
   * @param {{token: string, password: string}} reset
   * @param {Options} [options]
   * @returns {Promise<void>}
   * @throws {import("./errors.js").ApiError} `letter_expired`, for example
   */
  static resetPassword(url, reset, options = {}) {
    return basics(url, options).open.post("/auth/password/reset/confirm", reset);
  }

  /**
   * Confirms an email address with the token of a letter.
   *
   * @param {string} url
   * @param {string} token
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  static async confirmEmail(url, token, options = {}) {
    await basics(url, options).open.post("/auth/email/confirm", { token });
  }

  /** @param {string} url @param {string} path @param {any} body @param {Options} options */
  static async #begin(url, path, body, options) {
    const parts = basics(url, options);
    const asked = Date.now();
    const admission = await parts.open.create(path, body);
    const session = await Session.begin(parts.open, parts.storage, admission, asked);
    return Messenger.#started(new Messenger(parts, session, options));
  }

  /** @param {Messenger} me */
  static async #started(me) {
    try {
      await me.#start();
      return me;
    } catch (error) {
      await me.close();
      throw error;
    }
  }

  /**
   * @param {ReturnType<typeof basics>} parts
   * @param {Session} session
   * @param {Options} options
   */
  constructor({ url, open, storage }, session, options) {
    super();
    this.session = session;
    this.id = session.kept.user.id;
    this.storage = storage;
    this.http = new Http({ url, fetch: open.fetch, patience: open.patience });
    this.http.session = session;
    this.people = new People(this.http);
    this.http.onanswer = (answer) => this.#learn(answer);
    this.people.learn([session.kept.user]);
    this.account = new Account(this.http);
    this.presence = new Presence(this.http);
    this.socket = new Socket({
      url: options.socketUrl ?? url.replace(/^http/, "ws"),
      http: this.http,
      token: () => session.accessToken(),
      asked: () => this.ingest.query,
      WebSocket: options.WebSocket ?? defaults.WebSocket(),
    });
    this.copy = new Copy(this.http, this.id);
    this.ingest = new Ingest((query) => this.#changes(query), this.copy, (told) => this.#learn(told), () => this.keeper.later());
    this.keeper = new Keeper(storage, this.copy, this.ingest, this.people);
    this.expiry = new Expiry(this.copy);
    this.uploads = new Uploads(this.http);
    this.scheduled = new Scheduled(this.http, this.ingest);
    this.receipts = new Receipts(this.socket, this.http, (type, mark) => {
      void this.ingest.take(type, { ...mark, userId: this.id });
    });
    this.typing = new Typing(this.socket, (chatId) => this.#tellTyping(chatId));
    this.outbox = new Outbox({
      userId: this.id,
      storage,
      socket: this.socket,
      http: this.http,
      uploads: this.uploads,
      stored: (message) => this.ingest.take("message:new", message),
    });
    this.autoReceipts = options.receipts ?? true;
    this.#listen();
  }

  /** @returns {import("./people.js").Known} who is logged in */
  get user() {
    return this.people.get(this.id) ?? this.session.kept.user;
  }

  /** @returns {Chat[]} the chat list: pinned ones first, then by their newest message */
  get chats() {
    const shown = [...this.copy.chats.keys()].map((chatId) => this.#handle(chatId)).filter((chat) => !chat.data.hidden);
    return shown.sort(inListOrder);
  }

  /** @param {number} chatId @returns {Chat | undefined} */
  chat(chatId) {
    return this.copy.chats.has(chatId) ? this.#handle(chatId) : undefined;
  }

  /** @returns {"connecting" | "open" | "closed"} of the socket */
  get connection() {
    return this.socket.state;
  }

  /** Opens the private chat with a user, or a user's own. @param {number} userId @returns {Promise<Chat>} */
  openPrivate(userId) {
    return this.#opened(this.http.create("/chats", { type: "private", participantIds: [userId] }));
  }

  /**
   * @param {{name?: string, description?: string, participantIds: number[]}} group
   * @returns {Promise<Chat>} whose owner the user is
   */
  createGroup(group) {
    return this.#opened(this.http.create("/chats", { type: "group", ...group }));
  }

  /** @param {string} [text] @returns {AsyncGenerator<import("./types/api.js").ChatPreview>} groups that anybody may join */
  publicGroups(text) {
    return everyItem(this.http, "/chats/public", "chats", { q: text });
  }

  /** @param {number} chatId @returns {Promise<import("./types/api.js").ChatPreview>} */
  previewGroup(chatId) {
    return this.http.get(`/chats/${chatId}/preview`);
  }

  /** Joins a public group. @param {number} chatId @returns {Promise<Chat>} */
  joinGroup(chatId) {
    return this.#opened(this.http.post(`/chats/${chatId}/join`));
  }

  /** @param {string} token @returns {Promise<import("./types/api.js").ChatPreview>} */
  previewInvite(token) {
    return this.http.get(`/invites/${encodeURIComponent(token)}`);
  }

  /** @param {string} token @returns {Promise<Chat>} */
  joinByInvite(token) {
    return this.#opened(this.http.post(`/invites/${encodeURIComponent(token)}/join`));
  }

  /**
   * Messages of all chats that hold the words, newest first, each with a `snippet` that shows where.
   *
   * @param {string} text
   * @param {Record<string, any>} [narrowed] `chatId`, `senderId`, `messageType`, `since`, `until`, `order`
   * @returns {AsyncGenerator<import("./types/api.js").FoundMessage>}
   */
  search(text, narrowed = {}) {
    return everyItem(this.http, "/messages/search", "messages", { ...narrowed, q: text });
  }

  /** @returns {Promise<import("./types/api.js").Unread>} how much is unread in all chats, and where the user is mentioned */
  unread() {
    return this.http.get("/unread");
  }

  /** Brings the copy up to date now. It happens by itself after each connection. @returns {Promise<void>} */
  sync() {
    return this.ingest.sync();
  }

  /** Ends the session, and forgets what is stored on this device. */
  async logout() {
    const { refreshToken } = this.session.kept;
    await this.http.request("POST", "/auth/logout", { body: { refreshToken } });
    await this.#forget();
  }

  /** Ends the sessions of all devices, this one's too. */
  async logoutAll() {
    await this.http.post("/auth/logout-all");
    await this.#forget();
  }

  /** Disconnects. The session stays, for `resume`; what is not sent yet is sent then. */
  async close() {
    this.#stopWatching();
    this.socket.stop();
    this.outbox.stop();
    this.receipts.stop();
    this.typing.clear();
    this.expiry.stop();
    this.ingest.stop();
    await this.keeper.flush();
    await this.keeper.stop();
  }

  async #start() {
    if (!(await this.keeper.restore())) await this.ingest.load();
    this.keeper.start();
    this.socket.start();
    this.#stopWatching = watchNetwork(() => {
      this.socket.wake();
      this.outbox.wake();
    });
    await this.outbox.start();
  }

  async #forget() {
    await this.session.end("logged_out");
    await this.#closing;
    await this.outbox.forget();
  }

  /** The session has ended. What is not sent yet stays, for the same user's next log-in. */
  async #end() {
    this.socket.stop();
    this.ingest.stop();
    await this.keeper.forget();
    await this.close();
  }

  #listen() {
    this.session.on("ended", (why) => {
      this.#closing = this.#end();
      this.emit("ended", why);
    });
    this.socket.on("state", (state) => {
      if (state !== "open") this.typing.clear();
      this.emit("connection", state);
    });
    this.socket.on("ready", () => this.#connected());
    this.socket.on("event", (event) => this.#hear(event));
    this.people.on("changed", (person) => this.emit("person", person));
    this.presence.on("changed", (presence) => this.emit("presence", presence));
    this.outbox.on("changed", ({ chatId }) => this.chat(chatId)?.emit("pending", {}));
    this.outbox.on("progress", ({ chatId, ...progress }) => this.chat(chatId)?.emit("progress", progress));
    for (const name of /** @type {const} */ (["message", "updated", "removed"])) {
      this.copy.on(name, ({ chatId, message }) => this.#tell(name, chatId, message));
    }
    for (const name of /** @type {const} */ (["chat", "marks", "draft"])) {
      this.copy.on(name, ({ chatId }) => this.#tellChanged(chatId));
    }
    this.copy.on("voted", (told) => {
      this.chat(told.chatId)?.emit("voted", told);
      this.emit("voted", told);
    });
    this.copy.on("left", ({ chatId }) => this.#tellLeft(chatId));
    this.copy.on("reset", () => {
      for (const [chatId, { to, data }] of this.copy.chats) if (to > data.deliveredSeq) this.#tellDelivered(chatId);
      this.emit("chats", {});
    });
  }

  #connected() {
    this.outbox.wake();
    void this.ingest.sync(this.socket.changes);
    this.presence.renew().catch(() => undefined); // asked again after the next connection
  }

  /** @param {any} event */
  #hear(event) {
    this.#learn(event);
    this.typing.hear(event);
    if (event.type === "session:revoked") void this.session.end("session_ended");
    if (event.type === "user:status") this.presence.take(event.data);
    void this.ingest.hear(event);
    this.emit("event", event);
  }

  /** @param {any} told an answer or an event */
  #learn(told) {
    if (Array.isArray(told?.users)) this.people.learn(told.users);
    if (told?.type === "user:updated") this.people.learn([told.data]);
  }

  /** @param {"message" | "updated" | "removed"} name @param {number} chatId @param {Message} message */
  #tell(name, chatId, message) {
    const chat = this.#handle(chatId);
    if (name === "message" && message.senderId !== this.id) this.#tellDelivered(chatId);
    chat.emit(name, message);
    this.emit(name, { chat, message });
    if (name !== "updated") this.emit("chats", {});
  }

  /** Everything that is loaded of a chat has arrived. @param {number} chatId */
  #tellDelivered(chatId) {
    if (this.autoReceipts) this.receipts.delivered(chatId, this.#handle(chatId).copy.to);
  }

  /** @param {number} chatId */
  #tellChanged(chatId) {
    this.chat(chatId)?.emit("changed", {});
    this.emit("chats", {});
  }

  /** @param {number} chatId */
  #tellLeft(chatId) {
    this.#chats.get(chatId)?.emit("left", {});
    this.#chats.delete(chatId);
    this.emit("chats", {});
  }

  /** @param {number} chatId */
  #tellTyping(chatId) {
    const chat = this.chat(chatId);
    if (!chat) return;
    chat.emit("typing", chat.typists);
    this.emit("typing", { chat, userIds: chat.typists });
  }

  /** What changed since a cursor. @param {{limit: number, cursor?: string}} query @returns {Promise<any>} */
  #changes(query) {
    return this.socket.state === "open" ? this.socket.request("sync", query) : this.http.get("/sync", query);
  }

  /** @param {Promise<any>} answer a chat @returns {Promise<Chat>} */
  async #opened(answer) {
    const data = await answer;
    await this.ingest.keep(data);
    return this.#handle(data.id);
  }

  /** @param {number} chatId */
  #handle(chatId) {
    const copy = /** @type {import("./copy/chat-copy.js").ChatCopy} */ (this.copy.chats.get(chatId));
    const known = this.#chats.get(chatId);
    const chat = known?.copy === copy ? known : new Chat(this, copy);
    this.#chats.set(chatId, chat);
    return chat;
  }
}

/**
 * What there is before somebody is logged in.
 *
 * @param {string} url
 * @param {Options} options
 */
function basics(url, options) {
  const base = url.replace(/\/+$/, "");
  // React Native's URL cannot be changed.
  const api = /^https?:\/\/[^/]+$/.test(base) ? `${base}/api` : base;
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  return {
    url: api,
    open: new Http({ url: api, fetch, patience: options.patience ?? PATIENCE_MILLISECONDS }),
    storage: options.storage ?? defaults.storage(),
  };
}

/** @param {Chat} one @param {Chat} other */
function inListOrder(one, other) {
  const newest = (/** @type {Chat} */ chat) => chat.lastMessage?.createdAt ?? chat.data.createdAt;
  const pinned = Number(other.data.pinned) - Number(one.data.pinned);
  return pinned || (newest(one) < newest(other) ? 1 : -1);
}
