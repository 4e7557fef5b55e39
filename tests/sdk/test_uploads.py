"""Files, sent by the client library under Node."""

import base64
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from local.processes import wait_until
from tests.sdk.cable import cable
from tests.sdk.conftest import LogIn
from tests.sdk.nodes import JavaScriptError, Node, when
from tests.support.people import Person
from tests.support.server import Server

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_SEND = """
  kept.chat = kept.me.chat(chatId);
  kept.progress = [];
  kept.chat.on("progress", ({sent, total}) => kept.progress.push([sent, total]));
  const bytes = Buffer.from(content, "base64");
  return kept.chat.send({content: "look", files: [{name, type, data: bytes}]});
"""


def _file(content: bytes, name: str, kind: str) -> dict[str, str]:
    return {"content": base64.b64encode(content).decode(), "name": name, "type": kind}


def test_a_file_travels_with_progress(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    content = b"notes " * 100_000
    ours, theirs = log_in(alice), log_in(bob)
    sent = ours.run(_SEND, chatId=chat_id, **_file(content, "notes.txt", "text/plain"))
    assert sent["messageType"] == "file"
    progress = ours.run("return kept.progress")
    assert [total for _, total in progress] == [len(content)] * len(progress)
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)
    assert (progress[0][0], progress[-1][0]) == (0, len(content))
    assert len({done for done, _ in progress}) > 5

    (attached,) = when(theirs, "message", "me.chats[0].lastMessage?.attachments")
    assert (attached["filename"], attached["size"]) == ("notes.txt", len(content))
    found = theirs.run("return kept.me.uploads.download(id)", id=attached["id"])
    assert httpx.get(found["url"]).content == content


def test_a_picture_is_sent_as_one(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    sent = log_in(alice).run(_SEND, chatId=chat_id, **_file(_PIXEL, "dot.png", "image/png"))
    assert sent["messageType"] == "image"
    assert sent["attachments"][0]["contentType"] == "image/png"


def test_what_is_not_what_it_says_is_refused(alice: Person, bob: Person, log_in: LogIn) -> None:
    chat_id = alice.chat_with(bob)
    ours = log_in(alice)
    with pytest.raises(JavaScriptError) as refused:
        ours.run(_SEND, chatId=chat_id, **_file(b"MZ no picture", "dot.png", "image/png"))
    assert refused.value.code == "upload_refused"
    assert ours.run("return kept.chat.pending[0].failed.code") == "upload_refused"


def test_a_file_outlives_the_process(
    server: Server, alice: Person, bob: Person, log_in: LogIn, nodes: Callable[[], Node], tmp_path: Path
) -> None:
    chat_id = alice.chat_with(bob)
    with cable(server.stack.port) as line:
        first = log_in(alice, url=line.origin, folder=str(tmp_path))
        first.run("await kept.me.keeper.flush()")
        line.cut()
        first.run(
            f"(async () => {{ {_SEND} }})().catch(() => undefined)",
            chatId=chat_id,
            **_file(_PIXEL, "dot.png", "image/png"),
        )
        when(first, "connection", "me.chat(chatId).pending.length === 1", chatId=chat_id)
        first.kill()
        line.mend()
        second = nodes()
        second.run(
            "kept.me = await Messenger.resume(url, {storage: new FileStorage(folder)})",
            url=line.origin,
            folder=str(tmp_path),
        )
        sent = when(second, "message", "me.chat(chatId).messages[0]", chatId=chat_id)
    assert [(one["filename"], one["size"]) for one in sent["attachments"]] == [("dot.png", len(_PIXEL))]


def test_an_upload_can_be_given_up(alice: Person, log_in: LogIn) -> None:
    ours = log_in(alice)
    ours.run("""
      const giveUp = new AbortController();
      const onProgress = ({sent}) => void (sent > 0 && giveUp.abort());
      const file = {name: "big.txt", type: "text/plain", data: new Uint8Array(5_000_000).fill(97)};
      kept.outcome = await kept.me.uploads.upload(file, {onProgress, signal: giveUp.signal}).catch(({name}) => name);
    """)
    assert ours.run("return kept.outcome") == "AbortError"
    assert wait_until(lambda: ours.run("return (await kept.me.account.storage()).used") == 0, seconds=20)


_LARGE = """
  kept.content = Buffer.alloc(25_000_000, "a line of a long text\\n");
  kept.file = {name: "log.txt", type: "text/plain", data: kept.content};
  kept.sent = [];
  kept.onProgress = ({sent}) => kept.sent.push(sent);
  kept.stored = async (id) => {
    const {url} = await kept.me.uploads.download(id);
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  };
"""


def test_a_large_file_goes_in_parts_and_can_be_paused(alice: Person, log_in: LogIn) -> None:
    ours = log_in(alice)
    ours.run(_LARGE)
    paused = ours.run("""
      let begun;
      const first = new Promise((resolve) => (begun = resolve));
      kept.sending = await kept.me.uploads.large(kept.file, {onProgress: kept.onProgress, onBegun: begun});
      kept.id = await first;
      kept.sending.pause();
      const later = new Promise((resolve) => setTimeout(resolve, 0, "paused"));
      return Promise.race([kept.sending.done.then(() => "done"), later]);
    """)
    assert paused == "paused"
    done = ours.run("""
      kept.sending.resume();
      kept.sending.pause();
      kept.sending.resume();
      const {id, size} = await kept.sending.done;
      const whole = kept.content.equals(await kept.stored(id));
      return {size, same: id === kept.id, whole, last: kept.sent.at(-1)};
    """)
    assert done == {"size": 25_000_000, "same": True, "whole": True, "last": 25_000_000}


def test_another_process_goes_on_with_a_large_file(
    server: Server, alice: Person, bob: Person, log_in: LogIn, nodes: Callable[[], Node], tmp_path: Path
) -> None:
    chat_id = alice.chat_with(bob)
    first = log_in(alice, folder=str(tmp_path))
    first.run(_LARGE)
    first.run("await kept.me.keeper.flush()")
    first.run(
        """
        const chat = kept.me.chat(chatId);
        chat.send({content: "long", files: [kept.file]}).catch(() => undefined);
        while (!chat.pending[0]?.begun) await chat.next("pending");
        """,
        chatId=chat_id,
    )
    first.kill()
    second = nodes()
    second.run(
        "kept.me = await Messenger.resume(url, {storage: new FileStorage(folder)})",
        url=server.origin,
        folder=str(tmp_path),
    )
    sent = when(second, "message", "me.chat(chatId).messages[0]", chatId=chat_id)
    ((announced,),) = server.sql("SELECT id FROM uploads")  # only once
    assert [(one["id"], one["size"]) for one in sent["attachments"]] == [(announced, 25_000_000)]


def test_a_large_file_that_is_given_up_takes_no_room(alice: Person, log_in: LogIn) -> None:
    ours = log_in(alice)
    ours.run(_LARGE)
    outcome = ours.run("""
      const giveUp = new AbortController();
      const onBegun = () => giveUp.abort();
      return kept.me.uploads.upload(kept.file, {onBegun, signal: giveUp.signal}).catch(({name}) => name);
    """)
    assert outcome == "AbortError"
    assert wait_until(lambda: ours.run("return (await kept.me.account.storage()).used") == 0, seconds=20)
