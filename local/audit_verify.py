"""`make audit-verify`: says whether rows of the audit trail were removed or changed. It changes nothing.

`HEAD=POSITION:HASH` is where the chain ended at an earlier time, as the log tells it.
"""

import os
import sys

import psycopg

from local import database
from local.binaries import PostgresError


def main() -> int:
    """Prints what was found; 1 where something was removed or changed, or where there is no database."""
    known = os.environ.get("HEAD", "").strip() or None
    try:
        with psycopg.connect(database.url()) as connection:
            found = connection.execute("SELECT * FROM verify_audit(%s)", [known]).fetchall()
    except (database.NoDatabaseError, PostgresError, psycopg.Error) as error:
        print(str(error).strip(), file=sys.stderr)
        return 1
    print("\n".join(line for _, line in found))
    return int(any(is_fault for is_fault, _ in found))


if __name__ == "__main__":
    sys.exit(main())
