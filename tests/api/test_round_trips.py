"""What an action costs, counted on the wire: round trips to PostgreSQL, and calls to AWS."""

import base64
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

import app
from chalicelib.core import context, transport
from chalicelib.features.calls import ice
from chalicelib.features.chats import access, listing
from chalicelib.features.chats.schemas import ChatQuery
from chalicelib.features.messages import history, receipts
from chalicelib.features.messages.schemas import HistoryQuery, SendInput, SharedQuery
from chalicelib.features.messages.send import send
from chalicelib.features.messages.typing import typing
from chalicelib.features.uploads import multipart
from chalicelib.features.uploads import service as uploads
from chalicelib.features.uploads.schemas import NewLargeUpload, NewUpload, PartInput, PartsInput
from chalicelib.realtime import gateway
from tests.support.people import Person
from tests.support.pictures import upload
from tests.support.server import Server, settings_here
from tests.support.sessions import actor_of
from tests.support.wire import Wire, tapped

DYNAMODB = b"X-Amz-Target: DynamoDB_20120810."
SQS = b"X-Amz-Target: AmazonSQS."


@dataclass(frozen=True)
class Costs:
    """What the test's own thread, playing one warm container, has to do with the world."""

    database: Wire
    cloud: Wire

    @contextlib.contextmanager
    def of_one(self) -> Iterator[None]:
        """One request, counted from zero, its pushes included."""
        self.database.reset()
        self.cloud.reset()
        with context.begin() as current:
            yield
            current.committed()


@pytest.fixture
def costs(server: Server, wire: Wire) -> Iterator[Costs]:
    cloud = urlsplit(server.stack.aws.endpoint)
    with (
        tapped(cloud.hostname or "", cloud.port or 0) as to_cloud,
        settings_here(aws_endpoint_url=f"http://127.0.0.1:{to_cloud.port}"),
    ):
        yield Costs(wire, to_cloud)
        transport.close_connections()
        gateway.close_sockets()


def _crowd(server: Server, chat: int, size: int) -> None:
    server.sql(
        "INSERT INTO users (username, password_hash, display_name)"
        " SELECT 'crowd' || n, 'x', 'crowd' FROM generate_series(1, %s) n",
        size,
    )
    server.sql("INSERT INTO members (chat_id, user_id) SELECT %s, id FROM users WHERE display_name = 'crowd'", chat)


def test_each_action_is_one_round_trip(costs: Costs, person: Callable[[str], Person]) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    first = alice.send(chat, "one")
    me = actor_of(bob)
    actions: dict[str, Callable[[], object]] = {
        "send": lambda: send(me, SendInput(chat_id=chat, content="two", client_message_id="b1"), "socket"),
        "send again": lambda: send(me, SendInput(chat_id=chat, content="two", client_message_id="b1"), "socket"),
        "send a reply": lambda: send(me, SendInput(chat_id=chat, content="3", reply_to=first["id"]), "socket"),
        "history": lambda: history.history(me, chat, HistoryQuery()),
        "history after": lambda: history.history(me, chat, HistoryQuery(after=1)),
        "shared files": lambda: history.shared(me, chat, SharedQuery()),
        "one message": lambda: history.access_message(me, first["id"]),
        "read": lambda: receipts.mark_read(me, chat, None),
        "typing": lambda: typing(me, chat, "start"),
        "chat": lambda: access.access_chat(me, chat),
        "chats": lambda: listing.list_chats(me, ChatQuery()),
        "the chat with somebody": lambda: listing.list_chats(me, ChatQuery(user_id=alice.id)),
    }
    for name, act in actions.items():
        with costs.of_one():
            act()
        assert costs.database.round_trips == 1, name
        assert costs.database.connections == 0, name


def test_what_is_signed_is_asked_of_nobody(costs: Costs, person: Callable[[str], Person]) -> None:
    """Forms, links, parts and credentials of relays: one look at the database, and no call of S3 or a relay."""
    alice = person("alice")
    file = upload(alice.http)
    me = actor_of(alice)
    large = multipart.announce(me, NewLargeUpload(filename="f", content_type="text/plain", size=10))[0].id
    parts = PartsInput(parts=[PartInput(part_number=1, checksum=base64.b64encode(bytes(32)).decode())])
    signing: dict[str, Callable[[], object]] = {
        "forms": lambda: uploads.announce(me, [NewUpload(filename="f", content_type="text/plain", size=1)] * 3),
        "a link": lambda: uploads.download(me, file),
        "parts": lambda: multipart.sign(me, large, parts),
        "relays": lambda: ice.servers(me),
    }
    relays = ("stun:stun.example.com", "turn:turn.example.com")
    with settings_here(ice_servers=relays, turn_secret="shared"):
        for name, sign in signing.items():
            with costs.of_one():
                sign()
            assert (costs.database.round_trips, costs.cloud.round_trips) == (1, 0), name


@pytest.mark.parametrize(("members", "calls"), [(2, 1), (100, 1), (101, 2), (250, 3)])
def test_an_inline_push_is_one_call_a_hundred_recipients(
    server: Server, costs: Costs, person: Callable[[str], Person], members: int, calls: int
) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="crowd")
    _crowd(server, chat, members - 1)
    with settings_here(inline_publish_limit=1000), costs.of_one():
        send(actor_of(alice), SendInput(chat_id=chat, content="hello, all"), "socket")
    assert costs.database.round_trips == 1
    assert costs.cloud.count(DYNAMODB) == calls
    assert costs.cloud.count(SQS) == 0


def test_a_queued_push_is_one_call_however_many_hear_it(
    server: Server, costs: Costs, person: Callable[[str], Person]
) -> None:
    alice = person("alice")
    chat = alice.chat_with(name="crowd")
    _crowd(server, chat, 999)
    with settings_here(inline_publish_limit=0), costs.of_one():
        send(actor_of(alice), SendInput(chat_id=chat, content="hello, all"), "socket")
    assert costs.database.round_trips == 1
    assert costs.cloud.count(DYNAMODB) == 0
    assert costs.cloud.count(SQS) == 1


@pytest.mark.parametrize("words", [{}, {"vocabulary": "gateway"}, {"vocabulary": "common-room"}])
def test_connecting_asks_dynamodb_alone_and_the_database_never(
    server: Server, costs: Costs, person: Callable[[str], Person], words: dict[str, str]
) -> None:
    alice = person("alice")
    event = {
        "headers": {"Host": "localhost"},
        "queryStringParameters": {"token": alice.access_token, **words},
        "requestContext": {
            "routeKey": "$connect",
            "requestId": "r1",
            "connectionId": "L0SM9cOFvHcCIhw=",
            "domainName": "localhost",
            "apiId": "local00000",
            "stage": "api",
        },
    }
    # What comes of it in other functions does not count here.
    with server.stack.triggers.paused(), costs.of_one():
        assert app.websocket_connect(event, None) == {"statusCode": 200}
        assert costs.database.round_trips == costs.database.connections == 0
    # Two looks at the session, and two items: a transaction would be one call for twice the price.
    assert costs.cloud.count(DYNAMODB) == 4
    assert costs.cloud.count(SQS) == 2, "hello or what leads to it, and the look at their presence"
