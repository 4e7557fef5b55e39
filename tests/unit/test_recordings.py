"""What is found out about sound and video, kind by kind, and what broken and hostile files come to."""

import random
import struct
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.features.uploads import derived, ranges, recordings, storage
from chalicelib.features.uploads.ranges import Ranges, RecordingRefusedError
from chalicelib.features.uploads.recordings import Recording, recording_of
from tests.support.recordings import recording, video, wav

SOUND: dict[str, Callable[[], bytes]] = {
    "audio/wav": wav,
    "audio/ogg": lambda: recording("ogg", "libopus"),
    "audio/mpeg": lambda: recording("mp3", "libmp3lame"),
    "audio/mp4": lambda: recording("mp4", "aac"),
    "audio/aac": lambda: recording("adts", "aac"),
    "audio/webm": lambda: recording("webm", "libopus"),
    "audio/flac": lambda: recording("flac", "flac"),
}


class Bucket:
    """A file as S3 answers ranges of it, and how often it was asked."""

    def __init__(self, content: bytes, etag: str = "e") -> None:
        self.content, self.etag, self.asked = content, etag, 0

    def read(self, _key: str, most_bytes: int, *, start: int = 0) -> storage.Stored:
        self.asked += 1
        return storage.Stored(
            size=len(self.content),
            etag=self.etag,
            content_type="",
            cleaned_from=None,
            head=self.content[start : start + most_bytes],
        )


def _source(bucket: Bucket, patch: pytest.MonkeyPatch, *, most_bytes: int = 2**27, seconds: float = 60) -> Ranges:
    patch.setattr(storage, "read", bucket.read)
    first = bucket.read("", ranges.BLOCK_BYTES)
    return Ranges("k", first, most_bytes=most_bytes, until=time.monotonic() + seconds)


def _found(content: bytes, kind: str, patch: pytest.MonkeyPatch) -> Recording:
    return recording_of(_source(Bucket(content), patch), kind)


@pytest.mark.parametrize("kind", SOUND)
def test_sound_tells_how_long_and_how_loud_it_is(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _found(SOUND[kind](), kind, monkeypatch)
    assert found.duration == pytest.approx(2, abs=0.15)
    assert (found.width, found.still) == (None, None)
    assert found.waveform is not None
    assert len(found.waveform) >= 40
    half = len(found.waveform) // 2
    assert max(found.waveform[: half - 3]) == 0
    assert min(found.waveform[half + 3 : -4]) > 80
    assert max(found.waveform) == 100


def test_long_sound_has_a_hundred_values(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _found(wav(20), "audio/wav", monkeypatch)
    assert found.waveform is not None
    assert (found.duration, len(found.waveform)) == (20, recordings.WAVEFORM_LENGTH)


@pytest.mark.parametrize(
    ("content", "kind", "size"),
    [
        (video, "video/mp4", (320, 240)),
        (video, "video/quicktime", (320, 240)),
        (lambda: video(turned=True), "video/mp4", (240, 320)),
        (lambda: video("webm", "libvpx"), "video/webm", (320, 240)),
        (lambda: video(size=(2560, 1440), seconds=0.5), "video/mp4", (2560, 1440)),
    ],
)
def test_a_video_has_a_picture_too(
    content: Callable[[], bytes], kind: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _found(content(), kind, monkeypatch)
    assert (found.width, found.height) == size
    assert found.duration == pytest.approx(0.5 if size[0] > 2000 else 2, abs=0.1)
    assert found.waveform
    assert max(found.still.size) == min(1280, max(size))
    first, last = found.still.getpixel((5, 5)), found.still.getpixel((found.still.width - 5, found.still.height - 5))
    assert first[0] > first[2], "red: on the left, and above once it was turned to the right"
    assert last[2] > last[0]


@pytest.mark.parametrize("content", [wav(0.3), video(seconds=0.3), recording("ogg", "libopus", 0.3)])
def test_a_file_that_was_cut_off_or_damaged_harms_nobody(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(1)
    for turn in range(40):
        damaged = bytearray(content[: dice.randrange(1, len(content) + 1)])
        for _ in range(5):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            _found(bytes(damaged), list(derived.PLAYED)[turn % len(derived.PLAYED)], monkeypatch)
            _found(bytes(damaged), "video/mp4", monkeypatch)
        except RecordingRefusedError:
            continue


@pytest.mark.parametrize("kind", derived.PLAYED)
def test_what_is_no_recording_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An MPEG stream may begin anywhere: FFmpeg takes such a file for one without a stream."""
    for content in (b"\0", b"<html>" * 100):
        try:
            found = _found(content, kind, monkeypatch)
        except RecordingRefusedError:
            continue
        assert found == Recording()


def test_a_file_that_leads_elsewhere_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tells a player to fetch or to read other files is no recording of any type that is taken."""
    for content in (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", b"ffconcat version 1.0\nfile /etc/hostname\n"):
        for kind in derived.PLAYED:
            try:
                assert _found(content, kind, monkeypatch) == Recording()
            except RecordingRefusedError:
                continue


def test_no_more_is_read_than_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index of this video stands behind 80 MB: neither they nor the sound among them are read."""
    content = video()
    at = content.index(b"mdat") - 4
    (size,) = struct.unpack_from(">I", content, at)
    longer = 80 * 1024 * 1024
    padded = content[:at] + struct.pack(">I", size + longer) + content[at + 4 : at + size] + bytes(longer)
    bucket = Bucket(padded + content[at + size :])
    found = recording_of(_source(bucket, monkeypatch), "video/mp4")
    assert found.duration == pytest.approx(2, abs=0.1)
    assert (found.width, found.waveform) == (320, None)
    assert found.still
    assert bucket.asked <= 4


def test_limits_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = wav(40)  # more than a block
    assert len(sound) > ranges.BLOCK_BYTES
    # The header is in the first block: the length is known, and nothing is said of what was not read.
    few = recording_of(_source(Bucket(sound), monkeypatch, most_bytes=0), "audio/wav")
    assert (few.duration, few.waveform) == (40, None)
    with pytest.raises(RecordingRefusedError, match="too long"):
        recording_of(_source(Bucket(sound), monkeypatch, seconds=-1), "audio/wav")
    bucket = Bucket(sound)
    source = _source(bucket, monkeypatch)
    bucket.etag = "another"
    assert recording_of(source, "audio/wav").waveform is None
    monkeypatch.setattr(recordings, "LONGEST_SECONDS", 30)
    assert recording_of(_source(Bucket(sound), monkeypatch), "audio/wav") == Recording()


def test_what_s3_does_not_answer_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    source = _source(Bucket(wav(40)), monkeypatch)

    def read(*_: object, **__: object) -> None:
        raise Unavailable()

    monkeypatch.setattr(storage, "read", read)
    with pytest.raises(Unavailable):
        recording_of(source, "audio/wav")


def test_a_video_of_too_many_pixels_keeps_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "MOST_PIXELS", 320 * 240 - 1)
    found = _found(video(), "video/mp4", monkeypatch)
    assert (found.width, found.still) == (None, None)
    assert found.duration == pytest.approx(2, abs=0.1)
    assert found.waveform


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_memory_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks for more gets none, and the process has all of its memory again."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    monkeypatch.setattr(recordings, "_read", lambda *_, **__: bytearray(2 * recordings.MEMORY_BYTES))
    with pytest.raises(RecordingRefusedError, match="MemoryError"):
        _found(b"", "video/mp4", monkeypatch)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_nothing_is_imported_before_a_recording_comes() -> None:
    code = "import sys; from chalicelib.features.uploads import pictures; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
