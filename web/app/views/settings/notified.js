/** Notifications while no page is open. */

import { subscribe } from "../../../sdk/notifications.js";

/**
 * Has this browser notified, where the service sends notifications and a push service can be reached.
 *
 * @param {import("../../../sdk/messenger.js").Messenger} me
 */
export async function notified(me) {
  const registration = await navigator.serviceWorker?.ready;
  // Without it the page's own notices stay.
  if (registration?.pushManager) await subscribe(me, registration).catch(() => undefined);
}
