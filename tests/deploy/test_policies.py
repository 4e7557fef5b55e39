"""Least privilege, both ways: what functions do is allowed to them, and what is allowed to them they do.

They do it twice: posting to sockets themselves, as by IPv6, and with an inline limit of 0, as they do without it and
for large groups: then sockets hear through the pusher alone.
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

import app as deployed
from chalicelib.core import clock
from chalicelib.core.config import INLINE_PUBLISH_LIMIT, settings
from chalicelib.realtime.connections import PING_MINUTES
from local.endpoints import Endpoints
from local.events import ACCOUNT_ID
from local.faults import Fault
from local.network import Network, functions_in_the_vpc
from local.trigger_events import sqs_event
from tests.deploy.granted import FUNCTIONS, LAMBDAS_OWN, OUTSIDE_THE_VPC, UNSEEN, covers, granted, policy
from tests.deploy.recorder import MODEL, WEBSOCKET_API, Recorder
from tests.support import model as models
from tests.support import push_service
from tests.support.line import Line
from tests.support.people import PASSWORD, Person
from tests.support.pictures import photo, upload
from tests.support.poll import Poll
from tests.support.presence import noticed
from tests.support.server import Server

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class _Day:
    """A scripted day: it sees that what must be heard is heard, and makes every function do everything it does."""

    def __init__(self, server: Server, person: Callable[..., Person], day: int) -> None:
        self.server = server
        self.maria = person(f"maria{day}", email=f"maria{day}@example.com")  # a letter says so
        self.ivan = person(f"ivan{day}")
        self.chat = self.maria.chat_with(self.ivan)

    def pass_by(self) -> None:
        end = time.monotonic() + 60
        while (health := httpx.get(f"{self.server.url}/health", timeout=30).json())["status"] != "ok":
            assert time.monotonic() < end, health  # a part has a second, which a busy machine may not have
        self.server.stack.functions.invoke_sync("migrate", {"masterUrl": self.server.database_url})
        parts = [self._talk, self._speak_socketio, self._poll, self._come_and_go, self._send_files, self._ask]
        for part in (*parts, self._notify, self._meet, self._talk_to_the_dead, self._end_a_session):
            part()
            self.server.settle(60)

    def _talk(self) -> None:
        ears, phone = self.ivan.socket(), self.maria.socket()
        sent = phone.act("message:send", {"chatId": self.chat, "content": "by socket"})
        ears.wait_for("message:new", id=sent["id"])
        sent = self.maria.send(self.chat, "by REST")
        ears.wait_for("message:new", id=sent["id"])
        later = {"chatId": self.chat, "content": "later", "sendAt": clock.wire(time.time() + 3600)}
        assert self.maria.http.post("/messages/scheduled", json=later).is_success
        self.server.sql("UPDATE scheduled_messages SET send_at = send_at - interval '2 hours'")
        self.server.stack.triggers.fire_schedule("sweep")
        ears.wait_for("message:new", content="later")
        ears.close()
        phone.close()

    def _speak_socketio(self) -> None:
        silent, one, dead = (Line(self.server) for _ in range(3))
        silent.hear()
        one.log_in(self.maria)
        gone = dead.log_in(self.maria)
        self.server.faults.arm(Fault.DISCONNECT_LOST, of=gone)
        dead.close()
        for minute in range(PING_MINUTES):
            with self.server.ahead(60 * minute):
                self.server.stack.triggers.fire_schedule("sweep")
        assert one.hear_past_events() == "2"
        assert silent.is_closed(), "nobody logged in on it"
        one.say("41")
        with pytest.raises(ConnectionClosed):
            one.hear_past_events()
        second = Line(self.server, f"EIO=3&transport=websocket&token={self.maria.access_token}")
        assert [second.hear()[0], second.hear(), second.hear_event()[0]] == ["0", "40", "hello"]
        second.close()

    def _poll(self) -> None:
        never, one, absent, lost = (Poll(self.server) for _ in range(4))
        Poll(self.server, 3, query={"token": self.maria.access_token}).say("1")
        for each in (one, absent, lost):
            each.log_in(self.maria)
        # The registry still knows it: the next push finds out.
        key = {"pk": {"S": f"mail#{lost.sid}"}}
        self.server.stack.aws.client("dynamodb").delete_item(TableName=settings().live_table, Key=key)
        sent = self.ivan.send(self.chat, "by polling")
        assert one.hear_event("message:new")["id"] == sent["id"]
        assert never.is_over(), "nobody logged in on it"
        socket = Line(self.server, f"EIO=4&transport=websocket&sid={one.sid}")
        socket.say("2probe")
        assert socket.hear() == "3probe"
        socket.say("5")
        socket.say('421["ping"]')
        while not socket.hear().startswith("431"):
            continue  # that its own message was read is told too
        socket.close()
        with self.server.ahead(120):
            self.server.stack.triggers.fire_schedule("sweep")
        assert absent.get().json()["code"] == 1
        leaving = Poll(self.server)
        leaving.log_in(self.maria)
        leaving.say("41")

    def _come_and_go(self) -> None:
        friend = self.ivan.socket()
        phone = self.maria.socket()
        noticed(self.server, self.maria, True)
        self._choose("busy")
        self._choose("away")  # put off by whoever is asked
        friend.wait_for("user:status", userId=self.maria.id, status="away")
        time.sleep(1)
        phone.close()
        time.sleep(0.3)
        # Told at once; so the look after the disconnect, within a second, is too early to tell anything again.
        self._choose("busy")
        friend.wait_for("user:status", userId=self.maria.id, status="offline")
        lost = self.maria.socket()
        noticed(self.server, self.maria, True)
        hello = lost.wait_for("hello")
        self.server.faults.arm(Fault.DISCONNECT_LOST, of=hello["data"]["connectionId"])
        lost.close()
        self.server.stack.aws.client("dynamodb").update_item(
            TableName=settings().live_table,
            Key={"pk": {"S": f"user#{self.maria.id}"}},
            UpdateExpression="SET leaseUntil = :past",
            ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 5)}},
        )
        self.server.stack.triggers.fire_schedule("sweep")
        noticed(self.server, self.maria, False)

    def _talk_to_the_dead(self) -> None:
        """Nobody has told the registry: each function that publishes finds out."""
        mouth = self.ivan.socket()
        later = {"chatId": self.chat, "content": "later", "sendAt": clock.wire(time.time() + 3600)}
        assert self.ivan.http.post("/messages/scheduled", json=later).is_success
        self.server.sql("UPDATE scheduled_messages SET send_at = send_at - interval '2 hours'")
        for publish in (
            lambda: self.ivan.send(self.chat, "by REST"),
            lambda: mouth.act("message:send", {"chatId": self.chat, "content": "by socket"}),
            lambda: self.server.stack.triggers.fire_schedule("sweep"),
        ):
            self._lose(self.maria)
            publish()
            self.server.settle(60)
        phone = self.maria.socket()
        noticed(self.server, self.maria, True)
        self._lose(self.ivan)
        phone.close()  # which he is told
        noticed(self.server, self.maria, False)
        self.server.settle(60)

    def _ask(self) -> None:
        """An answer that is kept, with one of the asker's sockets dead; by REST, and by socket."""
        with (
            models.running() as model,
            self.server.settings(assistant_url="", assistant_model=MODEL, bedrock_url=model.url, rate_limits=True),
        ):
            model.says("They talk.")
            phone = self.maria.socket()
            self._lose(self.maria)
            asked = self.maria.http.post(f"/chats/{self.chat}/summary", json={"keep": True}).json()
            phone.wait_for("assistant:done", answerId=asked["answerId"])
            assert self.maria.http.get(f"/assistant/answers/{asked['answerId']}").json()["text"] == "They talk."
            asked = phone.act("assistant:summary", {"chatId": self.chat})
            phone.wait_for("assistant:done", answerId=asked["answerId"])
            phone.close()

    def _notify(self) -> None:
        """By the pusher and inline, with a device that its push service does not know, and one that is taken away."""
        with push_service.running() as service, self.server.settings(push_hosts=(service.host,)):
            browser = service.browser()
            service.answers = [(503, {}), (410, {})]
            assert self.maria.http.post("/devices", json=browser.device).is_success
            self.ivan.send(self.chat, "are you there?")
            self.server.settle(60)
            assert len(service.to(browser)) == 2
            assert self.maria.http.get("/devices").json() == {"devices": []}
            with self.server.put("chalicelib.realtime.absent._SETTLED_SECONDS", -1):
                self.ivan.send(self.chat, "are you?")  # what is noted of the device goes
                self.server.settle(60)

    def _meet(self) -> None:
        """A room that is entered by REST and by socket; one is left before it ends, and one goes with its chat."""
        with self.server.settings(call_ring_seconds=5):
            phone, tablet = self.maria.socket(), self.ivan.socket()
            chats = [self.chat, self.maria.chat_with(self.ivan, name="Short")]
            for chat in chats:
                call = self.ivan.http.post("/calls", json={"chatId": chat, "room": True}).json()["id"]
                phone.act("call:accept", {"callId": call})
                if chat == chats[0]:
                    assert self.ivan.http.post(f"/calls/{call}/room").is_success
                phone.act("call:room")
                self.server.sql(
                    "INSERT INTO call_attendees (attendee_id, meeting_id, user_id, session_id, attendee)"
                    " SELECT gen_random_uuid()::text, meeting_id, 0, 0, '{}' FROM call_meetings"
                )
                if chat == chats[0]:
                    self._look_at({"callId": call})
                    self.ivan.http.post(f"/calls/{call}/end", json={}).raise_for_status()
                    self._look_at({"callId": call})
            self.server.stack.triggers.fire_schedule("sweep")  # which puts the attendee out
            self.server.sql("UPDATE calls SET ended_at = now(), status = 'ended' WHERE ended_at IS NULL")
            self.server.stack.triggers.fire_schedule("sweep")
            assert self.server.sql("SELECT count(*) FROM call_meetings") == [(0,)]
            phone.close()
            tablet.close()

    def _lose(self, whom: Person) -> None:
        lost = whom.socket()
        hello = lost.wait_for("hello")
        self.server.settle(60)
        self.server.faults.arm(Fault.DISCONNECT_LOST, of=hello["data"]["connectionId"])
        lost.close()

    def _choose(self, status: str) -> None:
        assert self.maria.http.put("/users/me/status", json={"status": status}).is_success

    def _send_files(self) -> None:
        stored, kept, given_up = (self._store() for _ in range(3))
        self.server.settle()
        assert self.maria.http.post(f"/uploads/{kept}/complete").is_success
        link = self.maria.http.get(f"/uploads/{kept}", follow_redirects=False)
        assert link.is_success or link.is_redirect
        assert self.maria.http.delete(f"/uploads/{stored}").is_success
        self.server.faults.arm(Fault.KILL_BEFORE, of="upload_stored", times=None)
        by_client = self._store()
        assert self.maria.http.post(f"/uploads/{by_client}/complete").is_success
        self.server.faults.clear()
        refused = self._store(b"<html>".ljust(len(PNG)))
        self.server.settle()
        assert self.maria.http.post(f"/uploads/{refused}/complete").status_code == 422
        assert self.maria.http.post("/users/me/export", json={"password": PASSWORD}).is_success
        self._make_pictures()
        self._send_in_parts()
        self._have_files_scanned()
        self.server.sql("UPDATE uploads SET expires_at = now(), state = 'pending' WHERE id = %s", given_up)
        self.server.stack.triggers.fire_schedule("sweep")
        assert self.server.sql("SELECT id FROM uploads WHERE id = %s", given_up) == []

    def _send_in_parts(self) -> None:
        new = {"filename": "1.txt", "contentType": "text/plain", "size": len(PNG)}
        sent, deleted, given_up = (
            self.maria.http.post("/uploads/multipart", json=new).json()["id"] for _ in range(3)
        )
        part = {"partNumber": 1, "checksum": base64.b64encode(hashlib.sha256(PNG).digest()).decode()}
        (signed,) = self.maria.http.post(f"/uploads/{sent}/parts", json={"parts": [part]}).json()["parts"]
        assert httpx.put(signed["url"], content=PNG, headers=signed["headers"], timeout=30).is_success
        assert self.maria.http.get(f"/uploads/{sent}/parts").json()["missing"] == []
        assert self.maria.http.post(f"/uploads/{sent}/complete").status_code in {200, 422}
        assert self.maria.http.delete(f"/uploads/{deleted}").is_success
        self.server.sql("UPDATE uploads SET expires_at = now() WHERE id = %s", given_up)

    def _have_files_scanned(self) -> None:
        asked = self.server.stack.aws.client("sqs").create_queue(QueueName="messenger-scans")["QueueUrl"]
        with self.server.settings(scan_files=True, scan_queue_url=asked):
            files = [self._store() for _ in range(2)]
            self.server.settle()
            self.server.sql("UPDATE uploads SET scan_due_at = now()")
            self.server.stack.triggers.fire_schedule("sweep")
            for file, is_clean in zip(files, (True, False), strict=True):
                ((key,),) = self.server.sql("SELECT key FROM uploads WHERE id = %s", file)
                self._look_at({"scanned": {"key": key, "isClean": is_clean}})
            self.server.settle()

    def _make_pictures(self) -> None:
        photographed = upload(self.maria.http, photo(), "image/jpeg")
        new = {"filename": "1.png", "contentType": "image/png", "size": len(PNG)}
        form = self.maria.http.post("/uploads", json=new).json()
        for content in (PNG, PNG[:-1] + b"2"):  # another one by the same form
            httpx.post(form["url"], data=form["fields"], files={"file": ("1.png", content)}, timeout=30)
            self.server.settle(60)
        assert self.maria.http.post(f"/uploads/{form['id']}/complete").status_code == 410
        link = self.maria.http.get(f"/uploads/{photographed}", params={"size": "small"}).json()["url"]
        assert httpx.get(link, timeout=30).headers["content-type"] == "image/webp"
        self._look_at({"made": {"key": "uploads/1/gone", "etag": "-", "media": None}})

    def _look_at(self, check: dict[str, object]) -> None:
        """What the queue of checks has the function do."""
        message = {"MessageId": "1", "ReceiptHandle": "1", "Body": json.dumps(check), "MD5OfBody": ""}
        event = sqs_event([message], "arn:aws:sqs:us-east-1:1:messenger-presence")
        assert self.server.stack.functions.invoke_sync("presence_changed", event) == {"batchItemFailures": []}

    def _store(self, content: bytes = PNG) -> int:
        new = {"filename": "1.png", "contentType": "image/png", "size": len(content)}
        form = self.maria.http.post("/uploads", json=new).json()
        answer = httpx.post(form["url"], data=form["fields"], files={"file": ("1.png", content)}, timeout=30)
        assert answer.status_code == 204
        return int(form["id"])

    def _end_a_session(self) -> None:
        phone = self.maria.socket()
        assert self.maria.http.post("/auth/logout").status_code == 204
        phone.wait_for("session:revoked")
        phone.wait_closed()


@pytest.fixture
def day(server: Server, roles: None, person: Callable[..., Person]) -> Iterator[Recorder]:
    """The rights that each function used in two days."""
    recorder = Recorder()
    # A connection that is gone may be one that is not open yet; not here.
    opened = server.put("chalicelib.realtime.connections._YOUNG_SECONDS", 0)
    with recorder.listening() as preparation, opened, server.prepared(preparation):
        for limit in (0, INLINE_PUBLISH_LIMIT):
            changes = {"login_seconds": 3, "heartbeat_seconds": 0, "presence_debounce_seconds": 1}
            with server.settings(inline_publish_limit=limit, **changes):
                _Day(server, person, limit).pass_by()
    yield recorder
    server.stack.reset(database_url=server.database_url)


def test_policies_allow_what_functions_do_and_nothing_that_they_do_not(server: Server, day: Recorder) -> None:
    used = day.used
    assert sorted(used) == FUNCTIONS, "the day must see every function"
    grants = {function: granted(function) for function in FUNCTIONS}
    refused = [
        f"{function} may not {right.action} on {right.resource}"
        for function, rights in used.items()
        for right in rights
        if not any(covers(grant, right) for grant in grants[function])
    ]
    idle = [
        f"{function} never uses {grant.action} on {grant.resource}"
        for function in FUNCTIONS
        for grant in grants[function]
        if grant.action not in UNSEEN and not any(covers(grant, right) for right in used[function])
    ]
    endpoints = Endpoints(Network(server.stack.aws.template).endpoints())
    refused += [
        f"the network refuses {function}: {endpoints.refusal(right)}"
        for function in functions_in_the_vpc()
        for right in day.sent.get(function, ())
        if endpoints.refusal(right)
    ]
    assert (sorted(refused), sorted(idle)) == ([], [])
    in_the_vpc = {
        function for function, rights in used.items() if any(right.action == "rds-db:connect" for right in rights)
    } | {"migrate"}
    assert in_the_vpc == set(FUNCTIONS) - OUTSIDE_THE_VPC


def test_every_function_has_a_policy() -> None:
    declared: list[Any] = [*deployed.app.event_sources, *deployed.app.pure_lambda_functions]
    declared += deployed.app.websocket_handlers.values()
    assert sorted({"api_handler", *(function.name for function in declared)}) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_allowed_on_everything_where_aws_takes_less(function: str) -> None:
    for grant in granted(function):
        assert "*" not in grant.action
        if grant.action.startswith("ec2:"):
            assert grant.resource == "*", "AWS takes nothing else"
        elif grant.action.startswith("chime:"):
            assert grant.resource == "*", "Chime gives meetings their ids"
        elif grant.action.startswith("bedrock:"):
            assert grant.resource.endswith(MODEL.removeprefix("eu.")), "one model, in whichever region it is run"
        else:
            # A wildcard only ends a resource, within what belongs to this deployment.
            assert "*" not in grant.resource[:-1]
            assert "messenger" in grant.resource or WEBSOCKET_API in grant.resource


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_in_the_vpc_leave_its_network_to_lambda(function: str) -> None:
    actions = {grant.action for grant in granted(function)}
    network = {action for action in LAMBDAS_OWN if action.startswith("ec2:")}
    denied = [statement for statement in policy(function) if statement["Effect"] == "Deny"]
    if function in OUTSIDE_THE_VPC:
        assert not network & actions
        assert denied == []
        assert "rds-db:connect" not in actions
        return
    assert network <= actions
    (statement,) = denied
    assert set(statement["Action"]) == network
    (arn,) = statement["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]
    deployed_name = "messenger" if function == "api_handler" else f"messenger-{function}"
    assert arn == f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:{deployed_name}"
    (log,) = {grant.resource for grant in granted(function) if grant.action.startswith("logs:")}
    assert log == f"arn:aws:logs:us-east-1:{ACCOUNT_ID}:log-group:/aws/lambda/{deployed_name}:*"
