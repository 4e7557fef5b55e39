"""The list of all problems, for the documents."""

from collections.abc import Iterator

from chalicelib.core import assistant_errors, errors  # noqa: F401 - a class is listed once it is made
from chalicelib.core.problems import Problem


def catalogue() -> Iterator[type[Problem]]:
    """Every problem there is."""
    waiting: list[type[Problem]] = [Problem]
    while waiting:
        problem = waiting.pop(0)
        yield problem
        waiting.extend(problem.__subclasses__())
