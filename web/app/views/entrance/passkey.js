/** Signing in by a passkey, which is loaded when somebody asks for it. */

import { logIn, usable } from "../../../sdk/passkeys.js";
import { h } from "../../core/dom.js";
import { t, why } from "../../core/i18n.js";
import { dialog, notice } from "../../parts/layers.js";

const HERE = /^(127\.|\[::1\]$)/;
// The user has changed their mind, or nobody came.
const TURNED_DOWN = ["AbortError", "NotAllowedError"];

/** @param {string} service @param {(me: import("../../../sdk/index.js").Messenger) => void} enter */
export async function byPasskey(service, enter) {
  if (usable()) await asked(async () => enter(await logIn(service)));
  else tellWhere();
}

/** Has the browser ask its user, and tells why it failed. @param {() => Promise<void>} work */
export async function asked(work) {
  try {
    await work();
  } catch (error) {
    const name = /** @type {any} */ (error).name;
    if (!TURNED_DOWN.includes(name)) notice(name === "InvalidStateError" ? t("passkey.known") : why(error), { bad: true });
  }
}

/** Says why there are no passkeys here, and where there are. */
export function tellWhere() {
  const { hostname, port, protocol } = location;
  const other = HERE.test(hostname) && `${protocol}//localhost${port && `:${port}`}/`;
  dialog(t("passkeys"), () => [
    h("p.hint", null, t(/^(\[|[\d.]+$)/.test(hostname) ? "passkey.address" : "passkey.none", { host: hostname })),
    other && h("a.link", { href: other }, other),
  ]);
}
