/** @typedef {import("../types/api.js").Message} Message */
/** @typedef {import("../types/api.js").Chat} ChatData */

// What a deleted message keeps of what it was; everything else is emptied, also fields that this version does not know.
const KEPT = new Set(
  "id chatId seq senderId clientMessageId messageType replyTo threadId status isDeleted createdAt updatedAt".split(" "),
);

/**
 * What a client keeps of one chat: its state, and a part of its messages without gaps, from `from` to `to`.
 *
 * Numbers that are missing in that part are messages that the user deleted for themselves, or that expired.
 */
export class ChatCopy {
  /** @type {Map<number, Message>} by seq */
  messages = new Map();
  /** Whether nothing is before `from`. */
  whole = false;
  from = 1;
  to = 0;
  /** The user deleted these for themselves: an older event must not bring them back. @type {Set<number>} */
  #gone = new Set();
  /** `message:reaction` tells reactions alone: its time says nothing of the rest. @type {Map<number, string>} */
  #reactedAt = new Map();
  /** @type {Message[] | null} */
  #sorted = null;
  /** How many unread messages are before `from`. */
  #unreadBefore = 0;

  /** @param {ChatData} data @param {number} ownId whose copy it is */
  constructor(data, ownId) {
    this.ownId = ownId;
    this.data = data;
    this.reset(data);
  }

  /**
   * Begins anew with a state of the chat. The newest message is all that is loaded of its history.
   *
   * @param {ChatData} data
   * @param {number} [position] keep no message up to this one, and miss all after it
   */
  reset(data, position) {
    this.data = data;
    this.messages.clear();
    this.#reactedAt.clear();
    this.#sorted = null;
    const last = position === undefined ? data.lastMessage : null;
    if (last) this.messages.set(last.seq, last);
    this.to = position ?? data.lastSeq;
    this.from = last ? last.seq : this.to + 1;
    this.whole = this.from === 1;
    this.countFrom(data.unreadCount);
  }

  /**
   * Takes the number of unread messages that the service counts, once everything is loaded that it counts after `from`.
   *
   * @param {number} unreadCount
   */
  countFrom(unreadCount) {
    this.#unreadBefore = Math.max(0, unreadCount - this.#unreadLoaded());
    this.#count();
  }

  /** @returns {Message[]} what is loaded, in order */
  get list() {
    this.#sorted ??= [...this.messages.values()].sort((one, other) => one.seq - other.seq);
    return this.#sorted;
  }

  /**
   * Takes a message of a socket, an answer or history. Of two states the later one holds; a deletion is final.
   *
   * @param {Message} message
   * @returns {"new" | "updated" | null} what became of it
   */
  place(message) {
    const { seq } = message;
    const known = this.messages.get(seq);
    if (seq < this.from || this.#gone.has(seq) || known?.isDeleted) return null;
    let taken = message;
    if (known && !message.isDeleted) {
      if (known.updatedAt >= message.updatedAt) return null;
      if ((this.#reactedAt.get(seq) ?? "") > message.updatedAt) taken = { ...message, reactions: known.reactions };
    }
    return this.put(taken);
  }

  /**
   * Takes a message as it is now, as sync tells it.
   *
   * @param {Message} message
   * @returns {"new" | "updated" | null}
   */
  put(message) {
    if (message.seq < this.from) return null;
    const known = this.messages.has(message.seq);
    this.messages.set(message.seq, message);
    this.#sorted = null;
    this.#count();
    return known ? "updated" : "new";
  }

  /**
   * Extends what is loaded by the messages before it.
   *
   * @param {Message[]} messages the newest of those before `from`, without gaps
   * @param {boolean} more whether others are before them
   */
  extend(messages, more) {
    const { unreadCount } = this.data;
    this.from = Math.min(this.from, ...messages.map((message) => message.seq));
    for (const message of messages) if (!this.messages.has(message.seq)) this.place(message);
    this.whole = !more;
    this.countFrom(this.whole ? 0 : unreadCount);
  }

  /**
   * A message was deleted.
   *
   * @param {{seq: number, for: "me" | "everyone"}} told
   * @returns {Message | null} as it is now, or was; null where it is not loaded
   */
  delete(told) {
    const known = this.messages.get(told.seq);
    if (told.for === "me") {
      this.#gone.add(told.seq);
      return this.forget(told.seq);
    }
    if (!known || known.isDeleted) return null;
    const deleted = emptied(known);
    this.put(deleted);
    return deleted;
  }

  /**
   * A message is not to be shown any more.
   *
   * @param {number} seq
   * @returns {Message | null} as it was
   */
  forget(seq) {
    const known = this.messages.get(seq) ?? null;
    this.messages.delete(seq);
    this.#sorted = null;
    this.#count();
    return known;
  }

  /**
   * The reactions of a message have changed.
   *
   * @param {{seq: number, reactions: any, updatedAt: string}} told
   * @returns {Message | null} as it is now; null where nothing changed
   */
  react({ seq, reactions, updatedAt }) {
    const known = this.messages.get(seq);
    const changedAt = [known?.updatedAt ?? "", this.#reactedAt.get(seq) ?? ""];
    if (!known || known.isDeleted || changedAt.some((time) => time >= updatedAt)) return null;
    const reacted = { ...known, reactions };
    this.put(reacted);
    this.#reactedAt.set(seq, updatedAt);
    return reacted;
  }

  /**
   * A watermark of a member moved. Watermarks never move back, and what was read was delivered as well.
   *
   * @param {"deliveredSeq" | "readSeq"} mark
   * @param {number} userId
   * @param {number} seq
   * @returns {boolean} whether anything changed
   */
  raise(mark, userId, seq) {
    const raised = (/** @type {any} */ marks) => ({
      ...marks,
      [mark]: Math.max(marks[mark], seq),
      deliveredSeq: Math.max(marks.deliveredSeq, seq),
    });
    return this.#mark(userId, userId === this.ownId, raised);
  }

  /**
   * A watermark as sync tells it: it holds, also where it is lower.
   *
   * @param {"deliveredSeq" | "readSeq"} mark
   * @param {number} userId
   * @param {number} seq
   * @returns {boolean} whether anything changed
   */
  setMark(mark, userId, seq) {
    return this.#mark(userId, false, (/** @type {any} */ marks) => ({ ...marks, [mark]: seq }));
  }

  /**
   * A live `chat:updated`, which lacks what differs between members. Who joined since has read all up to `lastSeq`; the
   * others keep their marks.
   *
   * @param {any} told
   * @returns {boolean} whether it is not older than what is known
   */
  update(told) {
    const { data } = this;
    if (data.updatedAt > told.updatedAt) return false;
    const begins = { deliveredSeq: told.lastSeq, readSeq: told.lastSeq };
    const participants = told.participants.map((/** @type {any} */ one) => {
      const known = data.participants.find((other) => other.userId === one.userId && other.joinedAt === one.joinedAt);
      return { ...begins, ...known, ...one };
    });
    this.merge({ ...told, lastSeq: Math.max(data.lastSeq, told.lastSeq), participants });
    return true;
  }

  /** @param {Partial<ChatData>} fields */
  merge(fields) {
    this.data = { ...this.data, ...fields };
    this.#count();
  }

  /**
   * Who has received and read a message: `status` by the marks that are known now.
   *
   * @param {Message} message
   * @returns {"sent" | "delivered" | "read"}
   */
  statusOf(message) {
    const { ownId } = this;
    const { participants, participantCount } = this.data;
    if (participantCount > participants.length) return message.status;
    const own = message.senderId === ownId;
    const marks = participants.filter((one) => (one.userId === ownId) !== own);
    const all = (/** @type {"readSeq" | "deliveredSeq"} */ mark) => marks.every((one) => message.seq <= one[mark]);
    if (!marks.length) return "sent";
    return all("readSeq") ? "read" : all("deliveredSeq") ? "delivered" : "sent";
  }

  /** Counts anew what is there to be read. */
  #count() {
    if (this.data.readSeq >= this.from - 1) this.#unreadBefore = 0;
    const unreadCount = this.#unreadBefore + this.#unreadLoaded();
    if (unreadCount !== this.data.unreadCount) this.data = { ...this.data, unreadCount };
  }

  #unreadLoaded() {
    let count = 0;
    for (let index = this.list.length - 1; index >= 0; index--) {
      const { seq, senderId, isDeleted, messageType } = this.list[index];
      if (seq <= this.data.readSeq) break;
      if (senderId !== this.ownId && !isDeleted && messageType !== "system") count++;
    }
    return count;
  }

  /**
   * @param {number} userId
   * @param {boolean} own
   * @param {(marks: any) => any} changed
   */
  #mark(userId, own, changed) {
    const before = this.data;
    const participants = before.participants.map((one) => (one.userId === userId ? changed(one) : one));
    const { deliveredSeq, readSeq } = own ? changed(before) : before;
    this.merge({ participants, deliveredSeq, readSeq });
    return JSON.stringify(before) !== JSON.stringify(this.data);
  }
}

/**
 * @param {Message} message
 * @returns {Message}
 */
function emptied(message) {
  const emptied = Object.entries(message).map(([name, value]) => [
    name,
    KEPT.has(name) ? value : Array.isArray(value) ? [] : typeof value === "boolean" ? false : null,
  ]);
  return { ...Object.fromEntries(emptied), content: "", reactions: {}, isDeleted: true };
}
