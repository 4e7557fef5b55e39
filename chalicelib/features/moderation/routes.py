"""Accounts, sanctions, reports and the audit trail over HTTP."""

from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    Blocked,
    Forbidden,
    Gone,
    HeldDecided,
    Muted,
    NotAGroup,
    NotFound,
    NotYourself,
    RateLimited,
    ReportDecided,
    RequestDeclined,
    TooManyRules,
    UnknownMention,
    UnknownReply,
    UnknownUser,
    UnusableAttachment,
    WrongCredentials,
)
from chalicelib.core.http import Reply, Request, Routes
from chalicelib.core.ids import Id
from chalicelib.core.paging import Page
from chalicelib.features.messages import delete
from chalicelib.features.moderation import accounts, appeals, audit, held, reports, sanctions, words
from chalicelib.features.moderation.schemas import (
    AccountChange,
    AccountList,
    AccountQuery,
    AppealInput,
    AuditList,
    AuditQuery,
    BanAppeal,
    HeldDecision,
    HeldList,
    HeldMessage,
    HeldQuery,
    ManagedAccount,
    ManagedReport,
    Removal,
    Report,
    ReportChange,
    ReportInput,
    ReportList,
    ReportQuery,
    SanctionInput,
    SanctionList,
    WarningInput,
    WordRule,
    WordRuleInput,
    WordRuleList,
)

routes = Routes("moderation")

_JUDGING = (NotFound, NotYourself, Forbidden)
_TENDING = (NotFound, NotAGroup, Forbidden)
# Approving sends: what stood in its way since the message was held is told as sending tells it.
_DECIDING = (
    *_JUDGING,
    HeldDecided,
    Gone,
    Blocked,
    Muted,
    RequestDeclined,
    UnknownReply,
    UnknownMention,
    UnknownUser,
    UnusableAttachment,
)


@routes.get("/admin/users", needs="moderator")
def list_accounts(actor: Actor, query: AccountQuery) -> AccountList:
    """All accounts in the order of registration, or those that are looked for."""
    return accounts.accounts(actor, query)


@routes.get("/admin/users/{user_id}", needs="moderator", refuses=(NotFound,))
def get_account(actor: Actor, user_id: Id) -> ManagedAccount:
    """One account."""
    return accounts.account(actor, user_id)


@routes.patch("/admin/users/{user_id}", needs="admin", refuses=(NotFound, NotYourself))
def change_account(actor: Actor, user_id: Id, body: AccountChange) -> ManagedAccount:
    """Gives a user another role, which counts at once; again is as once."""
    return accounts.change_role(actor, user_id, body.role)


@routes.get("/admin/users/{user_id}/sanctions", needs="moderator", refuses=(NotFound,))
def list_sanctions(actor: Actor, user_id: Id, query: Page) -> SanctionList:
    """What moderators have done to a user, the newest first."""
    return sanctions.sanctions(actor, user_id, query)


@routes.post("/admin/users/{user_id}/warnings", status=201, creates=True, needs="moderator", refuses=_JUDGING)
def warn_user(actor: Actor, user_id: Id, body: WarningInput) -> ManagedAccount:
    """Warns a user, who reads it among the own sanctions."""
    return sanctions.sanction(actor, user_id, "warning", body.reason)


@routes.put("/admin/users/{user_id}/mute", needs="moderator", refuses=_JUDGING)
def mute_user(actor: Actor, user_id: Id, body: SanctionInput) -> ManagedAccount:
    """Keeps a user from writing in any chat, in place of an earlier mute."""
    return sanctions.sanction(actor, user_id, "mute", body.reason, body.until)


@routes.delete("/admin/users/{user_id}/mute", status=200, needs="moderator", refuses=_JUDGING)
def unmute_user(actor: Actor, user_id: Id) -> ManagedAccount:
    """Lets a user write again; again is as once."""
    return sanctions.lift(actor, user_id, "mute")


@routes.put("/admin/users/{user_id}/ban", needs="moderator", refuses=_JUDGING)
def ban_user(actor: Actor, user_id: Id, body: SanctionInput) -> ManagedAccount:
    """Ends all sessions and sockets of a user, and refuses log-ins, in place of an earlier ban."""
    return sanctions.sanction(actor, user_id, "ban", body.reason, body.until)


@routes.delete("/admin/users/{user_id}/ban", status=200, needs="moderator", refuses=_JUDGING)
def unban_user(actor: Actor, user_id: Id) -> ManagedAccount:
    """Lets a user log in again; again is as once."""
    return sanctions.lift(actor, user_id, "ban")


@routes.get("/users/me/sanctions")
def list_own_sanctions(actor: Actor, query: Page) -> SanctionList:
    """One's own warnings, mutes and bans, the newest first."""
    return sanctions.sanctions(actor, actor.user_id, query)


@routes.post(
    "/users/me/sanctions/{sanction_id}/appeal",
    status=201,
    creates=True,
    also=(200,),
    refuses=(NotFound, RateLimited),
)
def appeal(actor: Actor, sanction_id: Id, body: AppealInput) -> Reply[Report]:
    """Asks the moderators to take back a warning or mute of one's own; 200 with an earlier appeal."""
    return _filed(appeals.appeal(actor, sanction_id, body.comment))


@routes.post("/auth/appeal", refuses=(WrongCredentials, NotFound, RateLimited))
def appeal_against_ban(body: BanAppeal, request: Request) -> Reply[Report]:
    """Asks the moderators to take back the ban of one's account; again answers the earlier appeal."""
    filed = appeals.appeal_against_ban(body, request)
    return Reply(body=filed.report, status=200, headers=filed.headers)


@routes.delete("/admin/messages/{message_id}", needs="moderator", refuses=(NotFound, Forbidden))
def remove_message(actor: Actor, message_id: Id, query: Removal) -> None:
    """Deletes a message for everyone, as a moderator who need not be in its chat; again is as once."""
    delete.remove(actor, message_id, query.reason)


@routes.post("/reports", status=201, creates=True, also=(200,), refuses=(NotFound, NotYourself, RateLimited))
def file_report(actor: Actor, body: ReportInput) -> Reply[Report]:
    """Reports a message, a user or a chat to the moderators; 200 with the earlier report where there is one."""
    return _filed(reports.file(actor, body))


def _filed(filed: reports.Filed) -> Reply[Report]:
    return Reply(body=filed.report, status=201 if filed.is_new else 200, headers=filed.headers)


@routes.get("/admin/reports", needs="moderator")
def list_reports(actor: Actor, query: ReportQuery) -> ReportList:
    """The queue of reports, the oldest first."""
    return reports.reports(actor, query)


@routes.get("/admin/reports/{report_id}", needs="moderator", refuses=(NotFound,))
def get_report(actor: Actor, report_id: Id) -> ManagedReport:
    """One report."""
    return reports.report(actor, report_id)


@routes.patch(
    "/admin/reports/{report_id}",
    needs="moderator",
    refuses=(NotFound, UnknownUser, NotYourself, Forbidden, ReportDecided),
)
def change_report(actor: Actor, report_id: Id, body: ReportChange) -> ManagedReport:
    """Assigns a report to a moderator, or decides it, once; again is as once."""
    return reports.change(actor, report_id, body)


@routes.get("/admin/audit", needs="admin")
def list_acts(actor: Actor, query: AuditQuery) -> AuditList:
    """What users did that concerns security, and all that moderators and admins did, the newest first."""
    return audit.entries(actor, query)


@routes.get("/admin/word-rules", needs="moderator")
def list_word_rules(actor: Actor, query: Page) -> WordRuleList:
    """The rules on words of the whole service."""
    return words.rules(actor, None, query)


@routes.post("/admin/word-rules", status=201, creates=True, also=(200,), needs="moderator", refuses=(TooManyRules,))
def set_word_rule(actor: Actor, body: WordRuleInput) -> Reply[WordRule]:
    """Makes a rule on words of the whole service; 200 where it was there."""
    rule, is_new = words.set_rule(actor, None, body)
    return Reply(body=rule, status=201 if is_new else 200)


@routes.delete("/admin/word-rules/{rule_id}", needs="moderator", refuses=(NotFound,))
def remove_word_rule(actor: Actor, rule_id: Id) -> None:
    """Takes back a rule on words of the whole service."""
    words.remove_rule(actor, None, rule_id)


@routes.get("/admin/held-messages", needs="moderator")
def list_held_messages(actor: Actor, query: HeldQuery) -> HeldList:
    """Messages that rules on words hold, the oldest first."""
    return held.waiting(actor, None, query)


@routes.patch("/admin/held-messages/{held_id}", needs="moderator", refuses=_DECIDING)
def decide_held_message(actor: Actor, held_id: Id, body: HeldDecision) -> HeldMessage:
    """Sends a message that waits, or deletes it; again is as once."""
    return held.decide(actor, None, held_id, body)


@routes.get("/chats/{chat_id}/word-rules", refuses=_TENDING)
def list_chat_word_rules(actor: Actor, chat_id: Id, query: Page) -> WordRuleList:
    """The rules on words of a group, for its owners and admins."""
    return words.rules(actor, chat_id, query)


@routes.post("/chats/{chat_id}/word-rules", status=201, creates=True, also=(200,), refuses=(*_TENDING, TooManyRules))
def set_chat_word_rule(actor: Actor, chat_id: Id, body: WordRuleInput) -> Reply[WordRule]:
    """Makes a rule on words of a group, for its owners and admins; 200 where it was there."""
    rule, is_new = words.set_rule(actor, chat_id, body)
    return Reply(body=rule, status=201 if is_new else 200)


@routes.delete("/chats/{chat_id}/word-rules/{rule_id}", refuses=_TENDING)
def remove_chat_word_rule(actor: Actor, chat_id: Id, rule_id: Id) -> None:
    """Takes back a rule on words of a group, for its owners and admins."""
    words.remove_rule(actor, chat_id, rule_id)


@routes.get("/chats/{chat_id}/held-messages", refuses=_TENDING)
def list_chat_held_messages(actor: Actor, chat_id: Id, query: HeldQuery) -> HeldList:
    """Messages that a group's own rules hold, for its owners and admins, the oldest first."""
    return held.waiting(actor, chat_id, query)


@routes.patch("/chats/{chat_id}/held-messages/{held_id}", refuses=(*_DECIDING, NotAGroup))
def decide_chat_held_message(actor: Actor, chat_id: Id, held_id: Id, body: HeldDecision) -> HeldMessage:
    """Sends a message that waits, or deletes it, as an owner or admin of its group; again is as once."""
    return held.decide(actor, chat_id, held_id, body)
