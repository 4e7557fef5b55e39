import { Messenger } from "./messenger.js";

/** Browsers bind passkeys to host names: a page at an IP address has none. */
const ADDRESS = /^(\[|[\d.]+$)/;

/** @returns {boolean} whether the browser has passkeys for this page */
export function usable() {
  const known = /** @type {any} */ (globalThis.PublicKeyCredential);
  return Boolean(known?.parseRequestOptionsFromJSON) && !ADDRESS.test(location.hostname);
}

/**
 * Logs in by a passkey: the browser has its user choose one, and finds out who is there.
 *
 * @param {string} url where the service is, as `https://HOST`
 * @param {import("./messenger.js").Options} [options]
 * @returns {Promise<Messenger>}
 * @throws {import("./errors.js").ApiError} `passkey_refused`, for example
 * @throws {DOMException} `NotAllowedError` where the user turns it down
 */
export function logIn(url, options = {}) {
  return Messenger.loginByPasskey(url, signed, options);
}

/** @param {any} asked */
async function signed(asked) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);
  return written(await navigator.credentials.get({ publicKey }));
}

/** @param {Credential | null} credential */
const written = (credential) => /** @type {PublicKeyCredential} */ (credential).toJSON();

/** The user's passkeys. */
export class Passkeys {
  /** @param {import("./net/http.js").Http} http `me.http` */
  constructor(http) {
    this.http = http;
  }

  /** @returns {Promise<import("./types/api.js").Passkey[]>} the oldest first */
  async all() {
    return (await this.http.get("/auth/passkeys")).passkeys;
  }

  /**
   * Has the browser make a passkey.
   *
   * @param {string} name by which its user knows it
   * @param {{password: string, code?: string}} proof with a code where the account has a second factor
   * @returns {Promise<import("./types/api.js").Passkey>}
   * @throws {import("./errors.js").ApiError} `second_factor_needed`, for example
   * @throws {DOMException} `InvalidStateError` where this authenticator has one already
   */
  async add(name, proof) {
    const asked = await this.http.post("/auth/passkeys/options", proof);
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
    const credential = written(await navigator.credentials.create({ publicKey }));
    return this.http.post("/auth/passkeys", { name, credential });
  }

  /** @param {number} passkeyId @param {string} name @returns {Promise<import("./types/api.js").Passkey>} */
  rename(passkeyId, name) {
    return this.http.patch(`/auth/passkeys/${passkeyId}`, { name });
  }

  /** It opens the account no more. @param {number} passkeyId @returns {Promise<void>} */
  remove(passkeyId) {
    return this.http.delete(`/auth/passkeys/${passkeyId}`);
  }
}
