"""A scene in which each durable action can be tried, and what is asked for in one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.faults import Fault
from tests.support import authenticator as authenticators
from tests.support.asking import KEYS, WEBHOOK
from tests.support.groups import invite
from tests.support.letters import authenticator, made_up_token
from tests.support.people import Person, register
from tests.support.push_service import Browser
from tests.support.server import Server

FILE = {"filename": "notes.txt", "contentType": "text/plain", "size": 5}


@dataclass(frozen=True)
class Scene:
    """Alice owns a group that bob is in, and has written there; carol owns one that nobody else is in."""

    server: Server
    alice: Person
    bob: Person
    carol: Person
    group: int
    door: int
    message: int

    def scheduled(self) -> int:
        """A message of alice's that waits."""
        body = {"chatId": self.group, "content": "later", "sendAt": in_an_hour()}
        return int(self.alice.http.post("/messages/scheduled", json=body).raise_for_status().json()["id"])

    def device(self) -> int:
        """A device of alice's that is notified."""
        device = Browser("https://push.example.com/1").device
        return int(self.alice.http.post("/devices", json=device).raise_for_status().json()["id"])

    def encrypting(self) -> int:
        """A device of bob's that has keys."""
        return int(self.bob.http.put("/keys", json=KEYS).raise_for_status().json()["deviceId"])

    def to_device(self) -> dict[str, Any]:
        """An encrypted message for bob's device."""
        message = {"deviceId": self.encrypting(), "type": "olm.0", "body": "AAAA"}
        return {"userIds": [self.bob.id], "messages": [message]}

    def webhook(self) -> int:
        """A webhook of alice's group."""
        answer = self.alice.http.post(f"/chats/{self.group}/webhooks", json=WEBHOOK)
        return int(answer.raise_for_status().json()["id"])

    def new_passkey(self) -> dict[str, Any]:
        """What alice's authenticator has made."""
        challenge = authenticators.challenge_for(self.alice)
        return {"name": "phone", "credential": authenticators.Passkey().made(challenge)}

    def passkey(self) -> int:
        """A passkey of alice's."""
        return int(authenticators.add(self.alice, authenticators.Passkey())["id"])

    def passkey_login(self) -> dict[str, Any]:
        """What a passkey of alice's has signed."""
        passkey = authenticators.Passkey()
        authenticators.add(self.alice, passkey)
        return {"credential": passkey.signed(authenticators.login_challenge(self.alice.http))}

    def stored(self) -> int:
        """A file of alice's that is in S3, and that nobody has looked at."""
        self.server.faults.arm(Fault.KILL_BEFORE, of="upload_stored", times=None)
        form = self.alice.http.post("/uploads", json=FILE).raise_for_status().json()
        httpx.post(form["url"], data=form["fields"], files={"file": b"notes"}, timeout=30).raise_for_status()
        return int(form["id"])

    def poll(self) -> int:
        """A poll of alice's."""
        poll = {"options": ["Saturday", "Sunday"]}
        return int(self.alice.send(self.group, "When?", poll=poll)["id"])

    def voice(self) -> int:
        """A voice message of bob's."""
        return int(self.bob.send(self.group, "Listen", messageType="audio")["id"])

    def unread(self) -> int:
        """A message of bob's, which alice has not read."""
        return int(self.bob.send(self.group, "Are you there?")["id"])

    def thread(self) -> int:
        """A message of alice's that bob has replied to."""
        head = int(self.alice.send(self.group, "one more")["id"])
        self.bob.send(self.group, "a reply", replyTo=head)
        return head

    def call(self, *, room: bool = False) -> int:
        """A new call of bob's, which rings for alice."""
        for old in self.bob.http.get("/calls").json()["calls"]:
            self.bob.http.post(f"/calls/{old['id']}/end", json={}).raise_for_status()
        body = {"chatId": self.group, "room": room}
        return int(self.bob.http.post("/calls", json=body).raise_for_status().json()["id"])

    def talk(self, *, room: bool = False) -> int:
        """The same, once alice has answered."""
        call = self.call(room=room)
        self.alice.http.post(f"/calls/{call}/accept", json={}).raise_for_status()
        return call

    def room(self) -> int:
        """The same of a room, which nobody has entered."""
        return self.talk(room=True)

    def invited(self) -> str:
        """What leads into carol's group."""
        return str(invite(self.carol, self.door)["token"])

    def known(self) -> int:
        """Bob, whom alice has as a contact and has blocked."""
        self.alice.http.post("/contacts", json={"userId": self.bob.id}).raise_for_status()
        self.alice.http.put(f"/blocks/{self.bob.id}").raise_for_status()
        return self.bob.id

    def request(self) -> int:
        """A chat that bob has begun, and that waits for alice."""
        self.alice.http.patch("/users/me/privacy", json={"messages": "requests"}).raise_for_status()
        return self.bob.chat_with(self.alice)

    def public(self) -> int:
        """Carol's group, with its door open."""
        self.carol.http.patch(f"/chats/{self.door}", json={"isPublic": True}).raise_for_status()
        return self.door

    def letter(self, purpose: str) -> str:
        """The token of a letter to alice."""
        return made_up_token(self.server, self.alice.id, purpose)

    def code(self, *, is_on: bool) -> str:
        """What an authenticator of alice's shows."""
        return authenticator(self.server, self.alice.id, is_on=is_on)

    def judged(self, *, by: str) -> int:
        """Bob, where alice has this role in the whole service."""
        self.server.sql("UPDATE users SET role = %s WHERE id = %s", by, self.alice.id)
        self.server.sql("UPDATE users SET role = 'user' WHERE id = %s", self.bob.id)
        return self.bob.id

    def report(self) -> int:
        """What carol has reported bob for, where alice is a moderator."""
        self.judged(by="moderator")
        body = {"subjectKind": "user", "subjectId": self.bob.id, "reason": "spam"}
        made = int(self.carol.http.post("/reports", json=body).raise_for_status().json()["id"])
        self.server.sql("UPDATE reports SET state = 'open', decision = NULL WHERE id = %s", made)
        return made

    def warning(self) -> int:
        """A warning of alice's that she has not appealed against."""
        return self._sanctioned(self.alice, "warning", until=None)

    def banned(self) -> str:
        """The name of somebody else who is banned."""
        name = f"banned{self.group}"
        self._sanctioned(register(self.server.url, name), "ban", until="infinity")
        return name

    def _sanctioned(self, who: Person, kind: str, *, until: str | None) -> int:
        insert = "INSERT INTO sanctions (user_id, kind, reason, until) VALUES (%s, %s, 'x', %s) RETURNING id"
        [(made,)] = self.server.sql(insert, who.id, kind, until)
        return int(made)

    def own(self, do: str) -> int:
        """The group, which alice has pinned, muted or archived for herself."""
        self.alice.http.put(f"/chats/{self.group}/{do}", json={}).raise_for_status()
        return self.group

    def rule(self, of: str) -> int:
        """A rule of the whole service (`admin`), where alice is a moderator, or of her group."""
        self.judged(by="moderator")
        body = {"phrase": "casino", "action": "hide"}
        return int(self.alice.http.post(f"/{of}/word-rules", json=body).raise_for_status().json()["id"])

    def held(self, of: str) -> int:
        """A message of carol's that such a rule holds."""
        rule = self.rule(of)
        self.alice.http.post(f"/chats/{self.group}/participants", json={"userId": self.carol.id}).raise_for_status()
        self.carol.http.post("/messages", json={"chatId": self.group, "content": "casino"})
        self.alice.http.delete(f"/{of}/word-rules/{rule}").raise_for_status()
        waiting = self.alice.http.get(f"/{of}/held-messages").raise_for_status().json()["messages"]
        return int(waiting[-1]["id"])


def in_an_hour() -> str:
    """When something can be scheduled for."""
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()
