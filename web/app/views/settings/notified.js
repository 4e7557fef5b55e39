/** Notifications while no page is open, and what becomes of them in one. */

import { subscribe } from "../../../sdk/notifications.js";

/**
 * Has this browser notified, where the service sends notifications and a push service can be reached. A call that no longer
 * rings is no longer shown.
 *
 * @param {import("../../../sdk/messenger.js").Messenger} me
 */
export async function notified(me) {
  const registration = await navigator.serviceWorker?.ready;
  // Without it the page's own notices stay.
  if (!registration?.pushManager) return;
  const close = async (/** @type {string} */ tag) => {
    for (const shown of await registration.getNotifications({ tag })) shown.close();
  };
  const end = me.on("event", ({ type, data }) => {
    if (type === "call:end" || (type === "call:accept" && data.userId === me.id)) void close(`call-${data.callId}`);
  });
  me.on("ended", end);
  await subscribe(me, registration).catch(() => undefined);
}
