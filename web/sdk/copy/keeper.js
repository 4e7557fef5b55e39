import { holdLock } from "../platform/locks.js";
import { oneByOne } from "../timing.js";

const SAVE_MILLISECONDS = 500;
/** How many of a chat's newest messages are stored. */
const MESSAGES = 50;
const CHATS = "chat:";
const STATE = "copy";

/**
 * Stores a copy, so that the next start shows it at once and syncs from there.
 *
 * One tab stores at a time. What it stores of a chat is never older than the cursor that it stores after it.
 */
export class Keeper {
  /** @type {Set<number> | null} what has changed since it was stored; null for everything */
  #changed = null;
  /** @type {any} */
  #timer = null;
  #leads = false;
  #inOrder = oneByOne();
  /** @type {() => void} */
  #release = () => undefined;

  /**
   * @param {import("../platform/storage.js").Storage} storage
   * @param {import("./copy.js").Copy} copy
   * @param {import("./ingest.js").Ingest} ingest
   * @param {import("../people.js").People} people
   */
  constructor(storage, copy, ingest, people) {
    this.storage = storage;
    this.copy = copy;
    this.ingest = ingest;
    this.people = people;
    const note = (/** @type {{chatId: number}} */ { chatId }) => void this.#changed?.add(chatId);
    for (const name of /** @type {const} */ (["message", "updated", "removed", "chat", "marks", "left"])) {
      copy.on(name, note);
    }
    copy.on("reset", () => (this.#changed = null));
  }

  /** Begins to store, once no other tab does. */
  start() {
    this.#release = holdLock(this.storage, "copy", () => {
      this.#leads = true;
      this.later();
    });
  }

  /** Stores no more; what is being stored ends before. */
  async stop() {
    this.#leads = false;
    clearTimeout(this.#timer);
    await this.#inOrder(() => this.#release());
  }

  /** Removes from this device what was stored of chats. */
  async forget() {
    await this.stop();
    const stored = await this.storage.list(CHATS);
    await this.storage.set([...stored.map(([key]) => removal(key)), removal(STATE)]);
  }

  /**
   * Fills the copy with what was stored of this user's.
   *
   * @returns {Promise<boolean>} whether there was anything
   */
  async restore() {
    const state = await this.storage.get(STATE);
    if (state?.userId !== this.copy.userId) return false;
    for (const [, { data, from, to, whole, messages }] of await this.storage.list(CHATS)) {
      const chat = this.copy.keep(data, to);
      chat.from = from;
      for (const message of messages) chat.put(message);
      chat.countFrom(data.unreadCount);
      chat.whole = whole;
    }
    this.copy.drafts = new Map(state.drafts);
    this.people.learn(state.people);
    this.ingest.cursor = state.cursor;
    return true;
  }

  /** Stores soon what has changed. */
  later() {
    if (!this.#leads || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#inOrder(() => this.#save());
    }, SAVE_MILLISECONDS);
  }

  /** Stores now what has changed. */
  async flush() {
    clearTimeout(this.#timer);
    this.#timer = null;
    await this.#inOrder(() => this.#save());
  }

  async #save() {
    const { userId, chats, drafts } = this.copy;
    const { cursor } = this.ingest;
    if (cursor === null || !this.#leads) return;
    const ids = this.#changed ?? new Set(chats.keys());
    const all = this.#changed === null;
    this.#changed = new Set();
    /** @type {[string, any][]} */
    const entries = [...ids].map((chatId) => [`${CHATS}${chatId}`, storedOf(chats.get(chatId))]);
    if (all) {
      const stored = await this.storage.list(CHATS);
      for (const [key] of stored) if (!chats.has(Number(key.slice(CHATS.length)))) entries.unshift(removal(key));
    }
    entries.push([STATE, { userId, cursor, drafts: [...drafts], people: this.people.known }]);
    await this.storage.set(entries).catch(() => {
      this.#changed = null; // the storage is full or closed: the next start loads more
    });
  }
}

/** What removes a key. @param {string} key @returns {[string, undefined]} */
function removal(key) {
  return [key, undefined];
}

/** @param {import("./chat-copy.js").ChatCopy | undefined} chat */
function storedOf(chat) {
  if (!chat) return undefined;
  const messages = chat.list.slice(-MESSAGES);
  const cut = messages.length < chat.messages.size;
  return { data: chat.data, from: cut ? messages[0].seq : chat.from, to: chat.to, whole: !cut && chat.whole, messages };
}
