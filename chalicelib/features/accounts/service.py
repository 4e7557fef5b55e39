"""The rules of registering, logging in and sessions.

Nothing here tells whether a name is known: an unknown one and a wrong password take the same time, the same words and
the same allowance. Only registering has to say that a name is taken.
"""

import msgspec

from chalicelib.core import context, idempotency, mail, ratelimit, tokens
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    Banned,
    EmailTaken,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    RefreshRefused,
    SecondFactorNeeded,
    UsernameTaken,
    WrongCredentials,
)
from chalicelib.core.http import Request
from chalicelib.core.ids import Id, Timestamp
from chalicelib.core.paging import Page, cut, read_cursor, write_cursor
from chalicelib.core.ratelimit import Policy
from chalicelib.features.accounts import (
    letters,
    one_time,
    passwords,
    refresh,
    second_factor,
    session_store,
    store,
    usernames,
)
from chalicelib.features.accounts.refresh import RefreshToken
from chalicelib.features.accounts.schemas import (
    Admission,
    Credentials,
    Registration,
    SessionList,
    Ticket,
    Verification,
)
from chalicelib.features.people import service as people
from chalicelib.realtime import publish
from chalicelib.realtime.people import User

# A whole office or school may register from one address.
_REGISTRATIONS_PER_LOGIN = 6


def register(asked: Registration, request: Request) -> tuple[Admission, dict[str, str]]:
    """Makes an account and logs it in; answers with the RateLimit headers. With an Idempotency-Key, once.

    Raises InvalidInput, RateLimited, UsernameTaken, EmailTaken, IdempotencyKeyReused.
    """
    key = request.idempotency_key
    if key is not None:
        idempotency.check_usable(key)
    # Nobody but who made the account can ask with its password again, and so they are given its very session.
    possible = [refresh.first()] if key is None else refresh.firsts(f"{key}\n".encode() + msgspec.json.encode(asked))
    asked = msgspec.structs.replace(asked, username=usernames.normal(asked.username))
    policy = Policy(name="registrations", quota=settings().logins * _REGISTRATIONS_PER_LOGIN)
    names = store.try_names(asked, request, policy)
    ratelimit.refuse_unless_allowed(policy, names)
    headers = ratelimit.headers(policy, names)
    try:
        if names.username_taken:
            raise UsernameTaken()
        if names.email_taken:
            raise EmailTaken()
        letter_token = one_time.new() if asked.email and mail.is_on() else None
        opened = store.register(asked, passwords.hashed(asked.password), possible[0], request, letter_token)
    except (UsernameTaken, EmailTaken):
        admission = None if key is None else _registered(asked.username, key, possible, request)
        if admission is None:
            raise
        return admission, idempotency.replayed(headers)
    if asked.email and letter_token:
        mail.send(letters.with_token("verify", asked.email, letter_token.text))
    return _admission(opened.session_id, opened.profile, possible[0]), headers


def _registered(username: str, key: str, possible: list[RefreshToken], request: Request) -> Admission | None:
    """The admission of a registration that is repeated, None where it is not or where its session went on.

    It takes from the name's logins: whoever knows the key could try out passwords here as well.
    """
    logins = _logins()
    allowance, _ = store.try_login(username, request, logins)
    ratelimit.refuse_unless_allowed(logins, allowance)
    known = store.registered(username, key, possible)
    if known is None:
        return None
    if not known.is_same:
        raise IdempotencyKeyReused()
    token = next((one for one in possible if one.hash == known.refresh_hash), None)
    if known.session_id is None or token is None:
        return None
    return _admission(known.session_id, known.profile, token)


def log_in(given: Credentials, request: Request) -> tuple[Admission, dict[str, str]]:
    """Opens a session; answers with the RateLimit headers.

    Raises InvalidInput, RateLimited, WrongCredentials, Banned, SecondFactorNeeded, WrongCode.
    """
    account, headers = authenticate(given, request)
    refuse_if_banned(account)
    if account.secret is not None:
        if given.code is None:
            raise SecondFactorNeeded(headers=headers)
        second_factor.check_code(account.user_id, account.secret, given.code)
    outdated = passwords.is_outdated(account.password_hash)
    admission = admitted(account, request, upgraded=passwords.hashed(given.password) if outdated else None)
    if admission is None:
        raise WrongCredentials(headers=headers)
    return admission, headers


def admitted(account: store.Account, request: Request, *, upgraded: str | None = None) -> Admission | None:
    """A session for who has shown that the account is theirs, and a letter where their device is new.

    None where the account's password was changed meanwhile, or a second factor turned on.
    """
    token = refresh.first()
    opened = store.open_session(account, upgraded=upgraded, token=token, request=request)
    if opened is None:
        return None
    admission = _admission(opened.session_id, opened.profile, token)
    if opened.is_new_device and admission.user.email and mail.is_on():
        mail.send(letters.of_new_device(admission.user.email, request))
    return admission


def authenticate(given: Credentials, request: Request) -> tuple[store.Account, dict[str, str]]:
    """The account that a name and its password speak for, and the RateLimit headers of log-ins.

    Raises InvalidInput, RateLimited, WrongCredentials.
    """
    name = given.username or given.email
    if not name:
        raise InvalidInput.at("username", "missing", "is required, or an email address in its place")
    policy = _logins()
    allowance, account = store.try_login(usernames.normal(name), request, policy)
    ratelimit.refuse_unless_allowed(policy, allowance)
    headers = ratelimit.headers(policy, allowance)
    fits = passwords.matches(given.password, account.password_hash if account else None)
    if account is None or not fits:
        raise WrongCredentials(headers=headers)
    return account, headers


def refuse_if_banned(account: store.Account) -> None:
    """Raises Banned, with the reason, where a ban of the account is in force."""
    if account.ban is not None:
        raise _banned(account.ban)


class _Ban(msgspec.Struct, frozen=True):
    reason: str
    until: Timestamp | None


def _banned(written: str) -> Banned:
    ban = msgspec.json.decode(written, type=_Ban)
    if ban.until is None:
        return Banned("This account is banned. The reason: {reason}", values={"reason": ban.reason})
    values = {"reason": ban.reason, "until": ban.until}
    return Banned("This account is banned until {until}. The reason: {reason}", values=values)


def _logins() -> Policy:
    return Policy(name="logins", quota=settings().logins)


def renew(refresh_token: str) -> Admission:
    """The next refresh token, and an access token with it. Raises RefreshRefused."""
    token = refresh.read(refresh_token)
    if token is None:
        raise RefreshRefused()
    successors = token.successors()
    session = store.refresh(token, successors[0])
    if session is None:
        raise RefreshRefused()
    if not session.is_newest and not session.is_repeated:
        if token.is_ours:
            publish.end_session(user_id=session.user_id, session_ids=[session.session_id])
            # The refusal below would drop what waits for the commit; this end is committed.
            context.current().committed()
        raise RefreshRefused()
    successor = next((one for one in successors if one.hash == session.refresh_hash), None)
    if successor is None:  # derived from a secret that this deployment does not know
        raise RefreshRefused()
    return _admission(session.session_id, session.profile, successor)


def log_out(actor: Actor, refresh_token: str | None) -> None:
    """Ends the actor's session, and that of the refresh token, where it is another one of theirs."""
    token = refresh.read(refresh_token) if refresh_token else None
    publish.end_session(user_id=actor.user_id, session_ids=session_store.log_out(actor, token))


def log_out_all(actor: Actor) -> None:
    """Ends all of the actor's sessions, this one included."""
    publish.end_session(user_id=actor.user_id, session_ids=session_store.log_out_all(actor))


def verify(actor: Actor) -> Verification:
    """Who the access token speaks for. Raises SessionEnded."""
    return Verification(valid=True, user=people.me(actor))


def sessions(actor: Actor, page: Page) -> SessionList:
    """Where the actor is logged in, the newest session first."""
    key = read_cursor(page.cursor, tuple[Id])
    rows = session_store.sessions(actor, before=key[0] if key else None, limit=page.limit + 1)
    found, more = cut(rows, page.limit)
    return SessionList(sessions=found, has_more=more, next_cursor=write_cursor(found[-1].id) if more else None)


def end_session(actor: Actor, session_id: int) -> None:
    """Ends one of the actor's sessions; again is as once. Raises NotFound."""
    if not session_store.end_session(actor, session_id):
        raise NotFound("You have no such session.")
    publish.end_session(user_id=actor.user_id, session_ids=[session_id])


def socket_ticket(actor: Actor) -> Ticket:
    """A ticket that opens one socket; that it does so once is seen to where it is used. Raises SessionEnded."""
    session_store.require_session(actor)
    ticket, seconds = tokens.issue(actor, "ticket")
    return Ticket(ticket=ticket, expires_in=seconds)


def _admission(session_id: int, profile: str, token: RefreshToken) -> Admission:
    user = msgspec.json.decode(profile, type=User)
    actor = Actor(user_id=user.id, session_id=session_id)
    access_token, seconds = tokens.issue(actor, "access")
    lasting, _ = tokens.issue(actor, "access", seconds=settings().token_seconds)
    return Admission(
        user=user, access_token=access_token, refresh_token=token.text, token=lasting, expires_in=seconds
    )
