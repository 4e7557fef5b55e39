"""The quick start's curl commands, as they stand in the README but for the address."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import curl
from tests.support.people import Person
from tests.support.server import Server

ROOT = Path(__file__).parents[2]
ADDRESS = "API=http://127.0.0.1:8000/api"


@pytest.mark.parametrize("by", curl.AVAILABLE)
def test_the_quick_start_works_whoever_came_before(
    server: Server, person: Callable[[str], Person], by: str, tmp_path: Path
) -> None:
    person("earlier").chat_with(person("another"))
    [commands] = re.findall(rf"^{ADDRESS}$.*?(?=^```$)", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    quiet = r"curl --noproxy '*' --no-progress-meter --write-out '\n' "
    script = commands.replace(ADDRESS, f"API={server.url}").replace("curl ", quiet)
    for seq in (1, 2):  # the second time the two are known already
        environment = curl.environment(by, tmp_path)
        ran = subprocess.run(["sh", "-euc", script], env=environment, capture_output=True, check=True, timeout=60)
        assert ran.stderr == b""
        message = json.loads(ran.stdout.splitlines()[-1])
        assert (message["seq"], message["content"]) == (seq, "Привет! Как дела?")
