/**
 * Has a browser notified of new messages while its user has no socket, for as long as the session lives. Repeat it at
 * each start: a subscription may have changed. docs/notifications.md says what arrives.
 *
 * @param {import("./messenger.js").Messenger} me
 * @param {ServiceWorkerRegistration} registration of the worker that shows what arrives
 * @returns {Promise<import("./types/api.js").Device>}
 * @throws {import("./errors.js").ApiError} `notifications_off`
 * @throws {DOMException} where the user or the browser does not allow it
 */
export async function subscribe(me, registration) {
  const { applicationServerKey } = await me.http.get("/devices/key");
  const options = { userVisibleOnly: true, applicationServerKey };
  const subscription = await registration.pushManager.subscribe(options).catch(async (error) => {
    if (error.name !== "InvalidStateError") throw error;
    // There is one with another key, as of the service that was here before.
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    return registration.pushManager.subscribe(options);
  });
  return me.http.post("/devices", { platform: "webpush", subscription: subscription.toJSON() });
}
