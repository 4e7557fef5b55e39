"""Sound and video: how long they are and how loud from beginning to end, and a picture of a video.

PyAV, which has FFmpeg inside, is not among the libraries that all functions have: only `pictures` may call this.
FFmpeg is told which format to expect, opens no other file or address, and decodes by the decoders below alone.
"""

import array
import contextlib
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from chalicelib.core.errors import Unavailable
from chalicelib.core.logs import logger
from chalicelib.features.uploads import derived
from chalicelib.features.uploads.ranges import Ranges, RecordingRefusedError
from chalicelib.features.uploads.thumbnails import LONGEST

if TYPE_CHECKING:
    from av import AudioFrame, VideoFrame
    from av.container import InputContainer
    from av.stream import Stream

_Found = TypeVar("_Found")

# Of larger files the sound is not decoded: they have no waveform.
MOST_HEARD_BYTES = 64 * 1024 * 1024
# What is asked of S3 for a file: its sound, and what stands before and behind the first picture.
MOST_BYTES = MOST_HEARD_BYTES + 32 * 1024 * 1024
# The function runs for 30 seconds at most.
SECONDS = 15.0
LONGEST_SECONDS = 24 * 60 * 60
# A picture of a video, as it is decoded; and how far from its first packet it may be.
MOST_PIXELS = 4096 * 2304
_LONGEST_SIDE = 8192
# How much wider than high a pixel may be.
_MOST_STRETCHED = 4
_MOST_PACKETS = 2000
# Beyond what the process has already. An allocation above it fails, as FFmpeg expects of any.
MEMORY_BYTES = 320 * 1024 * 1024
_MOST_BROKEN_PACKETS = 50
_MOST_STREAMS = 16

WAVEFORM_LENGTH = 100
# For the waveform: samples a second, and samples of which the loudest counts.
_RATE = 8000
_BLOCK = _RATE // 20
# What is quieter than this is silence.
_LEAST_PEAK = 100

# As FFmpeg takes lists of decoders.
_VIDEO = (
    "h264,hevc,libdav1d,av1,vp8,libvpx,vp9,libvpx-vp9,mpeg4,h263,mpeg1video,mpeg2video,theora,mjpeg,"
    "flv,wmv1,wmv2,wmv3,vc1,msmpeg4,msmpeg4v2,rawvideo"
)
_AUDIO = (
    "aac,mp3,mp3float,mp2,mp2float,opus,libopus,vorbis,libvorbis,flac,alac,ac3,eac3,amrnb,amrwb,wmav1,wmav2,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f64le,pcm_u8,pcm_s8,"
    "pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav"
)
_VIDEO_DECODERS, _AUDIO_DECODERS = frozenset(_VIDEO.split(",")), frozenset(_AUDIO.split(","))
_OPTIONS = {
    "protocol_whitelist": "none",
    "codec_whitelist": f"{_VIDEO},{_AUDIO}",
    "max_streams": str(_MOST_STREAMS),
    "probesize": "2000000",
    "analyzeduration": "3000000",
}


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out. `duration` is in seconds, `width` and `height` are of a video as it is shown.

    `still` is its first picture, as large as its largest thumbnail at most.
    """

    duration: float | None = None
    waveform: list[int] | None = None
    width: int | None = None
    height: int | None = None
    still: Any = None  # of Pillow, which msgspec does not know


def recording_of(source: Ranges, content_type: str) -> Recording:
    """Raises RecordingRefusedError where it cannot be read as its type, and Unavailable."""
    try:
        with _bounded_memory():
            return _read(source, derived.PLAYED[content_type], is_video=content_type.startswith("video/"))
    except (RecordingRefusedError, Unavailable):
        raise
    # Broken files make decoders raise anything.
    except Exception as error:
        raise RecordingRefusedError(f"{type(error).__name__} while it was read") from error


def _read(source: Ranges, demuxer: str, *, is_video: bool) -> Recording:
    """The header must be readable; the picture and the waveform come where they can be had."""
    with _opened(source, demuxer) as container:
        stated = container.duration / 1_000_000 if container.duration else None
        shown = _tried(_shown, container, source) if is_video else None
    if shown is None:
        source.check()
    lasts, waveform = None, None
    if source.size <= MOST_HEARD_BYTES and source.failure is None:
        with _opened(source, demuxer) as container:
            lasts, waveform = _tried(_heard, container, source) or (None, None)
    # Sound was counted to its end, where a header may guess. A video may go on without sound.
    duration = stated or lasts if is_video else lasts or stated
    recording = shown or Recording()
    return msgspec.structs.replace(
        recording,
        duration=round(duration, 3) if duration is not None and 0 < duration <= LONGEST_SECONDS else None,
        waveform=waveform,
    )


def _tried(
    part: "Callable[[InputContainer, Ranges], _Found | None]", container: "InputContainer", source: Ranges
) -> "_Found | None":
    """What a part found out; None where it failed for the file's sake. Raises Unavailable."""
    try:
        found = part(container, source)
        source.check()
    except Unavailable:
        raise
    except Exception as error:
        if isinstance(source.failure, Unavailable):
            raise source.failure from error
        logger().info("recording read in part", extra={"reason": str(error) or type(error).__name__})
        return None
    return found


@contextlib.contextmanager
def _opened(source: Ranges, demuxer: str) -> "Iterator[InputContainer]":
    import av

    source.seek(0)
    try:
        container = av.open(source, "r", format=demuxer, options=dict(_OPTIONS), metadata_errors="replace")
    except Exception:
        source.check()
        raise
    with container:
        yield container


def _shown(container: "InputContainer", source: Ranges) -> Recording | None:
    """The first picture of a video, and how large the video is shown; None where it has none."""
    from av.stream import Disposition

    for stream in container.streams.video:
        # The cover of a song is no video.
        if stream.disposition & Disposition.attached_pic or not _decodes(stream, _VIDEO_DECODERS):
            continue
        stream.codec_context.skip_frame = "NONKEY"
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        for number, packet in enumerate(container.demux(stream)):
            source.check()
            if number == _MOST_PACKETS:
                break
            for frame in stream.decode(packet):
                return _upright(frame, float(stream.sample_aspect_ratio or 1))
    return None


def _upright(frame: "VideoFrame", stretch: float) -> Recording:
    """A picture as it is shown: turned as the camera was held, its pixels square."""
    width, height = frame.width, frame.height
    if _MOST_STRETCHED >= stretch > 1:
        width = round(width * stretch)
    elif 1 > stretch >= 1 / _MOST_STRETCHED:
        height = round(height / stretch)
    if max(width, height) > _LONGEST_SIDE:
        raise RecordingRefusedError(f"{width}x{height} pixels")
    scale = min(1.0, LONGEST["large"] / max(width, height))
    small = frame.reformat(width=max(1, round(width * scale)), height=max(1, round(height * scale)), format="rgb24")
    turned = round(frame.rotation / 90) % 4
    still = small.to_image().rotate(90 * turned, expand=True)
    width, height = (height, width) if turned % 2 else (width, height)
    return Recording(width=width, height=height, still=still)


def _heard(container: "InputContainer", source: Ranges) -> tuple[float, list[int]] | None:
    """How many seconds of sound there are and how loud they are, decoded to the end; None where there is none."""
    import av

    stream = next((each for each in container.streams.audio if _decodes(each, _AUDIO_DECODERS)), None)
    if stream is None:
        return None
    resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE)
    meter, broken = _Meter(), 0
    for packet in container.demux(stream):
        source.check()
        try:
            frames = stream.decode(packet)
        except av.error.InvalidDataError:
            broken += 1
            if broken > _MOST_BROKEN_PACKETS:
                raise
            continue
        for frame in frames:
            meter.take(resampler.resample(frame))
    meter.take(resampler.resample(None))
    return (meter.seconds, meter.waveform()) if meter.seconds else None


def _decodes(stream: "Stream", decoders: frozenset[str]) -> bool:
    """Whether a stream is one that these decode; they then do so in this thread alone."""
    context = stream.codec_context
    if context is None or context.codec.name not in decoders:
        return False
    context.thread_count = 1
    return True


class _Meter:
    """Counts samples, and keeps the loudest of each block of them."""

    def __init__(self) -> None:
        self._samples = 0
        self._rest = array.array("h")
        self._peaks = array.array("i")

    @property
    def seconds(self) -> float:
        """How long what was taken lasts."""
        return self._samples / _RATE

    def take(self, frames: "Iterable[AudioFrame]") -> None:
        """Takes samples. Raises RecordingRefusedError where there are too many."""
        for frame in frames:
            self._rest.frombytes(bytes(frame.planes[0])[: 2 * frame.samples])
            self._samples += frame.samples
        if self.seconds > LONGEST_SECONDS:
            raise RecordingRefusedError("it never ends")
        whole = len(self._rest) // _BLOCK * _BLOCK
        for start in range(0, whole, _BLOCK):
            self._peaks.append(_peak(self._rest[start : start + _BLOCK]))
        del self._rest[:whole]

    def waveform(self) -> list[int]:
        """How loud it is from beginning to end: 100 where it is loudest, 0 in silence."""
        peaks = [*self._peaks, _peak(self._rest)] if self._rest else list(self._peaks)
        count = min(WAVEFORM_LENGTH, len(peaks))
        edges = [place * len(peaks) // count for place in range(count + 1)]
        loud = [max(peaks[start:end]) for start, end in itertools.pairwise(edges)]
        loudest = max(loud)
        return [0 if peak < _LEAST_PEAK else round(100 * peak / loudest) for peak in loud]


def _peak(samples: "array.array[int]") -> int:
    highest, lowest = max(samples), min(samples)
    return max(highest, -lowest)


@contextlib.contextmanager
def _bounded_memory() -> Iterator[None]:
    """Within this the process gets so much more memory, and no more."""
    if sys.platform != "linux":  # others do not count what is reserved, or cannot be told a limit
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    if before[1] != resource.RLIM_INFINITY:
        limit = min(limit, before[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
