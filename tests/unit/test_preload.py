"""What a function imports while it initialises: what its first event is sure to need, and no more."""

import os
import subprocess
import sys

import pytest

_GATEWAY = "chalicelib.realtime.gateway"
_LOADED = (
    "import sys, app; print(*(name for name in ('psycopg', 'chalicelib.realtime.gateway') if name in sys.modules))"
)


def _loaded(function: str, **variables: str) -> set[str]:
    """Of these two what a container of the function has loaded before its first event."""
    environment = {"PATH": os.environ["PATH"], "AWS_LAMBDA_FUNCTION_NAME": f"messenger-dev-{function}", **variables}
    command = [sys.executable, "-c", _LOADED]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


@pytest.mark.parametrize("function", ["api_handler", "websocket_message", "presence_changed"])
def test_who_posts_inline_has_loaded_what_posts(function: str) -> None:
    assert _loaded(function, INLINE_PUBLISH_LIMIT="20") == {"psycopg", _GATEWAY}


@pytest.mark.parametrize("function", ["api_handler", "websocket_message", "presence_changed"])
def test_who_leaves_posts_to_the_queue_has_not(function: str) -> None:
    assert _loaded(function, INLINE_PUBLISH_LIMIT="0") == {"psycopg"}


@pytest.mark.parametrize("function", ["websocket_connect", "websocket_disconnect", "push", "polling", "pictures"])
def test_who_needs_neither_loads_neither(function: str) -> None:
    assert _loaded(function, INLINE_PUBLISH_LIMIT="20") == set()
