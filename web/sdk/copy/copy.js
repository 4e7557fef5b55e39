import { Emitter } from "../emitter.js";
import { ApiError } from "../errors.js";
import { ChatCopy } from "./chat-copy.js";

/** @typedef {import("../types/api.js").Message} Message */
/** @typedef {import("../types/api.js").Event} Event */

/** Events that change what is kept; of others, also those that this version does not know, nothing is kept. */
const KEPT = /^(messages?:|draft:|poll:|chat:(?!joined)|member:updated)/;
const PAGE = 100;
/** How many ids of events are remembered: those of a socket and of the one that takes its place. */
const HEARD = 5000;

/**
 * What a copy tells when it has changed. `chatId` says of which chat.
 *
 * @typedef {{
 *   message: {chatId: number, message: Message},
 *   updated: {chatId: number, message: Message},
 *   removed: {chatId: number, message: Message},
 *   chat: {chatId: number},
 *   marks: {chatId: number, userId: number},
 *   left: {chatId: number},
 *   draft: {chatId: number},
 *   voted: {chatId: number, messageId: number, votes: number[]},
 *   reset: {},
 * }} CopyEvents
 */

/**
 * A client's copy of its user's chats, by the rules of docs/protocol.md, "Nothing lost, nothing twice, in order".
 *
 * `hear` takes events of sockets, which may come twice, late, out of order or never. `apply` takes those of sync, which
 * hold as they are. Both are to be called one after the other, never at the same time.
 *
 * @extends {Emitter<CopyEvents>}
 */
export class Copy extends Emitter {
  /** @type {Map<number, ChatCopy>} */
  chats = new Map();
  /** @type {Map<number, any>} by chat */
  drafts = new Map();
  /** @type {Set<string>} */
  #heard = new Set();
  /** Messages that sync tells of chats that it has just told. @type {Map<number, Message[]>} */
  #met = new Map();
  /** How much is unread in the chats that sync told, by the chat: for when their messages are told. */
  #told = /** @type {Map<ChatCopy, number>} */ (new Map());
  /** Messages that sync told and that are new. @type {Message[]} */
  #arrived = [];

  /**
   * @param {import("../net/http.js").Http} http
   * @param {number} userId
   */
  constructor(http, userId) {
    super();
    this.http = http;
    this.userId = userId;
    /** Brings everything up to date. @type {() => Promise<void>} */
    this.sync = async () => undefined;
  }

  /** Loads the chat list and the drafts, in place of what was kept. */
  async load() {
    const chats = [...(await this.#all("/chats", "chats")), ...(await this.#all("/chats", "chats", { requests: true }))];
    const drafts = await this.#all("/drafts", "drafts");
    const kept = new Set(chats.map((chat) => chat.id));
    for (const chatId of [...this.chats.keys()]) if (!kept.has(chatId)) this.#drop(chatId);
    for (const chat of chats) this.keep(chat);
    this.drafts = new Map(drafts.map((draft) => [draft.chatId, draft]));
    this.emit("reset", {});
  }

  /**
   * Takes an event of a socket, once.
   *
   * @param {any} event
   */
  async hear(event) {
    if (!KEPT.test(event.type) || this.#heard.has(event.eventId)) return;
    this.#remember(event.eventId);
    const chatId = event.data?.chatId ?? event.chatId ?? event.data?.id;
    if (event.type === "draft:updated") this.#hearDraft(event.data);
    // It may be late; and what changed while the user was out was told to nobody here.
    else if (this.chats.has(chatId) && /^chat:(created|left)$/.test(event.type)) await this.sync();
    else await this.take(event, chatId);
  }

  /**
   * Takes what an answer tells, in the form of an event.
   *
   * @param {any} event
   * @param {number} chatId
   */
  async take(event, chatId) {
    const chat = this.chats.get(chatId);
    try {
      if (chat) await this.#hearOf(event, chat);
      else await this.#hearOfUnknown(event, chatId);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      this.#drop(chatId); // the user is no member any more
    }
  }

  /**
   * Takes an event of sync. New messages are told when `applied` is called, after each page.
   *
   * @param {any} event
   */
  apply({ type, data }) {
    const chatId = type.startsWith("chat:") && data.id ? data.id : data.chatId;
    const chat = this.chats.get(chatId);
    switch (type) {
      case "chat:created":
      case "chat:updated":
        return this.#applyChat(chat, data);
      case "chat:left":
        return this.#drop(chatId);
      case "draft:updated":
        this.drafts.set(chatId, data);
        return this.emit("draft", { chatId });
      case "message:new":
      case "message:updated":
        return this.#applyMessage(type, data, chat);
    }
    if (!chat) return;
    if (type === "poll:voted") this.emit("voted", data);
    else if (type === "message:deleted") this.#delete(chat, data);
    else if (type === "message:reaction") this.#react(chat, data);
    else if (type === "message:delivered" || type === "messages:read") {
      const mark = type === "messages:read" ? "readSeq" : "deliveredSeq";
      if (chat.setMark(mark, data.userId, data.seq)) this.emit("marks", { chatId, userId: data.userId });
    }
  }

  /**
   * A page of sync is applied: tells the messages that are new, in order.
   *
   * @param {boolean} more whether another page follows
   */
  applied(more) {
    if (!more) {
      this.#joinMet();
      for (const [chat, unreadCount] of this.#told) chat.countFrom(unreadCount);
      this.#told.clear();
    }
    const arrived = this.#arrived.sort((one, other) => one.chatId - other.chatId || one.seq - other.seq);
    this.#arrived = [];
    for (const { chatId, seq } of arrived) {
      const message = this.chats.get(chatId)?.messages.get(seq);
      if (message) this.emit("message", { chatId, message });
    }
  }

  /**
   * Loads messages before those that are loaded.
   *
   * @param {ChatCopy} chat
   * @param {number} count at most 100
   * @returns {Promise<Message[]>} what was loaded, newest first; nothing where the history is whole
   */
  async loadOlder(chat, count) {
    /** @type {Record<string, string | number>} */
    let query = { before: chat.from, limit: count };
    while (!chat.whole) {
      const { messages, hasMore, nextCursor } = await this.http.get(`/chats/${chat.data.id}/messages`, query);
      chat.extend(messages, hasMore);
      if (messages.length) return messages;
      query = { cursor: nextCursor, limit: count };
    }
    return [];
  }

  /**
   * A message's time has come: it is not shown any more.
   *
   * @param {ChatCopy} chat
   * @param {Message} message
   */
  expire(chat, message) {
    if (chat.forget(message.seq)) this.emit("removed", { chatId: chat.data.id, message });
  }

  /**
   * Keeps a chat as it is now.
   *
   * @param {import("../types/api.js").Chat} data
   * @param {number} [position] as in `ChatCopy.reset`
   * @returns {ChatCopy}
   */
  keep(data, position) {
    const known = this.chats.get(data.id);
    const chat = known ?? new ChatCopy(data, this.userId);
    chat.reset(data, position);
    this.chats.set(data.id, chat);
    this.emit("chat", { chatId: data.id });
    return chat;
  }

  /** @param {number} chatId */
  #drop(chatId) {
    this.drafts.delete(chatId);
    if (this.chats.delete(chatId)) this.emit("left", { chatId });
  }

  /** @param {any} event @param {number} chatId */
  async #hearOfUnknown(event, chatId) {
    if (event.type === "chat:left" || typeof chatId !== "number") return;
    // What this event tells, and what follows it, is news. What is before it is history.
    const news = { "message:new": event.seq - 1, "chat:created": event.data.lastSeq }[/** @type {string} */ (event.type)];
    const { users: _, ...data } = await this.http.get(`/chats/${chatId}`);
    const chat = this.keep(data, news);
    try {
      // The event may be late: what came after it may be known to sync already, which will not tell it again.
      await this.#fill(chat, data.lastSeq);
      chat.countFrom(data.unreadCount);
    } catch (error) {
      this.#drop(chatId); // a gap would stay
      throw error;
    }
  }

  /** @param {any} event @param {ChatCopy} chat */
  async #hearOf(event, chat) {
    const { type, data } = event;
    const chatId = chat.data.id;
    switch (type) {
      case "message:new":
        await this.#hearMessage(chat, data);
        chat.merge({ lastSeq: Math.max(chat.data.lastSeq, data.seq), hidden: false });
        if (!event.unattended && data.senderId) this.#raise(chat, "readSeq", data.senderId, data.seq);
        if (data.senderId === this.userId && data.messageType !== "system") chat.merge({ markedUnread: false });
        // Who writes accepts a request, and opens again what they have declined.
        if (data.senderId === this.userId) chat.merge({ isRequest: false });
        else if (chat.data.cannotSendReason === "request_declined") chat.merge({ canSend: true, cannotSendReason: null });
        return this.emit("chat", { chatId });
      case "message:updated":
        return this.#hearMessage(chat, data);
      case "poll:voted":
        return this.emit("voted", data);
      case "message:deleted":
      case "message:reaction":
        await this.#fill(chat, data.seq);
        return type === "message:deleted" ? this.#delete(chat, data) : this.#react(chat, data);
      case "messages:read":
        return this.#hearRead(chat, data);
      case "message:delivered":
        return this.#raise(chat, "deliveredSeq", data.userId, data.seq);
      case "chat:updated":
        return chat.update(data) && this.emit("chat", { chatId });
      case "chat:personal":
      case "chat:sending":
        return this.#merge(chat, data);
      case "member:updated": {
        const { userId, role } = data;
        const participants = chat.data.participants.map((one) => (one.userId === userId ? { ...one, role } : one));
        return this.#merge(chat, { participants });
      }
    }
  }

  /** @param {ChatCopy} chat @param {{userId: number, seq: number}} data */
  async #hearRead(chat, { userId, seq }) {
    const own = userId === this.userId && seq > chat.data.readSeq;
    this.#raise(chat, "readSeq", userId, seq);
    // What is read ends among messages that are not loaded: they cannot be counted here.
    if (!own || seq >= chat.from - 1) return;
    chat.countFrom((await this.http.get(`/chats/${chat.data.id}`)).unreadCount);
    this.emit("chat", { chatId: chat.data.id });
  }

  /** @param {any} data */
  #hearDraft(data) {
    const known = this.drafts.get(data.chatId);
    if (known && known.updatedAt >= data.updatedAt) return;
    this.drafts.set(data.chatId, data);
    this.emit("draft", { chatId: data.chatId });
  }

  /** @param {ChatCopy} chat @param {Message} message */
  async #hearMessage(chat, message) {
    await this.#fill(chat, message.seq - 1);
    this.#place(chat, message);
  }

  /**
   * Closes the gap between what is there and a message that something is told of.
   *
   * @param {ChatCopy} chat
   * @param {number} seq
   */
  async #fill(chat, seq) {
    /** @type {Record<string, string | number>} */
    let query = { after: chat.to, limit: PAGE };
    while (seq > chat.to) {
      const { messages, hasMore, nextCursor } = await this.http.get(`/chats/${chat.data.id}/messages`, query);
      for (const message of messages) {
        this.#place(chat, message);
      }
      if (!hasMore) chat.to = Math.max(chat.to, seq);
      query = { cursor: nextCursor, limit: PAGE };
    }
  }

  /** @param {ChatCopy} chat @param {Message} message */
  #place(chat, message) {
    const outcome = chat.place(message);
    chat.to = Math.max(chat.to, message.seq);
    const name = outcome === "new" ? "message" : "updated";
    if (outcome) this.emit(name, { chatId: chat.data.id, message: told(chat, message) });
  }

  /** @param {ChatCopy} chat @param {any} data */
  #delete(chat, data) {
    const message = chat.delete(data);
    if (message) this.emit(data.for === "me" ? "removed" : "updated", { chatId: chat.data.id, message });
  }

  /** @param {ChatCopy} chat @param {any} data */
  #react(chat, data) {
    const message = chat.react(data);
    if (message) this.emit("updated", { chatId: chat.data.id, message });
  }

  /** @param {ChatCopy} chat @param {"readSeq" | "deliveredSeq"} mark @param {number} userId @param {number} seq */
  #raise(chat, mark, userId, seq) {
    if (chat.raise(mark, userId, seq)) this.emit("marks", { chatId: chat.data.id, userId });
  }

  /** @param {ChatCopy} chat @param {any} fields */
  #merge(chat, { chatId: _, ...fields }) {
    chat.merge(fields);
    this.emit("chat", { chatId: chat.data.id });
  }

  /** Of the messages that were told of chats that were not kept, those that meet the newest one are kept as well. */
  #joinMet() {
    for (const [chatId, told] of this.#met) {
      const chat = this.chats.get(chatId);
      for (const message of told.sort((one, other) => other.seq - one.seq)) {
        if (!chat || message.seq < chat.from - 1) break;
        if (message.seq === chat.from - 1) chat.extend([message], message.seq > 1);
        this.#arrived.push(message);
      }
    }
    this.#met.clear();
  }

  /** @param {ChatCopy | undefined} chat @param {any} data */
  #applyChat(chat, data) {
    const kept = chat ?? this.keep(data);
    if (!chat) this.#met.set(data.id, []);
    this.#told.set(kept, data.unreadCount);
    kept.data = data;
    this.emit("chat", { chatId: data.id });
  }

  /** @param {string} type @param {Message} message @param {ChatCopy | undefined} chat */
  #applyMessage(type, message, chat) {
    if (!chat) return; // it was left since
    const outcome = chat.put(message);
    chat.to = Math.max(chat.to, message.seq);
    const met = this.#met.get(message.chatId);
    if (met && type === "message:new") met.push(message);
    else if (outcome === "new") this.#arrived.push(message);
    else if (outcome) this.emit("updated", { chatId: message.chatId, message });
  }

  /** @param {string} eventId */
  #remember(eventId) {
    this.#heard.add(eventId);
    if (this.#heard.size > HEARD) for (const oldest of this.#heard) return this.#heard.delete(oldest);
  }

  /**
   * All pages of a list.
   *
   * @param {string} path
   * @param {string} items
   * @param {Record<string, any>} [narrowed]
   * @returns {Promise<any[]>}
   */
  async #all(path, items, narrowed) {
    const found = [];
    /** @type {Record<string, string | number>} */
    let query = { ...narrowed, limit: PAGE };
    for (;;) {
      const page = await this.http.get(path, query);
      found.push(...page[items]);
      if (!page.hasMore) return found;
      query = { ...query, cursor: page.nextCursor };
    }
  }
}

/** The message as it is kept. @param {ChatCopy} chat @param {Message} message */
function told(chat, message) {
  return chat.messages.get(message.seq) ?? message;
}
