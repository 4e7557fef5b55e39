"""Socket.IO packet by packet: the handshake, deadlines, pings, and what clients that break the protocol get."""

import json
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus

from chalicelib.core.aws import dynamodb
from chalicelib.core.config import settings
from chalicelib.realtime.connections import PING_MINUTES
from chalicelib.realtime.packets import NOOP
from local.faults import Fault
from tests.support.line import HANDSHAKE, Line
from tests.support.people import Person
from tests.support.server import Server
from tests.support.socket import Socket


@pytest.fixture
def line(server: Server) -> Iterator[Callable[..., Line]]:
    """Makes connections."""
    made: list[Line] = []

    def make(query: str = HANDSHAKE) -> Line:
        made.append(Line(server, query))
        return made[-1]

    yield make
    for one in made:
        one.close()
    # Every connection is looked at again after 30 s, which no test waits for.
    server.stack.reset(database_url=server.database_url)


def test_the_server_opens_and_the_client_logs_in(line: Callable[[], Line], alice: Person) -> None:
    one = line()
    opening = one.hear()
    assert opening.startswith("0")
    told = json.loads(opening[1:])
    assert told["upgrades"] == []
    assert told["pingInterval"] == 240_000
    assert told["pingInterval"] + told["pingTimeout"] < 2**31
    one.say(f"40{json.dumps({'token': alice.access_token})}")
    assert one.hear() == f'40{{"sid":"{told["sid"]}"}}'
    name, hello = one.hear_event()
    assert (name, hello["userId"]) == ("hello", alice.id)
    one.say('420["ping"]')
    assert one.hear().startswith('430[{"success":true,"serverTime":')


@pytest.mark.parametrize(
    "query", ["EIO=5&transport=websocket", "EIO=4&transport=polling", "EIO=4", f"{HANDSHAKE}&vocabulary=x"]
)
def test_handshakes_that_cannot_be_served(server: Server, alice: Person, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Line(server, f"{query}&token={alice.access_token}")
    assert refused.value.response.status_code == 400


def test_origins_are_checked(server: Server) -> None:
    with server.settings(origins=("https://chat.example",)), pytest.raises(InvalidStatus) as refused:
        Socket(f"{server.socket_url}/?{HANDSHAKE}", origin="https://evil.example")
    assert refused.value.response.status_code == 403


def test_who_never_logs_in_is_closed(server: Server, line: Callable[[], Line], alice: Person) -> None:
    with server.settings(login_seconds=2):
        silent, refused, logged_in = line(), line(), line()
        sid = logged_in.log_in(alice)
        silent.hear()
        refused.hear()
        refused.say('40{"token":"forged"}')
        assert refused.hear().startswith('44{"message":"Unauthorized"')
        started = time.monotonic()
        assert silent.is_closed()
        assert refused.is_closed()
        assert time.monotonic() - started < 15
        server.settle()
    assert not logged_in.is_closed(timeout=0.5)
    assert set(server.stack.sockets.connections) == {sid}
    assert _items("conn#") == {f"conn#{sid}"}


def test_a_refused_log_in_can_be_tried_again(line: Callable[[], Line], alice: Person) -> None:
    one = line()
    one.hear()
    for token in ("forged", None, 5, ["x"]):
        one.say(f"40{json.dumps({'token': token})}")
        assert one.hear().startswith("44")
    one.say("40[]")
    assert one.hear().startswith("44")
    one.say(f"40{json.dumps({'token': alice.access_token})}")
    assert one.hear().startswith("40")


def test_logging_in_twice_is_logging_in_once(line: Callable[[], Line], alice: Person) -> None:
    one = line()
    sid = one.log_in(alice)
    one.say("40")
    assert one.hear() == f'40{{"sid":"{sid}"}}'
    one.say("42[]")
    assert one.is_closed(), "no second hello came before"


def test_nothing_is_heard_before_logging_in(
    line: Callable[..., Line], alice: Person, person: Callable[[str], Person]
) -> None:
    bob = person("bob")
    chat = bob.chat_with(alice)
    one = line(f"{HANDSHAKE}&token={alice.access_token}")
    one.hear()
    bob.send(chat, "too early")
    one.say("2")
    assert one.hear() == "3"
    one.say("40")
    assert one.hear().startswith("40")
    assert one.hear_event()[0] == "hello"


def test_a_clients_ping_is_answered(line: Callable[[], Line], alice: Person) -> None:
    one = line()
    one.log_in(alice)
    one.say("2probe")
    assert one.hear() == "3probe"


def test_each_connection_is_pinged_in_its_minute(
    server: Server, line: Callable[[], Line], person: Callable[[str], Person]
) -> None:
    lines = [line() for _ in range(5)]
    sids = [one.log_in(person(f"user{number}")) for number, one in enumerate(lines)]
    pending = line()
    pending.hear()
    _sweep_through(server)
    for one in lines:
        assert one.hear() == "2"
        one.say('421["ping"]')
        assert one.hear().startswith("431"), "one ping a round"
    assert not pending.is_closed(timeout=0.2)
    assert _items("conn#") > {f"conn#{sid}" for sid in sids}


def test_a_pong_keeps_its_user_online(server: Server, line: Callable[[], Line], alice: Person) -> None:
    with server.settings(heartbeat_seconds=0):
        one = line()
        one.log_in(alice)
        before = _lease_of(alice)
        time.sleep(1.1)
        one.say("3")
        _until(lambda: _lease_of(alice) > before)


def test_a_dead_connection_is_found_by_its_ping(server: Server, line: Callable[[], Line], alice: Person) -> None:
    one, two = line(), line()
    gone, kept = one.log_in(alice), two.log_in(alice)
    server.faults.arm(Fault.DISCONNECT_LOST, of=gone)
    one.close()
    _sweep_through(server)
    _until(lambda: _items("conn#") == {f"conn#{kept}"})


@pytest.mark.parametrize(
    "text", ["4", "47", "42", "42[]", "42{}", "42[5]", '42["', "44{}", "0{}", "9", '42/rooms,["ping"]']
)
def test_protocol_errors_end_the_connection(line: Callable[[], Line], alice: Person, text: str) -> None:
    one = line()
    one.log_in(alice)
    one.say(text)
    assert one.is_closed()


def test_a_text_that_was_cut_within_an_emoji_is_refused_in_words(line: Callable[[], Line], alice: Person) -> None:
    one = line()
    one.log_in(alice)
    one.say('421["message:send",{"chatId":1,"content":"\\ud83d"}]')
    refused = one.hear()
    assert refused.startswith('431[{"success":false'), refused
    assert "an emoji was cut in two" in refused
    one.say('422["ping"]')
    assert one.hear().startswith('432[{"success":true')


def test_events_before_the_log_in_end_the_connection(line: Callable[..., Line], alice: Person) -> None:
    one = line(f"{HANDSHAKE}&token={alice.access_token}")
    one.hear()
    one.say('420["ping"]')
    assert one.is_closed()


@pytest.mark.parametrize(
    "text", ["", "5", "6", "3", "3probe", '42["ping"]', "430[]", "41/rooms,", "\x00\x01", "{}", "{binary", "["]
)
def test_what_says_nothing_is_passed_over(line: Callable[[], Line], alice: Person, text: str) -> None:
    one = line()
    one.log_in(alice)
    one.say(text)
    assert one.hear_any() == NOOP, "an empty route response would end the session"
    one.say('421["ping"]')
    assert one.hear().startswith('431[{"success":true')


@pytest.mark.parametrize(
    "text", ['451-["ping",{"_placeholder":true,"num":0}]', '461-3[{"_placeholder":true,"num":0}]']
)
def test_binary_packets_are_refused(line: Callable[[], Line], alice: Person, text: str) -> None:
    one = line()
    one.log_in(alice)
    one.say(text)
    assert "Binary" in one.hear_event()[1]["detail"]
    one.say('451-9["ping",{"_placeholder":true,"num":0}]')
    assert one.hear().startswith('439[{"success":false,"error":{')


@pytest.mark.parametrize("text", ["1", "41"])
def test_leaving_closes_the_connection(line: Callable[[], Line], alice: Person, text: str) -> None:
    one = line()
    sid = one.log_in(alice)
    one.say(text)
    assert one.is_closed()
    assert f"conn#{sid}" not in _items("conn#")


def test_a_namespace_is_refused_by_its_name(line: Callable[[], Line]) -> None:
    one = line()
    one.hear()
    one.say('40/rooms,{"token":"x"}')
    kind, told = one.hear().split(",", 1)
    assert (kind, json.loads(told)["message"]) == ("44/rooms", "Invalid namespace")
    assert "There is no namespace /rooms" in json.loads(told)["data"]["detail"]


def test_engine_3_is_connected_by_its_handshake(line: Callable[..., Line], alice: Person) -> None:
    one = line(f"EIO=3&transport=websocket&token={alice.access_token}")
    assert one.hear().startswith("0")
    assert one.hear() == "40"
    assert one.hear_event()[1]["userId"] == alice.id
    one.say('420["ping"]')
    assert one.hear().startswith('430[{"success":true')


def test_engine_3_hears_nothing_before_its_conversation_is_open(
    server: Server, line: Callable[..., Line], alice: Person, bob: Person
) -> None:
    """Its clients drop such frames, and would miss what was said between others that they heard."""
    chat = alice.chat_with(bob)
    server.faults.arm(Fault.KILL_BEFORE, of="push")
    one = line(f"EIO=3&transport=websocket&token={bob.access_token}")
    for number in range(3):
        alice.send(chat, f"{number}: for sync")
    assert one.hear().startswith("0")
    assert one.hear() == "40"
    assert one.hear_event()[0] == "hello"
    sent = alice.send(chat, "heard")
    assert one.hear_event()[1]["id"] == sent["id"]


def test_engine_3_pings_and_is_not_pinged(server: Server, line: Callable[..., Line], alice: Person) -> None:
    with server.settings(heartbeat_seconds=0):
        one = line(f"EIO=3&transport=websocket&token={alice.access_token}")
        while one.hear() != "40":
            pass
        one.hear_event()
        before = _lease_of(alice)
        time.sleep(1.1)
        one.say("2")
        assert one.hear() == "3"
        _until(lambda: _lease_of(alice) > before)
        _sweep_through(server)
        one.say('421["ping"]')
        assert one.hear().startswith("431"), "no ping came before"


def test_engine_3_is_refused_in_words_and_closed_in_time(server: Server, line: Callable[..., Line]) -> None:
    with server.settings(login_seconds=1):
        one = line("EIO=3&transport=websocket&token=forged")
        assert one.hear().startswith("0")
        assert one.hear().startswith('44{"message":"Unauthorized","data":{')
        assert one.is_closed()


@pytest.mark.parametrize("written", ["{}", "Bearer {}", "bearer  {}"])
def test_a_token_may_follow_the_word_bearer(
    server: Server, line: Callable[[], Line], alice: Person, written: str
) -> None:
    shown = written.format(alice.access_token)
    by_header = Socket(f"{server.socket_url}/", additional_headers={"Authorization": shown})
    assert by_header.wait_for("hello")["data"]["userId"] == alice.id
    by_address = Socket(f"{server.socket_url}/?token={quote(shown)}")
    assert by_address.wait_for("hello")["data"]["userId"] == alice.id
    one = line()
    one.hear()
    one.say(f"40{json.dumps({'token': shown})}")
    assert one.hear().startswith("40")
    by_header.close()
    by_address.close()


def test_native_frames_are_told_apart(line: Callable[[], Line], alice: Person) -> None:
    one = line()
    one.log_in(alice)
    one.say('{"action":"ping","id":"c1"}')
    assert json.loads(one.hear())["id"] == "c1"
    native = alice.socket()
    native.send_text('420["ping"]')
    assert native.wait_for("error")["error"]["code"] in {"invalid_input", "unreadable_body"}


def _sweep_through(server: Server) -> None:
    """A round of the minutes in which the connections are pinged."""
    for minute in range(PING_MINUTES):
        with server.ahead(60 * minute):
            server.stack.triggers.fire_schedule("sweep")


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.05)


def _lease_of(person: Person) -> int:
    key = {"pk": {"S": f"user#{person.id}"}}
    return int(dynamodb("GetItem", {"TableName": settings().live_table, "Key": key})["Item"]["leaseUntil"]["N"])


def _items(prefix: str) -> set[str]:
    found = dynamodb("Scan", {"TableName": settings().live_table})["Items"]
    return {item["pk"]["S"] for item in found if item["pk"]["S"].startswith(prefix)}
