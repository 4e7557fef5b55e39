import { everyItem } from "./paging.js";

/** @param {number} [chatId] @returns {string} where rules on words are: those of a group, or of the whole service */
const placeOf = (chatId) => (chatId === undefined ? "admin" : `chats/${chatId}`);

/**
 * What moderators and admins do: accounts, sanctions, reports and the audit trail. docs/moderation.md says who may do
 * what; the service refuses the others with `forbidden`.
 */
export class Moderation {
  /** @param {import("./net/http.js").Http} http `me.http` */
  constructor(http) {
    this.http = http;
  }

  /**
   * @param {{q?: string, role?: string, state?: string}} [query]
   * @returns {AsyncGenerator<import("./types/api.js").ManagedAccount>} accounts in the order of registration
   */
  accounts(query) {
    return everyItem(this.http, "/admin/users", "users", query);
  }

  /** @param {number} userId @returns {Promise<import("./types/api.js").ManagedAccount>} */
  account(userId) {
    return this.http.get(`/admin/users/${userId}`);
  }

  /** @param {number} userId @param {string} role @returns {Promise<import("./types/api.js").ManagedAccount>} */
  setRole(userId, role) {
    return this.http.patch(`/admin/users/${userId}`, { role });
  }

  /** @param {number} userId @returns {AsyncGenerator<import("./types/api.js").Sanction>} the newest first */
  sanctions(userId) {
    return everyItem(this.http, `/admin/users/${userId}/sanctions`, "sanctions");
  }

  /** @param {number} userId @param {string} reason @returns {Promise<import("./types/api.js").ManagedAccount>} */
  warn(userId, reason) {
    return this.http.create(`/admin/users/${userId}/warnings`, { reason });
  }

  /**
   * Mutes or bans a user, in place of an earlier mute or ban.
   *
   * @param {number} userId
   * @param {"mute" | "ban"} kind
   * @param {string} reason which the user reads
   * @param {string} [until] a time; for good without it
   * @returns {Promise<import("./types/api.js").ManagedAccount>}
   */
  impose(userId, kind, reason, until) {
    return this.http.put(`/admin/users/${userId}/${kind}`, { reason, until });
  }

  /** @param {number} userId @param {"mute" | "ban"} kind @returns {Promise<import("./types/api.js").ManagedAccount>} */
  lift(userId, kind) {
    return this.http.delete(`/admin/users/${userId}/${kind}`);
  }

  /**
   * @param {{state?: string, assignee?: number, user?: number}} [query]
   * @returns {AsyncGenerator<import("./types/api.js").ManagedReport>} the oldest first
   */
  reports(query) {
    return everyItem(this.http, "/admin/reports", "reports", query);
  }

  /**
   * Assigns a report, gives it back with null, or decides it.
   *
   * @param {number} reportId
   * @param {{assigneeId?: number | null, decision?: "upheld" | "dismissed", note?: string}} change
   * @returns {Promise<import("./types/api.js").ManagedReport>}
   */
  changeReport(reportId, change) {
    return this.http.patch(`/admin/reports/${reportId}`, change);
  }

  /**
   * @param {number} [chatId] of a group, for its owners and admins; without it, those that hold in all chats
   * @returns {AsyncGenerator<import("./types/api.js").WordRule>}
   */
  wordRules(chatId) {
    return everyItem(this.http, `/${placeOf(chatId)}/word-rules`, "rules");
  }

  /**
   * Makes a rule on words, or gives the one on the same words another action.
   *
   * @param {string} phrase with a `*` at its end or before it, also as a part of words
   * @param {string} action `refuse`, `hide` or `report`
   * @param {number} [chatId]
   * @returns {Promise<import("./types/api.js").WordRule>}
   */
  setWordRule(phrase, action, chatId) {
    return this.http.create(`/${placeOf(chatId)}/word-rules`, { phrase, action });
  }

  /** @param {number} ruleId @param {number} [chatId] @returns {Promise<void>} */
  removeWordRule(ruleId, chatId) {
    return this.http.delete(`/${placeOf(chatId)}/word-rules/${ruleId}`);
  }

  /**
   * @param {{state?: string}} [query] those that wait without it
   * @param {number} [chatId] of a group: what its own rules hold
   * @returns {AsyncGenerator<import("./types/api.js").HeldMessage>} the oldest first
   */
  held(query, chatId) {
    return everyItem(this.http, `/${placeOf(chatId)}/held-messages`, "messages", query);
  }

  /**
   * Sends a message that a rule holds, or deletes it.
   *
   * @param {number} heldId
   * @param {"approved" | "deleted"} decision
   * @param {number} [chatId]
   * @returns {Promise<import("./types/api.js").HeldMessage>}
   */
  decideHeld(heldId, decision, chatId) {
    return this.http.patch(`/${placeOf(chatId)}/held-messages/${heldId}`, { decision });
  }

  /** Deletes a message for everyone. @param {number} messageId @param {string} reason for the audit trail @returns {Promise<void>} */
  removeMessage(messageId, reason) {
    return this.http.delete(`/admin/messages/${messageId}`, { reason });
  }

  /**
   * @param {{action?: string, actor?: number, subject?: number, from?: string, to?: string}} [query]
   * @returns {AsyncGenerator<import("./types/api.js").AuditEntry>} the newest first
   */
  acts(query) {
    return everyItem(this.http, "/admin/audit", "entries", query);
  }
}
