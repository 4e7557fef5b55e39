"""The smoke test that ends a deployment, against the local gateway: passed by a stage that works, and by no other."""

import pytest

from infra import smoke
from infra.stage import DeployError
from local.faults import Fault
from local.processes import free_port
from tests.support.server import Server

SECRET = "of this stage"


def test_a_stage_that_works_passes(server: Server) -> None:
    said: list[str] = []
    smoke.check(server.url, server.socket_url, SECRET, said.append, attempts=1)
    assert said == [f"smoke test passed: {server.url}, {server.socket_url}"]
    assert server.sql("SELECT count(*) FROM messages") == [(1,)]


def test_each_deployment_is_tried_by_the_same_two_users_in_the_same_chat(server: Server) -> None:
    for _ in range(3):
        smoke.check(server.url, server.socket_url, SECRET, lambda _: None, attempts=1)
    assert server.sql("SELECT count(*) FROM users WHERE username LIKE 'smoke-%%'") == [(2,)]
    assert server.sql("SELECT chat_id, seq FROM messages ORDER BY seq") == [(1, seq) for seq in (1, 2, 3)]


def test_who_does_not_know_the_secret_knows_neither_names_nor_passwords() -> None:
    known = {smoke.user(secret, number) for secret in (SECRET, "of another") for number in (1, 2)}
    assert len({account.username for account in known}) == len({account.password for account in known}) == 4
    assert all(account.username.removeprefix("smoke-") not in account.password for account in known)


def test_it_is_tried_again_for_what_starts_slowly(server: Server) -> None:
    said: list[str] = []
    server.faults.arm(Fault.KILL_BEFORE, of="websocket_connect")
    smoke.check(server.url, server.socket_url, SECRET, said.append, attempts=2, pause=0)
    assert "once more" in said[0]


@pytest.mark.parametrize("function", ["api_handler", "websocket_connect", "websocket_message", "push"])
def test_a_stage_in_which_a_function_is_broken_fails(
    server: Server, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.demo.SECONDS", 2.0)
    server.faults.arm(Fault.KILL_BEFORE, of=function, times=None)
    with server.settings(inline_publish_limit=0), pytest.raises(DeployError, match="smoke test failed"):
        smoke.check(server.url, server.socket_url, SECRET, lambda _: None, attempts=1)


def test_a_stage_that_is_not_there_fails() -> None:
    nowhere = f"127.0.0.1:{free_port()}/api"
    with pytest.raises(DeployError, match="ConnectError"):
        smoke.check(f"http://{nowhere}", f"ws://{nowhere}", SECRET, lambda _: None, attempts=1)
