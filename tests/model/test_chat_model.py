"""A few users do whatever they like with their chats, and the service does what a model in plain Python says.

After each step every user's list of chats, and the chat that the step was about, are as the model has them; devices
that follow by sync keep what a fresh load would bring. What is tried is the same in every run. To look for longer, at
what no run has tried before:

    MODEL_EXAMPLES=1000 MODEL_STEPS=100 make test TESTS=tests/model

A failure is told as the shortest program of steps that leads to it.
"""

import os
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.model.base import DEVICES, World
from tests.model.chat_steps import ACTOR, PERSON
from tests.model.message_steps import MessageSteps
from tests.model.state import Chat, Message, seen
from tests.support.server import Server

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
STEPS = int(os.environ.get("MODEL_STEPS", "50"))


class ChatMachine(MessageSteps):
    """All of it, and what is read, page by page."""

    @rule(
        chat=World.chats,
        actor=ACTOR,
        limit=st.integers(1, 4),
        start=st.integers(0, 12),
        way=st.sampled_from(["before", "after", "skip", ""]),
    )
    def page_through_history(self, chat: Chat, actor: int, limit: int, start: int, way: str) -> None:
        me = self.who(actor, chat)
        query = {way: start} if way else {}
        page = self.ask(me, "GET", f"/chats/{chat.id}/messages", limit=limit, **query)
        own = self.agreed("page", page, lambda: self.model.history(me.id, chat, way, start))
        if own is None:
            return
        messages = page.body["messages"]
        while page.body["hasMore"]:
            assert len(page.body["messages"]) == limit
            cursor = page.body["nextCursor"]
            page = self.ask(me, "GET", f"/chats/{chat.id}/messages", limit=limit, cursor=cursor)
            messages += page.body["messages"]
        assert seen(messages) == [self.model.seen_message(message, me.id) for message in own]

    @rule(chat=World.chats, actor=ACTOR)
    def list_pins(self, chat: Chat, actor: int) -> None:
        me = self.who(actor, chat)
        answer = self.ask(me, "GET", f"/chats/{chat.id}/pins", limit=100)
        pinned = self.agreed("list_pins", answer, lambda: self.model.pins(me.id, chat))
        if pinned is not None:
            told = seen(answer.body["messages"])
            assert told == [self.model.seen_message(message, me.id) for message in pinned]

    @rule(message=World.messages, actor=ACTOR)
    def look_behind_a_message(self, message: Message, actor: int) -> None:
        me = self.who(actor, message.chat)
        receipts = self.ask(me, "GET", f"/messages/{message.id}/receipts", limit=100)
        edits = self.ask(me, "GET", f"/messages/{message.id}/edits", limit=100)
        found = self.agreed("look_behind", receipts, lambda: self.model.access(me.id, message))
        assert edits.code == receipts.code
        if found is not None:
            assert seen(receipts.body["receipts"]) == self.model.seen_receipts(message, me.id)
            assert [edit["content"] for edit in edits.body["edits"]] == message.edits[::-1]

    @rule(person=PERSON, device=st.integers(0, DEVICES - 1), limit=st.integers(1, 5))
    def sync_one_page(self, person: int, device: int, limit: int) -> None:
        self.devices[person * DEVICES + device].step(limit)

    @rule(person=PERSON, device=st.integers(0, DEVICES - 1), limit=st.sampled_from([1, 3, 100]))
    def catch_up(self, person: int, device: int, limit: int) -> None:
        self.check_copy(self.devices[person * DEVICES + device], limit)


def test_the_service_does_as_the_model_says(server: Server) -> None:
    tally: Counter[tuple[str, str]] = Counter()

    class Here(ChatMachine):
        def __init__(self) -> None:
            super().__init__(server, tally)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES or 20,
            stateful_step_count=STEPS,
            derandomize=not EXAMPLES,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    done = {verb for verb, outcome in tally if outcome == "done"}
    assert len(done) >= 20
    assert len(tally) >= 50
    assert tally["send", "done"] >= 40
    assert tally["catch_up", "done"] >= 10
