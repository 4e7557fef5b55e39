"""From who sends to who hears: one request id all the way, and a trail for support that says nothing of content."""

import json

import pytest

from local.faults import Fault
from tests.support.people import Register
from tests.support.server import Server

ROOT = "1-67891233-abcdef012345678912345678"
BY = pytest.mark.parametrize("by", ["queue", "inline"])
LIMITS = {"queue": 0, "inline": 20}


@BY
def test_the_request_id_of_a_rest_send_reaches_every_log_line_and_the_other_client(
    server: Server, person: Register, by: str
) -> None:
    alice, bob = person("alice"), person("bob")
    chat, ears = alice.chat_with(bob), bob.socket()
    with server.recorded() as lines, server.settings(inline_publish_limit=LIMITS[by]):
        sent = alice.http.post(
            "/messages", json={"chatId": chat, "content": "hello"}, headers={"X-Request-Id": "support-4711"}
        )
        event = ears.wait_for("message:new", content="hello")
        server.settle()
    assert sent.headers["x-request-id"] == event["requestId"] == "support-4711"
    told = {line["message"]: [step["step"] for step in line["steps"]] for line in lines.whole if "steps" in line}
    at_once = {"request": ["accepted", "pushed"]}
    assert told == (at_once if by == "inline" else {"request": ["accepted", "published"], "push": ["pushed"]})
    assert {line["request_id"] for line in lines.whole if "steps" in line} == {"support-4711"}


@BY
def test_a_frame_may_bring_its_request_id(server: Server, person: Register, by: str) -> None:
    alice, bob = person("alice"), person("bob")
    chat, mouth, ears = alice.chat_with(bob), alice.socket(), bob.socket()
    frame = {"action": "message:send", "id": 1, "requestId": "mobile:7", "data": {"chatId": chat, "content": "hi"}}
    with server.recorded() as lines, server.settings(inline_publish_limit=LIMITS[by]):
        mouth.send_text(json.dumps(frame))
        assert ears.wait_for("message:new", content="hi")["requestId"] == "mobile:7"
        assert mouth.wait_for("message:new", content="hi")["requestId"] == "mobile:7", "the sender's own, too"
        mouth.wait_for("ack")
        server.settle()
    said = {line["message"] for line in lines.all(request_id="mobile:7")}
    assert said == {"accepted", "pushed", "frame"} | (set() if by == "inline" else {"published", "push"})


def test_a_refused_frame_is_answered_with_its_request_id(person: Register) -> None:
    mouth = person("alice").socket()
    mouth.send_text(json.dumps({"action": "chat:join", "id": 1, "requestId": "r-1", "data": {"chatId": 99}}))
    mouth.send_text(json.dumps({"action": "chat:join", "id": 2, "requestId": "r\n2", "data": {"chatId": 99}}))
    ids: dict[int, str] = {}
    while len(ids) < 2:
        ids = {frame["id"]: frame["error"]["requestId"] for frame in mouth.events("error")}
    assert ids[1] == "r-1"
    assert "\n" not in ids[2], "what would be harmful in a log line is replaced"


def test_presence_is_told_under_the_id_of_the_connection_that_caused_it(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    alice.chat_with(bob)
    ears = bob.socket()
    with server.recorded("DEBUG") as lines:
        alice.socket()
        told = ears.wait_for("user:status", userId=alice.id)["requestId"]
        server.settle()
    greeted = [
        line
        for line in lines.all("pushed", type="hello")
        if line["connections"]["posted"][0].startswith(f"{alice.id} ")
    ]
    assert [line["request_id"] for line in greeted] == [told]


def test_the_trace_of_a_request_goes_with_the_queue_to_the_pusher(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat, ears = alice.chat_with(bob), bob.socket()
    with server.recorded() as lines, server.settings(inline_publish_limit=0):
        alice.send(chat, "traced")
        ears.wait_for("message:new", content="traced")
        server.settle()
    told = [lines.the("accepted"), *(lines.the(message, type="message:new") for message in ("published", "pushed"))]
    roots = {line["trace"] for line in told}
    assert len(roots) == 1
    assert roots.pop().startswith("1-")


def test_support_finds_the_whole_trail_of_a_message_and_no_content(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat, phone, desk = alice.chat_with(bob), bob.socket(), bob.socket()
    gone = phone.wait_for("hello")["data"]["connectionId"]
    heard = desk.wait_for("hello")["data"]["connectionId"]
    server.settle()
    server.faults.arm(Fault.POST_GONE, of=gone, times=None)
    secret = "the content that nobody else may read"
    with (
        server.recorded("DEBUG") as lines,
        server.settings(inline_publish_limit=0, connection_seconds=7200),
    ):
        sent = alice.send(chat, secret, clientMessageId="cm-1")
        desk.wait_for("message:new", content=secret)
        server.settle()
    accepted = lines.the("accepted", message_id=sent["id"])
    assert (accepted["chat_id"], accepted["seq"], accepted["user_id"]) == (chat, 1, alice.id)
    assert "repeated" not in accepted
    published = lines.the("published", event_id=f"message:{sent['id']}")
    assert published["recipients"] == 2
    pushed = lines.the("pushed", event_id=f"message:{sent['id']}")
    assert {line["request_id"] for line in (accepted, published, pushed)} == {accepted["request_id"]}
    assert (pushed["posted"], pushed["gone"]) == (1, 1)
    assert pushed["connections"] == {"gone": [f"{bob.id} {gone}"], "posted": [f"{bob.id} {heard}"]}
    assert pushed["delay_ms"] >= pushed["queued_ms"] >= 0
    for hidden in (secret, "cm-1", alice.access_token, alice.refresh_token, alice.access_token.split(".")[2]):
        assert hidden not in lines.text


def test_a_push_that_cannot_be_handed_over_is_in_the_trail(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    server.faults.arm(Fault.SERVICE_FAILING, of="sqs", times=None)
    with server.recorded() as lines, server.settings(inline_publish_limit=0):
        sent = alice.send(chat, "into the dark")
    server.faults.clear()
    assert (
        lines.the("push lost", event_id=f"message:{sent['id']}")["request_id"] == lines.the("accepted")["request_id"]
    )


def test_a_deployed_function_writes_what_alarms_and_dashboard_read(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat, gone, ears = alice.chat_with(bob), bob.socket(), bob.socket()
    server.settle()
    server.faults.arm(Fault.POST_GONE, of=gone.wait_for("hello")["data"]["connectionId"], times=None)
    server.faults.arm(Fault.POST_THROTTLED, times=2)
    with server.recorded() as lines, server.settings(inline_publish_limit=0):
        alice.send(chat, "counted", clientMessageId="c")
        ears.wait_for("message:new", content="counted")
        alice.send(chat, "counted", clientMessageId="c")
        server.settle()
    total: dict[str, float] = {}
    for line in lines.metrics:
        assert line["service"] == "messenger"
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            value = line[metric["Name"]]
            total[metric["Name"]] = total.get(metric["Name"], 0) + (value if isinstance(value, int) else len(value))
    assert total["SendsAccepted"] == 1, "a send that is repeated is not another one"
    assert total["DeliveryDelay"] >= 1
    assert total["PushesPosted"] >= 1
    assert total["PushesGone"] == 1
    assert total["PushesThrottled"] == 2
    assert "PushesFailed" not in total
