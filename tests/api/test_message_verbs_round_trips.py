"""What a verb on a message costs: one round trip to PostgreSQL, and pushes as a send has them."""

from collections.abc import Callable

from chalicelib.core import context
from chalicelib.core.paging import Page
from chalicelib.features.messages.delete import delete
from chalicelib.features.messages.edit import edit, edits
from chalicelib.features.messages.forward import forward
from chalicelib.features.messages.pins import pin, pins
from chalicelib.features.messages.reactions import react
from chalicelib.features.messages.schemas import EditInput, ForwardInput, SendInput
from chalicelib.features.messages.send import send
from tests.support.people import Register
from tests.support.sessions import actor_of
from tests.support.wire import Wire


def test_each_verb_is_one_round_trip(wire: Wire, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat, groups = alice.chat_with(bob), [alice.chat_with(bob, name=str(number)) for number in range(20)]
    message, other = (alice.send(chat, text)["id"] for text in ("one", "two"))
    me = actor_of(alice)
    verbs: dict[str, Callable[[], object]] = {
        "send with mentions": lambda: send(me, SendInput(chat_id=chat, content="3", mentions=[bob.id]), "socket"),
        "edit": lambda: edit(me, message, EditInput(content="uno", mentions=[bob.id])),
        "edit to the same": lambda: edit(me, message, EditInput(content="uno")),
        "edits": lambda: edits(me, message, Page()),
        "react": lambda: react(me, message, "👍"),
        "react again": lambda: react(me, message, "👍"),
        "take a reaction back": lambda: react(me, message, "👍", remove=True),
        "pin": lambda: pin(me, message),
        "pins": lambda: pins(me, chat, Page()),
        "unpin": lambda: pin(me, message, remove=True),
        "forward to one": lambda: forward(me, message, ForwardInput(chat_ids=groups[:1]), "http"),
        "forward to twenty": lambda: forward(me, message, ForwardInput(chat_ids=groups), "http"),
        "delete for me": lambda: delete(me, other, "me"),
        "delete": lambda: delete(me, message, "everyone"),
        "delete again": lambda: delete(me, message, "everyone"),
    }
    for name, act in verbs.items():
        wire.reset()
        with context.begin() as current:
            act()
            current.committed()
        assert wire.round_trips == 1, name
        assert wire.connections == 0, name
