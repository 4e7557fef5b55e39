"""A group with somebody at each rank, and the same from outside: for tables of who may do what."""

from dataclasses import dataclass
from typing import Any

from tests.support.answers import bare
from tests.support.people import Person, Register

# In the order of the tables: three in the group, three outside of it.
RANKS = ("owner", "admin", "member", "stranger", "removed", "blocked")


@dataclass(frozen=True)
class Cast:
    """One at each rank, and an admin and a member on whom the others act. The owner has blocked `blocked`."""

    owner: Person
    admin: Person
    member: Person
    stranger: Person
    removed: Person
    blocked: Person
    other_admin: Person
    other_member: Person

    def group(self, **change: Any) -> int:
        """A new group of these, changed so by its owner."""
        insiders = (self.admin, self.member, self.other_admin, self.other_member, self.removed)
        chat = self.owner.chat_with(*insiders, name="Ladder")
        for admin in (self.admin, self.other_admin):
            set_role(self.owner, chat, admin, "admin")
        assert self.owner.http.delete(f"/chats/{chat}/participants/{self.removed.id}").status_code == 204
        if change:
            assert self.owner.http.patch(f"/chats/{chat}", json=change).status_code == 200
        return chat


def cast(person: Register) -> Cast:
    """Registers all of them."""
    names = (*RANKS, "other_admin", "other_member")
    made = Cast(**{name: person(name) for name in names})
    assert made.owner.http.put(f"/blocks/{made.blocked.id}").status_code == 200
    return made


def set_role(who: Person, chat: int, whose: Person, role: str) -> None:
    """Gives a member a role, which must be allowed."""
    answer = who.http.patch(f"/chats/{chat}/participants/{whose.id}", json={"role": role})
    assert answer.status_code == 200, answer.text
    assert bare(answer.json()) == {"chatId": chat, "userId": whose.id, "role": role}


def roles(who: Person, chat: int) -> dict[int, str]:
    """The roles of a group's members, as one of them sees them."""
    participants = who.http.get(f"/chats/{chat}").json()["participants"]
    return {participant["userId"]: participant["role"] for participant in participants}


def invite(who: Person, chat: int, **limits: Any) -> dict[str, Any]:
    """Makes an invite and answers it."""
    answer = who.http.post(f"/chats/{chat}/invites", json=limits)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def changes(who: Person, cursor: str | None = None) -> tuple[list[dict[str, Any]], str]:
    """What sync tells since a cursor, and the next one; without a cursor, where things stand."""
    answer = who.http.get("/sync", params={"cursor": cursor} if cursor else {})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert not page["hasMore"]
    return page["events"], page["nextCursor"]
