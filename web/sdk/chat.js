import { Emitter } from "./emitter.js";
import { randomId } from "./ids.js";
import { Members } from "./members.js";
import { everyItem } from "./paging.js";
import { timeOf } from "./scheduled.js";

const HISTORY_PAGE = 50;
/** How far back a pending message is looked for among those that arrived. */
const RECENT = 100;

/**
 * @typedef {import("./types/api.js").Message} Message
 * @typedef {import("./types/api.js").PollAnswer} PollAnswer
 * @typedef {number | {id: number}} MessageOrId
 * @typedef {Record<string, any> & {content?: string, replyTo?: number, mentions?: number[], messageType?: string,
 *   files?: import("./uploads.js").Sendable[], fileDetails?: FileDetails[], clientMessageId?: string}} Outgoing the
 *   fields of `POST /messages`, files to attach, and what is said of each of these
 * @typedef {{caption?: string, duration?: number, waveform?: number[]} | null} FileDetails as in `attachmentDetails`
 */

/**
 * One chat, as it is now.
 *
 * Events: `message` is a new one, the user's own too; `updated` tells that one was edited, pinned, reacted to or deleted
 * for everyone; `removed` that one is not to be shown any more; `changed` that the chat's own state or its watermarks
 * have changed; `pending` that what is not sent yet has; `progress` how much of a file is sent; `typing` who types; and
 * `left` that the user is no member any more, `voted` what they voted for in an anonymous poll, on any device.
 *
 * @extends {Emitter<{message: Message, updated: Message, removed: Message, changed: {}, pending: {}, left: {},
 *   progress: {clientMessageId: string, sent: number, total: number}, typing: number[],
 *   voted: {chatId: number, messageId: number, votes: number[]}}>}
 */
export class Chat extends Emitter {
  /**
   * @param {import("./messenger.js").Messenger} me
   * @param {import("./copy/chat-copy.js").ChatCopy} copy
   */
  constructor(me, copy) {
    super();
    this.me = me;
    this.copy = copy;
    this.id = copy.data.id;
    this.members = new Members(this.id, me.http, me.ingest);
  }

  /** @returns {import("./types/api.js").Chat} the chat as the service tells it, with every field */
  get data() {
    return this.copy.data;
  }

  get type() {
    return this.data.type;
  }

  /** @returns {number | null} the other user of a private chat; the user's own id where they talk to themselves */
  get peerId() {
    if (this.type !== "private") return null;
    return this.data.participants.find(({ userId }) => userId !== this.me.id)?.userId ?? this.me.id;
  }

  /** @returns {string} a group's name, or the other user's */
  get name() {
    if (this.data.name) return this.data.name;
    const named = this.data.participants.filter(({ userId }) => userId !== this.me.id || this.peerId === userId);
    return named.map(({ userId }) => this.me.people.get(userId)?.displayName ?? `#${userId}`).join(", ");
  }

  get unreadCount() {
    return this.data.unreadCount;
  }

  /** @returns {Message[]} what is loaded, in order: the newest messages without gaps */
  get messages() {
    return this.copy.list;
  }

  /** @returns {Message | null} the newest that is there */
  get lastMessage() {
    return this.copy.list.at(-1) ?? null;
  }

  /** @returns {import("./outbox.js").Pending[]} what is not sent yet, in order */
  get pending() {
    const arrived = this.copy.list.slice(-RECENT).map((message) => message.senderId === this.me.id && message.clientMessageId);
    return this.me.outbox.of(this.id).filter(({ clientMessageId }) => !arrived.includes(clientMessageId));
  }

  /** @returns {number[]} the ids of the others who type now */
  get typists() {
    return this.me.typing.in(this.id);
  }

  /** @returns {{content: string, replyTo: number | null}} what the user has begun to write, on any device */
  get draft() {
    const { content = "", replyTo = null } = this.me.copy.drafts.get(this.id) ?? {};
    return { content, replyTo };
  }

  /** @param {Message} message @returns {"sent" | "delivered" | "read"} by what is known now */
  statusOf(message) {
    return this.copy.statusOf(message);
  }

  /**
   * Sends a message. It is stored on the device first, and sent until there is an answer: over lost connections, and
   * after a reload.
   *
   * @param {string | Outgoing} message
   * @returns {Promise<Message>} once it is durable
   * @throws {import("./errors.js").ApiError} it was refused; it stays in `pending`, with the reason
   */
  send(message) {
    const { files = [], ...body } = typeof message === "string" ? { content: message } : message;
    if (files.length) body.messageType ??= kindOf(files);
    this.me.typing.sent(this.id);
    return this.me.outbox.add(this.id, body, files);
  }

  /** Sends a refused message again. @param {string} clientMessageId */
  retry(clientMessageId) {
    return this.me.outbox.retry(clientMessageId);
  }

  /** Pauses a large file that is on its way; other messages pass it. @param {string} clientMessageId of its message */
  pause(clientMessageId) {
    return this.me.outbox.pause(clientMessageId);
  }

  /** Sends what is missing of it, also after a restart. @param {string} clientMessageId */
  resume(clientMessageId) {
    return this.me.outbox.resume(clientMessageId);
  }

  /** Gives up a message that is not sent. @param {string} clientMessageId */
  discard(clientMessageId) {
    return this.me.outbox.discard(clientMessageId);
  }

  /**
   * The history, newest first, loaded as it is asked for.
   *
   * @param {{before?: number}} [options] begins before this `seq`
   * @returns {AsyncGenerator<Message, void, void>}
   */
  async *history({ before = Infinity } = {}) {
    if (before < this.copy.from) {
      const path = `/chats/${this.id}/messages`;
      yield* everyItem(this.me.http, path, "messages", { before, limit: HISTORY_PAGE });
      return;
    }
    for (let seq = before; ; ) {
      const older = this.copy.list.filter((message) => message.seq < seq).reverse();
      for (const message of older) {
        seq = message.seq;
        yield message;
      }
      if (!older.length && !(await this.loadOlder(HISTORY_PAGE)).length) return;
    }
  }

  /**
   * Loads earlier messages into `messages`.
   *
   * @param {number} [count] at most 100
   * @returns {Promise<Message[]>} newest first; empty at the beginning of the history
   */
  loadOlder(count = HISTORY_PAGE) {
    return this.me.ingest.loadOlder(this.copy, count);
  }

  /**
   * As `me.search()`, in this chat.
   *
   * @param {string} text
   * @param {Record<string, any>} [narrowed] see `GET /messages/search`
   * @returns {AsyncGenerator<import("./types/api.js").FoundMessage>}
   */
  search(text, narrowed = {}) {
    return this.me.search(text, { ...narrowed, chatId: this.id });
  }

  /** @param {MessageOrId} message @param {string} content @param {number[]} [mentions] @returns {Promise<Message>} */
  async edit(message, content, mentions) {
    const edited = await this.me.http.put(`/messages/${idOf(message)}`, { content, mentions });
    await this.me.ingest.take("message:updated", edited);
    return edited;
  }

  /** @param {MessageOrId} message @returns {AsyncGenerator<import("./types/api.js").Edit>} earlier texts, newest first */
  edits(message) {
    return everyItem(this.me.http, `/messages/${idOf(message)}/edits`, "edits");
  }

  /** @param {MessageOrId} message @param {"everyone" | "me"} [whom] @returns {Promise<void>} */
  async delete(message, whom = "everyone") {
    await this.me.http.delete(`/messages/${idOf(message)}`, { for: whom });
    const seq = typeof message === "object" && "seq" in message ? Number(message.seq) : this.#seqOf(message);
    if (seq) await this.me.ingest.take("message:deleted", { chatId: this.id, seq, for: whom });
  }

  /** @param {MessageOrId} message @param {string} emoji @returns {Promise<void>} */
  async react(message, emoji) {
    const path = `/messages/${idOf(message)}/reactions/${encodeURIComponent(emoji)}`;
    await this.me.ingest.take("message:reaction", await this.me.http.put(path));
  }

  /** @param {MessageOrId} message @param {string} emoji @returns {Promise<void>} `updated` follows */
  unreact(message, emoji) {
    return this.me.http.delete(`/messages/${idOf(message)}/reactions/${encodeURIComponent(emoji)}`);
  }

  /** @param {MessageOrId} message @returns {AsyncGenerator<Message>} the replies in its thread, newest first */
  thread(message) {
    return everyItem(this.me.http, `/messages/${idOf(message)}/thread`, "messages");
  }

  /** @returns {AsyncGenerator<import("./types/api.js").Thread>} those of the chat, the newest reply first */
  threads() {
    return everyItem(this.me.http, `/chats/${this.id}/threads`, "threads");
  }

  /** @param {MessageOrId} message @param {number} [seq] of a reply; the newest where absent */
  markThreadRead(message, seq) {
    return this.me.http.post(`/messages/${idOf(message)}/thread/read`, { seq });
  }

  /** The user has listened to a voice message. @param {MessageOrId} message @returns {Promise<void>} */
  async listened(message) {
    await this.me.ingest.take("message:updated", await this.me.http.post(`/messages/${idOf(message)}/listened`));
  }

  /** @param {MessageOrId} message @returns {Promise<PollAnswer>} the poll, with `votes` of the user's own */
  poll(message) {
    return this.me.http.get(`/messages/${idOf(message)}/poll`);
  }

  /**
   * @param {MessageOrId} message
   * @param {number[]} options by their numbers from 0; none take the vote back
   * @returns {Promise<PollAnswer>} `updated` follows
   */
  vote(message, options) {
    return this.me.http.put(`/messages/${idOf(message)}/vote`, { options });
  }

  /** @param {MessageOrId} message @returns {Promise<PollAnswer>} `updated` follows */
  closePoll(message) {
    return this.me.http.put(`/messages/${idOf(message)}/poll/closed`);
  }

  /** @param {MessageOrId} message @param {number[]} chatIds @returns {Promise<Message[]>} the copies */
  async forward(message, chatIds) {
    const body = { chatIds, clientMessageId: randomId() };
    const { messages } = await this.me.http.create(`/messages/${idOf(message)}/forward`, body);
    for (const copy of messages) await this.me.ingest.take("message:new", copy);
    return messages;
  }

  /** @param {MessageOrId} message @returns {Promise<void>} */
  async pinMessage(message) {
    await this.me.ingest.take("message:updated", await this.me.http.put(`/messages/${idOf(message)}/pin`));
  }

  /** @param {MessageOrId} message @returns {Promise<void>} `updated` follows */
  unpinMessage(message) {
    return this.me.http.delete(`/messages/${idOf(message)}/pin`);
  }

  /** @returns {AsyncGenerator<Message>} pinned messages, the last pinned first */
  pins() {
    return everyItem(this.me.http, `/chats/${this.id}/pins`, "messages");
  }

  /** @param {MessageOrId} message @returns {AsyncGenerator<import("./types/api.js").Receipt>} who has read it */
  receipts(message) {
    return everyItem(this.me.http, `/messages/${idOf(message)}/receipts`, "receipts");
  }

  /** The user has seen the messages up to this one. @param {number} [seq] the newest where it is absent */
  markRead(seq = this.data.lastSeq) {
    if (seq > this.data.readSeq || this.data.markedUnread) this.me.receipts.read(this.id, seq);
  }

  /** Marks the chat as unread, until the user reads it or writes in it. */
  async markUnread() {
    await this.#setPersonal("unread");
  }

  /** The user types: call it at every key. */
  startTyping() {
    this.me.typing.start(this.id);
  }

  /** The user stopped typing. */
  stopTyping() {
    this.me.typing.stop(this.id);
  }

  /** @param {string} content empty to clear it @param {number | null} [replyTo] @returns {Promise<void>} */
  async setDraft(content, replyTo = null) {
    const draft = await this.me.http.put(`/chats/${this.id}/draft`, { content, replyTo });
    await this.me.ingest.take("draft:updated", draft);
  }

  /**
   * @param {Date | string} sendAt
   * @param {string | Record<string, any>} message text, or the fields of `POST /messages`
   * @returns {Promise<import("./types/api.js").ScheduledMessage>}
   */
  schedule(sendAt, message) {
    return this.me.scheduled.add(this.id, sendAt, typeof message === "string" ? { content: message } : message);
  }

  /** Changes a group's name, description, avatar or settings. @param {import("./types/api.js").ChatChange} fields */
  async change(fields) {
    await this.me.ingest.keep(await this.me.http.patch(`/chats/${this.id}`, fields));
  }

  /** @param {Date | string} [until] for ever where it is absent */
  async mute(until) {
    await this.#setPersonal("mute", until ? { until: timeOf(until) } : {});
  }

  /** Takes the mute away. */
  async unmute() {
    await this.#unset("mute", { muted: false, mutedUntil: null });
  }

  /** Of what the user's devices are notified. @param {"all" | "mentions" | "none"} notifyOf */
  async notify(notifyOf) {
    await this.#setPersonal("notifications", { notifyOf });
  }

  /** Keeps the chat at the top of the list. */
  async pin() {
    await this.#setPersonal("pin");
  }

  /** Takes the chat from the top of the list. */
  async unpin() {
    await this.#unset("pin", { pinned: false });
  }

  /** Puts the chat away. */
  async archive() {
    await this.#setPersonal("archive");
  }

  /** Brings the chat back. */
  async unarchive() {
    await this.#unset("archive", { archived: false });
  }

  /** Leaves a group. */
  async leave() {
    await this.me.http.post(`/chats/${this.id}/leave`);
    await this.me.ingest.sync();
  }

  /** Deletes a group for everybody, as its owner; hides a private chat until its next message. */
  async remove() {
    await this.me.http.delete(`/chats/${this.id}`);
    await this.me.ingest.sync();
  }

  /** Accepts a chat that a stranger has begun, as writing in it does. */
  async accept() {
    await this.#answer("accept");
  }

  /** Declines it: it is hidden, and the stranger cannot write any more. */
  async decline() {
    await this.#answer("decline");
  }

  /** @param {"accept" | "decline"} verb */
  async #answer(verb) {
    await this.me.ingest.take("chat:personal", await this.me.http.post(`/chats/${this.id}/${verb}`));
  }

  /** @param {"mute" | "notifications" | "pin" | "archive" | "unread"} setting @param {Record<string, any>} [body] */
  async #setPersonal(setting, body) {
    await this.me.ingest.take("chat:personal", await this.me.http.put(`/chats/${this.id}/${setting}`, body));
  }

  /** @param {"mute" | "pin" | "archive"} setting @param {Record<string, any>} fields */
  async #unset(setting, fields) {
    await this.me.http.delete(`/chats/${this.id}/${setting}`);
    await this.me.ingest.take("chat:personal", { chatId: this.id, ...fields });
  }

  /** @param {MessageOrId} message */
  #seqOf(message) {
    return this.copy.list.find(({ id }) => id === idOf(message))?.seq;
  }
}

/** @param {MessageOrId} message */
function idOf(message) {
  return typeof message === "number" ? message : message.id;
}

/** @param {{type?: string}[]} files @returns {string} the kind of message that holds them */
function kindOf(files) {
  const kinds = new Set(files.map(({ type }) => (type ?? "").split("/")[0]));
  const [kind] = kinds;
  return kinds.size === 1 && ["image", "audio", "video"].includes(kind) ? kind : "file";
}
