"""Settings: one frozen object, read from the environment once; nothing else here reads the environment."""

import os
import re
from typing import Literal, get_args

import msgspec

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LOG_LEVELS: tuple[str, ...] = get_args(LogLevel)
DialectName = Literal["", "flutter", "common-room", "skype", "conversations", "gateway"]
DIALECTS: tuple[str, ...] = get_args(DialectName)[1:]
# What a stack chooses whose functions reach the sockets by themselves.
INLINE_PUBLISH_LIMIT = 20


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that a deployment can choose. Times are in seconds, sizes in bytes."""

    # Who we are on AWS. Lambda's runtime sets the region and the credentials.
    region: str = "us-east-1"
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str | None = None
    aws_endpoint_url: str | None = None
    websocket_endpoint: str | None = None
    dual_stack: bool = False  # whether AWS is asked at names that have IPv6 addresses too, where it has such names
    function_name: str = ""  # where it is empty, this is no deployed function
    ca_file: str | None = None

    # Where the data is.
    database_url: str = ""
    # On RDS: each connection shows a token signed by the function's role instead of a password, and checks the
    # server's certificate against RDS's roots, or those in a file of the deployer's.
    database_iam: bool = False
    database_ca_file: str | None = None
    # By default what the local stack calls them: app.py names the queues and the bucket before it runs.
    live_table: str = "messenger-live"
    push_queue_url: str = "messenger-push.fifo"
    presence_queue_url: str = "messenger-presence"
    uploads_bucket: str = "messenger-uploads-123456789012-us-east-1"
    mail_queue_url: str = "messenger-mail"
    assistant_queue_url: str = "messenger-assistant.fifo"
    notify_queue_url: str = "messenger-notify"

    # Sessions. The secret signs; the previous ones still verify, so that a key can be rotated.
    jwt_secret: str = ""
    jwt_previous_secrets: tuple[str, ...] = ()
    jwt_issuer: str = "messenger"
    jwt_audience: str = "messenger"
    access_token_seconds: int = 15 * 60
    # How long `token` lives, the access token of clients that know of no refresh: seconds, or `45m`, `24h`, `7d`.
    jwt_expires_in: str = "7d"
    refresh_token_seconds: int = 60 * 24 * 60 * 60
    refresh_grace_seconds: int = 60
    ticket_seconds: int = 30
    bcrypt_cost: int = 12
    # Common passwords that can be chosen all the same: documents of other messengers have some as examples.
    allowed_passwords: tuple[str, ...] = ()

    # Passkeys. They are bound to this host name for good; without one, to that of PUBLIC_URL. Pages of
    # `https://HOST` may use them, or those of these origins, apps' `android:apk-key-hash:…` among them.
    passkey_host: str = ""
    passkey_origins: tuple[str, ...] = ()

    # Letters by email. Without a sender none are sent, and what needs one is refused. Links in them lead to the page
    # at this URL, which gets `#reset=TOKEN` and the like; without one, letters have the token alone.
    mail_from: str = ""  # as `Messenger <no-reply@chat.example.com>`
    mail_link_url: str = ""

    # Notifications by Web Push, which are off without a contact: where push services reach those who run this.
    push_contact: str = ""  # as `mailto:ops@chat.example.com`, or an https URL
    vapid_public_key: str = ""
    vapid_private_key: str = ""  # known to the function that sends alone
    push_hosts: tuple[str, ...] = ()  # host:port of push services and webhooks that may be private, for tests
    webhooks: bool = False  # whether admins may have URLs told of what happens in groups

    # The assistant, which is off without a model. The model is one of Amazon Bedrock, unless a URL names an endpoint
    # that speaks the chat format of OpenAI. The limits are in tokens a day, of questions and answers together.
    assistant_model: str = ""
    assistant_url: str = ""  # as `https://models.example.com/v1`
    assistant_key: str = ""  # shown there as a bearer token
    bedrock_url: str = ""  # in place of the region's own endpoint, as that of another region
    assistant_seconds: int = 60  # an answer takes no longer
    assistant_user_tokens: int = 100_000
    assistant_tokens: int = 2_000_000  # of all users

    # Limits: events a minute unless named otherwise.
    rate_limits: bool = True
    sends_http: int = 30
    sends_socket: int = 120
    edits: int = 30
    reactions: int = 60
    logins: int = 10
    searches: int = 30
    key_claims: int = 60
    device_sends: int = 120
    uploads_an_hour: int = 60
    calls: int = 10
    call_changes: int = 60
    call_signals: int = 1200
    group_size: int = 1000
    upload_size: int = 10 * 1024 * 1024
    upload_seconds: int = 15 * 60
    large_upload_size: int = 2 * 1024 * 1024 * 1024
    large_upload_seconds: int = 24 * 60 * 60
    upload_quota: int = 5 * 1024 * 1024 * 1024
    download_seconds: int = 5 * 60
    scan_files: bool = False  # whether files wait for the verdict of a scanner
    scan_queue_url: str = ""  # of the deployer's scanner, which is asked there
    scan_again_seconds: int = 15 * 60  # after so long without a verdict it is asked again

    # Live. The inline limit is in recipients; 0 hands every push to the queue, which functions that reach no socket
    # cannot do without.
    inline_publish_limit: int = 0
    heartbeat_seconds: int = 240
    connection_seconds: int = 2 * 60 * 60
    # Whether REST and sockets have one host name. Then Socket.IO clients that poll are offered a WebSocket there.
    one_host: bool = False
    edge_key: str = ""  # what CloudFront shows in front of the REST API, so that it is believed who a client is
    poll_seconds: int = 20  # a poll of Socket.IO waits so long for something to tell
    login_seconds: int = 30  # a Socket.IO connection on which nobody logs in is closed then
    presence_debounce_seconds: int = 3
    index_seconds: int = 3  # after a send its words are added to the index; 0 leaves that to the minutely sweep
    presence_retell_seconds: int = 30  # so long after it was shed, a status is told as it is then
    origins: tuple[str, ...] = ("*",)

    # Calls. Clients reach each other by these `stun:` and `turn:` URLs: commas stand between servers, `|` between the
    # URLs of one; `=3` behind a relay has it chosen three times as often. Relays share the secret with us.
    ice_servers: tuple[str, ...] = ()
    turn_secret: str = ""
    turn_seconds: int = 60 * 60
    call_ring_seconds: int = 45
    call_grace_seconds: int = 30  # so long whoever has lost their socket stays in a call
    # Calls of more than four are rooms of the Amazon Chime SDK in this region; without one there are none.
    chime_region: str = ""
    room_size: int = 50  # so many may take part in one

    # Clients of other messengers (entry/dialects). A dialect speaks for the whole deployment, or for one of its hosts
    # (`chat.example.com=skype`), in place of our own words; each is also chosen by the first part of the path.
    dialect: DialectName = ""
    dialect_hosts: tuple[str, ...] = ()
    dialect_password_length: int = 6
    dialect_bare_lists: bool = False  # `conversations` has lists as its earlier clients read them
    public_url: str = ""  # of the REST API with its base path; links in dialects begin with it

    # Operation. The metrics' namespace and the service's name tell deployments in one account apart. The shed level
    # is the least in force, 0 to 3; what is measured may raise it (realtime/shedding).
    service: str = "messenger"
    metrics_namespace: str = "Messenger"
    shed_level: int = 0
    shed_wait_seconds: int = 2
    health_seconds: int = 5  # so long an answer of /health is given again
    log_level: LogLevel = "INFO"

    def __post_init__(self) -> None:
        for name, (lowest, highest) in RANGES.items():
            if not lowest <= getattr(self, name) <= highest:
                hint = "; RATE_LIMITS=off lifts all limits" if name in _RATES else ""
                raise ValueError(f"{name.upper()} must be from {lowest} to {highest}{hint}")
        self._check_calls()
        self._check_assistant()
        self._check_scanner()
        if not _CONTACT.fullmatch(self.push_contact):
            raise ValueError("PUSH_CONTACT must be mailto:somebody@example.com, or an https URL")
        if not self.token_seconds:
            raise ValueError("JWT_EXPIRES_IN must be a second or more")
        if not _HOST.fullmatch(self.passkey_host):
            raise ValueError("PASSKEY_HOST must be a host name as chat.example.com, without a port")
        for entry in self.dialect_hosts:
            if entry.partition("=")[2] not in DIALECTS:
                raise ValueError(f"DIALECT_HOSTS must be host=dialect; the dialects are {', '.join(DIALECTS)}")

    def _check_calls(self) -> None:
        for server in self.ice_servers:
            if not _ICE_SERVER.fullmatch(server):
                raise ValueError("ICE_SERVERS must be URLs as stun:host:3478 and turn:host:3478?transport=udp")
        if not self.turn_secret and any(server.startswith("turn") for server in self.ice_servers):
            raise ValueError("ICE_SERVERS must have no turn: URLs without TURN_SECRET, which relays share")
        if not _REGION.fullmatch(self.chime_region):
            raise ValueError("CHIME_REGION must be a region of AWS, as eu-central-1")

    def _check_scanner(self) -> None:
        if not _QUEUE.fullmatch(self.scan_queue_url):
            raise ValueError(
                "SCAN_QUEUE_URL must be a standard queue's URL, as https://sqs.eu-central-1.amazonaws.com/123456789012/scans"
            )
        if self.scan_queue_url and not self.scan_files:
            raise ValueError("SCAN_QUEUE_URL must come with SCAN_FILES=on, which has files wait for verdicts")

    def _check_assistant(self) -> None:
        if self.assistant_model.startswith("arn:"):
            raise ValueError("ASSISTANT_MODEL must be the id of a model or of an inference profile, not an ARN")
        for name in ("assistant_url", "bedrock_url"):
            if not _HTTP_URL.fullmatch(getattr(self, name)):
                raise ValueError(f"{name.upper()} must be a URL as https://host/v1, without a query")

    @property
    def token_seconds(self) -> int:
        """How long `token` lives, as long as a session at most. Raises ValueError where JWT_EXPIRES_IN is no time."""
        found = _LIFETIME.fullmatch(self.jwt_expires_in)
        if found is None:
            raise ValueError("JWT_EXPIRES_IN must be seconds, or a number with s, m, h or d behind it, as 7d")
        # Clients of that system count in hours.
        bare = "h" if self.dialect == "skype" else "s"
        return min(int(found["number"]) * _UNITS[found["unit"] or bare], self.refresh_token_seconds)

    def dialect_of(self, host: str) -> str:
        """The dialect that is spoken on this host without being asked for; empty where it is our own words."""
        name = host.lower().partition(":")[0]
        return dict(entry.lower().split("=", 1) for entry in self.dialect_hosts).get(name, self.dialect)


_DAY = 24 * 60 * 60
_LIFETIME = re.compile(r"(?P<number>[0-9]{1,12})(?P<unit>[smhd]?)")
_ICE_URL = r"(?:stun|turns?):[^\s|=?,]+(?:\?transport=(?:udp|tcp))?"
_ICE_SERVER = re.compile(rf"{_ICE_URL}(?:\|{_ICE_URL})*(?:=[1-9][0-9]{{0,3}})?")
_HTTP_URL = re.compile(r"(?:https?://[^\s/?#@]+(?:/[^\s?#]*)?)?")
_QUEUE = re.compile(r"(?:https?://[^\s/?#@]+/[0-9]{12}/[A-Za-z0-9_-]{1,80})?")
_CONTACT = re.compile(r"(?:mailto:[^\s@]+@[^\s@]+|https://\S+)?")
_HOST = re.compile(r"(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*)?")
_REGION = re.compile(r"(?:[a-z]{2}(?:-[a-z]+)+-[0-9])?")
_UNITS = {"s": 1, "m": 60, "h": 60 * 60, "d": _DAY}
_SQS_DELAY = 15 * 60  # SQS holds back a message no longer
_PRESIGNED = 7 * _DAY  # a signature in a URL or a form lives no longer
_MOST = 2**53 - 1  # what JSON carries as a whole number

# An allowance of none has no time after which one comes back; PostgreSQL counts times in microseconds, of which a
# minute has 60,000,000. Registrations are six times the logins.
_RATES = {
    **dict.fromkeys(
        ("sends_http", "sends_socket", "edits", "reactions", "searches", "calls", "key_claims", "device_sends"),
        (1, 60_000_000),
    ),
    **dict.fromkeys(("call_changes", "call_signals"), (1, 60_000_000)),
    "uploads_an_hour": (1, 60_000_000),
    "logins": (1, 10_000_000),
}
# From and to which a number works. Each field that is a whole number is named here or among the rates.
RANGES: dict[str, tuple[int, int]] = {
    **_RATES,
    "access_token_seconds": (1, 365 * _DAY),
    "refresh_token_seconds": (1, 3650 * _DAY),
    "refresh_grace_seconds": (0, _DAY),
    "ticket_seconds": (1, 60 * 60),
    "dialect_password_length": (1, 72),
    # bcrypt knows 4 to 31. One more doubles the time, and API Gateway waits 29 seconds for an answer.
    "bcrypt_cost": (4, 16),
    # One push names all who must hear it, and SQS stores 256 KB.
    "group_size": (2, 10_000),
    "upload_size": (1, 5 * 1024**3),  # S3 takes no more by one form
    "upload_seconds": (0, _PRESIGNED),
    "large_upload_size": (1, 1024**4),  # by a thousand parts, of which S3 takes 5 GB each
    "large_upload_seconds": (60, _DAY),  # then the bucket's lifecycle deletes the parts
    "upload_quota": (0, _MOST),
    "download_seconds": (0, _PRESIGNED),
    "scan_again_seconds": (60, _DAY),  # then the file is given up
    "inline_publish_limit": (0, 10_000),
    # The function that waits for the answer runs for two minutes at most.
    "assistant_seconds": (5, 110),
    "assistant_user_tokens": (1, _MOST),
    "assistant_tokens": (1, _MOST),
    # API Gateway closes a socket that is silent for 600 seconds, and every socket after 7,200.
    "heartbeat_seconds": (0, 590),
    "connection_seconds": (1, 2 * 60 * 60),
    "index_seconds": (0, _SQS_DELAY),
    "login_seconds": (1, _SQS_DELAY),
    # API Gateway waits 29 seconds for an answer.
    "poll_seconds": (1, 25),
    "presence_debounce_seconds": (0, _SQS_DELAY),
    "presence_retell_seconds": (1, _SQS_DELAY),
    "shed_level": (0, 3),
    "shed_wait_seconds": (1, 60 * 60),
    "health_seconds": (0, 60 * 60),
    "turn_seconds": (60, _DAY),
    "call_ring_seconds": (5, 10 * 60),
    "call_grace_seconds": (0, 10 * 60),
    "room_size": (5, 250),  # Chime lets no more into a meeting
}
_LONGEST_NUMBER = 30
_CHOICES: dict[object, tuple[str, ...]] = {LogLevel: LOG_LEVELS, DialectName: DIALECTS}
_installed: list[Settings] = []


def settings() -> Settings:
    """The settings in force, read from the environment at the first call."""
    if not _installed:
        _installed.append(from_environment())
    return _installed[0]


def use(replacement: Settings) -> None:
    """Puts other settings in force in this process: for the local stack and for tests."""
    _installed[:] = [replacement]


def trace_of_invocation() -> str:
    """The X-Ray header of the running invocation, which Lambda's runtime sets anew for each; empty elsewhere."""
    return os.environ.get("_X_AMZN_TRACE_ID", "")


def from_environment() -> Settings:
    """Settings from environment variables: each field in upper case, where AWS has no name of its own for it.

    Raises ValueError that names the variable whose value is not of its type, or is out of its range.
    """
    given: dict[str, object] = {}
    for field in msgspec.structs.fields(Settings):
        name = VARIABLES.get(field.name, field.name.upper())
        text = os.environ.get(name)
        if text:
            given[field.name] = _parse(name, text, field.type)
    return Settings(**given)  # type: ignore[arg-type]  # each value was parsed to its field's own type


# Fields whose variable is not the field's name in upper case.
VARIABLES = {
    "region": "AWS_REGION",
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
    "function_name": "AWS_LAMBDA_FUNCTION_NAME",
}


def _parse(name: str, text: str, kind: object) -> object:
    if kind is bool:
        if text.lower() not in {"on", "off"}:
            raise ValueError(f"{name} must be on or off")
        return text.lower() == "on"
    if kind is int:
        # Python refuses to read a number of thousands of digits, without naming the variable.
        if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
            raise ValueError(f"{name} must be a whole number")
        return int(text)
    if kind in _CHOICES:
        chosen = next((choice for choice in _CHOICES[kind] if choice.lower() == text.lower()), None)
        if chosen is None:
            raise ValueError(f"{name} must be one of {', '.join(_CHOICES[kind])}")
        return chosen
    if kind == tuple[str, ...]:
        parts = tuple(part.strip() for part in text.split(",") if part.strip())
        if not parts:
            raise ValueError(f"{name} must have values between its commas")
        return parts
    return text
