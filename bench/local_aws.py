"""What a call of the product costs the process of the local AWS: `python -m bench.local_aws`.

The processor time of the process is counted, for calls that go the short way into moto and, in turns with them, for
the same calls the whole way through moto. The client's own time is not counted.
"""

import http.client
import itertools
import json
import statistics
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from bench.processors import seconds_of
from local.aws import REGION, Aws

ROUNDS = 3
# Fewer where a call is dear: the whole way takes a tenth of a second for a hundred users.
CALLS = 100
DEAR_CALLS = 10
USERS = 200
TABLE, QUEUE = "messenger-live", "messenger-push.fifo"
_TARGETS = {"dynamodb": "DynamoDB_20120810", "sqs": "AmazonSQS"}


class Client:
    """Asks one local AWS over a kept connection."""

    def __init__(self, *, whole: bool) -> None:
        self.aws = Aws(whole=whole)
        self.aws.start()
        who = self.aws.credentials
        self._credentials = BotocoreCredentials(who.access_key_id, who.secret_access_key, who.session_token)
        self._connection = http.client.HTTPConnection(urlsplit(self.aws.endpoint).netloc)
        self._numbers = itertools.count()

    def ask(self, service: str, action: str, payload: dict[str, Any]) -> Any:
        """Raises RuntimeError for a refusal."""
        body = json.dumps(payload).encode()
        headers = {"X-Amz-Target": f"{_TARGETS[service]}.{action}", "Content-Type": "application/x-amz-json-1.0"}
        request = AWSRequest(method="POST", url=f"{self.aws.endpoint}/", data=body, headers=headers)
        SigV4Auth(self._credentials, service, REGION).add_auth(request)
        self._connection.request("POST", "/", body, dict(request.headers))
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(content.decode())
        return json.loads(content or b"{}")

    def reconnect(self) -> None:
        """The next call opens a connection: the last one may have been closed as idle."""
        self._connection.close()

    def dynamodb(self, action: str, **payload: Any) -> Any:
        """A call about the table of connections."""
        return self.ask("dynamodb", action, payload)

    def connect(self, user: int) -> None:
        """What `$connect` writes."""
        endpoint, number = {"S": "https://abc123.execute-api.eu-central-1.amazonaws.com/api"}, {"N": "1795166824"}
        described = {"endpoint": endpoint, "sessionId": number, "since": number}
        entry = {
            "TableName": TABLE,
            "Key": _key(f"user#{user}"),
            "UpdateExpression": "SET #c = :c, leaseUntil = :lease, leaseShard = :shard, expiresAt = :lease",
            "ExpressionAttributeNames": {"#c": f"c#{user}="},
            "ExpressionAttributeValues": {":c": {"M": described}, ":lease": number, ":shard": {"S": "1"}},
        }
        check = {"TableName": TABLE, "Key": _key("ended#1"), "ConditionExpression": "attribute_not_exists(pk)"}
        owner = {**_key(f"conn#{user}="), "userId": {"N": str(user)}, "expiresAt": number, **described}
        writes = [{"ConditionCheck": check}, {"Put": {"TableName": TABLE, "Item": owner}}, {"Update": entry}]
        self.dynamodb("TransactWriteItems", TransactItems=writes)

    def find(self) -> None:
        """Whose a connection is."""
        self.dynamodb("GetItem", TableName=TABLE, Key=_key("conn#7="), ConsistentRead=True)

    def read(self, users: int) -> None:
        """The connections of some users, as a push reads them."""
        keys = [_key(f"user#{user}") for user in range(users)]
        self.dynamodb("BatchGetItem", RequestItems={TABLE: {"Keys": keys, "ConsistentRead": True}})

    def renew(self) -> None:
        """A sign of life."""
        self.dynamodb(
            "UpdateItem",
            TableName=TABLE,
            Key=_key("user#7"),
            UpdateExpression="SET leaseUntil = :lease, leaseShard = :shard",
            ConditionExpression="attribute_exists(#c)",
            ExpressionAttributeNames={"#c": "c#7="},
            ExpressionAttributeValues={":lease": {"N": "1795166824"}, ":shard": {"S": "1"}},
        )

    def queue(self) -> None:
        """A message goes through the queue of pushes: sent, received and deleted."""
        url = self.aws.queue_url(QUEUE)
        message = {
            "MessageBody": "x" * 600,
            "MessageGroupId": "1",
            "MessageDeduplicationId": str(next(self._numbers)),
        }
        self.ask("sqs", "SendMessage", {"QueueUrl": url, **message})
        wanted = {"MaxNumberOfMessages": 10, "AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        received = self.ask("sqs", "ReceiveMessage", {"QueueUrl": url, **wanted})["Messages"]
        entries = [{"Id": str(at), "ReceiptHandle": item["ReceiptHandle"]} for at, item in enumerate(received)]
        self.ask("sqs", "DeleteMessageBatch", {"QueueUrl": url, "Entries": entries})


_MEASURED: dict[str, tuple[Callable[[Client], None], int]] = {
    "find a connection (GetItem)": (Client.find, CALLS),
    "read the connections of 2 (BatchGetItem)": (lambda client: client.read(2), CALLS),
    "read the connections of 20": (lambda client: client.read(20), DEAR_CALLS),
    "read the connections of 100": (lambda client: client.read(100), DEAR_CALLS),
    "renew a lease (UpdateItem)": (Client.renew, CALLS),
    "connect (TransactWriteItems)": (lambda client: client.connect(7), DEAR_CALLS),
    "send, receive and delete (SQS)": (Client.queue, CALLS),
}


def main() -> None:
    """Prints microseconds of processor time for each."""
    clients = {whole: Client(whole=whole) for whole in (False, True)}
    try:
        for client in clients.values():
            for user in range(USERS):
                client.connect(user)
        print(f"{'processor time a call, µs':44}{'short':>8}{'whole':>8}{'ratio':>7}")
        for name, (call, times) in _MEASURED.items():
            taken: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(ROUNDS):
                for whole, client in clients.items():
                    taken[whole].append(_microseconds(client, call, times))
            short, whole_way = (statistics.median(taken[whole]) for whole in (False, True))
            print(f"{name:44}{short:8.0f}{whole_way:8.0f}{whole_way / short:7.1f}", flush=True)
    finally:
        for client in clients.values():
            client.aws.stop()


def _microseconds(client: Client, call: Callable[[Client], None], times: int) -> float:
    client.reconnect()
    call(client)
    before = seconds_of(client.aws.pid)
    for _ in range(times):
        call(client)
    after = seconds_of(client.aws.pid)
    if before is None or after is None:
        raise RuntimeError("only Linux tells the processor time of another process")
    return (after - before) / times * 1e6


def _key(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}}


if __name__ == "__main__":
    main()
