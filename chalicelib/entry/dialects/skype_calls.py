"""Calls in system C's words: an offer begins a call of two, and an answer accepts it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.core.http import camel
from chalicelib.entry.dialects.words import Action, Plain, View
from chalicelib.realtime.vocabularies import Spoken

# By which words clients may say whom they call.
_CALLEES = ("target_user_id", "to_user_id", "receiver_id", "callee_id", "target_id", "to", "user_id")


def in_our_case(body: Plain) -> Plain:
    """Fields in camelCase, also those of what is in them."""
    return {camel(name): in_our_case(value) if isinstance(value, dict) else value for name, value in body.items()}


def snake(name: str) -> str:
    """A field in snake_case."""
    return re.sub("([A-Z])", r"_\1", name).lower()


def in_their_case(data: Any) -> Any:
    """The same of every field that there is."""
    if isinstance(data, list):
        return [in_their_case(one) for one in data]
    if not isinstance(data, dict):
        return data
    # The fields of a form are the store's, and go there as they are.
    return {snake(field): value if field == "fields" else in_their_case(value) for field, value in data.items()}


def _offer(body: Plain) -> Plain:
    """A call in a chat, or of whoever is named in one of the ways that clients have."""
    named = [body[word] for word in _CALLEES if body.get(word)]
    kind = str(body.get("call_type") or body.get("type") or "")
    video = body.get("is_video") or kind == "video"
    asked: Plain = {"sdp": _sdp(body, "offer"), "type": "video" if video else "audio"}
    if body.get("chat_id"):
        return {**asked, "chatId": body["chat_id"]}
    return {**asked, "userId": named[0]} if named else asked


def _answer(body: Plain) -> Plain:
    return {**in_our_case(body), "sdp": _sdp(body, "answer")}


def _sdp(body: Plain, kind: str) -> Any:
    """A session description, which comes as a text or as `RTCSessionDescription` has it."""
    given = body.get(kind) or body.get("sdp")
    return given.get("sdp") if isinstance(given, dict) else given


def _candidate(body: Plain) -> Plain:
    given = body.get("candidate")
    return {**in_our_case(body), "candidate": {"candidate": given} if isinstance(given, str) else given}


def call(one: Plain, _: View) -> Plain:
    return {
        **in_their_case({name: one[name] for name in one if name not in {"participants", "users"}}),
        "participants": [in_their_case(each) for each in one["participants"]],
        "start_time": one["startedAt"],
        "end_time": one["endedAt"],
    }


def events(name: str, data: Plain, view: View) -> Iterable[Spoken]:
    """What is told of a call between the two. An offer comes with the ring, and an answer with the acceptance."""
    told = {"call_id": data["callId"], "chat_id": data["chatId"], "user_id": data["userId"]}
    kind = {"call:ring": "offer", "call:offer": "offer", "call:accept": "answer", "call:answer": "answer"}.get(name)
    if kind is not None and data["sdp"] and data["userId"] != view.me:
        described = {kind: {"type": kind, "sdp": data["sdp"]}, "sdp": data["sdp"]}
        more = {"call_type": data["call"]["type"]} if "call" in data else {}
        yield Spoken(name=f"call_{kind}", data={**told, **more, **described})
    elif name == "call:ice":
        yield Spoken(name="call_ice_candidate", data={**told, "candidate": data["candidate"]})
    elif name == "call:end":
        yield Spoken(name="call_end", data={**told, "reason": data["reason"], "call": call(data["call"], view)})


ACTIONS: Mapping[str, Action] = {
    "call_offer": Action(to="call:start", ask=_offer),
    "call_answer": Action(to="call:accept", ask=_answer),
    "call_ice_candidate": Action(to="call:ice", ask=_candidate),
    "call_reject": Action(to="call:decline", ask=in_our_case),
    "call_end": Action(to="call:end", ask=in_our_case),
}
