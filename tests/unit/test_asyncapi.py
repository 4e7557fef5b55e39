"""The AsyncAPI document says what the socket takes and sends, no more and no less."""

import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from chalicelib.core.errors import UnknownAction
from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.documents import asyncapi_document
from chalicelib.entry.websocket import Ack, ErrorFrame
from chalicelib.realtime import events
from chalicelib.realtime.events import CATALOGUE
from chalicelib.realtime.shapes import Envelope, Message
from tests.support.documents import broken_references, check_frame, check_shape

DOCUMENT = asyncapi_document()
MESSAGES = DOCUMENT["channels"]["socket"]["messages"]
TEXT = "2026-11-20T10:00:00.000Z"  # a time where one is asked for
PLAIN: dict[type[msgspec.inspect.Type], Any] = {
    msgspec.inspect.IntType: 3,
    msgspec.inspect.FloatType: 3.5,
    msgspec.inspect.BoolType: True,
    msgspec.inspect.StrType: TEXT,
    msgspec.inspect.NoneType: None,
    msgspec.inspect.AnyType: None,
}


def _builders() -> dict[str, Callable[..., Envelope]]:
    """The catalogue's builders: its public functions that answer an Envelope."""
    return {
        name: function
        for name, function in inspect.getmembers(events, inspect.isfunction)
        if function.__module__ == events.__name__
        and not name.startswith("_")
        and get_type_hints(function).get("return") is Envelope
    }


def _built() -> Iterator[Envelope]:
    """Each builder's event, once for each value of an argument that names the kind."""
    for builder in _builders().values():
        hints = get_type_hints(builder, include_extras=True)
        kinds = {name: kind for name, kind in hints.items() if name != "return"}
        choices = get_args(kinds["kind"]) if "kind" in kinds else (None,)
        for choice in choices:
            values = {name: choice if name == "kind" else _sample(kind) for name, kind in kinds.items()}
            yield builder(**values)


def _sample(kind: Any) -> Any:
    """A value of a type: the first choice of several, one element of a list."""
    return _value(msgspec.inspect.type_info(kind))


def _value(kind: msgspec.inspect.Type) -> Any:
    value: Any = None
    match kind:
        case msgspec.inspect.StructType(cls=cls, fields=fields):
            value = cls(**{field.name: _value(field.type) for field in fields})
        case msgspec.inspect.UnionType(types=types):
            value = _value(types[0])
        case msgspec.inspect.ListType(item_type=item):
            value = [_value(item)]
        case msgspec.inspect.DictType(key_type=keys, value_type=values):
            value = {_value(keys): _value(values)}
        case msgspec.inspect.LiteralType(values=choices):
            value = choices[0]
        case msgspec.inspect.Metadata(type=inner):
            value = _value(inner)
        case plain:
            value = PLAIN[type(plain)]
    return value


def test_it_is_valid() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = importlib.import_module("asyncapi3.models.asyncapi").AsyncAPI3
    model.model_validate(DOCUMENT)


def test_every_reference_leads_somewhere() -> None:
    assert broken_references(DOCUMENT) == []


def test_it_has_every_action_and_event_and_no_other() -> None:
    operations = DOCUMENT["operations"].values()
    assert all(operation["channel"] == {"$ref": "#/channels/socket"} for operation in operations)
    named: dict[str, set[str]] = {"receive": set(), "send": set()}
    for operation in operations:
        for reference in operation["messages"]:
            named[operation["action"]].add(MESSAGES[reference["$ref"].rpartition("/")[2]]["name"])
    assert named == {"receive": set(ACTIONS), "send": set(CATALOGUE)}


def test_the_catalogue_has_what_is_built_and_no_other() -> None:
    built = {event.type: type(event.data) for event in _built()}
    assert len(_builders()) > 5
    assert set(built) == set(CATALOGUE)
    assert all(issubclass(kind, CATALOGUE[name]) for name, kind in built.items())


def test_what_is_built_is_as_described() -> None:
    for event in _built():
        check_frame(msgspec.json.decode(msgspec.json.encode(event)))


def test_answers_are_as_described() -> None:
    check_frame(msgspec.json.decode(msgspec.json.encode(Ack(id="c1", data=_sample(Message)))), action="message:send")
    refusal = ErrorFrame(id=None, error=UnknownAction("There is no such action.").body("r1"))
    check_frame(msgspec.json.decode(msgspec.json.encode(refusal)))


@pytest.mark.parametrize(
    ("action", "frame", "good"),
    [
        ("message:send", {"action": "message:send", "id": "c1", "data": {"chatId": 3, "content": "x"}}, True),
        ("message:send", {"action": "message:send", "data": {"chatId": 3, "content": "x"}}, True),
        ("message:send", {"action": "message:send", "id": 1}, False),
        ("message:send", {"action": "message:send", "data": {"chatId": 0}}, False),
        ("message:send", {"action": "message:send", "data": {"chatId": 3}, "more": 1}, False),
        ("message:send", {"action": "ping", "data": {"chatId": 3}}, False),
        ("ping", {"action": "ping"}, True),
        ("ping", {"action": "ping", "data": {"more": 1}}, False),
    ],
)
def test_frames_are_described_as_they_are_taken(action: str, frame: dict[str, Any], good: bool) -> None:
    payload = MESSAGES[f"action-{action.replace(':', '-')}"]["payload"]
    if good:
        check_shape(DOCUMENT, payload, frame)
    else:
        with pytest.raises(AssertionError):
            check_shape(DOCUMENT, payload, frame)


def test_a_frame_can_be_refused_or_acknowledged() -> None:
    for operation in DOCUMENT["operations"].values():
        if operation["action"] == "receive":
            replies = [reply["$ref"].rpartition("/")[2] for reply in operation["reply"]["messages"]]
            assert [reply.partition("-")[0] for reply in replies] == ["ack", "error"]


def test_the_general_forms_are_there() -> None:
    assert {"Frame", "Ack", "ErrorFrame", "Event", "ProblemBody"} <= set(DOCUMENT["components"]["schemas"])


def test_there_is_a_way_in_by_ticket_and_by_token() -> None:
    for server in DOCUMENT["servers"].values():
        offered = {reference["$ref"].rpartition("/")[2] for reference in server["security"]}
        assert offered == {"ticket", "token", "header", "subprotocol"}


def test_generators_find_a_name_for_each_type() -> None:
    """Modelina would call the others AnonymousSchema_1, AnonymousSchema_2, …"""

    def nameless(node: Any, place: str) -> Iterator[str]:
        if isinstance(node, dict):
            is_type = "enum" in node or "allOf" in node or (node.get("type") == "object" and "properties" in node)
            if is_type and not isinstance(node.get("title"), str):
                yield place
            for name, part in node.items():
                yield from nameless(part, f"{place}/{name}")
        elif isinstance(node, list):
            for number, part in enumerate(node):
                yield from nameless(part, f"{place}/{number}")

    assert list(nameless(DOCUMENT["components"]["schemas"], "")) == []
