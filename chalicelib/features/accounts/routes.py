"""Accounts and sessions over HTTP."""

from msgspec import UNSET

from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    Banned,
    EmailTaken,
    LastAdmin,
    LetterExpired,
    MailOff,
    NoEmail,
    NotFound,
    PasskeyKnown,
    PasskeyRefused,
    RateLimited,
    RefreshRefused,
    SecondFactorNeeded,
    SecondFactorOff,
    SecondFactorOn,
    TooManyPasskeys,
    UsernameTaken,
    WrongCode,
    WrongCredentials,
    WrongPassword,
)
from chalicelib.core.http import Reply, Request, Routes
from chalicelib.core.ids import Id
from chalicelib.core.paging import Page
from chalicelib.features.accounts import (
    deletion,
    emails,
    export,
    new_password,
    passkey_login,
    passkeys,
    second_factor,
    service,
)
from chalicelib.features.accounts.one_time import OneTimeToken
from chalicelib.features.accounts.passkey_schemas import (
    CreationOptions,
    NewPasskey,
    Passkey,
    PasskeyBeginning,
    PasskeyList,
    PasskeyLogin,
    PasskeyRename,
    RequestOptions,
)
from chalicelib.features.accounts.schemas import (
    Admission,
    BothProofs,
    CodeProof,
    Credentials,
    Deletion,
    EmailConfirmation,
    EmailRequest,
    Export,
    LogoutRequest,
    NewSecondFactor,
    PasswordChange,
    PasswordProof,
    PasswordReset,
    RecoveryCodeList,
    RefreshRequest,
    Registration,
    ResetRequest,
    SecondFactorState,
    SessionList,
    Ticket,
    Verification,
)

routes = Routes("accounts")


@routes.post("/auth/register", status=201, creates=True, refuses=(UsernameTaken, EmailTaken, RateLimited))
def register(body: Registration, request: Request) -> Reply[Admission]:
    """Makes an account and logs it in."""
    admission, headers = service.register(body, request)
    return Reply(body=admission, status=201, headers=headers)


@routes.post("/auth/login", refuses=(WrongCredentials, Banned, SecondFactorNeeded, WrongCode, RateLimited))
def log_in(body: Credentials, request: Request) -> Reply[Admission]:
    """Logs in by username or email address; with a code where the account has a second factor."""
    admission, headers = service.log_in(body, request)
    return Reply(body=admission, status=200, headers=headers)


@routes.post("/auth/refresh", refuses=(RefreshRefused,))
def refresh(body: RefreshRequest) -> Admission:
    """Gives the next access and refresh token; a refresh token that was used before ends the session."""
    return service.renew(body.refresh_token)


@routes.post("/auth/logout", status=204)
def log_out(actor: Actor, body: LogoutRequest) -> None:
    """Ends the session of the access token."""
    service.log_out(actor, None if body.refresh_token is UNSET else body.refresh_token)


@routes.post("/auth/logout-all", status=204)
def log_out_all(actor: Actor) -> None:
    """Ends all of one's sessions, this one included."""
    service.log_out_all(actor)


@routes.put("/auth/password", status=204, refuses=(WrongPassword, RateLimited))
def change_password(actor: Actor, body: PasswordChange) -> None:
    """Changes one's password and ends one's other sessions."""
    new_password.change(actor, body.current_password, body.new_password)


@routes.post("/auth/password/reset", status=204, refuses=(MailOff, RateLimited))
def ask_for_reset(body: ResetRequest, request: Request) -> Reply[None]:
    """Sends a letter by which a new password can be chosen, if an account has this address."""
    return Reply(body=None, status=204, headers=new_password.ask(body.email, request))


@routes.post("/auth/password/reset/confirm", status=204, refuses=(LetterExpired, RateLimited))
def reset_password(body: PasswordReset, request: Request) -> None:
    """Chooses a new password by the token of a letter, and ends all sessions."""
    new_password.reset(OneTimeToken(body.token), body.password, request)


@routes.post("/auth/email/verification", status=204, refuses=(MailOff, NoEmail, RateLimited))
def ask_for_verification(actor: Actor) -> None:
    """Sends a letter to one's own address, by which it is verified."""
    emails.ask_for_verification(actor)


@routes.put("/auth/email", status=204, refuses=(MailOff, WrongPassword, RateLimited))
def ask_for_change_of_email(actor: Actor, body: EmailRequest) -> None:
    """Sends a letter to another address, which becomes one's own when the letter's token is used."""
    emails.ask_for_change(actor, body.email, body.password)


@routes.post("/auth/email/confirm", status=204, refuses=(LetterExpired, EmailTaken))
def confirm_email(body: EmailConfirmation) -> None:
    """Uses the token of a letter: its address is the account's, and verified."""
    emails.confirm(OneTimeToken(body.token))


@routes.post("/users/me/deletion", refuses=(WrongPassword, LastAdmin, RateLimited))
def delete_account(actor: Actor, body: PasswordProof) -> Deletion:
    """Has one's account deleted after 14 days, and logs out everywhere; a log-in before that takes it back."""
    return deletion.ask(actor, body.password)


@routes.post("/users/me/export", status=202, refuses=(WrongPassword, RateLimited))
def ask_for_export(actor: Actor, body: PasswordProof) -> Export:
    """Has an archive of everything personal made in the background."""
    return export.ask(actor, body.password)


@routes.get("/users/me/export")
def export_progress(actor: Actor) -> Export:
    """Tells how far one's archive has come."""
    return export.state(actor)


@routes.get("/auth/second-factor")
def second_factor_state(actor: Actor) -> SecondFactorState:
    """Tells whether one's log-ins ask for a code."""
    return second_factor.state(actor)


@routes.post("/auth/second-factor", refuses=(WrongPassword, SecondFactorOn, RateLimited))
def begin_second_factor(actor: Actor, body: PasswordProof) -> NewSecondFactor:
    """Gives a secret for one's authenticator, which is not in force before it is confirmed."""
    return second_factor.begin(actor, body.password)


@routes.post("/auth/second-factor/confirm", refuses=(WrongCode, SecondFactorOn, SecondFactorOff, RateLimited))
def confirm_second_factor(actor: Actor, body: CodeProof) -> RecoveryCodeList:
    """Has log-ins ask for a code from now on, and tells the recovery codes, once."""
    return second_factor.confirm(actor, body.code)


@routes.post("/auth/second-factor/off", status=204, refuses=(WrongPassword, WrongCode, SecondFactorOff, RateLimited))
def turn_off_second_factor(actor: Actor, body: BothProofs) -> None:
    """Has log-ins ask for the password alone."""
    second_factor.turn_off(actor, body.password, body.code)


@routes.post("/auth/passkeys/login/options", refuses=(RateLimited,))
def begin_passkey_login(request: Request) -> Reply[RequestOptions]:
    """Gives what an authenticator is to sign for a log-in, within five minutes."""
    options, headers = passkey_login.begin(request)
    return Reply(body=options, status=200, headers=headers)


@routes.post("/auth/passkeys/login", refuses=(PasskeyRefused, Banned, RateLimited))
def log_in_by_passkey(body: PasskeyLogin, request: Request) -> Reply[Admission]:
    """Logs in by a passkey, without a name, a password or a code."""
    admission, headers = passkey_login.log_in(body.credential, request)
    return Reply(body=admission, status=200, headers=headers)


@routes.post("/auth/passkeys/options", refuses=(WrongPassword, SecondFactorNeeded, WrongCode, RateLimited))
def begin_passkey(actor: Actor, body: PasskeyBeginning) -> CreationOptions:
    """Gives what an authenticator needs to make a passkey, within five minutes."""
    return passkeys.begin(actor, body.password, body.code)


@routes.post("/auth/passkeys", status=201, creates=True, refuses=(PasskeyRefused, PasskeyKnown, TooManyPasskeys))
def add_passkey(actor: Actor, body: NewPasskey) -> Passkey:
    """Keeps the passkey that the authenticator has made: from now on it opens the account."""
    return passkeys.add(actor, body)


@routes.get("/auth/passkeys")
def list_passkeys(actor: Actor) -> PasskeyList:
    """All of one's passkeys, the oldest first."""
    return passkeys.listed(actor)


@routes.patch("/auth/passkeys/{passkey_id}", refuses=(NotFound,))
def rename_passkey(actor: Actor, passkey_id: Id, body: PasskeyRename) -> Passkey:
    """Gives one of one's passkeys another name."""
    return passkeys.rename(actor, passkey_id, body.name)


@routes.delete("/auth/passkeys/{passkey_id}", refuses=(NotFound,))
def remove_passkey(actor: Actor, passkey_id: Id) -> None:
    """Removes one of one's passkeys."""
    passkeys.remove(actor, passkey_id)


@routes.get("/auth/verify")
def verify(actor: Actor) -> Verification:
    """Tells whether the access token and its session are good, and whose they are."""
    return service.verify(actor)


@routes.get("/auth/sessions")
def list_sessions(actor: Actor, query: Page) -> SessionList:
    """Where one is logged in, the newest session first."""
    return service.sessions(actor, query)


@routes.delete("/auth/sessions/{session_id}", refuses=(NotFound,))
def end_session(actor: Actor, session_id: Id) -> None:
    """Ends one of one's own sessions and closes its sockets."""
    service.end_session(actor, session_id)


@routes.post("/ws/tickets")
def make_ticket(actor: Actor) -> Ticket:
    """A ticket that opens one socket, once, within seconds."""
    return service.socket_ticket(actor)
