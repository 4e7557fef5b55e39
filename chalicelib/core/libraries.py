"""Libraries of a layer that Python does not look into by itself.

PyJWT imports `cryptography` where it finds it: on the usual path each cold start would pay for it.
"""

import sys
from pathlib import Path

# Lambda unpacks layers into /opt. A laptop has these libraries where it has all others.
FOLDER = Path("/opt/later")


def reach() -> None:
    """Lets imports find them from now on."""
    place = str(FOLDER)
    if place not in sys.path and FOLDER.is_dir():
        sys.path.append(place)
