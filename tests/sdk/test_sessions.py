"""Sessions of the client library: refreshed once for all who share them, and ended."""

import concurrent.futures
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sdk.conftest import LogIn
from tests.sdk.nodes import JavaScriptError, Node, when
from tests.support.people import Person
from tests.support.server import Server

_RESUME = "kept.me = await Messenger.resume(url, {storage: new FileStorage(folder)}); return kept.me?.id"
_LOSE_THE_NEXT_ANSWER = """
  const {http} = kept.me.session;
  const {fetch} = http;
  http.fetch = async (...asked) => {
    await fetch(...asked);
    http.fetch = fetch;
    throw new TypeError("lost");
  };
"""
_ASK_WITH_AN_OLD_TOKEN = "kept.me.session.kept.refreshAt = 0; return (await kept.me.account.profile()).id"


def test_a_wrong_password_is_told_by_its_code(server: Server, alice: Person, nodes: Callable[[], Node]) -> None:
    with pytest.raises(JavaScriptError) as refused:
        nodes().run(
            "await Messenger.login(url, {username, password: 'something else'})",
            url=server.origin,
            username=alice.username,
        )
    assert refused.value.code == "wrong_credentials"


def test_faults_of_a_registration_are_told_by_field(server: Server, nodes: Callable[[], Node]) -> None:
    code, fields = nodes().run(
        "try { await Messenger.register(url, {username: 'a b', password: 'long enough'}) }"
        " catch ({code, errors}) { return [code, errors.map(({field}) => field)] }",
        url=server.url,
    )
    assert (code, fields) == ("invalid_input", ["username"])


def test_two_processes_refresh_once(
    server: Server, alice: Person, log_in: LogIn, nodes: Callable[[], Node], tmp_path: Path
) -> None:
    """Both need another access token at the same time: a refresh token works once."""
    first, second = log_in(alice, folder=str(tmp_path)), nodes()
    assert second.run(_RESUME, url=server.origin, folder=str(tmp_path)) == alice.id
    before = first.run("return kept.me.session.kept.accessToken")
    with server.recorded() as lines, concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(process.run, _ASK_WITH_AN_OLD_TOKEN) for process in (first, second)]
        assert [answer.result() for answer in asked] == [alice.id, alice.id]
        assert len(lines.all("request", route="POST /auth/refresh")) == 1
    after = {process.run("return kept.me.session.kept.accessToken") for process in (first, second)}
    assert len(after) == 1
    assert before not in after


def test_an_answer_that_was_lost_does_not_end_the_session(server: Server, alice: Person, log_in: LogIn) -> None:
    """The refresh was done, and nobody heard of it: the same token is sent again."""
    process = log_in(alice)
    process.run(_LOSE_THE_NEXT_ANSWER)
    assert process.run(_ASK_WITH_AN_OLD_TOKEN) == alice.id


def test_an_expired_access_token_is_refreshed(server: Server, alice: Person, log_in: LogIn) -> None:
    """Also one that the device takes for fresh: its clock may be wrong."""
    process = log_in(alice)
    with server.ahead(3600):
        assert process.run("return (await kept.me.account.profile()).id") == alice.id


def test_a_session_goes_on_after_a_restart(
    server: Server, alice: Person, bob: Person, log_in: LogIn, nodes: Callable[[], Node], tmp_path: Path
) -> None:
    chat_id = alice.chat_with(bob)
    first = log_in(alice, folder=str(tmp_path))
    bob.send(chat_id, "before")
    when(first, "message", "kept.heard.length")
    first.run("await kept.me.close()")
    first.kill()
    bob.send(chat_id, "meanwhile")

    second = nodes()
    assert second.run(_RESUME, url=server.origin, folder=str(tmp_path)) == alice.id
    texts = "me.chats[0].messages.map(({content}) => content)"
    assert when(second, "chats", f"{texts}.length === 2 && {texts}") == ["before", "meanwhile"]


def test_a_session_begins_with_a_token_and_one_frame(
    server: Server, alice: Person, bob: Person, log_in: LogIn, nodes: Callable[[], Node], tmp_path: Path
) -> None:
    """What the model of costs supposes of a session (infra/cost.py)."""
    chat_id = alice.chat_with(bob)
    first = log_in(alice, folder=str(tmp_path))
    when(first, "connection", "me.connection === 'open'")
    first.run("await kept.me.close()")
    first.kill()
    bob.send(chat_id, "meanwhile")
    second = nodes()
    second.run("const {now} = Date; Date.now = () => now() + 3600_000")
    with server.recorded("DEBUG") as lines:
        assert second.run(_RESUME, url=server.origin, folder=str(tmp_path)) == alice.id
        when(second, "chats", "me.connection === 'open' && me.chats[0].messages.length")
        requests = [line["route"] for line in lines.all("request")]
        frames = [line["action"] for line in lines.all("frame")]
    assert requests == ["POST /auth/refresh"]
    assert frames[0] == "sync"
    assert set(frames[1:]) <= {"message:delivered", "ping"}


def test_what_was_stored_is_there_without_a_network(
    alice: Person, bob: Person, log_in: LogIn, nodes: Callable[[], Node], tmp_path: Path
) -> None:
    chat_id = alice.chat_with(bob)
    bob.send(chat_id, "still readable")
    first = log_in(alice, folder=str(tmp_path))
    first.run("await kept.me.close()")

    second = nodes()
    assert second.run(_RESUME, url="http://127.0.0.1:9", folder=str(tmp_path)) == alice.id
    assert second.run("return kept.me.chats[0].lastMessage.content") == "still readable"
    assert second.run("return kept.me.chats[0].name") == "bob"


def test_a_revoked_session_ends_everywhere(
    server: Server, alice: Person, log_in: LogIn, nodes: Callable[[], Node], tmp_path: Path
) -> None:
    process = log_in(alice, folder=str(tmp_path))
    process.run("kept.me.on('ended', (why) => (kept.ended = why))")
    alice.http.post("/auth/logout-all").raise_for_status()
    assert when(process, "ended", "kept.ended") == {"reason": "session_ended"}
    assert process.run("return kept.me.connection") == "closed"
    with pytest.raises(JavaScriptError) as refused:
        process.run("await kept.me.account.profile()")
    assert refused.value.code == "session_ended"
    assert nodes().run(_RESUME, url=server.origin, folder=str(tmp_path)) is None


def test_logging_out_forgets_everything(alice: Person, bob: Person, log_in: LogIn, tmp_path: Path) -> None:
    chat_id = alice.chat_with(bob)
    alice.send(chat_id, "private")
    process = log_in(alice, folder=str(tmp_path))
    process.run("await kept.me.keeper.flush(); await kept.me.logout()")
    assert [path.name for path in tmp_path.iterdir()] == []
