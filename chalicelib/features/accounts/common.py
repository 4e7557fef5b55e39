"""Whether a password is among the 100,000 that are tried first, by a Bloom filter in a file beside this one.

The file has no passwords: of each it sets a few bits. Some 4 of 100,000 other passwords are refused with them.
`python -m local.common_passwords` makes it, and says of what. It is read when a password is chosen.
"""

import hashlib
from pathlib import Path

FILE = Path(__file__).with_name("common_passwords.bin")
BITS = 2**21
_HASHES = 14
_HASH_BYTES = 4


def positions(password: str) -> list[int]:
    """The bits that stand for a password. Upper and lower case are one."""
    digest = hashlib.shake_128(password.lower().encode()).digest(_HASHES * _HASH_BYTES)
    starts = range(0, len(digest), _HASH_BYTES)
    return [int.from_bytes(digest[start : start + _HASH_BYTES]) % BITS for start in starts]


def is_common(password: str) -> bool:
    """Whether everybody tries this password."""
    bits = FILE.read_bytes()
    return all(bits[position // 8] >> position % 8 & 1 for position in positions(password))
