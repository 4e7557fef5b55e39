"""What a post to a connection costs, ours beside boto3's, over TLS to the same server: `python -m bench.pusher`.

Only this process's processor time is counted, and the two are measured in turns, so that a noisy machine troubles
both alike.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import boto3
import botocore.config

from bench import sink
from bench.sink import make_certificate
from chalicelib.core import config
from chalicelib.realtime.gateway import Post, post_all
from chalicelib.realtime.outcome import Outcome

ROUNDS = 7
FAN_OUT = 200
FAN_OUTS = 10
BOTO_POSTS = 200
EVENT = (
    b'{"type":"message:new","eventId":"e1","chatId":7,"seq":42,"ts":"2026-11-20T09:30:00.000Z","data":{"content":"'
    + (b"hello " * 40 + b'"}}')
)


def measure(work: Callable[[], int]) -> tuple[float, float]:
    """Processor microseconds for each post, and posts for each second of the clock."""
    wall, cpu = time.perf_counter(), time.process_time()
    count = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu / count * 1e6, count / wall


def main() -> None:
    """Measures and prints a table."""
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder) / "sink.pem")
        config.use(
            config.Settings(access_key_id="AKIDEXAMPLE", secret_access_key="secret" * 6, ca_file=str(certificate))
        )
        with sink.running(certificate) as port:
            _compare(f"https://127.0.0.1:{port}/api", str(certificate))


def _compare(endpoint: str, ca_file: str) -> None:
    posts = [Post(endpoint, f"L0SM9cOFvHc{number:04}=", EVENT) for number in range(FAN_OUT)]
    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret" * 6,
        verify=ca_file,
        config=botocore.config.Config(retries={"max_attempts": 0}),
    )

    def ours(fan_outs: int = FAN_OUTS) -> int:
        for _ in range(fan_outs):
            assert set(post_all(posts)) == {Outcome.POSTED}
        return fan_outs * len(posts)

    def theirs() -> int:
        for post in posts[:BOTO_POSTS]:
            client.post_to_connection(ConnectionId=post.connection_id, Data=post.data)
        return BOTO_POSTS

    first = measure(lambda: ours(1))
    measure(theirs)
    rounds = [(measure(ours), measure(theirs)) for _ in range(ROUNDS)]
    our_cpu, our_rate = (statistics.median(mine[index] for mine, _ in rounds) for index in (0, 1))
    boto_cpu, boto_rate = (statistics.median(boto[index] for _, boto in rounds) for index in (0, 1))
    print(f"medians of {ROUNDS} rounds, fan-outs of {FAN_OUT}, {len(EVENT)} bytes a post")
    print(f"{'':34}{'CPU µs a post':>14}{'posts a second':>16}")
    print(f"{'post_all, handshakes included':34}{first[0]:14.1f}{first[1]:16,.0f}")
    print(f"{'post_all, sockets kept':34}{our_cpu:14.1f}{our_rate:16,.0f}")
    print(f"{'boto3 post_to_connection':34}{boto_cpu:14.1f}{boto_rate:16,.0f}")
    print(f"{'boto3 costs':34}{boto_cpu / our_cpu:13.1f}x")


if __name__ == "__main__":
    main()
