"""The function `assistant`: it puts a question to the model and tells the session that asked what comes back.

It has no way to the database and nobody's rights: all it knows is the question. What a model says is treated like any
message: HTML is taken out.
"""

import contextlib
import time
from collections.abc import Generator

import msgspec

from chalicelib.core import clock, context
from chalicelib.core.assistant_errors import AssistantFailed, AssistantTimedOut
from chalicelib.core.border import problem_of
from chalicelib.core.config import settings
from chalicelib.core.problems import Problem
from chalicelib.features.assistant import bedrock, budget, chat_format, kept
from chalicelib.features.assistant.heard import Heard
from chalicelib.features.assistant.questions import MOST_ANSWER_TOKENS, Job
from chalicelib.features.messages.text import clean
from chalicelib.realtime import events
from chalicelib.realtime.event_data import AssistantChunk, AssistantDone, AssistantFailure
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Envelope

# As long as a message may be.
MOST_CHARACTERS = 10_000
# The function runs for two minutes; what is left is for telling.
LONGEST_SECONDS = 110.0
# Pieces are put together for so long: each is a frame that is paid for.
PIECE_SECONDS = 0.4
# Of a model that does not say how many it used: each has some bytes.
_BYTES_OF_A_TOKEN = 3


def answer(body: str) -> None:
    """Answers a question from the queue. Whatever goes wrong is told to who asked; none is put a second time."""
    job = msgspec.json.decode(body, type=Job)
    current = context.current()
    current.adopt(job.request_id)
    current.language = job.language
    hearing = _Hearing(job)
    outcome = "done"
    try:
        if clock.now() > job.until:  # it waited behind others, or its function was killed
            raise AssistantTimedOut()
        hearing.listen()
    except Exception as error:  # who asked waits for a word, whatever has happened
        problem = problem_of(error)
        outcome = problem.code
        hearing.fail(problem)
    finally:
        budget.settle(job.user_id, job.day, taken=job.taken, used=hearing.used)
    current.note("assistant", task=job.asked.task, outcome=outcome, tokens=hearing.used)


class _Hearing:
    """An answer as far as it was heard and told. `used` are the tokens that it has cost."""

    def __init__(self, job: Job) -> None:
        self.used = 0
        self._job = job
        self._heard = ""
        self._told = ""
        self._pieces = 0
        self._is_cut = False
        self._next = 0.0

    def listen(self) -> None:
        """Hears all of it and tells it. Raises Problem."""
        with contextlib.closing(_model(self._job)) as model:
            for heard in model:
                self._take(heard)
                if len(self._heard) > MOST_CHARACTERS:
                    self._is_cut = True
                    break
                if time.monotonic() >= self._next:
                    self._tell_more()
        text = clean(self._heard[:MOST_CHARACTERS]).strip()
        if not text:
            raise AssistantFailed()
        asked = self._job.asked
        if self._job.keep:
            kept.keep(self._keeper, asked, text)
        self._tell(
            events.assistant_done(
                AssistantDone(
                    answer_id=asked.answer_id, task=asked.task, text=text, is_cut=self._is_cut, tokens=self.used
                )
            )
        )

    def fail(self, problem: Problem) -> None:
        """Tells that there is no answer."""
        asked = self._job.asked
        if self._job.keep:
            kept.fail(self._keeper, asked, problem.code)
        self._tell(
            events.assistant_failed(
                AssistantFailure(
                    answer_id=asked.answer_id,
                    task=asked.task,
                    code=problem.code,
                    message=problem.sentence(),
                    retryable=problem.retryable,
                )
            )
        )

    @property
    def _keeper(self) -> int:
        return kept.MODERATORS if self._job.for_moderators else self._job.user_id

    def _take(self, heard: Heard) -> None:
        self._heard += heard.text.replace("\0", "")
        self._is_cut = self._is_cut or heard.is_cut
        counted = self._job.question.tokens + len(self._heard.encode()) // _BYTES_OF_A_TOKEN
        self.used = heard.tokens if heard.tokens is not None else max(self.used, counted)

    def _tell_more(self) -> None:
        """Tells what is new, as far as nothing that comes can make HTML of it."""
        opened = self._heard.rfind("<")
        settled = self._heard if opened < self._heard.rfind(">") or opened < 0 else self._heard[:opened]
        text = clean(settled).lstrip()
        if len(text) <= len(self._told) or not text.startswith(self._told):
            return
        asked = self._job.asked
        piece = AssistantChunk(
            answer_id=asked.answer_id, task=asked.task, index=self._pieces, text=text[len(self._told) :]
        )
        self._tell(events.assistant_chunk(piece))
        self._told = text
        self._pieces += 1
        self._next = time.monotonic() + PIECE_SECONDS

    def _tell(self, event: Envelope) -> None:
        if self._job.for_moderators:
            return
        asked = self._job.asked
        publish(
            event,
            to=[self._job.user_id],
            group=f"assistant:{asked.answer_id}",
            sessions=[self._job.session_id],
        )
        context.current().committed()


def _model(job: Job) -> Generator[Heard]:
    within = min(settings().assistant_seconds, LONGEST_SECONDS)
    if settings().assistant_url:
        return chat_format.hear(job.question, MOST_ANSWER_TOKENS, within)
    return bedrock.hear(job.question, MOST_ANSWER_TOKENS, within)
