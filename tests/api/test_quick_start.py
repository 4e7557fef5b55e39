"""The quick start's curl commands, as they stand in the README but for the address."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.support.people import Person
from tests.support.server import Server

ROOT = Path(__file__).parents[2]
ADDRESS = "API=http://127.0.0.1:8000/api"


def test_the_quick_start_works_whoever_came_before(server: Server, person: Callable[[str], Person]) -> None:
    assert shutil.which("curl"), "curl is not installed: this test runs the README's commands with it"
    person("earlier").chat_with(person("another"))
    [commands] = re.findall(rf"^{ADDRESS}$.*?(?=^```$)", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    curl = r"curl --noproxy '*' --no-progress-meter --write-out '\n' "
    script = commands.replace(ADDRESS, f"API={server.url}").replace("curl ", curl)
    for seq in (1, 2):  # the second time the two are known already
        ran = subprocess.run(["sh", "-euc", script], capture_output=True, check=True, timeout=60)
        assert ran.stderr == b""
        message = json.loads(ran.stdout.splitlines()[-1])
        assert (message["seq"], message["content"]) == (seq, "Привет! Как дела?")
