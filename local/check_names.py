"""`python -m local.check_names`: reports the usernames and names that could not be chosen today. It changes nothing.

The rules are younger than some accounts, and who has such a name keeps it. The database is that of `DATABASE_URL`.
"""

import sys
from collections.abc import Iterator

import psycopg

from chalicelib.core.config import settings
from chalicelib.core.names import cleaned, wrong_name
from chalicelib.core.wording import told
from chalicelib.features.accounts.usernames import wrong_username
from local import dotenv

_NAMES = "SELECT id, username, display_name FROM users ORDER BY id"
_ALIKE = """
SELECT array_agg(id ORDER BY id), array_agg(username ORDER BY id) FROM users
GROUP BY name_skeleton(username) HAVING count(*) > 1 ORDER BY min(id)
"""


def report(database_url: str) -> Iterator[str]:
    """A line for each name that could not be chosen today, and for each group of usernames that look alike."""
    with psycopg.connect(database_url) as connection:
        with connection.cursor(name="names") as cursor:  # read in parts: there may be millions
            cursor.execute(_NAMES)
            for user_id, username, display_name in cursor:
                yield from _faults(user_id, username, display_name)
        for ids, names in connection.execute(_ALIKE):
            alike = ", ".join(f"{name!r} (user {user_id})" for user_id, name in zip(ids, names, strict=True))
            yield f"look alike: {alike}"


def _faults(user_id: int, username: str, display_name: str) -> Iterator[str]:
    wrong = wrong_username(username)
    if wrong is not None:
        yield f"user {user_id}: username {username!a} {told(wrong.sentence, wrong.values, 'en')}"
    unseen = wrong_name(display_name)
    if unseen is not None:
        yield f"user {user_id}: display name {display_name!a} {told(unseen.sentence, unseen.values, 'en')}"
    elif cleaned(display_name) != display_name:
        yield f"user {user_id}: display name {display_name!a} has characters that change how it reads"


def main() -> int:
    """Prints the report of the database at DATABASE_URL; 1 where none is named."""
    dotenv.load()
    url = settings().database_url
    if not url:
        print("DATABASE_URL is not set; `make run` prints that of its own database.", file=sys.stderr)
        return 1
    lines = list(report(url))
    print("\n".join(lines) or "All names could be chosen today.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
