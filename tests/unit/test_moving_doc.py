"""docs/moving.md names commands, settings and dialects that exist, and what the import says."""

import re
from pathlib import Path

import msgspec

from chalicelib.core.config import DIALECTS, VARIABLES, Settings
from local.stack import Options
from moving.dialects import DIALECTS as IMPORTED

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs/moving.md").read_text(encoding="utf-8")
# Of the messengers that people come from.
THEIRS = {"CORS_ORIGIN", "DB_HOST", "DB_USER", "BCRYPT_ROUNDS", "MAX_FILE_SIZE", "REDIS_URL", "MONGODB_URI"}
OF_THE_COMMAND = {"FROM", "AS", "MEDIA", "SAME", "STAGE"}


def test_every_dialect_is_in_the_table() -> None:
    assert set(re.findall(r"^\| [A-E] \| .* \| `([\w-]+)` \|", DOC, re.MULTILINE)) == set(DIALECTS)
    by_command = re.findall(r"^\| [A-E] \| .* \| `([\w-]+)` \| by `make import` \|", DOC, re.MULTILINE)
    assert set(by_command) == set(IMPORTED)


def test_tables_are_those_that_are_read() -> None:
    for name, dialect in IMPORTED.items():
        tables = (dialect.users, dialect.chats, dialect.participants, dialect.messages, dialect.reads)
        assert f"| `{name}` | {', '.join(f'`{names[0]}`' for names in tables)} |" in DOC


def test_settings_exist() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]{2,})(?:=[\w|]+)?`", DOC)) - THEIRS - OF_THE_COMMAND - {"NULL", "SELECT"}
    known = {VARIABLES.get(field.name, field.name.upper()) for field in msgspec.structs.fields(Settings)}
    known |= {name.upper() for name in Options.__dataclass_fields__}
    assert len(named) > 8
    assert named - known == set()


def test_commands_are_targets() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = set(re.findall(r"`make ([a-z]+)|^make ([a-z]+)", DOC, re.MULTILINE))
    named = {one or other for one, other in commands}
    assert {"import", "run", "swagger"} <= named
    assert named - targets == set()


def test_links_lead_somewhere() -> None:
    for target, anchor in re.findall(r"\]\(([\w./]*)(?:#([\w-]+))?\)", DOC):
        text = (ROOT / "docs" / target).read_text(encoding="utf-8") if target else DOC
        headings = {
            re.sub(r"[^\w -]", "", line.lower()).strip().replace(" ", "-")
            for line in re.findall(r"^#+ (.*)", text, re.M)
        }
        assert not anchor or anchor in headings, anchor
