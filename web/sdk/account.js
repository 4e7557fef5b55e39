import { everyItem } from "./paging.js";

/** The user's own profile, status, privacy, sessions and storage. */
export class Account {
  /** @param {import("./net/http.js").Http} http */
  constructor(http) {
    this.http = http;
  }

  /** @returns {Promise<import("./types/api.js").User>} with the email address */
  profile() {
    return this.http.get("/users/me");
  }

  /**
   * Changes the given fields.
   *
   * @param {import("./types/api.js").ProfileChange} fields
   * @returns {Promise<import("./types/api.js").User>}
   */
  change(fields) {
    return this.http.patch("/users/me", fields);
  }

  /** @returns {Promise<import("./types/api.js").ChosenStatus>} how the user chose to appear */
  status() {
    return this.http.get("/users/me/status");
  }

  /**
   * @param {"online" | "away" | "busy" | "invisible" | "offline"} status
   * @param {string} [statusText]
   * @returns {Promise<import("./types/api.js").ChosenStatus>}
   */
  setStatus(status, statusText) {
    return this.http.put("/users/me/status", { status, statusText });
  }

  /** @returns {Promise<import("./types/api.js").Privacy>} what others may see */
  privacy() {
    return this.http.get("/users/me/privacy");
  }

  /** @param {import("./types/api.js").PrivacyChange} fields @returns {Promise<import("./types/api.js").Privacy>} */
  changePrivacy(fields) {
    return this.http.patch("/users/me/privacy", fields);
  }

  /** @returns {AsyncGenerator<import("./types/api.js").SessionInfo>} where the user is logged in */
  sessions() {
    return everyItem(this.http, "/auth/sessions", "sessions");
  }

  /** @param {number} sessionId @returns {Promise<void>} */
  endSession(sessionId) {
    return this.http.delete(`/auth/sessions/${sessionId}`);
  }

  /**
   * Changes the password. The user's other sessions end.
   *
   * @param {string} currentPassword
   * @param {string} newPassword
   * @returns {Promise<void>}
   */
  changePassword(currentPassword, newPassword) {
    return this.http.put("/auth/password", { currentPassword, newPassword });
  }

  /** @returns {Promise<{isOn: boolean, recoveryCodesLeft: number}>} */
  secondFactor() {
    return this.http.get("/auth/second-factor");
  }

  /** @param {string} password @returns {Promise<{secret: string, uri: string}>} for an authenticator */
  beginSecondFactor(password) {
    return this.http.post("/auth/second-factor", { password });
  }

  /** Turns it on. @param {string} code @returns {Promise<{recoveryCodes: string[]}>} which are told this once */
  confirmSecondFactor(code) {
    return this.http.post("/auth/second-factor/confirm", { code });
  }

  /** Turns it off. @param {string} password @param {string} code @returns {Promise<void>} */
  endSecondFactor(password, code) {
    return this.http.post("/auth/second-factor/off", { password, code });
  }

  /**
   * Deletes the account after a grace, in which a log-in takes it back. All sessions end.
   *
   * @param {string} password
   * @returns {Promise<{deleteAfter: string}>}
   */
  delete(password) {
    return this.http.post("/users/me/deletion", { password });
  }

  /** @returns {Promise<import("./types/api.js").StorageUsage>} of files, in bytes */
  storage() {
    return this.http.get("/uploads/usage");
  }

  /** @returns {Promise<import("./types/api.js").Export>} how far the archive of everything personal is */
  archive() {
    return this.http.get("/users/me/export");
  }

  /**
   * Has an archive of everything personal made, unless there is one. It takes minutes, and is kept for a day.
   *
   * @param {string} password
   * @returns {Promise<import("./types/api.js").Export>}
   */
  makeArchive(password) {
    return this.http.post("/users/me/export", { password });
  }

  /** @returns {AsyncGenerator<import("./types/api.js").Sanction>} warnings, mutes and bans, the newest first */
  sanctions() {
    return everyItem(this.http, "/users/me/sanctions", "sanctions");
  }

  /** Asks for a warning or mute to be taken back. @param {number} sanctionId @param {string} comment @returns {Promise<import("./types/api.js").Report>} */
  appeal(sanctionId, comment) {
    return this.http.post(`/users/me/sanctions/${sanctionId}/appeal`, { comment });
  }
}
