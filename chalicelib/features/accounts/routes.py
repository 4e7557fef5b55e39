"""Accounts and sessions over HTTP."""

from msgspec import UNSET

from chalicelib.core.context import Actor
from chalicelib.core.errors import EmailTaken, NotFound, RateLimited, RefreshRefused, UsernameTaken, WrongCredentials
from chalicelib.core.http import Reply, Request, Routes
from chalicelib.core.ids import Id
from chalicelib.core.paging import Page
from chalicelib.features.accounts import service
from chalicelib.features.accounts.schemas import (
    Admission,
    Credentials,
    LogoutRequest,
    RefreshRequest,
    Registration,
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


@routes.post("/auth/login", refuses=(WrongCredentials, RateLimited))
def log_in(body: Credentials, request: Request) -> Reply[Admission]:
    """Logs in by username or email address."""
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
