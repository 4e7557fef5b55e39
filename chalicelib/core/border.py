"""What a failure looks like from outside, whatever it was inside."""

from chalicelib.core.aws import AwsError
from chalicelib.core.errors import Unavailable
from chalicelib.core.logs import logger
from chalicelib.core.problems import Problem


def problem_of(failure: Exception) -> Problem:
    """The problem to tell the client; what is not one already is logged with its trace and told without it."""
    if isinstance(failure, Problem):
        return failure
    logger().error("unhandled", exc_info=failure)
    return Unavailable() if isinstance(failure, AwsError) else Problem()
