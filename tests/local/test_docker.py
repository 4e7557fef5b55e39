"""What Docker is told, read: there is no engine here. The commands are the README's, and names lead somewhere."""

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml

from chalicelib.core.config import INLINE_PUBLISH_LIMIT, VARIABLES, Settings
from local import dotenv
from local.stack import Options

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
# What the local stack decides itself, and what only a deployment has.
OF_THE_STACK = {
    "region", "access_key_id", "secret_access_key", "session_token", "aws_endpoint_url", "websocket_endpoint",
    "dual_stack", "public_url", "function_name", "ca_file", "database_iam", "database_ca_file", "live_table",
    "push_queue_url", "presence_queue_url", "mail_queue_url", "assistant_queue_url", "uploads_bucket", "one_host",
    "edge_key", "notify_queue_url",
}  # fmt: skip
# What `make run` reads beside the product's settings, and what compose.yaml reads.
OF_THE_LAPTOP = {"HOST", "PORT", "FILES_PORT", "DATA_DIR", "POSTGRES_BIN", "POSTGRES_PASSWORD"}


def _instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile and what follows each."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word]


def _all(word: str) -> list[str]:
    return [rest for instruction, rest in _instructions() if instruction == word]


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_the_image_runs_what_the_readme_says() -> None:
    assert _all("CMD") == ['["make", "run"]']
    made = set(re.findall(r"\bmake ([a-z]+)", " ".join(_all("RUN") + _all("CMD"))))
    assert made == {"build"}
    assert made | {"run"} <= _targets()


def test_what_is_copied_is_there_and_what_is_built_on_is_copied_before() -> None:
    sources = [shlex.split(rest)[:-1] for rest in _all("COPY")]
    copied = [word for words in sources for word in words if not word.startswith("--")]
    assert [word for word in copied if not (ROOT / word).exists()] == []
    words = [f"{word} {rest}" for word, rest in _instructions()]
    before_build = " ".join(words[: words.index("RUN make build")])
    recipe = re.search(r"^\$\(RUN\): (.*) \|", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    for needed in (*recipe[1].split(), "local/install.py", "Makefile"):
        assert needed in before_build, needed


def test_the_image_is_made_as_images_should_be() -> None:
    [base] = _all("FROM")
    assert re.fullmatch(r"[\w/.-]+:\d[\w.-]+", base), "a version, never `latest`"
    assert _all("USER")[-1] != "root"
    installs = [rest for rest in _all("RUN") if "apt-get install" in rest]
    for rest in installs:
        assert "--no-install-recommends" in rest
        assert "rm -rf /var/lib/apt/lists/*" in rest
        packages = re.search(r"--no-install-recommends (.*?) &&", rest)
        assert packages is not None
        assert all("=" in package for package in packages[1].split()), "versions are pinned"
    assert not _all("ADD")
    for words in (*_all("CMD"), *(rest.partition("CMD ")[2] for rest in _all("HEALTHCHECK"))):
        assert msgspec.json.decode(words, type=list[str]), "without a shell in between"
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".env", ".venv*", ".local"} <= set(ignored), "neither secrets nor what was made here"


def test_ports_and_data_are_where_the_image_says() -> None:
    variables = dict(word.split("=") for word in shlex.split(" ".join(_all("ENV"))))
    chosen = Options.from_environment(variables)
    assert (chosen.host, str(chosen.data_dir)) == ("0.0.0.0", _all("VOLUME")[0])
    assert _all("EXPOSE") == [f"{chosen.port} {chosen.files_port}"]
    assert f"http://127.0.0.1:{chosen.port}/api/health" in _all("HEALTHCHECK")[0]
    ours, theirs = COMPOSE["services"]["messenger"], COMPOSE["services"]["postgres"]
    composed = Options.from_environment(ours["environment"])
    assert (composed.port, composed.files_port, composed.data_dir) == (
        chosen.port,
        chosen.files_port,
        chosen.data_dir,
    )
    assert ours["ports"] == [f"127.0.0.1:{port}:{port}" for port in (chosen.port, chosen.files_port)]
    assert [volume.partition(":")[2] for volume in ours["volumes"]] == [str(chosen.data_dir)]
    mounted = {volume.partition(":")[0] for service in (ours, theirs) for volume in service["volumes"]}
    assert mounted == set(COMPOSE["volumes"])


def test_the_service_finds_the_database_that_is_composed_with_it() -> None:
    ours, theirs = COMPOSE["services"]["messenger"], COMPOSE["services"]["postgres"]
    url = urlsplit(ours["environment"]["DATABASE_URL"].replace("${POSTGRES_PASSWORD:-messenger}", "messenger"))
    made = theirs["environment"]
    assert (url.username, url.path[1:], url.hostname) == (made["POSTGRES_USER"], made["POSTGRES_DB"], "postgres")
    assert made["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD:-messenger}"
    assert ours["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert f"--username={made['POSTGRES_USER']}" in theirs["healthcheck"]["test"][1]
    version = re.fullmatch(r"postgres:(\d+)-\w+", theirs["image"])
    assert version is not None
    assert 15 <= int(version[1]) <= 17, "of these the image keeps its data where the volume is"


def test_the_example_lists_every_setting_with_its_default() -> None:
    lines = re.sub(r"^#(?=[A-Z_]+=)", "", EXAMPLE, flags=re.MULTILINE)
    listed = dict(dotenv.read(lines))
    fields = {VARIABLES.get(f.name, f.name.upper()): f for f in msgspec.structs.fields(Settings)}
    wanted = {name for name, field in fields.items() if field.name not in OF_THE_STACK}
    assert set(listed) == wanted | OF_THE_LAPTOP
    defaults = Settings()
    for name in wanted - {"INLINE_PUBLISH_LIMIT"}:
        value = getattr(defaults, fields[name].name)
        written = {True: "on", False: "off"}[value] if isinstance(value, bool) else value
        written = ",".join(written) if isinstance(written, tuple) else str(written)
        assert listed[name] == written, name
    assert listed["INLINE_PUBLISH_LIMIT"] == str(INLINE_PUBLISH_LIMIT)
    laptop = Options.from_environment({name: listed[name] for name in ("HOST", "PORT", "FILES_PORT", "DATA_DIR")})
    assert laptop == Options()
    assert dict(dotenv.read(EXAMPLE)) == {}, "copied as it is, it chooses nothing"


def test_env_is_read_as_shells_and_compose_read_it() -> None:
    text = "\n".join(
        (
            "# A=0",
            "A=1",
            " B = two words # said",
            'C="# kept"',
            "D='x' # y",
            "export E=5",
            "F=",
            "G=a#b",
            "no line",
            "=x",
        )
    )
    assert dict(dotenv.read(text)) == {
        "A": "1", "B": "two words", "C": "# kept", "D": "x", "E": "5", "F": "", "G": "a#b",
    }  # fmt: skip


def test_the_shell_goes_before_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("FILES_PORT", "9001")
    monkeypatch.delenv("FILES_PORT")
    (tmp_path / ".env").write_text("PORT=1\nFILES_PORT=2\n")
    dotenv.load(tmp_path / ".env")
    chosen = Options.from_environment()
    assert (chosen.port, chosen.files_port) == (9000, 2)
    dotenv.load(tmp_path / "none")


def test_env_is_read_where_the_readme_says() -> None:
    for command in ("local/__main__.py", "local/demo.py", "local/migrate.py", "moving/__main__.py"):
        assert "dotenv.load()" in (ROOT / command).read_text(encoding="utf-8"), command
