"""How long a large photograph takes, and how much memory: `python -m bench.pictures`.

A JPEG of 12 megapixels, as a telephone takes it, goes through what `pictures` does with it: personal data is cut out,
and three thumbnails and the placeholder are made. Each round is a process of its own on one processor, as a new
container is; the time begins when its modules are loaded. S3 is left out: it takes the file and gives the thumbnails.
"""

import io
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SIZE = (4000, 3000)
ROUNDS = 7
# In one process: the milliseconds that pass, those of the processor, and the most memory in MB.
_PROGRAM = """
import os, resource, sys, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from pathlib import Path
content = Path(sys.argv[1]).read_bytes()
from chalicelib.features.uploads import cleaning, thumbnails
thumbnails.preload()
began, spent = time.perf_counter(), time.process_time()
made = thumbnails.thumbnails_of(cleaning.cleaned(content) or content)
assert set(made.sizes) == {"small", "medium", "large"}
elapsed, spent = time.perf_counter() - began, time.process_time() - spent
print(elapsed * 1000, spent * 1000, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def photograph() -> bytes:
    """A picture with noise and edges everywhere, which is harder than most, and with what a telephone notes in it."""
    from PIL import Image

    dice = random.Random(1)
    noise = Image.frombytes("RGB", (500, 375), dice.randbytes(500 * 375 * 3))
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x0112] = 6
    place = io.BytesIO()
    noise.resize(SIZE, Image.Resampling.BICUBIC).save(place, "JPEG", quality=90, exif=exif)
    return place.getvalue()


def main() -> int:
    """Prints the medians."""
    content = photograph()
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        Path(file.name).write_bytes(content)
        rounds = [_round(file.name) for _ in range(ROUNDS)]
    elapsed, spent, memory = (statistics.median(values) for values in zip(*rounds, strict=True))
    print(f"a JPEG of {SIZE[0]}x{SIZE[1]}, {len(content) / 1e6:.1f} MB, median of {ROUNDS}")
    print(f"time {elapsed:8.0f} ms\nof a processor {spent:8.0f} ms\nmost memory {memory:8.0f} MB")
    return 0


def _round(path: str) -> list[float]:
    command = [sys.executable, "-c", _PROGRAM, path]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(number) for number in said.split()]


if __name__ == "__main__":
    sys.exit(main())
