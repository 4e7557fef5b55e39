"""Sound and video that tests make themselves."""

import array
import io
import math
import struct
import wave
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioFrame, Packet
    from av.audio.stream import AudioStream

# What a camera writes that was held upright: a quarter turn to the right.
_STRAIGHT = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_TURNED = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)


def tone(seconds: float, *, rate: int = 16_000) -> "array.array[int]":
    """Sound whose first half is silent."""
    count = int(seconds * rate)
    return array.array("h", (int(20_000 * math.sin(at / 5)) if at >= count // 2 else 0 for at in range(count)))


def wav(seconds: float = 2.0) -> bytes:
    """The same as WAV."""
    place = io.BytesIO()
    with wave.open(place, "wb") as written:
        written.setparams((1, 2, 16_000, 0, "NONE", ""))
        written.writeframes(tone(seconds).tobytes())
    return place.getvalue()


def recording(kind: str, codec: str, seconds: float = 2.0) -> bytes:
    """The same in another format, as FFmpeg calls it."""
    import av
    from av.audio.stream import AudioStream

    place = io.BytesIO()
    with av.open(place, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=16_000)
        assert isinstance(stream, AudioStream)
        container.mux(_packets(stream, _frames(seconds)))
    return place.getvalue()


def video(
    kind: str = "mp4",
    codec: str = "libx264",
    *,
    size: tuple[int, int] = (320, 240),
    seconds: float = 2.0,
    turned: bool = False,
) -> bytes:
    """A video that is red on its left and blue on its right, with that sound, its index at the end."""
    import av
    from av.audio.stream import AudioStream
    from av.video.stream import VideoStream
    from PIL import Image

    picture = Image.new("RGB", size, (200, 30, 30))
    picture.paste((30, 30, 200), (size[0] // 2, 0, *size))
    place = io.BytesIO()
    with av.open(place, "w", format=kind) as container:
        shown = container.add_stream(codec, rate=10)
        assert isinstance(shown, VideoStream)
        shown.width, shown.height, shown.pix_fmt = *size, "yuv420p"
        heard = container.add_stream("aac" if kind == "mp4" else "libopus", rate=16_000)
        assert isinstance(heard, AudioStream)
        for _ in range(int(seconds * 10)):
            container.mux(shown.encode(av.VideoFrame.from_image(picture)))
        container.mux(shown.encode())
        container.mux(_packets(heard, _frames(seconds)))
    content = place.getvalue()
    if not turned:
        return content
    # The matrix of the whole film stays; those of its tracks are turned.
    whole, straight, tracks = content.partition(_matrix(_STRAIGHT))
    return whole + straight + tracks.replace(straight, _matrix(_TURNED))


def _matrix(values: tuple[int, ...]) -> bytes:
    return struct.pack(">9i", *values)


def _frames(seconds: float) -> "Iterator[AudioFrame]":
    from av import AudioFrame

    samples = tone(seconds)
    for start in range(0, len(samples), 320):
        part = samples[start : start + 320]
        frame = AudioFrame(format="s16", layout="mono", samples=len(part))
        frame.rate, frame.pts = 16_000, start
        frame.planes[0].update(part.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        yield frame


def _packets(stream: "AudioStream", frames: "Iterator[AudioFrame]") -> "list[Packet]":
    packets = [packet for frame in frames for packet in stream.encode(frame)]
    return [*packets, *stream.encode()]
