"""From a source's row to one that the product could have stored itself; what cannot become one is left out."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import msgspec

from chalicelib.core import clock
from chalicelib.entry.dialects.reading import username_of
from chalicelib.features.accounts import passwords
from chalicelib.features.accounts.usernames import normal, wrong_username
from chalicelib.features.chats.schemas import Name
from chalicelib.features.messages.schemas import Content
from chalicelib.features.messages.text import clean
from chalicelib.features.people.schemas import DisplayName, Email, PersonName, StatusText
from moving.report import Report
from moving.source import Row

Clean = dict[str, Any]

_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
# At a higher cost one log-in would keep a processor busy for minutes.
_HIGHEST_COST = 16
_WIRE_TIME = re.compile(r"\d{4}-\d\d-\d\dT.*Z")
# What sources keep in a column `status` that is no text of the user's own.
_PRESENCE = frozenset(("online", "offline", "away", "busy", "active", "inactive", "invisible"))
_PRIVATE = frozenset(("private", "direct", "personal", "dm"))


@dataclass(frozen=True)
class Cleaner:
    """Knows where the source's files are reached, and tells the report of every row that it changes or refuses."""

    report: Report
    # The address of the old server, which links in the source may lack.
    media_url: str = ""

    def user(self, row: Row) -> Clean | None:
        """A user, None where nothing names them."""
        key = row["id"]
        given = self._name(key, "users", row["name"])
        name = visible(row["username"]) or given or _local_part(row["email"])
        if not name:
            self.report.left_out("users", key, "has no name and no email address")
            return None
        first, last = self._person_name(row, "first_name"), self._person_name(row, "last_name")
        shown = given or f"{first} {last}".strip() or name
        if not (row["name"] or row["username"]):
            self.report.changed("users", key, "is named after the email address, having no name")
        if row["avatar"]:
            self.report.changed("users", key, "comes without an avatar, which was a link to another host")
        email = self._email(row)
        return {
            "key": key,
            # Kept longer than the account: it must not tell who that was.
            "fingerprint": hashlib.sha256((row["created_at"] or email or name).encode()).hexdigest(),
            "username": self._username(key, row["username"], name),
            "email": email,
            "hash": self._hash(key, row["hash"]),
            "firstName": first,
            "lastName": last,
            "displayName": self._short(key, shown, DisplayName, "display name"),
            "statusText": self._status(key, visible(row["status"])),
            "lastSeenAt": _time(row["last_seen"]),
            "createdAt": _time(row["created_at"]) or _now(),
        }

    def chat(self, row: Row, known_users: set[str]) -> Clean | None:
        """A chat with its members, None where it has none of the users that came."""
        key = row["id"]
        created_at = _time(row["created_at"]) or _now()
        members = [
            {
                "user": member["user"],
                "role": "admin" if member["role"] in {"admin", "moderator", "owner"} else "member",
                "joinedAt": _time(member["joined_at"]) or created_at,
            }
            for member in row["members"]
            if self._is_known(key, member["user"], known_users)
        ]
        if not members:
            self.report.left_out("chats", key, "has none of the users that came")
            return None
        people = {member["user"] for member in members}
        private = _is_private(row, len(people))
        if private and len(people) > 2:
            self.report.changed("chats", key, "is a group here, since more than two take part")
            private = False
        name = (
            None if private else self._short(key, self._name(key, "chats", row["name"]), Name, "name", table="chats")
        )
        if row["avatar"]:
            self.report.changed("chats", key, "comes without its avatar, which was a link to another host")
        return {
            "key": key,
            "type": "private" if private else "group",
            "name": name or None,
            "description": "" if private else visible(row["description"])[:1000],
            "createdBy": row["created_by"],
            "createdAt": created_at,
            "members": members,
        }

    def message(self, row: Row) -> Clean | None:
        """A message, None where it says nothing, too much, or not when."""
        key, created_at = row["id"], _time(row["created_at"])
        if created_at is None:
            self.report.left_out("messages", key, "has no time")
            return None
        deleted_at = (_time(row["deleted_at"]) or created_at) if row["is_deleted"] or row["deleted_at"] else None
        content = "" if deleted_at else self._content(row)
        if content is None:
            return None
        return {
            "key": key,
            "chat": row["chat"],
            "sender": row["sender"],
            "content": content,
            "replyTo": row["reply_to"],
            "createdAt": created_at,
            "editedAt": _time(row["edited_at"]),
            "deletedAt": deleted_at,
        }

    def _content(self, row: Row) -> str | None:
        key, given = row["id"], row["content"] or ""
        content = clean(given)
        if content != given:
            self.report.changed("messages", key, "comes without its HTML")
        if row["media"] and row["media"] not in content:
            # Whatever the link holds is text here.
            link = clean(urljoin(self.media_url, row["media"]))
            content = f"{content}\n{link}" if content.strip() else link
            self.report.changed("messages", key, "has the link to its file as text")
        if not content.strip():
            self.report.left_out("messages", key, "has neither text nor a file")
            return None
        if not _fits(content, Content):
            self.report.left_out("messages", key, "is longer than 10,000 characters")
            return None
        return content

    def _is_known(self, chat: str, user: str, known_users: set[str]) -> bool:
        if user not in known_users:
            self.report.left_out("members", f"{user} of chat {chat}", "is no user that came")
        return user in known_users

    def _username(self, key: str, given: str | None, name: str) -> str:
        """The old username, or as whoever signs up here by a name gets one, of the whole name or of a part of it."""
        parts = [part for part in name.split() if len(part) > 2]
        candidates = (_possible(given, key) if given else "", *map(username_of, (name, *parts)), f"user-{key[:12]}")
        username = next(one for one in candidates if one and wrong_username(one) is None)
        if given is not None and username != given:
            self.report.changed(
                "users", key, "has another username, since the old one is not possible here", username
            )
        return username

    def _email(self, row: Row) -> str | None:
        email: str | None = row["email"]
        if email is not None and not _fits(email, Email):
            self.report.changed("users", row["id"], "comes without an email address, since it is none")
            return None
        return email

    def _hash(self, key: str, given: str | None) -> str:
        known = _BCRYPT.fullmatch(given or "")
        if known is None or int(known[1]) > _HIGHEST_COST:
            self.report.changed("users", key, "cannot log in by password, since its hash is not bcrypt's")
            return passwords.NEVER
        return known[0]

    def _person_name(self, row: Row, column: str) -> str:
        what = column.replace("_", " ")
        return self._short(row["id"], self._name(row["id"], "users", row[column]), PersonName, what)

    def _name(self, key: str, table: str, given: str | None) -> str:
        name = visible(given)
        if given and name != " ".join(unicodedata.normalize("NFC", given).split()):
            self.report.changed(table, key, "has a name without the characters that nobody sees")
        return name

    def _short(self, key: str, text: str, kind: Any, what: str, *, table: str = "users") -> str:
        if text and not _fits(text, kind):
            self.report.changed(table, key, f"has its {what} cut to 100 characters")
            return text[:100].strip()
        return text

    def _status(self, key: str, text: str) -> str:
        if text.lower() in _PRESENCE:
            return ""
        if not _fits(text, StatusText):
            self.report.changed("users", key, "comes without a status text, since it is too long")
            return ""
        return text


def _possible(username: str, key: str) -> str:
    """A username without what is not possible here."""
    plain = re.sub(r"[^\w.-]+", ".", normal(visible(username))).strip(".")[:32]
    return plain if len(plain) > 2 else f"{plain}-{key[:12]}"


def visible(text: str | None) -> str:
    """A name without what nobody sees: control characters, and those that turn the direction of what follows."""
    kept = "".join(one for one in text or "" if unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _fits(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _is_private(row: Row, members: int) -> bool:
    kind = (row["type"] or "").lower()
    if kind:
        return kind in _PRIVATE
    return not row["is_group"] and members <= 2


def _local_part(email: str | None) -> str:
    return visible((email or "").partition("@")[0])


def _time(text: str | None) -> str | None:
    return text if text is not None and _WIRE_TIME.fullmatch(text) else None


def _now() -> str:
    return clock.wire(clock.now())
