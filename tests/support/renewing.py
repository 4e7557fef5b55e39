"""A client that renews its socket as docs/protocol.md says, and takes what its sockets and sync tell."""

from typing import Any

from tests.support.people import Person
from tests.support.socket import Frame, Socket


class Renewing:
    """A native client. `sockets` are all it ever had, the last one in use; `synced` is what sync told."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self.sockets = [person.socket()]
        self.synced: list[Frame] = []
        self._cursor: str = self.socket.act("sync")["nextCursor"]

    @property
    def socket(self) -> Socket:
        """The one in use."""
        return self.sockets[-1]

    @property
    def renews_after(self) -> int:
        """Seconds from the last hello to the next renewal."""
        return int(self.socket.events("hello")[0]["data"]["reconnectAfterSeconds"])

    def renew(self) -> Socket:
        """Opens the next socket, waits for its hello, and syncs; answers the old one, which is to be closed now."""
        old = self.socket
        self.sockets.append(self._person.socket())
        self.sync()
        return old

    def sync(self) -> None:
        """Asks for all that changed since the cursor, page by page."""
        more = True
        while more:
            page = self.socket.act("sync", {"cursor": self._cursor})
            assert "resyncRequired" not in page
            self.synced += page["events"]
            self._cursor, more = page["nextCursor"], page["hasMore"]

    def heard(self, kind: str) -> list[Frame]:
        """The events of a type that the sockets told, each once."""
        told = [event for socket in self.sockets for event in socket.events(kind)]
        return list({event["eventId"]: event for event in told}.values())

    def times_heard(self, kind: str) -> dict[str, int]:
        """How many sockets told each event of a type, by its id."""
        told = [event["eventId"] for socket in self.sockets for event in socket.events(kind)]
        return {event_id: told.count(event_id) for event_id in told}

    def messages(self, *, live_alone: bool = False) -> dict[int, dict[str, Any]]:
        """Each message by its id, in the newest state that was told."""
        kinds = ("message:new", "message:updated")
        told = [event for kind in kinds for event in self.heard(kind)]
        if not live_alone:
            told += [event for event in self.synced if event["type"] in kinds]
        states: dict[int, dict[str, Any]] = {}
        for state in sorted((event["data"] for event in told), key=lambda state: str(state["updatedAt"])):
            states[state["id"]] = state
        return states
