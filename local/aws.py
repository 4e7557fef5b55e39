"""The local AWS: moto's DynamoDB, SQS, S3 and SNS in a process of its own, behind the rules that moto lacks, and an
SES that sends nothing.

This is the stack's side of it. Whoever has the endpoint and the credentials talks to the process itself.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local import environment, resources
from local.aws_link import AwsLink
from local.aws_messages import Arm, Created, Disarm, Outbox, Reset, Setup, ShiftClock, StoredObject
from local.events import ACCOUNT_ID
from local.faults import Armed, Fault, Faults
from local.network import Network
from local.queues import Queues
from local.signatures import Credentials
from local.template import STACK, Template, read_template

logger = logging.getLogger("local.aws")

REGION = "us-east-1"
_FAULTS = frozenset({Fault.SERVICE_FAILING, Fault.SERVICE_THROTTLING, Fault.SERVICE_SLOW})


class Aws:
    """One account in one region.

    `directory` is where uploaded objects are kept; without one they end with the process. `on_created` hears of every
    new object before its writer is answered. Signatures are checked for every service; who signs with
    `credentials.in_the_vpc()` must get through the VPC's endpoints as well. `on_ended` hears in words that
    the process ended by itself; what it held is lost then. With `whole` no call takes a short way into moto.
    `listen` is the host and port of the services; port 0 is a free one.
    Without `ipv6`, in a class of its own, functions in the VPC reach the queues by an endpoint, and no socket.
    From its making to `stop` this process's AWS_* variables are its own, whatever profile the shell carries.
    """

    ipv6 = True

    def __init__(
        self,
        *,
        directory: Path | None = None,
        faults: Faults | None = None,
        credentials: Credentials | None = None,
        on_ended: Callable[[str], None] = logger.error,
        whole: bool = False,
        listen: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        self.credentials = credentials or Credentials.fake()
        parameters = {"Prefix": "messenger", "QueuesByEndpoint": "false" if self.ipv6 else "true"}
        self.template: Template = read_template(STACK, region=REGION, account=ACCOUNT_ID, **parameters)
        self.faults = faults or Faults()
        self.on_created: Callable[[StoredObject, str], None] = lambda stored, event: None
        self._before = environment.isolate(region=REGION, credentials=self.credentials)
        self._clients: dict[str, Any] = {}
        self._port = 0
        self._link = AwsLink(directory, on_created=self._created, on_ended=on_ended)
        self.queues = Queues(self._link, REGION)
        self._started = self._link.begin(
            Setup(
                credentials=self.credentials,
                region=REGION,
                directory=str(directory.absolute()) if directory is not None else None,
                resources=resources.described(self.template),
                endpoints=Network(self.template, ipv6=self.ipv6).endpoints(),
                log_level=logging.getLogger("local").getEffectiveLevel(),
                whole=whole,
                listen=listen,
            )
        )

    @property
    def endpoint(self) -> str:
        """Where all services answer, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._link.pid

    def start(self) -> None:
        """Waits until the services answer, with the resources of `infra/stack.yaml` and the kept objects.

        The process itself was started when this object was made. Raises AwsError.
        """
        self._port = self._started.result()
        environment.point_at(self.endpoint)
        self.faults.follow(self._fault)

    def stop(self) -> None:
        """Ends the process, and puts the shell's AWS variables back. What is on disk stays."""
        self.faults.unfollow(self._fault)
        self._link.close()
        environment.restore(self._before)

    def reset(self) -> None:
        """Every resource is new and empty, kept objects are gone. For tests; takes some milliseconds."""
        self._link.ask(Reset())

    def shift_clock(self, seconds: float) -> None:
        """For tests: signatures and policies are checked as if it were so many seconds later."""
        self._link.ask(ShiftClock(seconds))

    def outbox(self) -> dict[str, list[dict[str, Any]]]:
        """The `letters` that SES has taken, and the `notifications`, the newest first."""
        sent: dict[str, list[dict[str, Any]]] = self._link.ask(Outbox())
        return sent

    def client(self, service: str) -> Any:
        """A boto3 client with this account's credentials, whatever the shell's say. Kept for the next caller."""
        if service not in self._clients:
            self._clients[service] = resources.new_client(service, self.endpoint, REGION, self.credentials)
        return self._clients[service]

    def name(self, logical: str) -> str:
        """The physical name of a resource of the template."""
        properties = self.template.properties(logical)
        return next(str(properties[key]) for key in ("TableName", "QueueName", "BucketName") if key in properties)

    def queue_url(self, name: str) -> str:
        """The URL of a queue as AWS writes it, on this endpoint."""
        return f"{self.endpoint}/{ACCOUNT_ID}/{name}"

    def _created(self, created: Created) -> None:
        self.on_created(created.stored, created.event)

    def _fault(self, armed: Armed | None) -> None:
        """Faults of services strike where the services are."""
        if armed is None:
            self._link.ask(Disarm())
        elif armed.fault in _FAULTS:
            self._link.ask(Arm(armed.fault, armed.of, armed.times, armed.value))
