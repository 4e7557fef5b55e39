"""`python -m local.released VERSION`: freezes today's migrations as those of a version.

Their checksums go to `migrations/released.json`, which a test compares with the files from then on.
"""

import json
import sys
from pathlib import Path

from chalicelib.core.migrations import read

_DIRECTORY = Path("migrations")
_RELEASED = _DIRECTORY / "released.json"


def main(version: str) -> None:
    """Writes the version's entry, anew where it is there."""
    released = json.loads(_RELEASED.read_text(encoding="utf-8")) if _RELEASED.exists() else {}
    released[version] = {migration.name: migration.checksum for migration in read(_DIRECTORY).migrations}
    _RELEASED.write_text(json.dumps(released, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
