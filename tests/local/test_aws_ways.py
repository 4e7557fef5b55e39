"""The short way into moto answers what moto's whole way answers: for every call of the product, refusals included."""

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from local.aws import REGION, Aws
from local.aws_moto import Moto

TABLE = "messenger-live"
PUSH, PRESENCE = "messenger-push.fifo", "messenger-presence"
_TARGETS = {"dynamodb": "DynamoDB_20120810", "sqs": "AmazonSQS"}
# What differs from one run to the next.
_CHANGING = {"MessageId", "ReceiptHandle", "SequenceNumber", "SentTimestamp", "ApproximateFirstReceiveTimestamp"}


class Client:
    """Asks one local AWS, and keeps what it answered."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.answers: list[Any] = []
        who = aws.credentials
        self._credentials = BotocoreCredentials(who.access_key_id, who.secret_access_key, who.session_token)
        self._http = http.client.HTTPConnection(urlsplit(aws.endpoint).netloc)

    def ask(self, service: str, action: str, payload: dict[str, Any] | bytes) -> Any:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = {"X-Amz-Target": f"{_TARGETS[service]}.{action}", "Content-Type": "application/x-amz-json-1.0"}
        request = AWSRequest(method="POST", url=f"{self.aws.endpoint}/", data=body, headers=headers)
        SigV4Auth(self._credentials, service, REGION).add_auth(request)
        # Head and body in one write, as the product's client sends them.
        self._http.request("POST", "/", body, dict(request.headers))
        answer = self._http.getresponse()
        content = answer.read()
        decoded = json.loads(content) if content.startswith(b"{") else content.decode()
        told = [answer.headers.get(name) for name in ("content-type", "x-amzn-errortype", "x-amzn-query-error")]
        self.answers.append((action, answer.status, told, _settled(decoded)))
        return decoded

    def dynamodb(self, action: str, **payload: Any) -> Any:
        return self.ask("dynamodb", action, payload)

    def sqs(self, action: str, queue: str, **payload: Any) -> Any:
        return self.ask("sqs", action, {"QueueUrl": self.aws.queue_url(queue), **payload})

    def items(self) -> None:
        """Notes all that the table holds."""
        found = self.dynamodb("Scan", TableName=TABLE)["Items"]
        self.answers[-1] = sorted(found, key=json.dumps)


def _settled(value: Any) -> Any:
    """The answer without what is another one each time."""
    if isinstance(value, dict):
        return {name: "…" if name in _CHANGING else _settled(item) for name, item in value.items()}
    return [_settled(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def accounts() -> Iterator[tuple[Aws, Aws]]:
    short, whole = Aws(), Aws(whole=True)
    short.start()
    whole.start()
    yield short, whole
    whole.stop()
    short.stop()


Compare = Callable[[Callable[[Client], None]], list[Any]]


@pytest.fixture
def compare(accounts: tuple[Aws, Aws]) -> Compare:
    """Runs the same calls on both ways. Returns what they answered."""

    def run(calls: Callable[[Client], None]) -> list[Any]:
        short, whole = (Client(aws) for aws in accounts)
        for client in (short, whole):
            client.aws.reset()
            calls(client)
        assert short.answers == whole.answers
        return short.answers

    return run


def statuses(answers: list[Any]) -> list[int]:
    return [answer[1] for answer in answers if isinstance(answer, tuple)]


def key(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}}


def absent(pk: str, **more: Any) -> dict[str, Any]:
    subject = more or {"Key": key(pk)}
    return {"TableName": TABLE, "ConditionExpression": "attribute_not_exists(pk)", **subject}


def registering(user: int, connection: str, ticket: str | None = None) -> list[dict[str, Any]]:
    """The writes of `connections.register`."""
    described = {"endpoint": {"S": "http://127.0.0.1:1/api"}, "sessionId": {"N": "5"}, "since": {"N": "1795166824"}}
    used = [{"Put": absent(ticket, Item={**key(ticket), "expiresAt": {"N": "9"}})}] if ticket else []
    owner = {**key(f"conn#{connection}"), "userId": {"N": str(user)}, "expiresAt": {"N": "9"}, **described}
    owner |= {"leaseShard": {"S": "ping#1"}, "leaseUntil": {"N": str(user)}}
    entry = {
        "TableName": TABLE,
        "Key": key(f"user#{user}"),
        "UpdateExpression": "SET #c = :c, leaseUntil = :lease, leaseShard = :shard, expiresAt = :expires",
        "ExpressionAttributeNames": {"#c": f"c#{connection}"},
        "ExpressionAttributeValues": {
            ":c": {"M": described},
            ":expires": {"N": "9"},
            ":lease": {"N": str(100 + user)},
            ":shard": {"S": str(user % 2)},
        },
    }
    return [
        {"ConditionCheck": absent("ended#5")},
        *used,
        {"Put": {"TableName": TABLE, "Item": owner}},
        {"Update": entry},
    ]


def register(client: Client, user: int, connection: str, ticket: str | None = None) -> None:
    client.dynamodb("TransactWriteItems", TransactItems=registering(user, connection, ticket))


def test_connecting(compare: Compare) -> None:
    def calls(client: Client) -> None:
        register(client, 1, "one=", "ticket#a")
        register(client, 1, "two=", "ticket#b")
        register(client, 2, "three=", "ticket#a")  # used before
        client.items()
        client.dynamodb(
            "BatchWriteItem", RequestItems={TABLE: [{"PutRequest": {"Item": {**key("ended#5"), "x": {"N": "1"}}}}]}
        )
        register(client, 3, "four=", "ticket#c")  # its session has ended
        twice = registering(4, "five=")
        client.dynamodb("TransactWriteItems", TransactItems=[*twice, twice[-1]])
        broken = registering(5, "six=")
        broken[-1]["Update"]["UpdateExpression"] = "SET #c"
        client.dynamodb("TransactWriteItems", TransactItems=broken)
        client.dynamodb("TransactWriteItems", TransactItems=[{"Put": {"TableName": "none", "Item": key("a")}}])
        client.items()

    assert statuses(compare(calls)) == [200, 200, 400, 200, 400, 400, 400, 400]


def test_reading_items(compare: Compare) -> None:
    def calls(client: Client) -> None:
        for user in range(5):
            register(client, user, f"{user}=")
        kinds = {
            "L": [{"S": "é"}, {"NULL": True}],
            "M": {},
            "BOOL": False,
            "SS": ["a", "b"],
            "NS": ["1"],
            "B": "AAE=",
        }
        item = {**key("all"), **{kind: {kind: value} for kind, value in kinds.items()}}
        client.dynamodb("PutItem", TableName=TABLE, Item=item)
        client.dynamodb("GetItem", TableName=TABLE, Key=key("all"))
        for pk in ("user#1", "conn#1=", "user#9"):
            client.dynamodb("GetItem", TableName=TABLE, Key=key(pk), ConsistentRead=True)
        client.dynamodb("GetItem", TableName=TABLE, Key=key("user#1"), ProjectionExpression="leaseUntil")
        client.dynamodb("GetItem", TableName=TABLE, Key=key("user#1"), ReturnConsumedCapacity="TOTAL")
        for pks in (["user#1"], ["user#3", "user#9", "user#0"], ["user#1", "user#1"]):
            requested = {TABLE: {"Keys": [key(pk) for pk in pks], "ConsistentRead": True}}
            client.dynamodb("BatchGetItem", RequestItems=requested)
        for count in (100, 101):
            requested = {TABLE: {"Keys": [key(f"user#{number}") for number in range(count)]}}
            client.dynamodb("BatchGetItem", RequestItems=requested)
        client.dynamodb("BatchGetItem", RequestItems={"none": {"Keys": [key("a")]}})

    assert statuses(compare(calls)) == [200] * 14 + [400, 200, 400, 400]


def test_reading_the_index_of_leases(compare: Compare) -> None:
    def calls(client: Client) -> None:
        for user in range(10):
            register(client, user, f"{user}=")
        lapsed: dict[str, Any] = {
            "TableName": TABLE,
            "IndexName": "by_lease",
            "KeyConditionExpression": "leaseShard = :shard AND leaseUntil < :now",
            "ExpressionAttributeValues": {":shard": {"S": "1"}, ":now": {"N": "106"}},
        }
        client.dynamodb("Query", **lapsed, Limit=100)
        page = client.dynamodb("Query", **lapsed, Limit=2)
        client.dynamodb("Query", **lapsed, Limit=2, ExclusiveStartKey=page["LastEvaluatedKey"])
        client.dynamodb("Query", **{**lapsed, "IndexName": "none"})
        client.dynamodb("Query", **{**lapsed, "KeyConditionExpression": "leaseUntil < :now"})
        client.dynamodb("Query", **lapsed, ConsistentRead=True)

    assert statuses(compare(calls))[10:] == [200, 200, 200, 400, 400, 400]


def test_changing_items(compare: Compare) -> None:
    def calls(client: Client) -> None:
        register(client, 1, "one=")
        lease: dict[str, Any] = {
            "TableName": TABLE,
            "UpdateExpression": "SET leaseUntil = :lease, leaseShard = :shard",
            "ConditionExpression": "attribute_exists(#c)",
            "ExpressionAttributeNames": {"#c": "c#one="},
            "ExpressionAttributeValues": {":lease": {"N": "5"}, ":shard": {"S": "1"}},
        }
        client.dynamodb("UpdateItem", **lease, Key=key("user#1"))
        client.dynamodb("UpdateItem", **lease, Key=key("user#2"))
        for values in ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW", "some"):
            client.dynamodb("UpdateItem", **lease, Key=key("user#1"), ReturnValues=values)
        client.dynamodb(
            "UpdateItem",
            TableName=TABLE,
            Key=key("user#1"),
            UpdateExpression="REMOVE leaseShard",
            ConditionExpression="leaseUntil < :now",
            ExpressionAttributeValues={":now": {"N": "6"}},
        )
        remove: dict[str, Any] = {"TableName": TABLE, "UpdateExpression": "REMOVE #c"}
        for name in ("#c", "#unused"):
            client.dynamodb("UpdateItem", **remove, Key=key("user#1"), ExpressionAttributeNames={name: "c#one="})
        client.dynamodb("UpdateItem", TableName=TABLE, Key=key("user#1"), UpdateExpression="REMOVE name")
        for pk in ("conn#one=", "conn#one="):
            client.dynamodb("DeleteItem", TableName=TABLE, Key=key(pk), ReturnValues="ALL_OLD")
        client.dynamodb("DeleteItem", **absent("user#1"))
        client.dynamodb("PutItem", TableName=TABLE, Item={**key("user#1"), "pending": {"S": "{}"}})
        client.dynamodb("PutItem", **absent("user#1", Item=key("user#1")))
        client.items()

    assert statuses(compare(calls)) == [200, 200, 400] + [200] * 5 + [
        400,
        200,
        200,
        400,
        400,
        200,
        200,
        400,
        200,
        400,
    ]


@pytest.mark.parametrize("action", ["GetItem", "DeleteItem", "UpdateItem"])
@pytest.mark.parametrize(
    "payload",
    [
        {"TableName": "none", "Key": key("a")},
        {"TableName": TABLE, "Key": key("")},
        {"TableName": TABLE, "Key": {}},
        {"TableName": TABLE, "Key": {"other": {"S": "a"}}},
        {"TableName": TABLE, "Key": {"pk": {"S": "a"}, "other": {"S": "a"}}},
        {"TableName": TABLE, "Key": key("a"), "ExpressionAttributeNames": {"#a": "a"}},
        {"TableName": TABLE, "Key": key("a"), "Unknown": 1},
        {"TableName": TABLE, "Key": key("a"), "ReturnConsumedCapacity": None},
        {"TableName": TABLE},
        {},
        b"",
        b"[]",
        b"{",
    ],
)
def test_what_is_wrong_with_a_request(action: str, payload: dict[str, Any] | bytes, compare: Compare) -> None:
    compare(lambda client: client.ask("dynamodb", action, payload))


def test_sending_and_receiving(compare: Compare) -> None:
    everything = {"AttributeNames": ["All"], "MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10}

    def calls(client: Client) -> None:
        attribute = {"trace": {"DataType": "String", "StringValue": "é"}}
        for number in ("1", "2", "2", "3"):
            client.sqs(
                "SendMessage",
                PUSH,
                MessageBody=f"é\u0008\ufffe {number}",
                MessageGroupId=f"chat#{int(number) % 2}",
                MessageDeduplicationId=number,
                MessageAttributes=attribute,
            )
        received = client.sqs("ReceiveMessage", PUSH, **everything)["Messages"]
        client.sqs("ReceiveMessage", PUSH, **everything)
        entries = [{"Id": str(at), "ReceiptHandle": item["ReceiptHandle"]} for at, item in enumerate(received)]
        shown = [{**entry, "VisibilityTimeout": 0} for entry in entries]
        client.sqs("ChangeMessageVisibilityBatch", PUSH, Entries=shown)
        again = client.sqs("ReceiveMessage", PUSH, **everything)["Messages"]
        entries = [{"Id": str(at), "ReceiptHandle": item["ReceiptHandle"]} for at, item in enumerate(again)]
        client.sqs("DeleteMessageBatch", PUSH, Entries=[*entries, {"Id": "x", "ReceiptHandle": "none"}])
        client.sqs("DeleteMessageBatch", PUSH, Entries=entries)
        client.sqs("ReceiveMessage", PUSH, **everything)
        client.sqs("GetQueueAttributes", PUSH, AttributeNames=["ApproximateNumberOfMessages", "FifoQueue"])

    answers = compare(calls)
    assert set(statuses(answers)) == {200}
    bodies = [message["Body"] for message in answers[4][3]["Messages"]]
    assert bodies == ["é\ufffd\ufffd 1", "é\ufffd\ufffd 2", "é\ufffd\ufffd 3"]


def test_batches_and_refusals_of_queues(compare: Compare) -> None:
    def calls(client: Client) -> None:
        entries: list[dict[str, Any]] = [{"Id": str(number), "MessageBody": f"{number}"} for number in range(10)]
        client.sqs("SendMessageBatch", PRESENCE, Entries=entries)
        client.sqs("ReceiveMessage", PRESENCE, MaxNumberOfMessages=3)
        client.sqs("ReceiveMessage", PRESENCE, MaxNumberOfMessages=11)
        client.sqs("SendMessageBatch", PRESENCE, Entries=[{**entries[0], "DelaySeconds": 901}])
        for wrong in ([], [entries[0], entries[0]], [*entries, {"Id": "10", "MessageBody": ""}], [{"Id": "!"}]):
            client.sqs("SendMessageBatch", PRESENCE, Entries=wrong)
        grouped = {"MessageGroupId": "g", "MessageDeduplicationId": "1"}
        client.sqs("SendMessageBatch", PUSH, Entries=[{**entries[0], **grouped}])
        client.sqs("SendMessage", PUSH, MessageBody="a")
        client.sqs("SendMessage", PUSH, MessageBody="a", MessageGroupId="g")
        client.sqs("SendMessage", PRESENCE, MessageBody="a" * 1024 * 1024 + "a")
        binary = {"raw": {"DataType": "Binary", "BinaryValue": "AAE="}}
        client.sqs("SendMessage", PRESENCE, MessageBody="a", MessageAttributes=binary, DelaySeconds=1)
        client.sqs("SendMessage", "none", MessageBody="a")
        client.sqs("ReceiveMessage", "none")
        client.sqs("DeleteMessage", PRESENCE, ReceiptHandle="none")
        client.sqs("DeleteMessageBatch", PRESENCE, Entries=[])
        client.ask("sqs", "SendMessage", {"MessageBody": "a"})
        client.ask("sqs", "Unknown", {})

    assert statuses(compare(calls))[:4] == [200, 200, 400, 200]


def test_the_products_calls_take_the_short_way() -> None:
    moto = Moto(REGION)
    write = {"TransactItems": registering(1, "one=", "ticket#a"), "ClientRequestToken": "1"}
    send = {"QueueUrl": "q", "MessageBody": "nullify", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    for service, action, payload in (
        ("dynamodb", "TransactWriteItems", write),
        ("dynamodb", "GetItem", {"TableName": TABLE, "Key": key("a"), "ConsistentRead": True}),
        ("sqs", "SendMessage", send),
    ):
        assert moto.short(service, action, json.dumps(payload).encode()) == payload
    assert Moto(REGION, whole=True).short("sqs", "SendMessage", json.dumps(send).encode()) is None
