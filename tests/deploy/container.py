"""A Lambda container: a bare Python that finds the unpacked zip, and AWS's runtime client, which runs the handler."""

import importlib.util
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.deploy.runtime_api import Outcome, RuntimeApi

# What AWS's managed runtime has beside the function: its client, and what that imports.
_RUNTIME = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
# The function's own packages are found first, as on AWS.
_START = """
import sys
sys.path.insert(0, sys.argv[1])
sys.path += sys.argv[2].split(":")
if sys.argv[4:]:
    from pathlib import Path
    from chalicelib.core import libraries
    libraries.FOLDER = Path(sys.argv[4])
from awslambdaric.__main__ import main
main(["bootstrap", sys.argv[3]])
"""


class HandlerError(Exception):
    """The handler raised, its answer was refused, or its process ended; the words are its own."""


class Container:
    """A started function. `variables` are all that it finds in its environment, but for Lambda's own.

    `layer` is a folder of libraries that it has beside its own: one called `later` is not on its path.
    """

    def __init__(
        self, task: Path, handler: str, function_name: str, variables: Mapping[str, str], *, layer: Path | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._api = RuntimeApi(function_name)
        self._runtime = tempfile.TemporaryDirectory(prefix="runtime-")
        _link_runtime(Path(self._runtime.name))
        later = [str(layer)] if layer and layer.name == "later" else []
        others = ":".join(map(str, [*([layer] if layer and not later else []), self._runtime.name]))
        self._process = subprocess.Popen(
            # Not the virtual environment's interpreter, which would find its packages; -I and -S leave the library.
            [str(Path(sys.executable).resolve()), "-I", "-S", "-c", _START, task, others, handler, *later],
            cwd=task,
            env={
                **variables,
                "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                "AWS_LAMBDA_FUNCTION_NAME": function_name,
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function_name}",
                "AWS_LAMBDA_LOG_STREAM_NAME": "container",
                "AWS_LAMBDA_RUNTIME_API": self._api.address,
                "LAMBDA_TASK_ROOT": str(task),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._said: list[str] = []
        self._has_ended = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def invoke(self, event: object) -> Any:
        """The handler's answer to an event. One at a time, as a container does. Raises HandlerError."""
        with self._lock:
            if self._has_ended:
                raise HandlerError("".join(self._said[-20:]))
            self._api.events.put(json.dumps(event).encode())
            outcome = self._api.outcomes.get()
        if outcome.error is not None:
            raise HandlerError(outcome.error)
        return outcome.answer

    def stop(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._api.stop()
        self._runtime.cleanup()

    def _listen(self) -> None:
        """Reads what it writes, and tells of its end whoever waits for an answer."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.append(line)
        # First, so that nobody waits for the answer that the one before has taken.
        self._has_ended = True
        self._api.outcomes.put(Outcome(error="".join(self._said[-20:])))


def _link_runtime(folder: Path) -> None:
    for name in _RUNTIME:
        found = importlib.util.find_spec(name)
        assert found is not None, f"{name} is not installed"
        assert found.origin is not None
        place = Path(found.origin)
        target = place.parent if place.name == "__init__.py" else place
        (folder / target.name).symlink_to(target)
