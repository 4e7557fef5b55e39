"""`make admin USER=name`: makes a registered user an admin. Before the first one there is nobody else who could."""

import os
import sys

import psycopg

from local import database
from local.binaries import PostgresError


def main() -> int:
    """Says what came of it; 1 where there is no such user, or no database."""
    name = os.environ.get("NAME", "").strip()
    if not name:
        print("Say whom: make admin USER=name", file=sys.stderr)
        return 1
    try:
        with psycopg.connect(database.url()) as connection:
            for (said,) in connection.execute("SELECT appoint_admin(%s)", [name]):
                print(said)
    except (database.NoDatabaseError, PostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    except psycopg.Error as error:
        print(error.diag.message_primary or str(error).strip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
