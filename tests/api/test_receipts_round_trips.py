"""What receipts, typing, presence and privacy cost: one round trip to PostgreSQL each."""

from collections.abc import Callable

from chalicelib.core import context
from chalicelib.core.paging import Page
from chalicelib.features.messages import receipts
from chalicelib.features.messages.typing import typing
from chalicelib.features.people import privacy
from chalicelib.features.people import service as people
from chalicelib.features.people.schemas import PrivacyChange
from chalicelib.features.presence import service as presence
from chalicelib.features.presence.schemas import StatusInput
from tests.support.people import Register
from tests.support.presence import come
from tests.support.server import Server
from tests.support.sessions import actor_of
from tests.support.wire import Wire


def test_each_is_one_round_trip(server: Server, wire: Wire, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob)
    ids = [alice.send(chat, str(number))["id"] for number in range(4)]
    come(server, bob)
    me = actor_of(bob)
    actions: dict[str, Callable[[], object]] = {
        "deliver": lambda: receipts.mark_delivered(me, chat, 1),
        "deliver a message": lambda: receipts.mark_message(me, ids[1], "delivered"),
        "read": lambda: receipts.mark_read(me, chat, 3),
        "read a message": lambda: receipts.mark_message(me, ids[3], "read"),
        "read again": lambda: receipts.mark_read(me, chat, None),
        "receipts": lambda: receipts.receipts(me, ids[0], Page()),
        "start typing": lambda: typing(me, chat, "start"),
        "stop typing": lambda: typing(me, chat, "stop"),
        "choose a status": lambda: presence.choose(me, StatusInput(status="busy", status_text="x")),
        "the chosen status": lambda: presence.chosen(me),
        "who is there": lambda: presence.presences(me, list(range(1, 101))),
        "share no receipts": lambda: privacy.change_privacy(me, PrivacyChange(read_receipts=False)),
        "hide from all": lambda: privacy.change_privacy(me, PrivacyChange(last_seen="nobody")),
        "privacy": lambda: privacy.privacy(me),
        "block": lambda: people.block(me, carol.id),
        "settle": lambda: presence.settle(bob.id),
    }
    for name, act in actions.items():
        wire.reset()
        with context.begin() as current:
            act()
            current.committed()
        assert wire.round_trips == 1, name
        assert wire.connections == 0, name
