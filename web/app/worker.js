/**
 * Keeps the files of one version, so that the page opens without a network. The page itself is always asked for first:
 * an old client never meets a new service while there is a network.
 */

const CACHE = "web VERSION";
const FILES = ["FILES"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(["/", ...FILES])));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name !== CACHE));
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === "/") {
    event.respondWith(fetch(request).catch(async () => (await caches.match("/")) ?? Response.error()));
  } else if (pathname.startsWith("/web/")) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});

const RUSSIAN = self.navigator.language.startsWith("ru");
const CALLS = RUSSIAN ? { audio: "Входящий звонок", video: "Входящий видеозвонок" } : { audio: "Incoming call", video: "Incoming video call" };
const ENDED = RUSSIAN
  ? { missed: "Пропущенный звонок", declined: "Звонок отклонён", answered_elsewhere: "Отвечено на другом устройстве" }
  : { missed: "Missed call", declined: "Declined call", answered_elsewhere: "Answered on another device" };
const OVER = RUSSIAN ? "Звонок завершён" : "Call ended";

const SHOWN = { message: messageOf, call: callOf, "call-ended": endedCallOf };

/** What is being shown: one after another, so that a ring cannot take the place of its end. */
let showing = Promise.resolve();

/** A message or a call that came while no page was open. */
self.addEventListener("push", (event) => {
  const told = event.data.json();
  if (!SHOWN[told.type]) return;
  showing = showing.catch(() => undefined).then(() => show(told));
  event.waitUntil(showing);
});

async function show(told) {
  void navigator.setAppBadge?.(told.badge);
  const { registration } = self;
  const { type, tag, silent, chatId, preview } = told;
  // A ring that comes late shows the call's end again: a browser wants something shown in any case.
  const [shown] = await registration.getNotifications({ tag });
  const over = type === "call" && shown?.data.type === "call-ended";
  const late = over || (type === "call" && Date.parse(told.ringUntil) < Date.now());
  const name = preview?.chatName ?? preview?.senderName ?? preview?.callerName ?? "Messenger";
  const how = over ? { body: shown.body } : SHOWN[late ? "call-ended" : type](told);
  const options = { tag, silent: silent || late, renotify: !silent && !late, icon: "/web/VERSION/app/icon.svg", ...how };
  await registration.showNotification(name, { ...options, data: { type: late ? "call-ended" : type, chatId } });
}

function messageOf({ preview }) {
  const said = preview?.text || (preview ? "📎" : "");
  return { body: preview?.chatName ? `${preview.senderName}: ${said}` : said };
}

function callOf({ callType, preview }) {
  const body = preview?.chatName ? `${preview.callerName}: ${CALLS[callType]}` : CALLS[callType];
  return { body, requireInteraction: true, vibrate: [500, 300, 500, 300, 500] };
}

function endedCallOf({ reason }) {
  return { body: ENDED[reason] ?? OVER };
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openChat(event.notification.data.chatId));
});

/** In the page that is open, else in a new one; a call that rings is above it. */
async function openChat(chatId) {
  const address = `/#/chat/${chatId}`;
  const [page] = await self.clients.matchAll({ type: "window" });
  if (!page) return self.clients.openWindow(address);
  await page.focus();
  return page.navigate(address);
}
