"""A user of the running service, as tests see one: over HTTP, and on any number of sockets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support import web
from tests.support.socket import Socket

PASSWORD = "correct horse battery"


@dataclass
class Person:
    """A registered user with a session. `http` carries the access token; its base URL is the API's."""

    id: int
    username: str
    access_token: str
    refresh_token: str
    http: httpx.Client
    socket_url: str
    _sockets: list[Socket] = field(default_factory=list)

    def socket(self, **options: Any) -> Socket:
        """A new connection by access token, after its hello."""
        socket = Socket(f"{self.socket_url}?token={self.access_token}", **options)
        self._sockets.append(socket)
        socket.wait_for("hello")
        return socket

    def chat_with(self, *others: "Person", name: str | None = None) -> int:
        """The id of the private chat with one other, or of a new group where it has a name."""
        body: dict[str, Any] = {"participantIds": [other.id for other in others]}
        body |= {"type": "private"} if name is None else {"type": "group", "name": name}
        answer = self.http.post("/chats", json=body)
        assert answer.status_code in {200, 201}, answer.text
        return int(answer.json()["id"])

    def send(self, chat_id: int, content: str, **more: Any) -> dict[str, Any]:
        """Sends a message over HTTP and answers it, as lists have it."""
        answer = self.http.post("/messages", json={"chatId": chat_id, "content": content, **more})
        assert answer.status_code in {200, 201}, answer.text
        message: dict[str, Any] = answer.json()
        message.pop("users", None)
        return message

    def schedule(self, chat_id: int, content: str = "later", **more: Any) -> int:
        """Has a message sent in an hour; answers its id among those that wait."""
        at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        body = {"chatId": chat_id, "content": content, "sendAt": at, **more}
        return int(self.http.post("/messages/scheduled", json=body).raise_for_status().json()["id"])

    def upload(self, content: bytes = b"notes") -> int:
        """Uploads a text file; answers its id, by which it can be attached."""
        body = {"filename": "notes.txt", "contentType": "text/plain", "size": len(content)}
        form = self.http.post("/uploads", json=body).raise_for_status().json()
        httpx.post(form["url"], data=form["fields"], files={"file": content}, timeout=30).raise_for_status()
        self.http.post(f"/uploads/{form['id']}/complete").raise_for_status()
        return int(form["id"])

    def large_upload(self) -> int:
        """Announces a file that comes in parts; answers its id."""
        body = {"filename": "film.mp4", "contentType": "video/mp4", "size": 10**8}
        return int(self.http.post("/uploads/multipart", json=body).raise_for_status().json()["id"])

    def history(self, chat_id: int, **query: Any) -> list[dict[str, Any]]:
        """What people have written in a page of a chat's messages."""
        return [message for message in self.messages(chat_id, **query) if message["messageType"] != "system"]

    def story(self, chat_id: int, **query: Any) -> list[dict[str, Any]]:
        """What a group tells of itself in a page of its messages: its system messages."""
        return [message for message in self.messages(chat_id, **query) if message["messageType"] == "system"]

    def messages(self, chat_id: int, **query: Any) -> list[dict[str, Any]]:
        """A page of all that there is in a chat."""
        answer = self.http.get(f"/chats/{chat_id}/messages", params=query)
        assert answer.status_code == 200, answer.text
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages

    def close(self) -> None:
        """Ends everything that is open."""
        for socket in self._sockets:
            socket.close()
        self.http.close()


# What the fixture `person` gives: registers somebody by a name.
Register = Callable[[str], Person]


def register(url: str, username: str, **more: Any) -> Person:
    """Makes a user and a session for them. `url` is the API's base."""
    with web.client(url) as client:
        answer = client.post("/auth/register", json={"username": username, "password": PASSWORD, **more})
    assert answer.status_code == 201, answer.text
    return of_session(url, answer.json())


def of_session(url: str, session: Mapping[str, Any]) -> Person:
    """The person that an answer of register or login speaks of."""
    headers = {"Authorization": f"Bearer {session['accessToken']}"}
    return Person(
        id=session["user"]["id"],
        username=session["user"]["username"],
        access_token=session["accessToken"],
        refresh_token=session["refreshToken"],
        http=web.client(url, headers),
        socket_url=url.replace("http://", "ws://"),
    )
