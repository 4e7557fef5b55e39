"""The checker itself: each of its rules finds what breaks it, and nothing where all is well."""

from typing import Any

import pytest

from tests.consistency import check
from tests.consistency.record import Change, Heard, Record

ANNA, GUEST, CHAT = 1, 2, 7


def _message(seq: int, **fields: Any) -> dict[str, Any]:
    known = {"id": 100 + seq, "chatId": CHAT, "seq": seq, "senderId": ANNA, "clientMessageId": f"c{seq}"}
    known |= {"messageType": "text", "system": None, "content": "text"}
    return known | {"isDeleted": False, "isEdited": False, "reactions": {}} | fields


def _change(kind: str, began: float, ended: float, subject: Any, **answer: Any) -> Change:
    return Change(kind, ANNA, CHAT, began, ended, subject, answer)


def _record(*changes: Change) -> Record:
    return Record(changes=list(changes))


@pytest.mark.parametrize(("numbers", "broken"), [((1, 2, 3), 0), ((1, 3), 1), ((2, 1), 1), ((1, 1), 1)])
def test_gaps_and_disorder_are_found(numbers: tuple[int, ...], broken: int) -> None:
    assert len(list(check._numbered_without_gaps({CHAT: [_message(seq) for seq in numbers]}))) == broken


def test_a_lost_message_is_found() -> None:
    record = _record(_change("send", 0, 1, "c1", id=101, seq=1), _change("send", 1, 2, "c2", id=102, seq=2))
    assert list(check._acknowledged_once(record, {CHAT: [_message(1), _message(2)]})) == []
    assert "lost: c2" in next(check._acknowledged_once(record, {CHAT: [_message(1)]}))


def test_an_order_that_is_not_that_of_the_acks_is_found() -> None:
    first, second = _change("send", 0, 1, "c1", seq=1), _change("send", 2, 3, "c2", seq=2)
    assert list(check._numbered_as_acknowledged(_record(first, second))) == []
    crossed = _record(_change("send", 0, 1, "c1", seq=2), _change("send", 2, 3, "c2", seq=1))
    assert "c2 is 1" in next(check._numbered_as_acknowledged(crossed))
    at_once = _record(_change("send", 0, 3, "c1", seq=2), _change("send", 2, 4, "c2", seq=1))
    assert list(check._numbered_as_acknowledged(at_once)) == []


@pytest.mark.parametrize(("stands", "broken"), [(5, 0), (6, 0), (4, 1)])
def test_a_mark_that_went_back_is_found(stands: int, broken: int) -> None:
    record = _record(_change("read", 0, 1, None, readSeq=3), _change("read", 1, 2, None, readSeq=5))
    assert len(list(check._reads_hold(record, {(CHAT, ANNA): stands}))) == broken


def test_a_message_that_is_another_than_was_acknowledged_is_found() -> None:
    record = _record(_change("send", 0, 1, "c1", id=101, seq=5))
    assert "another: c1" in next(check._acknowledged_once(record, {CHAT: [_message(1)]}))


def _story(seq: int, action: str, *user_ids: int) -> dict[str, Any]:
    told = {"action": action, "userIds": list(user_ids)}
    return _message(seq, messageType="system", system=told, clientMessageId=None)


@pytest.mark.parametrize(
    ("stories", "broken"),
    [
        ([_story(1, "made", GUEST), _message(2), _story(3, "removed", GUEST), _story(4, "added", GUEST)], 0),
        ([_story(1, "made"), _story(2, "joined", GUEST)], 0),
        ([_story(1, "made")], 1),
        ([_story(1, "made", GUEST), _story(2, "added", GUEST)], 1),
        ([_story(1, "made"), _story(2, "left", GUEST), _story(3, "joined", GUEST)], 1),
    ],
)
def test_a_story_that_is_not_that_of_the_members_is_found(stories: list[dict[str, Any]], broken: int) -> None:
    assert len(list(check._stories_lead_to_the_members({CHAT: stories}, {CHAT: {ANNA, GUEST}}))) == broken
    assert list(check._nothing_twice({CHAT: stories})) == []


def test_a_doubled_message_is_found() -> None:
    assert list(check._nothing_twice({CHAT: [_message(1), _message(2, clientMessageId="c1")]}))


def test_a_deletion_that_did_not_hold_is_found() -> None:
    record = _record(_change("delete", 0, 1, 101))
    assert list(check._changes_hold(record, {CHAT: [_message(1, isDeleted=True, content="")]})) == []
    assert list(check._changes_hold(record, {CHAT: [_message(1)]}))


def test_an_edit_that_an_older_one_undid_is_found() -> None:
    record = _record(_change("edit", 0, 1, (101, "old")), _change("edit", 2, 3, (101, "new")))
    assert list(check._changes_hold(record, {CHAT: [_message(1, content="new")]})) == []
    assert list(check._changes_hold(record, {CHAT: [_message(1, content="old")]}))


def test_of_two_edits_at_once_either_may_stand() -> None:
    record = _record(_change("edit", 0, 2, (101, "a")), _change("edit", 1, 3, (101, "b")))
    for content, broken in (("a", 0), ("b", 0), ("text", 1)):
        assert len(list(check._changes_hold(record, {CHAT: [_message(1, content=content)]}))) == broken


@pytest.mark.parametrize(("stands", "broken"), [({}, 0), ({"👍": [ANNA]}, 1)])
def test_a_reaction_that_came_back_is_found(stands: dict[str, list[int]], broken: int) -> None:
    record = _record(_change("react", 0, 1, (101, "👍")), _change("unreact", 2, 3, (101, "👍")))
    assert len(list(check._reactions_hold(record, {CHAT: [_message(1, reactions=stands)]}))) == broken


@pytest.mark.parametrize(("added", "broken"), [((), 1), ((_change("join", 3, 4, GUEST),), 0)])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_change("send", 5, 6, "c1", id=101, seq=1), {"type": "message:new", "data": _message(1)}),
        (_change("edit", 5, 6, (101, "new")), {"type": "message:updated", "data": _message(1, content="new")}),
        (_change("delete", 5, 6, 101), {"type": "message:deleted", "data": {"messageId": 101}}),
    ],
    ids=lambda given: given.kind if isinstance(given, Change) else "",
)
def test_an_event_after_a_removal_is_found(
    change: Change, said: dict[str, Any], added: tuple[Change, ...], broken: int
) -> None:
    record = _record(_change("remove", 0, 1, GUEST), *added, change)
    record.heard.append(Heard(GUEST, 6, said))
    assert len(list(check._removed_hear_nothing(record))) == broken


@pytest.mark.parametrize(("asked_again", "broken"), [(4, 0), (2, 1)])
def test_a_deletion_that_was_refused_before_is_no_cause(asked_again: float, broken: int) -> None:
    """The guest asks in vain while they are out, and once more: after they are back, or before."""
    again = _change("delete", asked_again, asked_again + 1, 101)
    record = _record(_change("remove", 0, 1, GUEST), _change("join", 3.5, 4, GUEST), again)
    record.refused(_change("delete", 1.5, 1.8, 101))
    record.heard.append(Heard(GUEST, 6, {"type": "message:deleted", "data": {"messageId": 101}}))
    assert len(list(check._removed_hear_nothing(record))) == broken


def test_of_several_deletions_the_first_that_was_acknowledged_is_the_cause() -> None:
    record = _record(_change("remove", 0, 1, GUEST), _change("delete", 2, 3, 101), _change("join", 4, 5, GUEST))
    record.acknowledged(_change("delete", 6, 7, 101))
    record.heard.append(Heard(GUEST, 6, {"type": "message:deleted", "data": {"messageId": 101}}))
    assert len(list(check._removed_hear_nothing(record))) == 1


@pytest.mark.parametrize(
    ("kept", "fresh", "said"),
    [
        ({"messages": {7: [_message(1)]}}, {"messages": {7: [_message(1)]}}, []),
        (
            {"messages": {7: [_message(1)]}},
            {"messages": {7: [_message(1, content="new")]}},
            ["messages 7 0 content is 'text', not 'new'"],
        ),
        ({"messages": {7: []}}, {"messages": {7: [1]}}, ["messages 7 is [], not [1]"]),
        ({"chats": {7: {"unreadCount": 1}}}, {"chats": {}}, ["chats 7 is {'unreadCount': 1}, not None"]),
        ({"drafts": {}}, {"drafts": {7: ("text", None)}}, ["drafts 7 is None, not ('text', None)"]),
    ],
)
def test_a_copy_that_is_not_fresh_is_found(kept: Any, fresh: Any, said: list[str]) -> None:
    assert list(check._differences(kept, fresh)) == said
