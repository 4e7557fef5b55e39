"""Two users talk through the client library: what one does, the other has."""

from tests.sdk.conftest import LogIn
from tests.sdk.nodes import when
from tests.support.people import Person

_SEQS = """
  const found = [];
  const history = kept.me.chats[0].history(before ? {before} : {});
  for await (const {seq} of history) if (found.push(seq) === most) break;
  return found;
"""


def test_what_one_sends_the_other_hears_once(alice: Person, bob: Person, log_in: LogIn) -> None:
    ours, theirs = log_in(alice), log_in(bob)
    chat_id = ours.run("return (await kept.me.openPrivate(peer)).id", peer=bob.id)
    # The last is as long as a text may be, and larger than a frame may be.
    texts = ("one", "two", "🌊" * 10_000)
    for text in texts:
        sent = ours.run("return kept.me.chat(chatId).send(text)", chatId=chat_id, text=text)
        assert (sent["content"], sent["senderId"]) == (text, alice.id)
    expected = [[chat_id, seq, text] for seq, text in enumerate(texts, start=1)]
    assert when(theirs, "message", "kept.heard.length >= 3 && kept.heard") == expected
    assert ours.run("return kept.heard") == expected
    assert theirs.run("return kept.me.chats[0].unreadCount") == 3
    assert theirs.run("return kept.me.chats[0].messages.map(({content}) => content)") == list(texts)
    assert ours.run("return kept.me.chat(chatId).pending", chatId=chat_id) == []


def test_what_changes_a_message(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    ours, theirs = log_in(alice), log_in(bob)
    ours.run("kept.chat = kept.me.chat(chatId); kept.sent = await kept.chat.send('first')", chatId=chat_id)
    when(theirs, "message", "kept.heard.length")
    ours.run("await kept.chat.edit(kept.sent, 'better')")
    assert ours.run("return kept.chat.messages[0].content") == "better"
    when(theirs, "updated", "me.chats[0].messages[0].content === 'better'")
    theirs.run("await kept.me.chats[0].react(kept.me.chats[0].messages[0], '👍')")
    assert when(ours, "updated", "kept.chat.messages[0].reactions['👍']") == [bob.id]
    ours.run("kept.poll = await kept.chat.send({content: 'When?', poll: {options: ['now', 'later']}})")
    poll = ours.run("return kept.poll.id")
    when(theirs, "message", "me.chats[0].messages.length === 2")
    theirs.run("await kept.me.chats[0].vote(id, [1])", id=poll)
    assert when(ours, "updated", "kept.chat.messages[1].poll.options[1].voters.length") == 1
    assert theirs.run("return (await kept.me.chats[0].poll(id)).votes", id=poll) == [1]
    secret = {"content": "Who?", "poll": {"options": ["me", "you"], "isAnonymous": True}}
    secret_id = ours.run("return (await kept.chat.send(secret)).id", secret=secret)
    theirs.run("kept.me.on('voted', (told) => (kept.voted = told))")
    bob.http.put(f"/messages/{secret_id}/vote", json={"options": [1]}).raise_for_status()
    told = when(theirs, "voted", "kept.voted")
    assert (told["chatId"], told["messageId"], told["votes"]) == (chat_id, secret_id, [1])
    assert ours.run("return (await kept.chat.closePoll(kept.poll)).poll.closedAt") is not None
    when(theirs, "updated", "me.chats[0].messages[1].poll.closedAt")
    reply = theirs.run("return (await kept.me.chats[0].send({content: 'never', replyTo: id})).id", id=poll)
    assert when(ours, "updated", "kept.chat.messages[1].thread?.lastReply.messageId") == reply
    listed = "const found = []; for await (const one of {}) found.push({}); return found"
    assert ours.run(listed.format("kept.chat.thread(kept.poll)", "one.id")) == [reply]
    assert ours.run(listed.format("kept.chat.threads()", "[one.message.id, one.unreadCount]")) == [[poll, 1]]
    assert ours.run("return (await kept.chat.markThreadRead(kept.poll)).unreadCount") == 0
    ours.run("await kept.chat.pinMessage(kept.sent)")
    assert ours.run(
        "const found = []; for await (const one of kept.chat.pins()) found.push(one.id); return found"
    ) == [ours.run("return kept.sent.id")]
    ours.run("await kept.chat.delete(kept.sent)")
    gone = when(theirs, "updated", "me.chats[0].messages[0].isDeleted && me.chats[0].messages[0]")
    assert (gone["content"], gone["reactions"], gone["isEdited"], gone["pinnedAt"]) == ("", {}, False, None)
    unlike = {"updatedAt", "status"}  # the event does not tell the first; the second moves on
    asked = theirs.run("return kept.me.http.get(`/messages/${id}`)", id=gone["id"])
    assert [user["id"] for user in asked.pop("users")] == [alice.id]
    assert {**asked, **{name: gone[name] for name in unlike}} == gone


def test_deleted_for_oneself_it_stays_with_the_other(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    ours, tablet, theirs = log_in(alice), log_in(alice), log_in(bob)
    ours.run("kept.chat = kept.me.chat(chatId); kept.sent = await kept.chat.send('to be hidden')", chatId=chat_id)
    when(tablet, "message", "kept.heard.length")
    ours.run("await kept.chat.delete(kept.sent, 'me')")
    assert ours.run("return kept.chat.messages") == []
    assert when(tablet, "removed", "me.chats[0].messages.length === 0")
    assert [message["content"] for message in theirs.run("return kept.me.chats[0].messages")] == ["to be hidden"]


def test_marks_reach_the_sender_and_the_readers_other_device(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    ours, theirs, tablet = log_in(alice), log_in(bob), log_in(bob)
    ours.run("kept.chat = kept.me.chat(chatId); kept.sent = await kept.chat.send('read me')", chatId=chat_id)
    assert when(ours, "chats", "kept.chat.statusOf(kept.sent) === 'delivered'")
    assert when(tablet, "chats", "me.chats[0].unreadCount === 1")
    theirs.run("kept.me.chats[0].markRead()")
    assert when(ours, "chats", "kept.chat.statusOf(kept.sent) === 'read'")
    assert when(tablet, "chats", "me.chats[0].unreadCount === 0")
    assert when(theirs, "chats", "me.chats[0].unreadCount === 0")


def test_history_is_loaded_as_it_is_asked_for(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    for number in range(1, 121):
        alice.send(chat_id, str(number))
    theirs = log_in(bob)
    assert theirs.run("return kept.me.chats[0].messages.length") == 1
    assert theirs.run(_SEQS, before=None, most=60) == list(range(120, 60, -1))
    assert theirs.run("return kept.me.chats[0].messages.length") < 120
    assert theirs.run(_SEQS, before=None, most=None) == list(range(120, 0, -1))
    assert theirs.run(_SEQS, before=4, most=None) == [3, 2, 1]


def test_typing_shows_and_ends_with_the_message(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    ours, theirs = log_in(alice), log_in(bob)
    ours.run("kept.me.chat(chatId).startTyping()", chatId=chat_id)
    assert when(theirs, "typing", "me.chats[0].typists.length && me.chats[0].typists") == [alice.id]
    ours.run("await kept.me.chat(chatId).send('done')", chatId=chat_id)
    assert when(theirs, "typing", "me.chats[0].typists.length === 0")


def test_a_first_message_of_a_stranger_is_told(alice: Person, bob: Person, log_in: LogIn) -> None:
    """Also where the chat is new to the client."""
    theirs = log_in(bob)
    chat_id = alice.chat_with(bob)
    alice.send(chat_id, "we have not met")
    assert when(theirs, "message", "kept.heard.length && kept.heard") == [[chat_id, 1, "we have not met"]]


def test_drafts_reach_other_devices(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    phone, tablet = log_in(alice), log_in(alice)
    phone.run("await kept.me.chat(chatId).setDraft('Dear Bob')", chatId=chat_id)
    assert when(tablet, "chats", "me.chats[0].draft.content") == "Dear Bob"


def test_a_message_that_disappears_is_taken_away(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    alice.http.patch(f"/chats/{chat_id}", json={"settings": {"messageSeconds": 5}}).raise_for_status()
    theirs = log_in(bob)
    alice.send(chat_id, "burn after reading")
    when(theirs, "message", "me.chats[0].messages.length === 1")
    assert when(theirs, "removed", "me.chats[0].messages.length === 0")


def test_what_is_unread_is_what_is_there_to_be_read(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    unread = "kept.me.chats[0].unreadCount"
    for number in range(8):
        alice.send(chat_id, str(number))
    theirs, tablet = log_in(bob), log_in(bob)
    assert theirs.run(f"return {unread}") == 8
    messages = list(reversed(bob.history(chat_id)))
    # The history is not loaded: what another device read of it is counted by the service.
    bob.http.post(f"/chats/{chat_id}/read", json={"seq": 3}).raise_for_status()
    assert when(theirs, "chats", f"{unread} === 5")
    newest = alice.send(chat_id, "newest")
    assert when(theirs, "chats", f"{unread} === 6")
    alice.http.delete(f"/messages/{newest['id']}").raise_for_status()
    assert when(theirs, "updated", f"{unread} === 5")
    theirs.run("await kept.me.chats[0].loadOlder(2)")
    assert theirs.run(f"return {unread}") == 5
    alice.http.delete(f"/messages/{messages[6]['id']}").raise_for_status()
    assert when(theirs, "updated", f"{unread} === 4")
    theirs.run("for await (const _ of kept.me.chats[0].history()); await kept.me.sync()")
    assert theirs.run(f"return {unread}") == 4
    theirs.run("kept.me.chats[0].markRead()")
    assert when(tablet, "chats", f"{unread} === 0")
    theirs.run("await kept.me.chats[0].markUnread()")
    assert when(tablet, "chats", "me.chats[0].data.markedUnread")
    assert theirs.run("return (await kept.me.unread()).unreadChats") == 1
    theirs.run("kept.me.chats[0].markRead()")
    assert when(tablet, "chats", "!me.chats[0].data.markedUnread")


def test_people_have_their_names_at_once_and_after_a_change(alice: Person, bob: Person, log_in: LogIn) -> None:
    alice.send(alice.chat_with(bob), "who am I?")
    theirs = log_in(bob)
    assert theirs.run("return kept.me.chats[0].name") == "alice"
    alice.http.patch("/users/me", json={"displayName": "Alice Liddell"}).raise_for_status()
    assert when(theirs, "person", "me.chats[0].name === 'Alice Liddell'")
    assert theirs.run(
        "return (await kept.me.people.fetchAll([id])).map((user) => user.displayName)", id=alice.id
    ) == ["Alice Liddell"]


def test_saved_messages_are_a_chat_with_oneself(alice: Person, log_in: LogIn) -> None:
    ours = log_in(alice)
    ours.run("kept.chat = await kept.me.openPrivate(kept.me.id); await kept.chat.send('a note')")
    assert ours.run("return [kept.chat.peerId, kept.chat.name, kept.chat.unreadCount]") == [alice.id, "alice", 0]
