"""A receiver of webhooks, which checks signatures by the code that docs/webhooks.md shows."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.push_service import Pushed

_GUIDE = Path(__file__).parents[2] / "docs" / "webhooks.md"


def _shown() -> Callable[[dict[str, str], bytes, str], bool]:
    code = re.search(r"```python\n(.*?)```", _GUIDE.read_text(), re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {}
    exec(code[1], names)
    check: Callable[[dict[str, str], bytes, str], bool] = names["is_ours"]
    return check


is_ours = _shown()


def read(pushed: Pushed, secret: str) -> dict[str, Any]:
    """The event of a post, once its signature is found to be that of the secret."""
    headers = dict(pushed.headers)
    assert is_ours(headers, pushed.body, secret)
    assert not is_ours(headers, pushed.body + b" ", secret)
    event: dict[str, Any] = json.loads(pushed.body)
    assert event["eventId"] == headers["webhook-id"]
    return event
