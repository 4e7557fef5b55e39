"""The local AWS as a process: it ends with the stack, its end is told, and one slow request holds up nobody else."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from local.aws import Aws
from local.aws_link import AwsError
from local.faults import Fault, Faults
from local.processes import free_port, runs, wait_until
from local.queues import QueueError

PUSH, PRESENCE = "messenger-push.fifo", "messenger-presence"


@pytest.fixture(scope="module")
def shared() -> Iterator[Aws]:
    aws = Aws(faults=Faults())
    aws.start()
    yield aws
    aws.stop()


@pytest.fixture
def aws(shared: Aws) -> Aws:
    shared.faults.clear()
    shared.reset()
    return shared


def send(aws: Aws, body: str, **more: Any) -> None:
    aws.client("sqs").send_message(QueueUrl=aws.queue_url(PRESENCE), MessageBody=body, **more)


def test_a_message_ends_the_wait_for_it(aws: Aws) -> None:
    url = aws.queue_url(PRESENCE)
    with ThreadPoolExecutor() as threads:
        receivers = [
            threads.submit(aws.queues.receive, PRESENCE, most=1, wait=20),
            threads.submit(aws.client("sqs").receive_message, QueueUrl=url, WaitTimeSeconds=20),
        ]
        time.sleep(0.1)
        assert not any(receiver.done() for receiver in receivers)
        send(aws, "one")
        send(aws, "two")
        here, there = (receiver.result(10) for receiver in receivers)
    assert {here[0]["Body"], there["Messages"][0]["Body"]} == {"one", "two"}


def test_a_delay_and_a_visibility_timeout_end_a_wait(aws: Aws) -> None:
    send(aws, "late", DelaySeconds=1)
    assert aws.queues.receive(PRESENCE, most=1, wait=0) == []
    first = aws.queues.receive(PRESENCE, most=1, wait=20)
    assert first[0]["Body"] == "late"
    entry = {"Id": "1", "ReceiptHandle": first[0]["ReceiptHandle"], "VisibilityTimeout": 1}
    aws.queues.call("ChangeMessageVisibilityBatch", {"QueueUrl": aws.queues.url(PRESENCE), "Entries": [entry]})
    again = aws.queues.receive(PRESENCE, most=1, wait=20)
    assert again[0]["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_receiver_that_is_not_wanted_any_more_is_woken(aws: Aws) -> None:
    wanted = threading.Event()
    wanted.set()
    with ThreadPoolExecutor() as threads:
        receiver = threads.submit(aws.queues.receive, PRESENCE, most=1, wait=20, wanted=wanted.is_set)
        time.sleep(0.1)
        aws.queues.wake()
        assert not receiver.done()
        wanted.clear()
        aws.queues.wake()
        assert receiver.result(10) == []


def test_what_a_queue_refuses_is_told_in_its_words(aws: Aws) -> None:
    with pytest.raises(QueueError, match=r"DeleteMessageBatch: 400 .*QueueDoesNotExist"):
        aws.queues.call("DeleteMessageBatch", {"QueueUrl": "none", "Entries": [{"Id": "1", "ReceiptHandle": "x"}]})


def test_a_slow_service_is_slow_for_one_request_alone(aws: Aws) -> None:
    aws.faults.arm(Fault.SERVICE_SLOW, of="dynamodb", times=1, value=3)
    dynamodb = aws.client("dynamodb")
    with ThreadPoolExecutor() as threads:
        asked = [threads.submit(dynamodb.list_tables) for _ in range(2)]
        done, slow = wait(asked, return_when=FIRST_COMPLETED)
        assert (len(done), len(slow)) == (1, 1)
        assert [answer.result(10)["TableNames"] for answer in asked] == [["messenger-live"]] * 2
    aws.faults.arm(Fault.SERVICE_FAILING, of="s3", times=None)
    aws.faults.clear()
    assert aws.client("s3").list_buckets()["Buckets"]


def test_an_object_is_heard_of_before_its_writer_is_answered(aws: Aws) -> None:
    heard = threading.Event()
    go = threading.Event()

    def hear(_stored: object, event: str) -> None:
        heard.set()
        go.wait(10)

    aws.on_created = hear
    bucket = aws.name("UploadsBucket")
    with ThreadPoolExecutor() as threads:
        put = threads.submit(aws.client("s3").put_object, Bucket=bucket, Key="a", Body=b"x")
        assert heard.wait(10)
        assert aws.client("s3").list_buckets()["Buckets"]
        assert not put.done()
        go.set()
        put.result(10)


def test_a_reset_leaves_nothing(aws: Aws) -> None:
    aws.client("dynamodb").put_item(TableName="messenger-live", Item={"pk": {"S": "a"}})
    send(aws, "a")
    aws.reset()
    assert aws.client("dynamodb").scan(TableName="messenger-live")["Count"] == 0
    assert aws.queues.held(PRESENCE) == set()


def test_the_end_of_the_process_is_told(tmp_path: Path) -> None:
    why: list[str] = []
    before = os.environ.get("AWS_ENDPOINT_URL")
    aws = Aws(directory=tmp_path, on_ended=why.append)
    aws.start()
    with ThreadPoolExecutor() as threads:
        receiver = threads.submit(aws.queues.receive, PRESENCE, most=1, wait=20)
        time.sleep(0.1)
        os.kill(aws.pid, signal.SIGKILL)
        with pytest.raises(QueueError, match="was killed by signal 9"):
            receiver.result(10)
    assert wait_until(lambda: len(why) == 1, seconds=10)
    assert "start again" in why[0]
    with pytest.raises(AwsError, match="was killed by signal 9"):
        aws.reset()
    aws.stop()
    assert os.environ.get("AWS_ENDPOINT_URL") == before


def test_stopping_ends_the_process_and_tells_nobody() -> None:
    why: list[str] = []
    aws = Aws(on_ended=why.append)
    aws.start()
    pid = aws.pid
    aws.stop()
    assert not runs(pid)
    assert why == []


def test_a_port_may_be_chosen_and_one_that_is_taken_is_told() -> None:
    port = free_port()
    first = Aws(listen=("0.0.0.0", port))
    try:
        first.start()
        assert first.endpoint == f"http://127.0.0.1:{port}"
        second = Aws(listen=("0.0.0.0", port))
        try:
            with pytest.raises(AwsError, match="in use"):
                second.start()
        finally:
            second.stop()
    finally:
        first.stop()
