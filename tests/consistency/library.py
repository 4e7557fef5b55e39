"""A device that does everything through the client library, in a process of Node."""

import contextlib
import queue
from typing import Any

from tests.consistency.device import Deed, Device
from tests.consistency.record import Record
from tests.sdk.cable import Cable
from tests.sdk.nodes import JavaScriptError, Node
from tests.support.people import PASSWORD, Person

_BEGIN = """
  kept.events = [];
  const patience = 60_000;
  kept.me = await Messenger.login(url, {username, password}, {patience, receipts: false});
  kept.me.on("event", (event) => kept.events.push(event));
  kept.told = new Map();
  kept.toldWrongly = [];
  kept.me.on("message", ({chat, message: {seq}}) => {
    const before = kept.told.get(chat) ?? 0;
    if (seq <= before) kept.toldWrongly.push(`${seq} of chat ${chat.id} after ${before}`);
    kept.told.set(chat, seq);
  });
  kept.chat = async (chatId) => {
    if (!kept.me.chat(chatId)) await kept.me.sync();
    const chat = kept.me.chat(chatId);
    if (!chat) throw new ApiError({status: 404, code: "not_found"});
    return chat;
  };
  kept.acts = {
    async "message:send"({chatId, ...message}) {
      const chat = await kept.chat(chatId);
      try {
        return await chat.send(message);
      } catch (error) {
        await chat.discard(message.clientMessageId);
        throw error;
      }
    },
    "message:edit": async ({messageId, content}, chatId) => (await kept.chat(chatId)).edit(messageId, content),
    "message:delete": async ({messageId}, chatId) => (await kept.chat(chatId)).delete(messageId),
    "message:react": async ({messageId, emoji, remove}, chatId) => {
      const chat = await kept.chat(chatId);
      return remove ? chat.unreact(messageId, emoji) : chat.react(messageId, emoji);
    },
    "messages:read": ({chatId}) => kept.me.http.post(`/chats/${chatId}/read`, {}),
  };
"""
_ACT = """
  try {
    return {answer: (await kept.acts[action](data, chatId)) ?? {}, events: kept.events.splice(0)};
  } catch (error) {
    if (!(error instanceof ApiError) || error.retryable) throw error;
    return {answer: null, events: kept.events.splice(0)};
  }
"""
_RECENT = """
  return kept.me.chats.flatMap((chat) => chat.messages.slice(-60))
    .filter((message) => message.messageType !== "system" && !message.isDeleted)
    .filter((message) => !own || message.senderId === kept.me.id);
"""
_FINISH = """
  kept.me.socket.stop();
  await kept.me.sync();
  const chats = [];
  for (const chat of kept.me.chats) {
    while ((await chat.loadOlder(100)).length);
    chats.push({chat: chat.data, messages: chat.messages});
  }
  const users = kept.me.people.known.map(({id, username, displayName, avatarUrl}) => (
    {id, username, displayName, avatarUrl}));
  return {chats, users, events: kept.events.splice(0), toldWrongly: kept.toldWrongly};
"""


class LibraryDevice(Device):
    """As a device of our own, but what it keeps, hears and does is the library's. `close` ends it."""

    def __init__(self, person: Person, number: int, chats: list[int], record: Record, seed: str) -> None:
        super().__init__(person, number, chats, record, seed)
        port = int(str(person.http.base_url.port))
        self._cable = Cable(port)
        self._node = Node()
        self._node.run(_BEGIN, url=self._cable.origin, username=person.username, password=PASSWORD)

    def sync(self) -> None:
        """Brings the library's copy up to date."""
        self._node.run("await kept.me.sync()")

    def finish(self) -> None:
        """Syncs for the last time, and takes over what the library keeps, the whole history included."""
        kept = self._node.run(_FINISH)
        self._note(kept["events"])
        self.told_wrongly += kept["toldWrongly"]
        self.copy = self.fresh_copy()
        self.copy.sync()  # the user's contacts, blocks and privacy, which the library does not keep
        self.copy.chats, self.copy.messages = {}, {}
        self.copy.users = {user["id"]: user for user in kept["users"]}
        for one in kept["chats"]:
            chat_id = one["chat"]["id"]
            self.copy.chats[chat_id] = one["chat"]
            self.copy.messages[chat_id] = {message["seq"]: message for message in one["messages"]}

    def close(self) -> None:
        """Ends the library's process."""
        self._node.kill()
        self._cable.close()

    def _ask(self, deed: Deed, request: tuple[str, str, Any], frame: tuple[str, Any]) -> dict[str, Any] | None:
        action, data = frame
        try:
            done = self._node.run(_ACT, action=action, data=data, chatId=deed.chat_id)
        except (JavaScriptError, queue.Empty) as error:
            self._record.gives_up(f"{self.name}: {action} {data} ({str(error)[:300]})")
            return None
        self._note(done["events"])
        answer: dict[str, Any] | None = done["answer"]
        return answer

    def _message(self, *, own: bool) -> dict[str, Any] | None:
        known = self._node.run(_RECENT, own=own)
        return self._random.choice(known) if known else None

    def _drop(self) -> None:
        with contextlib.suppress(OSError):
            self._cable.drop()

    def _note(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            self._record.hears(self.person.id, event)
