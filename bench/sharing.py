"""What a call and a file ask of AWS: the actions of `bench.counts` that are more than a frame.

A call is one of two, with pictures: it rings, is answered, connects by six candidates from each side, the camera goes
off and on, and it ends. A picture is a photograph of 12 megapixels, a voice message half a minute of Opus. A file is
announced, stored by its sender, checked, looked at, completed, and fetched by one other: of a picture a thumbnail.
"""

import io
import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.ledger import Ledger
from bench.surroundings import CHAT, HEARER, HEARERS_CONNECTION, SENDER, SENDERS_CONNECTION
from chalicelib.core import config
from chalicelib.core.context import Actor
from chalicelib.features.uploads import derived, storage
from local.aws_messages import StoredObject
from local.trigger_events import s3_event

CANDIDATES = 6
# What browsers say of two streams is some kilobytes.
_SDP = "v=0\r\n" + "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n" * 60
_CANDIDATE = {"candidate": "candidate:0 1 UDP 2122252543 192.0.2.1 54321 typ host", "sdpMid": "0", "sdpMLineIndex": 0}
_VOICE_SECONDS, _RATE, _SAMPLES = 30, 16_000, 320


@dataclass(frozen=True)
class Hands:
    """How things are done: a frame of a connection, a request of a user, an event of a function."""

    ledger: Ledger
    frame: Callable[[str, str, dict[str, Any]], Any]
    rest: Callable[[Actor, str, str, dict[str, str], Any], Any]
    invoke: Callable[[str, dict[str, Any]], Any]
    settle: Callable[[], None]


def call(hands: Hands) -> None:
    """A call of two."""
    one, two = SENDERS_CONNECTION, HEARERS_CONNECTION
    for actor in (SENDER, HEARER):
        hands.rest(actor, "GET", "/calls/ice-servers", {}, None)
    about = {"callId": hands.frame(one, "call:start", {"chatId": CHAT, "type": "video"})["id"]}
    said: list[tuple[str, str, dict[str, Any]]] = [
        (two, "call:ring", {}),
        (two, "call:accept", {}),
        (one, "call:offer", {"sdp": _SDP}),
        (two, "call:answer", {"sdp": _SDP}),
        *((by, "call:ice", {"candidate": _CANDIDATE}) for by in (one, two) for _ in range(CANDIDATES)),
        (one, "call:state", {"camera": False}),
        (one, "call:state", {"camera": True}),
        (one, "call:end", {}),
    ]
    for by, action, more in said:
        hands.frame(by, action, {**about, **more})


def share(hands: Hands, content: bytes, kind: str) -> None:
    """A file from its announcement to its first reader."""
    new = {"filename": "file", "contentType": kind, "size": len(content)}
    form = hands.rest(SENDER, "POST", "/uploads", {}, new)
    key = form["fields"]["key"]
    storage.put(key, content, kind)  # as the form does
    hands.invoke("upload_stored", _event("upload_stored", key, content))
    hands.rest(SENDER, "POST", "/uploads/{upload_id}/complete", {"upload_id": str(form["id"])}, {})
    # S3 calls this for what `upload_stored` has left there.
    hands.invoke("pictures", _event("pictures", derived.waiting(key), b""))
    hands.settle()
    if kind.startswith("audio/"):  # a message has the links of thumbnails, and no other
        hands.rest(SENDER, "GET", "/uploads/{upload_id}", {"upload_id": str(form["id"])}, None)
    shown = storage.read(derived.thumbnail(key, "medium") if kind.startswith("image/") else key, len(content))
    if shown is None:
        raise RuntimeError(f"nothing was made of {kind}")
    hands.ledger.add(bytes_out=len(shown.head))


def voice() -> bytes:
    """Half a minute of a tone, as browsers record it."""
    import av
    from av.audio.stream import AudioStream

    samples = array("h", (int(20_000 * math.sin(at / 5)) for at in range(_VOICE_SECONDS * _RATE)))
    place = io.BytesIO()
    with av.open(place, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=_RATE)
        if not isinstance(stream, AudioStream):
            raise TypeError("a stream of sound was asked for")
        stream.bit_rate = 32_000
        for start in range(0, len(samples), _SAMPLES):
            frame = av.AudioFrame(format="s16", layout="mono", samples=_SAMPLES)
            frame.rate, frame.pts = _RATE, start
            part = samples[start : start + _SAMPLES].tobytes()
            frame.planes[0].update(part.ljust(frame.planes[0].buffer_size, b"\0"))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return place.getvalue()


def _event(function: str, key: str, content: bytes) -> dict[str, Any]:
    here = config.settings()
    stored = StoredObject(
        bucket=here.uploads_bucket, key=key, size=len(content), etag="0" * 32, modified=0, metadata={}
    )
    return s3_event(stored, "ObjectCreated:Post", here.region, function)
