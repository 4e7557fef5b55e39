"""What is asked of a function, and what can become of it."""

import asyncio
from dataclasses import dataclass

from local.faults import Fault


class InvocationError(Exception):
    """No answer came: the base of the errors below."""


class ThrottledError(InvocationError):
    """As many invocations as the function, or the account, may have at once are under way."""


class FunctionError(InvocationError):
    """The function failed: Lambda's answer with a function error. `payload` has errorType and errorMessage."""

    def __init__(self, error_type: str, message: str, request_id: str) -> None:
        super().__init__(error_type)
        self.payload = {"errorType": error_type, "errorMessage": message, "requestId": request_id}


class FunctionTimeoutError(FunctionError):
    """The function reached its own timeout, and its container was killed."""


@dataclass(frozen=True, kw_only=True)
class Function:
    """How one function is deployed; `reserved` is how many invocations of it may be under way at most.

    One that is `in_vpc` reaches AWS by the VPC's endpoints alone.
    """

    name: str
    full_name: str
    arn: str
    timeout_seconds: float
    memory_mb: int
    reserved: int | None = None
    in_vpc: bool = False


@dataclass(kw_only=True)
class Invocation:
    """One event on its way. `answer` gets JSON, or an InvocationError."""

    function: Function
    event: bytes
    request_id: str
    seconds: float
    answer: "asyncio.Future[bytes]"
    kill: Fault | None = None
    queued_at: float = 0.0

    def fail(self, error: InvocationError) -> None:
        """Tells the caller, unless it has left."""
        if not self.answer.done():
            self.answer.set_exception(error)

    def exited(self, how: str) -> None:
        """Tells the caller that the container is gone."""
        self.fail(FunctionError("Runtime.ExitError", f"Runtime exited with error: {how}", self.request_id))
