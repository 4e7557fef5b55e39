"""`make migrate`: brings the schema at DATABASE_URL up to date."""

import sys

from chalicelib.core.config import settings
from chalicelib.core.migrations import MigrationError, migrate
from local import dotenv


def main() -> int:
    """Prints what was applied; 1 with the reason where it could not be."""
    dotenv.load()
    try:
        url = settings().database_url
        if not url:
            print("DATABASE_URL is not set; `make run` migrates its own database by itself.", file=sys.stderr)
            return 1
        applied = migrate(url)
    except (MigrationError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(applied) or "nothing to do")
    return 0


if __name__ == "__main__":
    sys.exit(main())
