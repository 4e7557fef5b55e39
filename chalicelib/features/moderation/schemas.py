"""What moderation takes and answers."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.faults import TOLD
from chalicelib.core.ids import Id, Timestamp
from chalicelib.core.paging import Page
from chalicelib.features.assistant.schemas import AnswerState
from chalicelib.realtime.people import AccountRole
from chalicelib.realtime.shapes import Naming, Users

AccountState = Annotated[
    Literal["active", "muted", "banned", "leaving", "deleted"],
    Meta(title="AccountState"),
]
AccountText = Annotated[
    str,
    Meta(
        max_length=100,
        pattern=r"\S",
        description="a part of a username or name; for admins also a whole email address",
        extra={TOLD: "must have a visible character"},
    ),
]


Moment = Annotated[datetime, Meta(tz=True)]
SanctionKind = Annotated[Literal["warning", "mute", "ban"], Meta(title="SanctionType")]
Explanation = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        pattern=r"\S",
        description="the user reads it",
        extra={TOLD: "must have a visible character"},
    ),
]


ReportState = Annotated[Literal["open", "assigned", "decided"], Meta(title="ReportStage")]
ReportDecision = Annotated[Literal["upheld", "dismissed"], Meta(title="ReportVerdict")]


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of an appeal. One that was upheld has lifted what it was against."""

    state: ReportState
    decision: ReportDecision | None


class Sanction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a moderator has done to a user. A warning has no end and is not in force."""

    id: Id
    kind: SanctionKind
    reason: str
    until: Timestamp | None
    created_at: Timestamp
    lifted_at: Timestamp | None
    is_in_force: bool
    appeal: Annotated[Appeal | None, Meta(description="null where the user has not appealed against it")]


class SanctionList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of what moderators have done to a user."""

    sanctions: list[Sanction]
    has_more: bool
    next_cursor: str | None


class WarningInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to warn a user of."""

    reason: Explanation


class SanctionInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Why, and until when; for good where that is not said."""

    reason: Explanation
    until: Moment | None = None


class Removal(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Why a message is deleted."""

    reason: Annotated[str, Meta(max_length=500, description="why; for the audit trail")] = ""


class ManagedAccount(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A user as moderators see them; admins with the `email`."""

    id: Id
    username: str
    email: str | UnsetType | None = UNSET
    display_name: str
    first_name: str
    last_name: str
    avatar_url: str | None
    role: AccountRole
    state: AccountState
    created_at: Timestamp
    last_seen_at: Timestamp | None
    delete_after: Timestamp | None
    sanctions: list[Sanction]


class AccountList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of accounts."""

    users: list[ManagedAccount]
    has_more: bool
    next_cursor: str | None


class AccountQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which accounts; all of them where nothing is said."""

    q: AccountText | None = None
    role: Annotated[AccountRole | None, Meta(description="only accounts with this role")] = None
    state: Annotated[AccountState | None, Meta(description="only accounts in this state")] = None


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Another role for a user."""

    role: AccountRole


AuditSubjectKind = Annotated[
    Literal["user", "message", "chat", "report", "audit", "rule", "held", "webhook"],
    Meta(
        title="AuditSubjectKind",
        description="`rule` is one on words, `held` a message that one held, `audit` the trail itself",
    ),
]
Action = Annotated[str, Meta(max_length=50)]


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One act: who did what, to whom or what, when and from where."""

    id: Id
    happened_at: Timestamp
    action: str
    actor_id: Id | None
    subject_kind: AuditSubjectKind
    subject_id: Id
    details: dict[str, Any]
    address: str
    request_id: str


class AuditList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the audit trail."""

    entries: list[AuditEntry]
    users: Users
    has_more: bool
    next_cursor: str | None


class AuditQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which acts; all of them where nothing is said."""

    actor: Annotated[Id | None, Meta(description="only what the user with this id did")] = None
    subject: Annotated[Id | None, Meta(description="only what was done to the one with this id")] = None
    subject_kind: Annotated[AuditSubjectKind | None, Meta(description="only what was done to such")] = None
    action: Annotated[Action | None, Meta(description="only acts of this name")] = None
    since: Annotated[Moment | None, Meta(description="only acts at this time or later, inclusive")] = msgspec.field(
        name="from", default=None
    )
    until: Annotated[Moment | None, Meta(description="only acts before this time, exclusive")] = msgspec.field(
        name="to", default=None
    )


ReportSubject = Annotated[Literal["message", "user", "chat"], Meta(title="ReportSubject")]
Reported = Annotated[
    Literal["message", "user", "chat", "sanction"],
    Meta(title="ReportedKind", description="`sanction` is a warning, mute or ban that its user appeals against"),
]
ReportReason = Annotated[
    Literal["spam", "harassment", "violence", "sexual", "illegal", "other"], Meta(title="ReportGround")
]
Remark = Annotated[str, Meta(max_length=1000)]
Plea = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1000,
        pattern=r"\S",
        description="what moderators should know",
        extra={TOLD: "must have a visible character"},
    ),
]


class ReportInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to report to the moderators, and why."""

    subject_kind: ReportSubject
    subject_id: Id
    reason: ReportReason
    comment: Remark = ""


class AppealInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Why a warning, mute or ban should be taken back."""

    comment: Plea


class BanAppeal(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whose ban should be taken back, and why. Whoever is banned has no session, so the password speaks for them."""

    username: Annotated[str, Meta(max_length=254, description="an email address is taken here too")] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    password: str
    comment: Plea


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A report as its reporter sees it."""

    id: Id
    subject_kind: Reported
    subject_id: Id
    reason: ReportReason
    comment: str
    state: ReportState
    decision: ReportDecision | None
    created_at: Timestamp


class ReportOpinion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the assistant thinks of a message that a rule on words has reported."""

    state: AnswerState
    text: Annotated[str | None, Meta(description="`fine`, `unclear` or `harmful`, and why; null until it is `done`")]


class ManagedReport(Naming, frozen=True, kw_only=True, rename="camel"):
    """A report as moderators see it."""

    id: Id
    subject_kind: Reported
    subject_id: Id
    reason: ReportReason
    comment: str
    state: ReportState
    decision: ReportDecision | None
    created_at: Timestamp
    reporter_id: Annotated[Id | None, Meta(description="null where a rule on words has made it")]
    user_id: Id | None
    chat_id: Id | None
    content: str | None
    phrase: Annotated[str | None, Meta(description="what a rule on words has found")]
    opinion: Annotated[
        ReportOpinion | None, Meta(description="null where no rule made the report, or there is no assistant")
    ] = None
    assignee_id: Id | None
    note: str
    decided_by: Id | None
    decided_at: Timestamp | None


class ReportList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of reports."""

    reports: list[ManagedReport]
    users: Users
    has_more: bool
    next_cursor: str | None


class ReportQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which reports; all of them where nothing is said."""

    state: Annotated[ReportState | None, Meta(description="only reports in this state")] = None
    assignee: Annotated[Id | None, Meta(description="only reports that are assigned to the user with this id")] = None
    user: Annotated[Id | None, Meta(description="only reports that accuse the user with this id")] = None


class ReportChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who looks at a report, or what was decided; what is absent stays."""

    assignee_id: Id | UnsetType | None = UNSET
    decision: ReportDecision | UnsetType = UNSET
    note: Remark | UnsetType = UNSET


WordAction = Annotated[
    Literal["refuse", "hide", "report"],
    Meta(title="WordAction", description="`hide` keeps a message from all others until somebody has looked at it"),
]
HeldState = Annotated[Literal["waiting", "approved", "deleted"], Meta(title="HeldState")]
Phrase = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        pattern=r"\S",
        description="a word, or several; with a * at its end or before it, also as a part of words",
        extra={TOLD: "must have a visible character"},
    ),
]


class WordRuleInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to look for in messages, and what becomes of one that has it."""

    phrase: Phrase
    action: WordAction


class WordRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule on words."""

    id: Id
    chat_id: Annotated[Id | None, Meta(description="null where it holds in all chats")]
    phrase: str
    action: WordAction
    created_by: Id | None
    created_at: Timestamp


class WordRuleList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of rules on words."""

    rules: list[WordRule]
    has_more: bool
    next_cursor: str | None


class HeldMessage(Naming, frozen=True, kw_only=True, rename="camel"):
    """A message that nobody but its sender has seen, until somebody decides."""

    id: Id
    chat_id: Id
    user_id: Id
    content: Annotated[
        str, Meta(description="all that it says, with names and captions of files, and options of polls")
    ]
    phrase: Annotated[str, Meta(description="what was found in it")]
    by_chat: Annotated[bool, Meta(description="a rule of the chat found it: its admins may decide too")]
    state: HeldState
    decided_by: Id | None
    decided_at: Timestamp | None
    created_at: Timestamp


class HeldList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of messages that wait, or waited."""

    messages: list[HeldMessage]
    users: Users
    has_more: bool
    next_cursor: str | None


class HeldQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which messages that a rule has held."""

    state: Annotated[
        HeldState | None, Meta(description="only those in this state; those that wait where it is absent")
    ] = None


class HeldDecision(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whether to send a message that waits, or to delete it."""

    decision: Annotated[Literal["approved", "deleted"], Meta(title="HeldVerdict")]
