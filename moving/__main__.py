"""`make import FROM=postgresql://… DIALECT=…`: brings users and history over from another messenger's database."""

import sys

from chalicelib.core.migrations import MigrationError
from local import dotenv
from local.postgres import PostgresError
from moving.command import Options, bring
from moving.here import database
from moving.source import SourceError
from moving.target import Database, TargetError


def main() -> int:
    """Imports, and reports; 1 with the reason where it could not go on."""
    dotenv.load()
    try:
        options = Options.from_environment()
        with database(options.data_dir) as url:
            bring(options, lambda name: Database(url, name))
    except (SourceError, TargetError, MigrationError, PostgresError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What came stays; run the command again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
