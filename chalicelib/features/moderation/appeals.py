"""Appeals of users against their warnings, mutes and bans. Each is a report in the moderators' queue."""

from typing import LiteralString

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.http import Request
from chalicelib.features.accounts import service as accounts
from chalicelib.features.accounts.schemas import Credentials
from chalicelib.features.moderation.reports import Filed, FiledOutcome, settled_report
from chalicelib.features.moderation.schemas import BanAppeal


def appeal(actor: Actor, sanction_id: int, comment: str) -> Filed:
    """Appeals against a sanction of the actor's own, once. Raises NotFound, RateLimited."""
    return _file(actor.user_id, sanction_id, comment, actor=actor)


def appeal_against_ban(given: BanAppeal, request: Request) -> Filed:
    """Appeals against the ban that keeps an account from logging in, once.

    It takes from the logins of the account and of the address, so that nobody tries passwords here instead. Raises
    InvalidInput, WrongCredentials, NotFound where there is no ban, RateLimited.
    """
    named = Credentials(username=given.username, email=given.email, password=given.password)
    account, _ = accounts.authenticate(named, request)
    return _file(account.user_id, None, given.comment)


_FILE: LiteralString = """
SELECT * FROM file_appeal(%(user_id)s, %(sanction_id)s::bigint, %(comment)s, %(burst)s::integer)
"""


def _file(user_id: int, sanction_id: int | None, comment: str, actor: Actor | None = None) -> Filed:
    values = {"user_id": user_id, "sanction_id": sanction_id, "comment": comment}
    return settled_report(lambda burst: db.the(FiledOutcome, _FILE, {**values, "burst": burst}, actor=actor))
