"""Settings: each type is read from its variable, and a bad value is refused by the variable's name."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from chalicelib.core import config
from chalicelib.core.config import RANGES, LogLevel, Settings, from_environment

# Variables that AWS names, and not we.
AWS = {
    "region": "AWS_REGION",
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
    "function_name": "AWS_LAMBDA_FUNCTION_NAME",
}
FIELDS = {
    field.name: (AWS.get(field.name, field.name.upper()), field.type) for field in msgspec.structs.fields(Settings)
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment that says nothing, and the settings of the process as they were."""
    for name, _ in FIELDS.values():
        monkeypatch.delenv(name, raising=False)
    before = config.settings()
    yield
    config.use(before)


def test_nothing_is_required() -> None:
    assert from_environment() == Settings()


OF_THEIR_OWN_FORM: dict[str, tuple[str, object]] = {
    "passkey_host": ("chat.example.com", "chat.example.com"),
    "chime_region": ("eu-central-1", "eu-central-1"),
    "dialect": ("SKYPE", "skype"),
    "jwt_expires_in": ("36h", "36h"),
    "assistant_url": ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
    "bedrock_url": ("https://bedrock-runtime.eu-west-1.amazonaws.com",) * 2,
    "ice_servers": ("stun:one:3478, stun:two|stun:three", ("stun:one:3478", "stun:two|stun:three")),
    "scan_queue_url": ("", ""),  # it needs SCAN_FILES beside it
    "push_contact": ("mailto:ops@chat.example.com",) * 2,
    "dialect_hosts": ("a.example.com=skype, B.com=gateway", ("a.example.com=skype", "B.com=gateway")),
}


def _written(field: str, kind: Any) -> tuple[str, object]:
    """Some value of a field's type, as a variable has it and as the field does."""
    if kind is bool:
        return "off", False
    if kind is int:
        highest = RANGES[field][1]
        return str(highest), highest
    if kind is LogLevel:
        return "error", "ERROR"
    if field in OF_THEIR_OWN_FORM:
        return OF_THEIR_OWN_FORM[field]
    if kind == tuple[str, ...]:
        return " one, two ,,three", ("one", "two", "three")
    return "Some text, with = and spaces", "Some text, with = and spaces"


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_has_its_variable(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    name, kind = FIELDS[field]
    text, value = _written(field, kind)
    monkeypatch.setenv(name, text)
    assert from_environment() == msgspec.structs.replace(Settings(), **{field: value})
    monkeypatch.setenv(name, "")
    assert from_environment() == Settings(), "an empty variable is none"


@pytest.mark.parametrize("text", ["ON", "On", "on"])
def test_switches_have_no_case(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("RATE_LIMITS", text)
    assert from_environment().rate_limits is True


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("RATE_LIMITS", "true"),
        ("RATE_LIMITS", "1"),
        ("RATE_LIMITS", " "),
        ("SENDS_HTTP", "-1"),
        ("SENDS_HTTP", "1.5"),
        ("SENDS_HTTP", "many"),
        ("SENDS_HTTP", " 5"),
        ("SENDS_HTTP", "1_000"),
        ("SENDS_HTTP", "\u0665"),
        *((name, "0") for name in ("SENDS_HTTP", "SENDS_SOCKET", "EDITS", "REACTIONS", "LOGINS", "SEARCHES")),
        ("UPLOADS_AN_HOUR", "0"),
        # Where more than 60,000,000 come in a minute, no microsecond is between two of them.
        *((name, "60000001") for name in ("SENDS_HTTP", "SENDS_SOCKET", "EDITS", "REACTIONS", "SEARCHES")),
        ("LOGINS", "10000001"),
        ("BCRYPT_COST", "3"),
        ("BCRYPT_COST", "32"),
        ("SHED_LEVEL", "4"),
        ("SHED_WAIT_SECONDS", "0"),
        ("LOGIN_SECONDS", "901"),
        ("PRESENCE_DEBOUNCE_SECONDS", "901"),
        ("PRESENCE_RETELL_SECONDS", "0"),
        ("HEARTBEAT_SECONDS", "601"),
        ("CONNECTION_SECONDS", "7201"),
        ("REFRESH_TOKEN_SECONDS", "99999999999999999999"),
        ("ACCESS_TOKEN_SECONDS", "9" * 5_000),
        ("LOG_LEVEL", "loud"),
        ("ORIGINS", ","),
        ("JWT_PREVIOUS_SECRETS", " , "),
        ("JWT_EXPIRES_IN", "0"),
        ("JWT_EXPIRES_IN", "7w"),
        ("JWT_EXPIRES_IN", "a week"),
        ("DIALECT", "klingon"),
        ("ICE_SERVERS", "https://relay.example.com"),
        ("ICE_SERVERS", "stun:one,turn:relay.example.com=0"),
        ("ICE_SERVERS", "turn:relay.example.com"),
        ("SCAN_QUEUE_URL", "my-scans"),
        ("SCAN_QUEUE_URL", "arn:aws:sqs:eu-west-1:123456789012:scans"),
        ("SCAN_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/scans.fifo"),
        ("SCAN_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/scans"),  # without SCAN_FILES
        ("DIALECT_HOSTS", "chat.example.com"),
        ("DIALECT_HOSTS", "chat.example.com=klingon"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(ValueError, match=rf"^{name} must ") as refused:
        from_environment()
    assert len(text) < 3 or text not in str(refused.value), "a secret in the wrong place is not shown"


def test_a_scanners_queue_is_taken_where_files_wait_for_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/scans"
    monkeypatch.setenv("SCAN_QUEUE_URL", url)
    monkeypatch.setenv("SCAN_FILES", "on")
    assert from_environment().scan_queue_url == url


def test_a_rate_of_nothing_is_refused_wherever_it_comes_from() -> None:
    with pytest.raises(ValueError, match=r"^EDITS must be from 1 to 60000000; RATE_LIMITS=off lifts all limits$"):
        msgspec.structs.replace(Settings(), edits=0)
    assert msgspec.structs.replace(Settings(), inline_publish_limit=0).inline_publish_limit == 0


def test_every_number_has_a_range_and_begins_within_it() -> None:
    numbers = {field.name: field.default for field in msgspec.structs.fields(Settings) if field.type is int}
    assert numbers.keys() == RANGES.keys()
    assert [name for name, default in numbers.items() if not RANGES[name][0] <= default <= RANGES[name][1]] == []


def test_they_are_read_once_and_may_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_installed", [])
    monkeypatch.setenv("LOGINS", "3")
    first = config.settings()
    assert first.logins == 3
    monkeypatch.setenv("LOGINS", "4")
    assert config.settings() is first
    other = msgspec.structs.replace(first, logins=5)
    config.use(other)
    assert config.settings() is other


@pytest.mark.parametrize(
    ("text", "dialect", "seconds"),
    [
        ("7d", "", 7 * 86_400),
        ("24h", "gateway", 86_400),
        ("90m", "", 5_400),
        ("30s", "skype", 30),
        ("3600", "", 3_600),
        ("24", "skype", 86_400),
        ("3650d", "", 60 * 86_400),  # no longer than its session
    ],
)
def test_a_lasting_token_lives_as_long_as_its_clients_expect(text: str, dialect: Any, seconds: int) -> None:
    assert Settings(jwt_expires_in=text, dialect=dialect).token_seconds == seconds


def test_a_host_has_its_dialect() -> None:
    chosen = Settings(dialect="gateway", dialect_hosts=("Chat.example.com=skype",))
    assert chosen.dialect_of("chat.example.com:8443") == "skype"
    assert chosen.dialect_of("CHAT.example.com") == "skype"
    assert chosen.dialect_of("other.example.com") == "gateway"
    assert Settings().dialect_of("chat.example.com") == ""
