"""Socket.IO by HTTP, request by request: opening, waiting, changing to a WebSocket, and ending."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chalicelib.core.aws import dynamodb
from chalicelib.core.config import settings
from chalicelib.realtime.connections import PING_MINUTES
from tests.support.line import Line
from tests.support.people import Person
from tests.support.poll import Poll
from tests.support.server import Server

# Opening and talking


def test_a_session_is_opened_and_logged_in(poll: Callable[..., Poll], alice: Person) -> None:
    one = poll()
    assert one.told["upgrades"] == ["websocket"]
    assert one.told["pingInterval"] + one.told["pingTimeout"] < 2**31
    assert one.told["maxPayload"] == 1_000_000
    hello = one.log_in(alice)
    assert hello["userId"] == alice.id
    one.say('420["ping"]', '421["no:such"]')
    assert one.hear().startswith('430[{"success":true,"serverTime":')
    assert one.hear().startswith('431[{"success":false,')


def test_engine_3_is_logged_in_by_its_handshake(poll: Callable[..., Poll], alice: Person) -> None:
    one = poll(3, query={"token": f"Bearer {alice.access_token}"})
    assert one.hear() == "40"
    assert one.hear_event("hello")["userId"] == alice.id
    one.say("2", '420["ping"]')
    assert one.hear() == "3"
    assert one.hear().startswith('430[{"success":true')


def test_a_token_in_the_header(poll: Callable[..., Poll], alice: Person) -> None:
    one = poll(headers={"Authorization": f"Bearer {alice.access_token}"})
    one.say("40")
    assert one.hear().startswith('40{"sid":')
    assert one.hear_event("hello")["userId"] == alice.id


def test_a_bad_token_is_refused_in_words(poll: Callable[..., Poll], alice: Person) -> None:
    one = poll()
    one.say('40{"token":"forged"}')
    reason = json.loads(one.hear().removeprefix("44"))
    assert (reason["message"], reason["data"]["code"]) == ("Unauthorized", "unauthenticated")
    one.log_in(alice)
    other = poll(3)
    assert json.loads(other.hear().removeprefix("44"))["message"] == "Unauthorized"


def test_bytes_of_python_clients_of_engine_3_are_read(poll: Callable[..., Poll], alice: Person) -> None:
    one = poll(3, query={"token": alice.access_token})
    packet = '420["message:typing",{"chatId":1,"content":"Привет"}]'.encode()
    length = bytes(int(digit) for digit in str(len(packet)))
    answer = one.send(b"\0" + length + b"\xff" + packet, **{"Content-Type": "application/octet-stream"})
    assert answer.text == "ok"
    while not (heard := one.hear()).startswith("430"):
        pass
    assert '"success":false' in heard


def test_an_unknown_namespace_is_refused_in_words(poll: Callable[..., Poll]) -> None:
    one = poll()
    one.say("40/rooms,")
    assert "There is no namespace /rooms" in one.hear()


# Waiting


def test_a_poll_waits_for_what_is_published(poll: Callable[..., Poll], alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    one = poll()
    one.log_in(bob)
    with ThreadPoolExecutor(1) as side:
        heard = side.submit(one.hear_event, "message:new")
        time.sleep(1)
        assert not heard.done()
        sent = alice.send(chat, "while it waits")
        assert heard.result(20)["id"] == sent["id"]


def test_what_is_published_between_polls_waits(poll: Callable[..., Poll], alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    one = poll()
    one.log_in(bob)
    sent = [alice.send(chat, f"number {number}")["id"] for number in range(5)]
    assert [one.hear_event("message:new")["id"] for _ in sent] == sent


def test_an_idle_poll_ends_with_a_packet_that_says_nothing(
    server: Server, poll: Callable[..., Poll], alice: Person
) -> None:
    with server.settings(poll_seconds=1):
        one = poll()
        one.log_in(alice)
        assert one.poll() == ["6"]
        one.say('420["ping"]')
        assert one.hear().startswith("430")


def test_who_polls_is_pinged(server: Server, poll: Callable[..., Poll], alice: Person) -> None:
    heard: list[str] = []
    with server.settings(poll_seconds=2):
        one = poll()
        one.log_in(alice)
        for minute in range(PING_MINUTES):
            with server.ahead(60 * minute):
                heard += one.poll()
                server.stack.triggers.fire_schedule("sweep")
                heard += one.poll()
    assert heard.count("2") == 1
    one.say("3")


# The upgrade


def test_an_upgrade_loses_and_doubles_nothing(
    server: Server, poll: Callable[..., Poll], alice: Person, bob: Person
) -> None:
    chat = alice.chat_with(bob)
    one = poll()
    one.log_in(bob)
    sent: list[int] = []
    enough = threading.Event()

    def publish() -> None:
        while not enough.is_set():
            sent.append(alice.send(chat, "on and on")["id"])

    talking = threading.Thread(target=publish)
    talking.start()
    socket = Line(server, f"EIO=4&transport=websocket&sid={one.sid}")
    socket.say("2probe")
    assert socket.hear() == "3probe"
    heard = _ids(one.poll())  # answered soon, with what waits or with nothing
    socket.say("5")
    socket.say('427["ping"]')  # right behind, as clients do it
    texts: list[str] = []
    while not any(text.startswith("437") for text in texts):
        texts.append(socket.hear())
    time.sleep(1)
    enough.set()
    talking.join()
    heard += _ids(texts)
    while len(heard) < len(sent):
        heard += _ids([socket.hear()])
    assert sorted(heard) == sorted(sent)
    assert len(sent) > 3
    answer = one.get()
    assert (answer.status_code, answer.json()) == (400, {"code": 3, "message": "Bad request"})
    assert one.send("2").status_code == 400
    socket.close()


def _ids(texts: list[str]) -> list[int]:
    events = [json.loads(text[2:]) for text in texts if text.startswith("42")]
    return [data["id"] for name, data in events if name == "message:new"]


def test_a_session_can_upgrade_before_it_logs_in(server: Server, poll: Callable[..., Poll], alice: Person) -> None:
    one = poll()
    socket = Line(server, f"EIO=4&transport=websocket&sid={one.sid}")
    socket.say("2probe")
    assert socket.hear() == "3probe"
    socket.say("5")
    socket.say(f"40{json.dumps({'token': alice.access_token})}")
    assert socket.hear().startswith("40")
    assert socket.hear_event()[1]["userId"] == alice.id
    socket.close()


def test_an_upgrade_needs_a_session(server: Server, poll: Callable[..., Poll]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Line(server, "EIO=4&transport=websocket&sid=nobody")
    assert refused.value.response.status_code == 400
    one = poll()
    socket = Line(server, f"EIO=4&transport=websocket&sid={one.sid}")
    socket.say("what?")
    with pytest.raises(ConnectionClosed):
        socket.hear()


def test_no_upgrade_is_offered_where_rest_and_sockets_have_two_hosts(server: Server, alice: Person) -> None:
    with server.settings(one_host=False):
        one = Poll(server)
        assert one.told["upgrades"] == []
        one.log_in(alice)
        one.close()
    server.stack.reset(database_url=server.database_url)


# Ends


@pytest.mark.parametrize("packet", ["1", "41"])
def test_a_client_that_leaves_is_gone(poll: Callable[..., Poll], alice: Person, bob: Person, packet: str) -> None:
    alice.chat_with(bob)
    ears, one = bob.socket(), poll()
    one.log_in(alice)
    ears.wait_for("user:status", userId=alice.id, status="online")
    one.say(packet)
    ears.wait_for("user:status", userId=alice.id, status="offline")
    assert one.is_over()
    ears.close()


def test_a_client_that_polls_no_more_is_given_up(
    server: Server, poll: Callable[..., Poll], alice: Person, bob: Person
) -> None:
    alice.chat_with(bob)
    ears, one = bob.socket(), poll()
    one.log_in(alice)
    ears.wait_for("user:status", userId=alice.id, status="online")
    with server.ahead(120):
        server.stack.triggers.fire_schedule("sweep")
        ears.wait_for("user:status", userId=alice.id, status="offline")
    until = time.monotonic() + 20
    while (answer := one.get()).status_code == 200:  # what was told before the end
        assert time.monotonic() < until, "it is not given up"
    assert (answer.status_code, answer.json()["code"]) == (400, 1)
    ears.close()


def test_nothing_is_kept_for_a_client_that_polls_no_more(
    server: Server, poll: Callable[..., Poll], alice: Person, bob: Person
) -> None:
    chat = alice.chat_with(bob)
    one = poll()
    one.log_in(bob)
    with server.ahead(120):
        alice.send(chat, "nobody there")
        key = {"pk": {"S": f"user#{bob.id}"}}
        until = time.monotonic() + 20
        while f"c#{one.sid}" in dynamodb("GetItem", {"TableName": settings().live_table, "Key": key})["Item"]:
            assert time.monotonic() < until, "it is still in the registry"
            time.sleep(0.05)


def test_who_never_logs_in_is_closed(server: Server, poll: Callable[..., Poll]) -> None:
    with server.settings(login_seconds=1):
        assert poll().is_over()


def test_an_ended_session_is_told_and_closed(poll: Callable[..., Poll], alice: Person) -> None:
    one = poll()
    one.log_in(alice)
    assert alice.http.post("/auth/logout").status_code == 204
    one.hear_event("session:revoked")
    assert one.is_over()


def test_a_session_lives_no_longer_than_a_socket(server: Server, poll: Callable[..., Poll], alice: Person) -> None:
    with server.settings(connection_seconds=4):
        one = poll()
        one.log_in(alice)
        assert one.is_over()
