"""What must hold after a run, whatever went wrong in it. Each rule lists its violations in words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.consistency.device import Device
from tests.consistency.record import Change, Record
from tests.support.people import Person
from tests.support.server import Server

History = dict[int, list[dict[str, Any]]]


def violations(
    server: Server, record: Record, members: dict[int, list[Person]], devices: Sequence[Device]
) -> list[str]:
    """Every rule that was broken, in words; empty where all hold. Every device has synced before."""
    history = {chat_id: _history(persons[0], chat_id) for chat_id, persons in members.items()}
    return [
        *(f"never answered: {what}" for what in record.given_up),
        *_numbered_without_gaps(history),
        *_acknowledged_once(record, history),
        *_numbered_as_acknowledged(record),
        *_nothing_twice(history),
        *_stories_lead_to_the_members(history, _members(server)),
        *_changes_hold(record, history),
        *_reactions_hold(record, history),
        *_everybody_sees_the_same(members, history),
        *_watermarks(server),
        *_reads_hold(record, _read_marks(server)),
        *_removed_hear_nothing(record),
        *_copies_are_fresh(devices),
        *(f"{device.name} told {what}" for device in devices for what in device.told_wrongly),
    ]


def _history(person: Person, chat_id: int) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    while True:
        page = person.messages(chat_id, after=messages[-1]["seq"] if messages else 0, limit=100)
        messages += page
        if len(page) < 100:
            return messages


def _numbered_without_gaps(history: History) -> Iterator[str]:
    for chat_id, messages in history.items():
        numbers = [message["seq"] for message in messages]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"chat {chat_id}: seq is not 1…{len(numbers)}"


def _acknowledged_once(record: Record, history: History) -> Iterator[str]:
    stored = {
        (message["senderId"], message["clientMessageId"]): message
        for messages in history.values()
        for message in messages
    }
    for change in record.of("send"):
        message = stored.get((change.user_id, change.subject))
        if message is None:
            yield f"lost: {change.subject} was acknowledged as {change.answer.get('seq')} in {change.chat_id}"
        elif (message["id"], message["seq"]) != (change.answer["id"], change.answer["seq"]):
            yield f"another: {change.subject} was acknowledged as {change.answer['seq']}, is {message['seq']}"


def _numbered_as_acknowledged(record: Record) -> Iterator[str]:
    """What was asked for after another was acknowledged has the higher number: seq is the order of commits."""
    by_chat: dict[int, list[Change]] = {}
    for change in record.of("send"):
        by_chat.setdefault(change.chat_id, []).append(change)
    for chat_id, sends in by_chat.items():
        answered = sorted(sends, key=lambda change: change.ended)
        before, highest = 0, 0
        for change in sorted(sends, key=lambda change: change.began):
            while answered[before].ended < change.began:
                highest = max(highest, answered[before].answer["seq"])
                before += 1
            if change.answer["seq"] < highest:
                yield f"chat {chat_id}: {change.subject} is {change.answer['seq']}, sent after {highest} was there"


def _nothing_twice(history: History) -> Iterator[str]:
    for chat_id, messages in history.items():
        sent = [message for message in messages if message["messageType"] != "system"]
        counted = Counter((message["senderId"], message["clientMessageId"]) for message in sent)
        yield from (f"twice in {chat_id}: {key}" for key, count in counted.items() if count > 1)


def _stories_lead_to_the_members(history: History, members: Mapping[int, set[int]]) -> Iterator[str]:
    """Who came and went by what a group tells of it are those who are in it."""
    for chat_id, messages in history.items():
        stories = [(message["senderId"], message["system"]) for message in messages if message["system"]]
        if not stories:
            continue
        inside: set[int] = set()
        for sender, told in stories:
            people = set(told["userIds"])
            match told["action"]:
                case "made":
                    inside = people | {sender}
                case "added" | "joined":
                    yield from (f"chat {chat_id}: {user} came twice" for user in people & inside)
                    inside |= people
                case "left" | "removed":
                    yield from (f"chat {chat_id}: {user} went twice" for user in people - inside)
                    inside -= people
        if inside != members[chat_id]:
            yield f"chat {chat_id}: {sorted(inside)} are in it by its story, and {sorted(members[chat_id])} are"


def _changes_hold(record: Record, history: History) -> Iterator[str]:
    """A deleted message stays deleted; an edited one says what one of its edits said that no later one replaced."""
    by_id = {message["id"]: message for messages in history.values() for message in messages}
    deleted = {change.subject for change in record.of("delete")}
    for message_id in deleted:
        if not by_id[message_id]["isDeleted"] or by_id[message_id]["content"]:
            yield f"message {message_id} was deleted, and is there"
    edits: dict[int, list[Change]] = {}
    for change in record.of("edit"):
        edits.setdefault(change.subject[0], []).append(change)
    doubtful = {change.subject for change in record.doubtful if change.kind == "edit"}
    for message_id, changes in edits.items():
        message = by_id[message_id]
        if message["isDeleted"]:
            continue
        newest_began = max(change.began for change in changes)
        possible = {change.subject for change in changes if change.ended >= newest_began} | doubtful
        if (message_id, message["content"]) not in possible:
            yield f"message {message_id} was edited, and says {message['content']!r}"


def _reactions_hold(record: Record, history: History) -> Iterator[str]:
    """What a device did last to a message with its own emoji is what stands."""
    last: dict[tuple[int, int, str], Change] = {}
    for change in sorted(record.changes + record.doubtful, key=lambda change: change.ended):
        if change.kind in {"react", "unreact"}:
            last[change.user_id, *change.subject] = change
    by_id = {message["id"]: message for messages in history.values() for message in messages}
    doubtful = {id(change) for change in record.doubtful}
    for (user_id, message_id, emoji), change in last.items():
        message = by_id[message_id]
        if id(change) in doubtful or message["isDeleted"]:
            continue
        if (user_id in message["reactions"].get(emoji, [])) != (change.kind == "react"):
            yield f"message {message_id}: {user_id} did {change.kind} {emoji}, and {message['reactions']} stands"


def _everybody_sees_the_same(members: dict[int, list[Person]], history: History) -> Iterator[str]:
    for chat_id, persons in members.items():
        expected = [_essence(message) for message in history[chat_id]]
        for person in persons[1:]:
            if [_essence(message) for message in _history(person, chat_id)] != expected:
                yield f"chat {chat_id}: {person.username} sees something else"


def _essence(message: dict[str, Any]) -> tuple[Any, ...]:
    """What is the same for everybody."""
    return tuple(
        message[field] for field in ("id", "seq", "senderId", "content", "isEdited", "isDeleted", "reactions")
    )


def _watermarks(server: Server) -> Iterator[str]:
    rows = server.sql(
        "SELECT m.chat_id, m.user_id FROM members m JOIN chats c ON c.id = m.chat_id"
        " WHERE NOT (m.read_seq <= m.delivered_seq AND m.delivered_seq <= c.last_seq)"
    )
    yield from (f"watermarks of {user_id} in {chat_id} are out of order" for chat_id, user_id in rows)


def _members(server: Server) -> dict[int, set[int]]:
    rows = server.sql("SELECT c.id, array(SELECT m.user_id FROM members m WHERE m.chat_id = c.id) FROM chats c")
    return {chat_id: set(user_ids) for chat_id, user_ids in rows}


def _read_marks(server: Server) -> dict[tuple[int, int], int]:
    rows = server.sql("SELECT chat_id, user_id, read_seq FROM members")
    return {(chat_id, user_id): read_seq for chat_id, user_id, read_seq in rows}


def _reads_hold(record: Record, marks: dict[tuple[int, int], int]) -> Iterator[str]:
    for change in record.of("read"):
        stands, acknowledged = marks.get((change.chat_id, change.user_id), 0), change.answer["readSeq"]
        if stands < acknowledged:
            yield f"chat {change.chat_id}: {change.user_id} had read up to {acknowledged}, and {stands} stands"


def _causes(record: Record) -> dict[tuple[Any, ...], list[Change]]:
    """What may have been the doing, by what is said of it live.

    A deletion may be asked for several times: once in vain by somebody who is out, and again when they are back. It
    was one of those that began before the first acknowledgement.
    """
    causes: dict[tuple[Any, ...], list[Change]] = {}
    done: dict[int, float] = {}
    for change in record.of("delete"):
        done[change.subject] = min(change.ended, done.get(change.subject, change.ended))
    for change in record.changes + record.doubtful:
        if change.kind == "send" and change.answer:
            causes["message:new", change.answer["id"], change.subject] = [change]
        elif change.kind == "edit":
            causes["message:updated", *change.subject] = [change]
        elif change.kind == "delete" and change.began < done.get(change.subject, change.ended):
            causes.setdefault(("message:deleted", change.subject), []).append(change)
    return causes


def _said(event: dict[str, Any]) -> tuple[Any, ...]:
    data = event["data"]
    match event["type"]:
        case "message:new":
            return event["type"], data["id"], data["clientMessageId"]
        case "message:updated":
            return event["type"], data["id"], data["content"]
        case "message:deleted":
            return event["type"], data["messageId"]
    return ()


def _removed_hear_nothing(record: Record) -> Iterator[str]:
    causes = _causes(record)
    removals = record.of("remove", "leave")
    additions = record.of("add", "join")

    def was_out(user_id: int, sent: Change) -> bool:
        gone = [
            change.ended
            for change in removals
            if change.subject == user_id and change.chat_id == sent.chat_id and change.ended < sent.began
        ]
        back = [
            change.began
            for change in additions
            if change.subject == user_id and change.chat_id == sent.chat_id and change.began < sent.ended
        ]
        return bool(gone) and max(gone) > max(back, default=0.0)

    for heard in record.heard:
        possible = causes.get(_said(heard.event), [])
        if possible and all(was_out(heard.user_id, sent) for sent in possible):
            what, chat_id = f"{possible[0].kind} {possible[0].subject}", possible[0].chat_id
            yield f"user {heard.user_id} heard {what}, done after their removal from {chat_id}"


def _copies_are_fresh(devices: Sequence[Device]) -> Iterator[str]:
    """A stale copy plus what sync told since is what a fresh load would be."""
    for device in devices:
        fresh = device.fresh_copy()
        fresh.sync()
        yield from (f"{device.name}: {what}" for what in _differences(device.copy.shown(), fresh.shown()))


def _differences(kept: Any, fresh: Any, where: str = "") -> Iterator[str]:
    """Where two copies are not the same, down to the field."""
    if isinstance(kept, dict) and isinstance(fresh, dict):
        for name in [*kept, *(name for name in fresh if name not in kept)]:
            yield from _differences(kept.get(name), fresh.get(name), f"{where} {name}")
    elif isinstance(kept, list) and isinstance(fresh, list) and len(kept) == len(fresh):
        for index, pair in enumerate(zip(kept, fresh, strict=True)):
            yield from _differences(*pair, f"{where} {index}")
    elif kept != fresh:
        yield f"{where.strip()} is {kept!r:.500}, not {fresh!r:.500}"
