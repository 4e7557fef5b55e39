"""The whole stack: `python -m local` as a process, and `Stack` inside a test."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chalicelib.core import config
from local.faults import Fault
from local.postgres import Postgres
from local.processes import free_port, wait_until
from local.stack import Options, Stack, StackError
from tests.support import leftovers

ROOT = Path(__file__).parent.parent.parent
ALICE = {"username": "alice", "password": "correct horse"}

# A shell that is set up for another account, behind a proxy: none of it may matter.
FOREIGN_SHELL = {
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAPRODUCTION",
    "AWS_SECRET_ACCESS_KEY": "production",
    "AWS_ENDPOINT_URL": "http://192.0.2.1",
    "AWS_REGION": "eu-central-1",
    "HTTP_PROXY": "http://192.0.2.2:3128",
    "HTTPS_PROXY": "http://192.0.2.2:3128",
}

# Python runs this at the start of the stack and of its children. Notes in $REACHED every address past loopback that
# they connect or send to.
WATCH = textwrap.dedent("""
    import os, sys
    def watch(event, arguments):
        if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
            address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
            host = address[0] if isinstance(address, tuple) else address
            if host not in ("127.0.0.1", "::1", "localhost", b"127.0.0.1"):
                with open(os.environ["REACHED"], "a") as noted:
                    print(event, address, file=noted)
    sys.addaudithook(watch)
    open(os.environ["REACHED"] + ".watched", "a").write(" ".join(sys.orig_argv) + "\\n")
""")


class Process:
    """`python -m local` with its own data and port."""

    def __init__(self, data_dir: Path, port: int | None = None, **more: str) -> None:
        self.port = port or free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.data_dir = data_dir
        self.reached = data_dir.with_name("reached")
        self.lines: list[str] = []
        started.append(self)
        self._child = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env={
                **os.environ,
                **FOREIGN_SHELL,
                "PORT": str(self.port),
                "DATA_DIR": str(data_dir),
                "REACHED": str(self.reached),
                "BCRYPT_COST": "4",
                **more,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._child.pid

    def wait_until_ready(self) -> "Process":
        assert self._child.stdout is not None
        for line in self._child.stdout:
            self.lines.append(line.rstrip())
            if line == "ready\n":
                return self
        raise AssertionError(f"it ended: {self.lines}")

    def send(self, number: int) -> None:
        self._child.send_signal(number)

    def wait(self) -> int:
        said, _ = self._child.communicate(timeout=60)
        self.lines += said.splitlines()
        return self._child.returncode

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.send(number)
        return self.wait()

    def kill(self) -> None:
        """Where a test failed half-way."""
        self._child.kill()
        self._child.communicate()

    def left_behind(self) -> list[str]:
        """What still runs of it."""
        return leftovers.that_know(self.data_dir)


started: list[Process] = []


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    for process in started:
        process.kill()
    started.clear()


def register(process: Process) -> str:
    answer = httpx.post(f"{process.origin}/api/auth/register", json=ALICE, timeout=30)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["accessToken"])


def me(process: Process, token: str) -> httpx.Response:
    return httpx.get(f"{process.origin}/api/users/me", headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_it_runs_says_where_everything_is_and_stops_without_a_trace(data_dir: Path) -> None:
    process = Process(data_dir).wait_until_ready()
    said = "\n".join(process.lines)
    for where in (f"{process.origin}/api", f"ws://127.0.0.1:{process.port}/api", "psql -h 127.0.0.1", str(data_dir)):
        assert where in said
    assert "0001_" in said
    for path in ("/", "/api/health", "/health", "/api/v1/health", "/docs", "/swagger/index.html"):
        assert httpx.get(process.origin + path, timeout=30).status_code == 200, path
    assert (data_dir / "jwt_secret").stat().st_mode & 0o077 == 0
    assert process.left_behind()
    assert process.stop(signal.SIGINT) == 0
    assert process.left_behind() == []


def test_the_terminal_stays_quiet_and_the_log_is_a_file(data_dir: Path) -> None:
    data_dir = data_dir.with_name("data of ours")
    process = Process(data_dir).wait_until_ready()
    register(process)
    assert process.stop() == 0
    assert process.lines[-2:] == ["ready", "stopping"]
    said = "\n".join(process.lines)
    assert str(data_dir / "log") in said
    assert f"$(cat '{data_dir}/postgres/password')" in said
    assert '"message":"request"' in (data_dir / "log").read_text()
    again = Process(data_dir, process.port).wait_until_ready()
    assert again.stop() == 0
    assert '"message":"request"' in (data_dir / "log.1").read_text()


def test_what_was_written_survives_restarts_and_kill_9(data_dir: Path) -> None:
    first = Process(data_dir).wait_until_ready()
    token = register(first)
    assert first.stop() == 0

    second = Process(data_dir, first.port).wait_until_ready()
    assert me(second, token).json()["username"] == "alice"
    assert not any(line.startswith("migrations") for line in second.lines)
    second.send(signal.SIGKILL)
    second.wait()
    assert wait_until(lambda: second.left_behind() == [], seconds=10)

    third = Process(data_dir, first.port).wait_until_ready()
    assert me(third, token).json()["username"] == "alice"
    assert third.stop() == 0


def test_it_never_reaches_past_loopback(data_dir: Path) -> None:
    watch = data_dir.with_name("watch")
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH)
    process = Process(data_dir, PYTHONPATH=str(watch)).wait_until_ready()
    token = register(process)
    headers = {"Authorization": f"Bearer {token}"}
    upload = {"filename": "1.png", "contentType": "image/png", "size": 10}
    answer = httpx.post(f"{process.origin}/api/uploads", json=upload, headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text
    assert answer.json()["url"].startswith("http://127.0.0.1:")
    assert httpx.post(f"{process.origin}/api/ws/tickets", headers=headers, timeout=30).is_success
    assert process.stop() == 0
    assert "local.aws_process" in process.reached.with_name("reached.watched").read_text()
    assert not process.reached.exists(), process.reached.read_text()


def test_a_taken_port_is_said_in_one_line_before_anything_is_started(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = Process(data_dir, taken.getsockname()[1])
        assert process.wait() == 1
    assert process.lines == [
        f"cannot listen on 127.0.0.1:{process.port}: Address already in use. Choose another HOST or PORT."
    ]
    assert not data_dir.exists()


def test_a_signal_during_the_start_ends_it(data_dir: Path) -> None:
    process = Process(data_dir)
    assert wait_until((data_dir / "postgres" / "data").exists, seconds=30)
    assert process.stop() == 0
    assert process.left_behind() == []


def test_a_second_signal_does_not_wait(data_dir: Path) -> None:
    process = Process(data_dir).wait_until_ready()
    process.send(signal.SIGINT)
    assert wait_until(lambda: not listening(process.port), seconds=10)
    process.send(signal.SIGINT)
    assert process.wait() in {0, 1}
    assert wait_until(lambda: process.left_behind() == [], seconds=10)


def test_it_ends_and_says_why_when_the_local_aws_is_killed(data_dir: Path) -> None:
    process = Process(data_dir).wait_until_ready()
    aws = next(line for line in process.left_behind() if "-m local.aws_process" in line)
    os.kill(int(aws.split()[0]), signal.SIGKILL)
    assert process.wait() == 1
    assert process.lines[-1] == (
        "The local AWS was killed by signal 9. What its queues and tables held is lost: start again."
    )
    assert process.left_behind() == []


def listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"PORT": "http"}, "PORT must be a number"),
        ({"PORT": "70000"}, "PORT must be a number"),
        ({"HOST": "192.0.2.1"}, "cannot listen on 192.0.2.1"),
        ({"RATE_LIMITS": "maybe"}, "RATE_LIMITS must be on or off"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of DEBUG"),
        ({"DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/none"}, "cannot connect to the database"),
        ({"DATABASE_URL": "postgresql:/u:secret@127.0.0.1:1/none"}, "DATABASE_URL is not of the form"),
        ({"DATA_DIR": "/dev/null/messenger"}, "cannot write to /dev/null/messenger"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(variables: dict[str, str], words: str, data_dir: Path) -> None:
    _refuses("local", {"PORT": "0", "DATA_DIR": str(data_dir), **variables}, words)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "DATABASE_URL is not set"),
        ("postgresql://u:secret@127.0.0.1:1/none", "cannot connect to the database"),
        ("u:secret@127.0.0.1", "DATABASE_URL is not of the form"),
    ],
)
def test_migrating_says_in_one_line_what_cannot_be(url: str, words: str) -> None:
    _refuses("local.migrate", {"DATABASE_URL": url}, words)


def _refuses(module: str, variables: dict[str, str], words: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "secret" not in ended.stderr


# Inside a test


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres.temporary() as started:
        started.ensure("template")
        yield started


@pytest.fixture(scope="module")
def stack(server: Postgres) -> Iterator[Stack]:
    options = Options(
        port=0,
        data_dir=None,
        database_url=server.url("template"),
        schedules=False,
        retry_seconds=0.05,
        settings={"bcrypt_cost": 4, "presence_debounce_seconds": 0},
    )
    with Stack(options) as started:
        yield started


def test_settings_are_the_stacks_own(stack: Stack) -> None:
    now = config.settings()
    assert (now.access_key_id, now.session_token) == (
        stack.aws.credentials.access_key_id,
        stack.aws.credentials.session_token,
    )
    assert now.websocket_endpoint == stack.url == f"http://127.0.0.1:{stack.port}/api"
    assert now.aws_endpoint_url == os.environ["AWS_ENDPOINT_URL"] == stack.aws.endpoint
    assert now.push_queue_url == f"{stack.aws.endpoint}/123456789012/messenger-push.fifo"
    assert now.inline_publish_limit == 20
    assert now.bcrypt_cost == 4
    assert len(now.jwt_secret) >= 32
    assert "AWS_PROFILE" not in os.environ


def test_a_reset_gives_another_database_and_an_empty_aws(stack: Stack, server: Postgres) -> None:
    bucket = config.settings().uploads_bucket
    for name in ("one", "two", "three"):
        url = server.clone("template", name)
        stack.faults.arm(Fault.SERVICE_FAILING, times=None)
        stack.reset(database_url=url, logins=3)
        assert config.settings().database_url == url
        assert config.settings().logins == 3
        s3: Any = stack.aws.client("s3")
        assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="in/1", Body=b"x")
        answer = httpx.post(f"{stack.url}/auth/register", json=ALICE, timeout=30)
        assert answer.status_code == 201
        stack.triggers.drain()
    stack.reset()
    assert config.settings().database_url == url
    assert config.settings().logins != 3


def test_a_failing_service_and_a_slow_one(stack: Stack) -> None:
    stack.faults.arm(Fault.SERVICE_FAILING, of="dynamodb", times=1)
    stack.faults.arm(Fault.SERVICE_SLOW, of="sqs", times=1, value=0.3)
    dynamodb, sqs = stack.aws.client("dynamodb"), stack.aws.client("sqs")
    with pytest.raises(dynamodb.exceptions.InternalServerError):
        dynamodb.list_tables()
    assert dynamodb.list_tables()["TableNames"] == ["messenger-live"]
    started = time.monotonic()
    sqs.list_queues()
    assert time.monotonic() - started >= 0.3


def test_the_resources_are_the_templates(stack: Stack) -> None:
    dynamodb, sqs = stack.aws.client("dynamodb"), stack.aws.client("sqs")
    table = dynamodb.describe_table(TableName="messenger-live")["Table"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by_lease"]
    ttl = dynamodb.describe_time_to_live(TableName="messenger-live")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}
    names = {url.rpartition("/")[2] for url in sqs.list_queues()["QueueUrls"]}
    assert names == {
        "messenger-push.fifo",
        "messenger-push-dead.fifo",
        "messenger-presence",
        "messenger-presence-dead",
        "messenger-mail",
        "messenger-mail-dead",
        "messenger-notify",
        "messenger-notify-dead",
        "messenger-assistant.fifo",
    }
    attributes = sqs.get_queue_attributes(QueueUrl=config.settings().push_queue_url, AttributeNames=["All"])[
        "Attributes"
    ]
    assert (attributes["FifoQueue"], attributes["VisibilityTimeout"]) == ("true", "180")
    assert "messenger-push-dead.fifo" in attributes["RedrivePolicy"]


def test_a_data_directory_serves_one_at_a_time(tmp_path: Path, server: Postgres) -> None:
    import fcntl

    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StackError, match="is in use by another run"):
            Stack(Options(port=0, data_dir=tmp_path, database_url=server.url("template"))).start()
