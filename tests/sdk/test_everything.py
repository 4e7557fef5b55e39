"""Every method of the client library does what its name says, against the real service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sdk.conftest import LogIn
from tests.sdk.nodes import Node, when
from tests.support.letters import authenticator
from tests.support.people import PASSWORD, Person
from tests.support.server import Server

_ALL = "const found = []; for await (const one of {list}) found.push({item}); return found;"


def _all(node: Node, listed: str, item: str = "one") -> Any:
    """What a list holds, or this of each of its items."""
    return node.run(_ALL.format(list=listed, item=item))


@pytest.fixture
def ours(alice: Person, log_in: LogIn) -> Node:
    """Alice's client."""
    return log_in(alice)


def test_people(ours: Node, bob: Person, carol: Person) -> None:
    assert _all(ours, "kept.me.people.search('bo')", "one.username") == ["bob"]
    assert ours.run("return kept.me.people.get(bob).username", bob=bob.id) == "bob"
    assert ours.run("return (await kept.me.people.fetch(carol)).username", carol=carol.id) == "carol"
    assert set(_all(ours, "kept.me.people.all()", "one.username")) >= {"alice", "bob", "carol"}

    ours.run("await kept.me.people.addContact(bob, 'Bobby')", bob=bob.id)
    assert _all(ours, "kept.me.people.contacts()", "[one.userId, one.name]") == [[bob.id, "Bobby"]]
    ours.run("await kept.me.people.renameContact(bob, 'Robert')", bob=bob.id)
    assert _all(ours, "kept.me.people.contacts('rob')", "one.name") == ["Robert"]
    ours.run("await kept.me.people.removeContact(bob)", bob=bob.id)
    assert _all(ours, "kept.me.people.contacts()") == []

    ours.run("await kept.me.people.block(carol)", carol=carol.id)
    assert _all(ours, "kept.me.people.blocks()", "one.userId") == [carol.id]
    ours.run("await kept.me.people.unblock(carol)", carol=carol.id)
    assert _all(ours, "kept.me.people.blocks()") == []


def test_the_account(ours: Node, alice: Person) -> None:
    assert ours.run("return (await kept.me.account.change({displayName: 'Alice L.'})).displayName") == "Alice L."
    assert ours.run("return (await kept.me.account.profile()).displayName") == "Alice L."
    ours.run("await kept.me.account.setStatus('busy', 'in a meeting')")
    assert ours.run("return kept.me.account.status()") == {"status": "busy", "statusText": "in a meeting"}
    ours.run("await kept.me.account.changePrivacy({lastSeen: 'nobody'})")
    assert ours.run("return (await kept.me.account.privacy()).lastSeen") == "nobody"
    sessions = _all(ours, "kept.me.account.sessions()", "[one.id, one.current]")
    (other,) = [number for number, current in sessions if not current]
    ours.run("await kept.me.account.endSession(id)", id=other)
    assert alice.http.get("/users/me").status_code == 401
    assert ours.run("return (await kept.me.account.storage()).used") == 0


def test_the_archive_and_appeals(ours: Node, server: Server, alice: Person, bob: Person) -> None:
    assert ours.run("return kept.me.account.archive()") == {"state": "none", "progress": 0, "uploadId": None}
    ours.run("await kept.me.account.makeArchive(password)", password=PASSWORD)
    assert ours.run("return (await kept.me.account.archive()).state") == "working"
    server.sql("UPDATE users SET role = 'admin' WHERE id = %s", bob.id)
    bob.http.post(f"/admin/users/{alice.id}/warnings", json={"reason": "Rule 1"}).raise_for_status()
    ((warning, reason),) = _all(ours, "kept.me.account.sanctions()", "[one.id, one.reason]")
    assert reason == "Rule 1"
    assert ours.run("return (await kept.me.account.appeal(id, 'Sorry')).state", id=warning) == "open"
    bob.http.put(f"/admin/users/{alice.id}/ban", json={"reason": "Rule 2"}).raise_for_status()
    ask = "return (await Messenger.appeal(origin, {username, password, comment: 'Sorry'})).state"
    assert ours.run(ask, origin=server.origin, username=alice.username, password=PASSWORD) == "open"


def test_how_the_account_is_protected(ours: Node, server: Server, alice: Person) -> None:
    begun = ours.run("return (await kept.me.account.beginSecondFactor(password)).uri", password=PASSWORD)
    assert begun.startswith("otpauth://")
    server.sql("DELETE FROM second_factors WHERE user_id = %s", alice.id)
    code = authenticator(server, alice.id, is_on=False)
    confirmed = ours.run("return kept.me.account.confirmSecondFactor(code)", code=code)
    recovery = confirmed["recoveryCodes"]
    assert ours.run("return kept.me.account.secondFactor()") == {"isOn": True, "recoveryCodesLeft": 10}
    end = "await kept.me.account.endSecondFactor(password, code)"
    ours.run(end, password=PASSWORD, code=recovery[0])
    assert ours.run("return (await kept.me.account.secondFactor()).isOn") is False
    ours.run("await kept.me.account.changePassword(now, next)", now=PASSWORD, next="another horse battery")
    ended = "const ended = kept.me.next('ended'); await kept.me.account.delete(password); return (await ended).reason"
    assert ours.run(ended, password="another horse battery")


def test_groups(ours: Node, alice: Person, bob: Person, carol: Person, log_in: LogIn) -> None:
    ours.run("kept.group = await kept.me.createGroup({name: 'tea', participantIds: [bob]})", bob=bob.id)
    group = ours.run("return kept.group.id")
    theirs = log_in(bob)
    assert theirs.run("return kept.me.chats[0].name") == "tea"
    ours.run("await kept.group.change({name: 'tea and cake', isPublic: true})")
    assert ours.run("return kept.group.name") == "tea and cake"
    when(theirs, "chats", "me.chats[0].name === 'tea and cake'")
    ours.run("await kept.group.members.add([carol])", carol=carol.id)
    assert ours.run("return kept.group.data.participantCount") == 3
    ours.run("await kept.group.members.setRole(bob, 'admin')", bob=bob.id)
    roles = ours.run("return (await kept.group.members.all()).map(({userId, role}) => [userId, role])")
    assert sorted(roles) == [[alice.id, "owner"], [bob.id, "admin"], [carol.id, "member"]]
    ours.run("await kept.group.members.remove(carol)", carol=carol.id)
    when(ours, "chats", "kept.group.data.participantCount === 2")

    token = ours.run("return (await kept.group.members.invite({maxUses: 3})).token")
    hers = log_in(carol)
    assert hers.run("return (await kept.me.previewInvite(token)).name", token=token) == "tea and cake"
    assert _all(hers, "kept.me.publicGroups('tea')", "one.id") == [group]
    assert hers.run("return (await kept.me.previewGroup(group)).isMember", group=group) is False
    (invite,) = _all(ours, "kept.group.members.invites()", "one.id")
    ours.run("await kept.group.members.revokeInvite(id)", id=invite)

    theirs.run("await kept.me.chats[0].leave()")
    assert theirs.run("return kept.me.chats.length") == 0
    theirs.run("kept.group = await kept.me.joinGroup(group)", group=group)
    assert theirs.run("return kept.me.chats[0] === kept.group") is True
    theirs.run("await kept.group.leave()")
    token = ours.run("return (await kept.group.members.invite()).token")
    assert theirs.run("return (await kept.me.joinByInvite(token)).id", token=token) == group
    ours.run("await kept.group.remove()")
    assert ours.run("return kept.me.chats.length") == 0
    when(theirs, "chats", "me.chats.length === 0")


def test_ones_own_settings_of_a_chat(ours: Node, alice: Person, bob: Person, carol: Person) -> None:
    ours.run(
        "kept.one = await kept.me.openPrivate(bob); kept.two = await kept.me.openPrivate(carol);"
        "await kept.one.send('older'); await kept.two.send('newer')",
        bob=bob.id,
        carol=carol.id,
    )
    order = "return kept.me.chats.map((chat) => chat === kept.one ? 1 : 2)"
    assert ours.run(order) == [2, 1]
    ours.run("await kept.one.pin()")
    assert ours.run(order) == [1, 2]
    ours.run("await kept.one.unpin(); await kept.one.mute(new Date(Date.now() + 1e6)); await kept.one.archive()")
    assert ours.run(order) == [2, 1]
    assert ours.run("return [kept.one.data.muted, kept.one.data.archived]") == [True, True]
    ours.run("await kept.one.unmute(); await kept.one.unarchive()")
    assert ours.run("return [kept.one.data.muted, kept.one.data.archived]") == [False, False]
    told = ours.run("await kept.me.sync(); return kept.one.data")
    assert told == {**told, "muted": False, "archived": False, "pinned": False}
    ours.run("await kept.one.remove()")
    assert ours.run(order) == [2]
    ours.run("await kept.me.openPrivate(bob)", bob=bob.id)
    assert ours.run("return kept.me.chats.length") == 2


def test_finding_forwarding_and_later(ours: Node, alice: Person, bob: Person, carol: Person) -> None:
    ours.run(
        "kept.one = await kept.me.openPrivate(bob); kept.two = await kept.me.openPrivate(carol);"
        "kept.sent = await kept.one.send('a purple elephant')",
        bob=bob.id,
        carol=carol.id,
    )
    assert _all(ours, "kept.me.search('elephant')", "[one.content, one.snippet]") == [
        ["a purple elephant", [{"text": "a purple ", "isMatch": False}, {"text": "elephant", "isMatch": True}]]
    ]
    assert _all(ours, "kept.two.search('elephant')") == []
    copies = ours.run("return kept.one.forward(kept.sent, [kept.two.id])")
    assert [copy["forwardedFrom"]["messageId"] for copy in copies] == [ours.run("return kept.sent.id")]
    assert ours.run("return kept.two.messages.at(-1).content") == "a purple elephant"
    ours.run("await kept.one.edit(kept.sent, 'a red elephant')")
    assert _all(ours, "kept.one.edits(kept.sent)", "one.content") == ["a purple elephant"]
    assert _all(ours, "kept.one.receipts(kept.sent)", "[one.userId, one.status]") == [[bob.id, "sent"]]

    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    first = ours.run("return kept.one.schedule(new Date(at), 'tomorrow')", at=at)
    ours.run("await kept.me.scheduled.change(id, {content: 'the day after'})", id=first["id"])
    ours.run("await kept.one.schedule(at, 'never')", at=at)
    waiting = _all(ours, "kept.me.scheduled.all(kept.one.id)", "[one.id, one.content]")
    assert [text for _, text in waiting] == ["the day after", "never"]
    ours.run("await kept.me.scheduled.cancel(id)", id=waiting[1][0])
    assert ours.run("return (await kept.me.scheduled.sendNow(id)).content", id=first["id"]) == "the day after"
    assert ours.run("return kept.one.messages.at(-1).content") == "the day after"


def test_presence(ours: Node, bob: Person, log_in: LogIn) -> None:
    ours.run("await kept.me.openPrivate(bob); await kept.me.presence.watch([bob])", bob=bob.id)
    assert ours.run("return kept.me.presence.get(bob).status", bob=bob.id) == "offline"
    theirs = log_in(bob)
    assert when(ours, "presence", "me.presence.get(bob).status === 'online'", bob=bob.id)
    theirs.run("await kept.me.account.setStatus('away')")
    assert when(ours, "presence", "me.presence.get(bob).status === 'away'", bob=bob.id)
