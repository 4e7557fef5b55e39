import { everyItem } from "./paging.js";

/** The members of a chat, and the ways into it. */
export class Members {
  /**
   * @param {number} chatId
   * @param {import("./net/http.js").Http} http
   * @param {import("./copy/ingest.js").Ingest} ingest
   */
  constructor(chatId, http, ingest) {
    this.path = `/chats/${chatId}`;
    this.http = http;
    this.ingest = ingest;
  }

  /** @returns {Promise<import("./types/api.js").Participant[]>} all; the chat itself knows the first 20 */
  async all() {
    return (await this.http.get(this.path)).participants;
  }

  /** @param {number[]} userIds @returns {Promise<void>} */
  async add(userIds) {
    await this.ingest.keep(await this.http.create(`${this.path}/participants`, { userIds }));
  }

  /** @param {number} userId @returns {Promise<void>} */
  remove(userId) {
    return this.http.delete(`${this.path}/participants/${userId}`);
  }

  /** @param {number} userId @param {"owner" | "admin" | "member"} role @returns {Promise<void>} */
  async setRole(userId, role) {
    const member = await this.http.patch(`${this.path}/participants/${userId}`, { role });
    await this.ingest.take("member:updated", member);
  }

  /**
   * Makes an invite. Its `token` is shown this once.
   *
   * @param {import("./types/api.js").InviteInput} [limits]
   * @returns {Promise<import("./types/api.js").NewInvite>}
   */
  invite(limits = {}) {
    return this.http.create(`${this.path}/invites`, limits);
  }

  /** @returns {AsyncGenerator<import("./types/api.js").Invite>} those that the user may revoke */
  invites() {
    return everyItem(this.http, `${this.path}/invites`, "invites");
  }

  /** @param {number} inviteId @returns {Promise<void>} */
  revokeInvite(inviteId) {
    return this.http.delete(`${this.path}/invites/${inviteId}`);
  }
}
