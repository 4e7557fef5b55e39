"""A scanner of the deployer's own, which is asked by its queue. The test plays it, as an ordinary consumer of SQS."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chalicelib.core.config import settings
from local.aws import REGION
from local.faults import Fault
from tests.support.answers import refusal
from tests.support.people import Person
from tests.support.pictures import PNG
from tests.support.server import Server


class _Scanner:
    """Reads its queue, fetches each file, and answers to the queue that it is told of."""

    def __init__(self, server: Server) -> None:
        self._aws = server.stack.aws
        self._sqs: Any = self._aws.client("sqs")
        self.queue = str(self._sqs.create_queue(QueueName="messenger-scans")["QueueUrl"])

    def asked(self) -> list[dict[str, Any]]:
        """What it was asked since the last time."""
        found = []
        while messages := self._sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def work(self) -> None:
        """Answers everything that it was asked: a file with the word `virus` in it is harmful."""
        for question in self.asked():
            stored = self._aws.client("s3").get_object(Bucket=question["bucket"], Key=question["key"])
            content = stored["Body"].read()
            assert len(content) == question["size"]
            verdict = {"scanned": {"key": question["key"], "isClean": b"virus" not in content}}
            self._sqs.send_message(QueueUrl=question["answerTo"], MessageBody=json.dumps(verdict))


@pytest.fixture
def scanner(server: Server) -> Iterator[_Scanner]:
    playing = _Scanner(server)
    with server.settings(scan_files=True, scan_queue_url=playing.queue):
        yield playing


def _store(server: Server, owner: Person, content: bytes = PNG, kind: str = "image/png") -> int:
    new = {"filename": "file", "contentType": kind, "size": len(content)}
    form = owner.http.post("/uploads", json=new).raise_for_status().json()
    httpx.post(form["url"], data=form["fields"], files={"file": content}, timeout=30).raise_for_status()
    server.settle()
    return int(form["id"])


def _overdue(server: Server) -> None:
    server.sql("UPDATE uploads SET scan_due_at = now() WHERE state = 'scanning'")


def _sweep(server: Server) -> None:
    server.stack.triggers.fire_schedule("sweep")
    server.settle()


def test_a_scanner_is_asked_and_believed(server: Server, alice: Person, bob: Person, scanner: _Scanner) -> None:
    chat = alice.chat_with(bob)
    good = _store(server, alice)
    bad = _store(server, alice, b"a virus", "text/plain")
    assert refusal(alice.http.post(f"/uploads/{good}/complete")) == (409, "upload_scanning")
    scanner.work()
    server.settle()
    assert alice.http.post(f"/uploads/{good}/complete").json()["state"] == "ready"
    assert alice.send(chat, "", attachments=[good])["attachments"][0]["thumbnails"]
    assert refusal(alice.http.post(f"/uploads/{bad}/complete")) == (403, "file_quarantined")
    _overdue(server)
    _sweep(server)
    assert scanner.asked() == [], "nothing waits any more"


def test_it_is_told_what_it_needs(server: Server, alice: Person, scanner: _Scanner) -> None:
    file = _store(server, alice)
    ((key,),) = server.sql("SELECT key FROM uploads WHERE id = %s", file)
    here = settings()
    assert scanner.asked() == [
        {
            "bucket": here.uploads_bucket,
            "key": key,
            "size": len(PNG),
            "contentType": "image/png",
            "answerTo": here.presence_queue_url,
        }
    ]
    _sweep(server)
    assert scanner.asked() == [], "it has its time"
    _overdue(server)
    _sweep(server)
    assert [question["key"] for question in scanner.asked()] == [key]
    _sweep(server)
    assert scanner.asked() == []


@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.KILL_AFTER])
def test_a_function_that_is_killed_asks_when_it_is_repeated(
    server: Server, alice: Person, scanner: _Scanner, fault: Fault
) -> None:
    server.faults.arm(fault, of="upload_stored")
    _store(server, alice)
    assert len(scanner.asked()) == (1 if fault is Fault.KILL_BEFORE else 2)


def test_what_could_not_be_asked_is_asked_by_the_sweep(server: Server, alice: Person, scanner: _Scanner) -> None:
    """Whether the queue was out of reach, or the function died between the row and the question."""
    target = "chalicelib.features.uploads.asking.sqs"
    broken = ("tests.support.doctored.fail", {"target": target, "error": "builtins.OSError", "arguments": []})
    with server.prepared(broken):
        files = [_store(server, alice), _store(server, alice, b"a virus", "text/plain")]
    assert server.sql("SELECT state FROM uploads") == [("scanning",)] * 2
    assert scanner.asked() == []
    _overdue(server)
    lost = {"target": "chalicelib.features.uploads.store.put_off_scans", "error": "builtins.OSError", "arguments": []}
    with server.prepared(("tests.support.doctored.fail", lost)):
        _sweep(server)
    assert len(scanner.asked()) == 2, "and the sweep died before it noted so"
    _sweep(server)
    scanner.work()
    server.settle()
    states = [server.sql("SELECT state FROM uploads WHERE id = %s", file) for file in files]
    assert states == [[("ready",)], [("quarantined",)]]


def test_the_scanner_of_the_documentation_works(
    server: Server, alice: Person, scanner: _Scanner, tmp_path: Path
) -> None:
    """With a `clamdscan` that answers as ClamAV's does, since there are no signatures of malware here."""
    guide = Path("docs/operations.md").read_text()
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "clamdscan" in block)
    (tmp_path / "clamdscan").write_text("#!/bin/sh\n! grep -q virus\n")
    (tmp_path / "clamdscan").chmod(0o755)
    who = server.stack.aws.credentials
    surroundings = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": server.stack.aws.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": who.access_key_id,
        "AWS_SECRET_ACCESS_KEY": who.secret_access_key,
        "AWS_SESSION_TOKEN": who.session_token or "",
        "SCAN_QUEUE_URL": scanner.queue,
    }
    good, bad = _store(server, alice), _store(server, alice, b"a virus", "text/plain")
    running = subprocess.Popen([sys.executable, "-c", code], env=surroundings)
    try:
        end = time.monotonic() + 60
        while server.sql("SELECT id FROM uploads WHERE state = 'scanning'"):
            assert time.monotonic() < end
            time.sleep(0.1)
    finally:
        running.kill()
        running.wait()
    states = server.sql("SELECT id, state FROM uploads ORDER BY id")
    assert states == [(good, "ready"), (bad, "quarantined")]


def test_many_that_wait_are_asked_about_in_steps(server: Server, alice: Person, scanner: _Scanner) -> None:
    server.sql(
        "INSERT INTO uploads (owner_id, key, filename, content_type, size, state, expires_at)"
        " SELECT %s, 'uploads/1/' || n, 'f', 'text/plain', n, 'scanning', now() + interval '1 hour'"
        " FROM generate_series(1, 25) n",
        alice.id,
    )
    with contextlib.ExitStack() as smaller:
        for name, value in (("_STEP", 10), ("_STEPS", 2), ("_ENTRIES", 4)):
            smaller.enter_context(server.put(f"chalicelib.features.uploads.asking.{name}", value))
        _sweep(server)
        first = [question["key"] for question in scanner.asked()]
        assert len(set(first)) == len(first) == 20
        _sweep(server)
        second = [question["key"] for question in scanner.asked()]
    assert len(set(first + second)) == len(first + second) == 25


def test_without_a_scanner_nobody_is_asked(server: Server, alice: Person) -> None:
    with server.settings(scan_files=True):
        _store(server, alice)
        _overdue(server)
        _sweep(server)
    assert server.sql("SELECT scan_due_at <= now() FROM uploads") == [(True,)]
