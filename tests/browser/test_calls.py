"""Calls between two and three real browsers with fake devices: through the local stack, with sound and pictures."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.browser.app_page import Client, client, until
from tests.browser.support import need
from tests.sdk.cable import Cable, cable
from tests.support.people import Person
from tests.support.server import Server

# Devices that show a test picture and beep, without a question; and addresses that need no name service.
_FLAGS = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--allow-loopback-in-peer-connection",
)
_PLAYS = """
const video = document.querySelector(`.tile video[data-user="${arguments[0]}"]`);
return video && video.videoWidth > 0 && video.currentTime > 0.2 && video.srcObject.getAudioTracks().length === 1
"""
_CLOCK = "return document.querySelector(`.tile video[data-user='${arguments[0]}']`)?.currentTime"
_BUTTON = """
const button = document.querySelector(`button[aria-label="${arguments[0]}"]`);
button?.click();
return button !== null
"""
# Direct ways are forbidden, as by two strict networks.
_RELAYED = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) {
    super({ ...configuration, iceTransportPolicy: "relay" });
    connections.push(this);
  }
};
"""
_WAY = """
const done = arguments[arguments.length - 1];
connections.at(-1).getStats().then((stats) => {
  const all = [...stats.values()];
  const pair = all.find((one) => one.type === "candidate-pair" && one.nominated);
  const local = all.find((one) => one.id === pair?.localCandidateId);
  done([local?.candidateType, all.some((one) => one.type === "inbound-rtp" && one.framesDecoded > 0)]);
});
"""
# What arrives by each connection that is open: pictures that were decoded, and the loudness of the sound so far.
_KEPT = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    connections.push(this);
  }
};
"""
_ARRIVES = """
const done = arguments[arguments.length - 1];
const open = connections.filter((one) => one.connectionState === "connected");
Promise.all(open.map((one) => one.getStats())).then((all) => done(all.map((stats) => {
  const inbound = [...stats.values()].filter((one) => one.type === "inbound-rtp");
  const of = (kind, name) => inbound.find((one) => one.kind === kind)?.[name] ?? 0;
  return [of("video", "framesDecoded"), of("audio", "totalAudioEnergy")];
})));
"""
_SECRET = "the relay's and the service's"


@pytest.fixture
def line(server: Server) -> Iterator[Cable]:
    """Bob's network."""
    with cable(server.stack.port) as line:
        yield line


@pytest.fixture
def pair(server: Server, line: Cable, alice: Person, bob: Person) -> Iterator[tuple[Client, Client]]:
    """Alice's browser and Bob's, with their chat open."""
    chat = alice.chat_with(bob)
    with ExitStack() as stack:
        opened = [stack.enter_context(client(origin, *_FLAGS)) for origin in (server.origin, line.origin)]
        for one, person in zip(opened, (alice, bob), strict=True):
            one.log_in(person.username)
            one.go(f"chat/{chat}")
        yield opened[0], opened[1]
    # A call that has rung for 45 seconds is looked at, which no test waits for.
    server.stack.reset(database_url=server.database_url)


def test_two_see_and_hear_each_other(pair: tuple[Client, Client], line: Cable, alice: Person, bob: Person) -> None:
    here, there = pair
    here.until(_BUTTON, "Video call")
    there.until("return document.querySelector('.ring small')?.textContent === 'Incoming video call'")
    here.until("return document.querySelector('.call header small')?.textContent === 'Ringing…'")
    there.until(_BUTTON, "Accept")
    here.until(_PLAYS, bob.id)
    there.until(_PLAYS, alice.id)
    here.until("return document.querySelector('.call header small')?.textContent.startsWith('0:0')")

    there.until(_BUTTON, "Mute")
    here.until("return document.querySelector('.tile figcaption .icon') !== null")
    there.until(_BUTTON, "Camera")
    here.until("return document.querySelector('.tile.has-picture:not(.own)') === null")
    there.until(_BUTTON, "Camera")
    here.until("return document.querySelector('.tile.has-picture:not(.own)') !== null")

    # One loses the network to the service, and the call goes on by another socket.
    line.cut()
    here.until("return document.querySelector('.tile.is-away') !== null")
    line.mend()
    here.until("return document.querySelector('.tile:not(.own, .is-away)') !== null")
    there.until(_BUTTON, "Mute")
    here.until("return document.querySelector('.tile figcaption .icon') === null")
    heard = here.run(_CLOCK, bob.id)
    until(lambda: here.run(_CLOCK, bob.id) > heard + 0.5, lambda: heard)

    here.until(_BUTTON, "Hang up")
    for one in pair:
        one.until("return document.querySelector('.call') === null")
        one.until("return [...document.querySelectorAll('.message')].at(-1)?.textContent.includes('📞 Call, 0:')")
        assert one.refused() == []


def test_three_are_in_one_call_and_one_leaves(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    group = alice.chat_with(bob, carol, name="Three")
    with ExitStack() as stack:
        pages = [stack.enter_context(client(server.origin, *_FLAGS)) for _ in range(3)]
        for page, person in zip(pages, (alice, bob, carol), strict=True):
            page.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _KEPT})
            page.log_in(person.username)
            page.go(f"chat/{group}")
        pages[0].until(_BUTTON, "Video call")
        for page in pages[1:]:
            page.until(_BUTTON, "Accept")
        for page in pages:
            _arrives(page, others=2)

        pages[2].until(_BUTTON, "Hang up")
        pages[2].until("return document.querySelector('.call') === null")
        for page in pages[:2]:
            page.until("return document.querySelectorAll('.tile:not(.own)').length === 1")
            _arrives(page, others=1)
        pages[1].until(_BUTTON, "Hang up")
        for page in pages:
            page.until("return document.querySelector('.call') === null")
            page.until(
                "return [...document.querySelectorAll('.message')].at(-1)?.textContent.includes('📞 Call, 0:')"
            )
            assert page.refused() == []
    server.stack.reset(database_url=server.database_url)


def _arrives(page: Client, *, others: int) -> None:
    """Pictures and sound come from each of so many others."""

    def look() -> list[list[float]]:
        return list(page.browser.execute_async_script(_ARRIVES))

    until(lambda: len(look()) == others, look)
    before = look()
    until(
        lambda: all(
            more > less
            for now, then in zip(look(), before, strict=True)
            for more, less in zip(now, then, strict=True)
        ),
        look,
    )


def test_a_call_is_declined_or_comes_to_nothing(pair: tuple[Client, Client]) -> None:
    here, there = pair
    here.until(_BUTTON, "Call")
    there.until(_BUTTON, "Decline")
    here.until("return document.querySelector('.call') === null")
    here.until("return [...document.querySelectorAll('.message')].at(-1)?.textContent.includes('Declined call')")

    # A page that is opened while it rings.
    here.until(_BUTTON, "Call")
    there.until("return document.querySelector('.ring') !== null")
    there.open()
    there.until("return document.querySelector('.ring') !== null")
    here.until(_BUTTON, "Hang up")
    there.until("return document.querySelector('.ring') === null")
    assert here.refused() == there.refused() == []


def test_where_no_direct_way_is_open_a_relay_carries_the_call(
    server: Server, pair: tuple[Client, Client], alice: Person, bob: Person, tmp_path: Path
) -> None:
    here, there = pair
    with _relay(tmp_path) as address, server.settings(ice_servers=(address,), turn_secret=_SECRET):
        for one in pair:
            one.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _RELAYED})
            one.open(one.run("return location.hash").removeprefix("#/"))
        here.until(_BUTTON, "Video call")
        there.until(_BUTTON, "Accept")
        here.until(_PLAYS, bob.id)
        there.until(_PLAYS, alice.id)
        assert [one.browser.execute_async_script(_WAY) for one in pair] == [["relay", True]] * 2
        here.until(_BUTTON, "Hang up")


@contextmanager
def _relay(folder: Path) -> Iterator[str]:
    """coturn, which knows the service by a secret that both have; answers its address as a setting."""
    need("turnserver")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    options = f"""
        -n --no-cli --no-tls --no-dtls --allow-loopback-peers --realm=chat.example --simple-log
        --listening-ip=127.0.0.1 --relay-ip=127.0.0.1 --listening-port={port} --use-auth-secret
        --log-file={folder}/relay.log --pidfile={folder}/relay.pid --userdb={folder}/relay.db
    """
    command = [str(shutil.which("turnserver")), *options.split(), f"--static-auth-secret={_SECRET}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as relay:
        yield f"turn:127.0.0.1:{port}"
        relay.terminate()
