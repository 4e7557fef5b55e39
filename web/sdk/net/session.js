import { ApiError } from "../errors.js";
import { Emitter } from "../emitter.js";
import { withLock } from "../platform/locks.js";

const KEY = "session";
/** How long before its end an access token is refreshed; a fifth of its life where that is less. */
const MARGIN_SECONDS = 30;

/**
 * A session as it is stored. `refreshAt` is when to refresh the access token, in milliseconds of this device's clock.
 *
 * @typedef {{user: import("../types/api.js").User, accessToken: string, refreshToken: string, refreshAt: number}} Kept
 */

/**
 * One session, which all tabs share. Refresh tokens work once: a lock has one tab refresh, and the others take its pair.
 *
 * @extends {Emitter<{ended: {reason: string}}>}
 */
export class Session extends Emitter {
  /** @type {Promise<string> | null} */
  #refreshing = null;
  /** @type {Promise<void> | null} */
  #ending = null;

  /**
   * @param {import("./http.js").Http} http asks without a token
   * @param {import("../platform/storage.js").Storage} storage
   * @param {Kept} kept
   */
  constructor(http, storage, kept) {
    super();
    this.http = http;
    this.storage = storage;
    this.kept = kept;
  }

  /**
   * Stores what log-in or registration answered.
   *
   * @param {import("./http.js").Http} http
   * @param {import("../platform/storage.js").Storage} storage
   * @param {import("../types/api.js").Admission} admission
   * @param {number} asked when it was asked for, in milliseconds
   */
  static async begin(http, storage, admission, asked) {
    const kept = keptOf(admission, asked);
    await storage.set([[KEY, kept]]);
    return new Session(http, storage, kept);
  }

  /**
   * The session that is stored; null where there is none.
   *
   * @param {import("./http.js").Http} http
   * @param {import("../platform/storage.js").Storage} storage
   */
  static async resume(http, storage) {
    const kept = await storage.get(KEY);
    return kept ? new Session(http, storage, kept) : null;
  }

  /** @returns {Promise<string>} an access token that lives for some time yet */
  async accessToken() {
    const { accessToken, refreshAt } = this.kept;
    return Date.now() < refreshAt ? accessToken : this.refresh(accessToken);
  }

  /**
   * Another access token in place of one that is not accepted, or soon will not be.
   *
   * @param {string} stale
   * @returns {Promise<string>}
   * @throws {ApiError} the session has ended
   */
  refresh(stale) {
    this.#refreshing ??= withLock(this.storage, "refresh", () => this.#refreshed(stale)).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /**
   * The session has ended: forgets it, and tells so once.
   *
   * @param {string} reason `logged_out`, or the code of the refusal
   * @returns {Promise<void>} resolves when it is told
   */
  end(reason) {
    this.#ending ??= this.#end(reason);
    return this.#ending;
  }

  /** Whether it has ended: only another log-in helps. */
  get ended() {
    return this.#ending !== null;
  }

  /** @param {string} reason */
  async #end(reason) {
    const stored = await this.storage.get(KEY);
    // Another log-in may have taken the place of this session meanwhile.
    if (stored?.refreshToken === this.kept.refreshToken) await this.storage.set([[KEY, undefined]]);
    this.emit("ended", { reason });
  }

  /** @param {string} stale */
  async #refreshed(stale) {
    const stored = await this.storage.get(KEY);
    // Another tab has logged out, or somebody else in.
    if (stored?.user.id !== this.kept.user.id) await this.end("logged_out");
    if (this.ended) throw new ApiError({ status: 401, code: "session_ended", title: "The session has ended" });
    this.kept = stored;
    if (stored.accessToken !== stale && Date.now() < stored.refreshAt) return stored.accessToken;
    const asked = Date.now();
    try {
      const admission = await this.http.post("/auth/refresh", { refreshToken: this.kept.refreshToken });
      this.kept = keptOf(admission, asked);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) await this.end(error.code);
      throw error;
    }
    await this.storage.set([[KEY, this.kept]]);
    return this.kept.accessToken;
  }
}

/**
 * @param {import("../types/api.js").Admission} admission
 * @param {number} asked
 * @returns {Kept}
 */
function keptOf({ user, accessToken, refreshToken, expiresIn }, asked) {
  const margin = Math.min(MARGIN_SECONDS, expiresIn / 5);
  return { user, accessToken, refreshToken, refreshAt: asked + (expiresIn - margin) * 1000 };
}
