"""One Lambda container: a bare Python that finds the unpacked zip and nothing else, and handles an event a line."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# What a handler prints must not be taken for its answer.
_RUNTIME = """
import importlib, json, os, sys
answers, sys.stdout = sys.stdout, sys.stderr
task, (module, _, name) = sys.argv[1], sys.argv[2].partition(".")
sys.path.insert(0, task)
handler = getattr(importlib.import_module(module), name)

class Context:
    identity = client_context = None
    function_version = "$LATEST"
    function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:" + function_name
    log_group_name, log_stream_name = "/aws/lambda/" + function_name, "container"
    memory_limit_in_mb, aws_request_id = "512", "00000000-0000-0000-0000-000000000000"
    def get_remaining_time_in_millis(self):
        return 30000

for line in sys.stdin:
    try:
        answer = {"answer": handler(json.loads(line), Context())}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=answers, flush=True)
"""


class HandlerError(Exception):
    """The handler raised, or its process ended; the words are its own."""


class Container:
    """A started function. `variables` are all that it finds in its environment."""

    def __init__(self, task: Path, handler: str, function_name: str, variables: Mapping[str, str]) -> None:
        # Not the virtual environment's interpreter, which would find its packages; -I and -S leave the library alone.
        python = str(Path(sys.executable).resolve())
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [python, "-I", "-S", "-c", _RUNTIME, str(task), handler],
            cwd=task,
            env={**variables, "AWS_LAMBDA_FUNCTION_NAME": function_name},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def invoke(self, event: object) -> Any:
        """The handler's answer to an event. One at a time, as a container does. Raises HandlerError."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with self._lock:
            try:
                process.stdin.write(json.dumps(event) + "\n")
                process.stdin.flush()
            except BrokenPipeError:
                pass  # why, its last words say
            line = process.stdout.readline()
        if not line:
            process.wait()
            self._listener.join()
            raise HandlerError("".join(self._said[-20:]))
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise HandlerError(answer["error"])
        return answer["answer"]

    def stop(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line)
