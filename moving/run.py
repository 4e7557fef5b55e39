"""One import: users, then chats and their members, then messages, then what was read of them.

Each step may be cut off anywhere and begun again: the target knows what it has by the source's own ids.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from moving.cleaning import Clean, Cleaner
from moving.progress import Progress
from moving.report import Report
from moving.source import Row, Source, SourceError
from moving.target import Target

T = TypeVar("T")

# A batch is one transaction, and one call of a function where the database is on AWS: six megabytes there, of which a
# character may take twelve bytes.
_ROWS = 2_000
_CHARACTERS = 400_000
# A member of a chat is written in about so many.
_MEMBER = 90

_REASONS = {
    "empty": "has none of the users that came",
    "deleted": "was deleted here",
    "unknown_chat": "is of a chat that did not come",
    "deleted_chat": "is of a chat that was deleted here",
    "unknown_sender": "is of a user who did not come",
    "unknown_reply": "comes as no reply, since what it answers did not come",
}


class Import:
    """Carries one source over into one target."""

    def __init__(
        self, source: Source, target: Target, report: Report, cleaner: Cleaner, same: Mapping[str, int] | None = None
    ) -> None:
        self._source = source
        self._target = target
        self._report = report
        self._cleaner = cleaner
        # Accounts here, by the ids of users of the source, that the operator knows to be theirs.
        self._same = same or {}
        self._users: set[str] = set()
        self._left_out: list[str] = []

    def run(self) -> None:
        """Does it all. Raises SourceError and TargetError."""
        self._bring_users()
        self._bring_chats()
        self._bring_messages()
        self._bring_marks()

    def _bring_users(self) -> None:
        for rows in self._batches("users", self._source.read_users(), self._source.count(self._source.users)):
            users = [user for row in rows if (user := self._cleaner.user(row)) is not None]
            wanted = {user["key"]: user for user in users}
            for key, outcome, username, has_email in self._target.store("users", self._with_accounts(users)):
                self._tell_user(wanted[key], outcome, username, has_email=has_email)

    def _with_accounts(self, users: list[Clean]) -> list[Clean]:
        return [{**user, "userId": self._same.get(user["key"])} for user in users]

    def _tell_user(self, user: Clean, outcome: str, username: str, *, has_email: bool) -> None:
        key = user["key"]
        if outcome == "other":
            raise SourceError(
                f"User {key} of FROM is not who came under this id in an earlier import. Give this source another "
                f"name (AS=…)."
                if key not in self._same
                else f"There is no user {self._same[key]} here (SAME=…)."
            )
        if outcome == "deleted":
            self._report.left_out("users", key, _REASONS["deleted"])
        else:
            self._report.count("users", outcome)
        self._users.add(key)
        if outcome == "added" and username != user["username"]:
            self._report.changed("users", key, "has another username, since somebody here has that one", username)
        if outcome == "added" and user["email"] and not has_email:
            self._report.changed("users", key, "comes without an email address, since somebody here has it", username)

    def _bring_chats(self) -> None:
        source = self._source
        for rows in self._batches("chats", source.read_chats(), source.count(source.chats)):
            chats = [chat for row in rows if (chat := self._cleaner.chat(row, self._users)) is not None]
            self._report.read["members"] += sum(len(row["members"]) for row in rows)
            for key, outcome, members_added in self._target.store("chats", chats):
                self._report.count("members", "added", members_added)
                if outcome in _REASONS:
                    self._report.left_out("chats", key, _REASONS[outcome])
                else:
                    self._report.count("chats", outcome)
        for stray in source.read_strays():
            self._report.read["members"] += 1
            self._report.left_out(
                "members", f"{stray['user']} of chat {stray['chat']}", "is of a chat that is not there"
            )

    def _bring_messages(self) -> None:
        source = self._source
        for rows in self._batches("messages", source.read_messages(), source.count(source.messages)):
            known = {key for [key] in self._target.store("known", [row["id"] for row in rows])}
            messages = []
            for row in rows:
                if row["id"] in known:
                    continue
                message = self._cleaner.message(row)
                if message is None:
                    self._left_out.append(row["id"])
                else:
                    messages.append(message)
            self._report.count("messages", "known", len(known))
            refused = 0
            for key, outcome in self._target.store("messages", messages) if messages else ():
                if outcome == "unknown_reply":
                    self._report.changed("messages", key, _REASONS[outcome])
                else:
                    self._report.left_out("messages", key, _REASONS[outcome])
                    self._left_out.append(key)
                    refused += 1
            self._report.count("messages", "added", len(messages) - refused)

    def _bring_marks(self) -> None:
        source = self._source
        for rows in self._batches("reads", source.read_marks(self._left_out), source.count(source.participants)):
            marks = [{name if name != "read_at" else "readAt": value for name, value in row.items()} for row in rows]
            [[moved]] = self._target.store("marks", marks)
            self._report.count("reads", "moved a watermark", moved)

    def _batches(self, name: str, rows: Iterable[Row], total: int) -> Iterator[list[Row]]:
        progress = Progress(name, total)
        for batch in _cut(rows):
            self._report.read[name] += len(batch)
            yield batch
            progress.advance(len(batch))
        progress.finish()


def _cut(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    characters = 0
    for row in rows:
        batch.append(row)
        characters += len(row.get("content") or "") + _MEMBER * len(row.get("members") or ())
        if len(batch) >= _ROWS or characters >= _CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
