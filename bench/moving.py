"""How long `make import` takes for a million messages: `python -m bench.moving`, or with another number behind it.

Source and target are databases of one PostgreSQL that waits for its disk, as a laptop's does.
"""

import sys
import tempfile
import time
from pathlib import Path

import psycopg

from bench.sources import fill_conversations
from chalicelib.core.migrations import migrate
from local.postgres import Postgres
from moving.command import Options, bring
from moving.target import Database

KEPT = Path(".local/bench")
MESSAGES = 1_000_000
# So many to a user, so that a conversation has half as many.
EACH = 500


def main() -> None:
    """Makes a source, imports it, imports it again, and prints how long that took."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as folder, Postgres(Path(folder) / "postgres") as server:
        source, target = server.ensure("source"), server.ensure("target")
        with psycopg.connect(source, autocommit=True) as connection:
            fill_conversations(connection, users=max(4, messages // EACH), messages=messages)
        migrate(target)
        options = Options(url=source, dialect="conversations", same={}, data_dir=Path(folder))
        for what in ("first run", "second run, which finds nothing new"):
            began = time.monotonic()
            bring(options, lambda name: Database(target, name))
            seconds = time.monotonic() - began
            print(f"{what}: {seconds:,.0f} s, {messages / seconds:,.0f} messages a second\n", flush=True)


if __name__ == "__main__":
    main()
