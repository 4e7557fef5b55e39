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

/** A message that came while no page was open. */
self.addEventListener("push", (event) => {
  const { type, preview, tag, silent, badge, chatId } = event.data.json();
  if (type !== "message") return;
  const { chatName, senderName, text } = preview ?? {};
  const said = text || (preview ? "📎" : "");
  const body = chatName ? `${senderName}: ${said}` : said;
  const options = { body, tag, silent, renotify: !silent, icon: "/web/VERSION/app/icon.svg", data: chatId };
  void navigator.setAppBadge?.(badge);
  event.waitUntil(self.registration.showNotification(chatName ?? senderName ?? "Messenger", options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openChat(event.notification.data));
});

/** In the page that is open, else in a new one. */
async function openChat(chatId) {
  const address = `/#/chat/${chatId}`;
  const [page] = await self.clients.matchAll({ type: "window" });
  if (!page) return self.clients.openWindow(address);
  await page.focus();
  return page.navigate(address);
}
