"""What endpoints answer beyond what their declarations tell, for the OpenAPI document: a line each.

A test sends many kinds of input to every endpoint, and fails on an answer that is not declared here.
"""

from collections.abc import Mapping

from chalicelib.core.errors import (
    Blocked,
    ClientMessageIdReused,
    EmailTaken,
    FileTypeRefused,
    Forbidden,
    Gone,
    GroupFull,
    LastOwner,
    MessageIsDeleted,
    NotAGroup,
    NotFound,
    NotYourself,
    QuotaExceeded,
    RateLimited,
    RefreshRefused,
    TooLarge,
    TooManyReactions,
    TooManyScheduled,
    UnknownMention,
    UnknownReply,
    UnknownUser,
    UnusableAttachment,
    UploadInUse,
    UploadPending,
    UploadRefused,
    UsernameTaken,
    WrongCredentials,
)
from chalicelib.features.ops.openapi import Outcomes

_ANNOUNCING = Outcomes(refusals=(TooLarge, FileTypeRefused, QuotaExceeded, RateLimited))
_READING_A_CHAT = Outcomes(refusals=(NotFound,))
_EDITING = Outcomes(refusals=(NotFound, Forbidden, Blocked, MessageIsDeleted, UnknownMention, RateLimited))
_CHAT_CHANGE = Outcomes(refusals=(NotFound, Forbidden, Blocked, NotAGroup))
_ROLE_CHANGE = Outcomes(refusals=(NotFound, Forbidden, NotAGroup, LastOwner))
_PROFILE_CHANGE = Outcomes(refusals=(EmailTaken,))

# What the rules of the features refuse, and the other statuses of answers: what no declaration of a route tells.
OUTCOMES: Mapping[str, Outcomes] = {
    "POST /auth/register": Outcomes(refusals=(UsernameTaken, EmailTaken, RateLimited)),
    "POST /auth/login": Outcomes(refusals=(WrongCredentials, RateLimited)),
    "POST /auth/refresh": Outcomes(refusals=(RefreshRefused,)),
    "DELETE /auth/sessions/{session_id}": Outcomes(refusals=(NotFound,)),
    "PATCH /users/me": _PROFILE_CHANGE,
    "GET /users/search": Outcomes(refusals=(RateLimited,)),
    "GET /users/{user_id}": Outcomes(refusals=(NotFound,)),
    "POST /contacts": Outcomes(refusals=(NotYourself, UnknownUser, Blocked), statuses=(200,)),
    "PATCH /contacts/{user_id}": Outcomes(refusals=(NotFound,)),
    "PUT /blocks/{user_id}": Outcomes(refusals=(NotYourself, NotFound)),
    "POST /chats": Outcomes(refusals=(UnknownUser, Blocked, GroupFull), statuses=(200,)),
    "GET /chats/{chat_id}": _READING_A_CHAT,
    "GET /chats/public": Outcomes(refusals=(RateLimited,)),
    "GET /chats/{chat_id}/preview": _READING_A_CHAT,
    "PATCH /chats/{chat_id}": _CHAT_CHANGE,
    "DELETE /chats/{chat_id}": Outcomes(refusals=(NotFound, Forbidden)),
    "PATCH /chats/{chat_id}/participants/{user_id}": _ROLE_CHANGE,
    "POST /chats/{chat_id}/leave": Outcomes(refusals=(NotFound, NotAGroup, LastOwner)),
    "POST /chats/{chat_id}/join": Outcomes(refusals=(NotFound, Forbidden, Blocked, GroupFull)),
    "POST /chats/{chat_id}/invites": Outcomes(refusals=(NotFound, NotAGroup, Forbidden)),
    "GET /chats/{chat_id}/invites": _READING_A_CHAT,
    "DELETE /chats/{chat_id}/invites/{invite_id}": Outcomes(refusals=(NotFound,)),
    "GET /invites/{token}": Outcomes(refusals=(NotFound, Gone)),
    "POST /invites/{token}/join": Outcomes(refusals=(NotFound, Gone, Forbidden, Blocked, GroupFull)),
    "PUT /chats/{chat_id}/mute": _READING_A_CHAT,
    "DELETE /chats/{chat_id}/mute": _READING_A_CHAT,
    "PUT /chats/{chat_id}/pin": _READING_A_CHAT,
    "DELETE /chats/{chat_id}/pin": _READING_A_CHAT,
    "PUT /chats/{chat_id}/archive": _READING_A_CHAT,
    "DELETE /chats/{chat_id}/archive": _READING_A_CHAT,
    "POST /chats/{chat_id}/participants": Outcomes(
        refusals=(NotFound, Forbidden, NotAGroup, UnknownUser, Blocked, GroupFull)
    ),
    "DELETE /chats/{chat_id}/participants/{user_id}": Outcomes(refusals=(NotFound, Forbidden, NotAGroup, LastOwner)),
    "GET /messages/search": Outcomes(refusals=(RateLimited,)),
    "POST /messages": Outcomes(
        refusals=(
            *(NotFound, Forbidden, Blocked, ClientMessageIdReused, UnknownReply, UnknownMention, UnusableAttachment),
            RateLimited,
        ),
        statuses=(200,),
    ),
    "POST /scheduled-messages": Outcomes(
        refusals=(
            *(NotFound, Forbidden, Blocked, ClientMessageIdReused, UnknownReply, UnknownMention, UnusableAttachment),
            *(TooManyScheduled, RateLimited),
        ),
        statuses=(200,),
    ),
    "PATCH /scheduled-messages/{scheduled_id}": Outcomes(refusals=(NotFound,)),
    "DELETE /scheduled-messages/{scheduled_id}": Outcomes(refusals=(NotFound,)),
    "POST /scheduled-messages/{scheduled_id}/send-now": Outcomes(
        refusals=(
            *(NotFound, Forbidden, Blocked, ClientMessageIdReused, UnknownReply, UnknownMention, UnusableAttachment),
        ),
        statuses=(200,),
    ),
    "PUT /chats/{chat_id}/draft": Outcomes(refusals=(NotFound, UnknownReply)),
    "GET /chats/{chat_id}/draft": _READING_A_CHAT,
    "GET /messages/{message_id}": Outcomes(refusals=(NotFound,)),
    "PUT /messages/{message_id}": _EDITING,
    "GET /messages/{message_id}/edits": Outcomes(refusals=(NotFound,)),
    "DELETE /messages/{message_id}": Outcomes(refusals=(NotFound, Forbidden)),
    "POST /messages/{message_id}/forward": Outcomes(
        refusals=(
            *(NotFound, Forbidden, Blocked, ClientMessageIdReused, MessageIsDeleted, UnusableAttachment),
            RateLimited,
        ),
        statuses=(200,),
    ),
    "PUT /messages/{message_id}/reactions/{emoji}": Outcomes(
        refusals=(NotFound, Blocked, MessageIsDeleted, TooManyReactions, RateLimited)
    ),
    "DELETE /messages/{message_id}/reactions/{emoji}": Outcomes(refusals=(NotFound, RateLimited)),
    "PUT /messages/{message_id}/pin": Outcomes(refusals=(NotFound, Forbidden, Blocked, MessageIsDeleted)),
    "DELETE /messages/{message_id}/pin": Outcomes(refusals=(NotFound, Forbidden, Blocked)),
    "GET /chats/{chat_id}/pins": _READING_A_CHAT,
    "GET /chats/{chat_id}/messages": _READING_A_CHAT,
    "POST /chats/{chat_id}/read": _READING_A_CHAT,
    "POST /chats/{chat_id}/delivered": _READING_A_CHAT,
    "POST /messages/{message_id}/read": Outcomes(refusals=(NotFound,)),
    "POST /messages/{message_id}/delivered": Outcomes(refusals=(NotFound,)),
    "GET /messages/{message_id}/receipts": Outcomes(refusals=(NotFound,)),
    "POST /uploads": _ANNOUNCING,
    "POST /uploads/multiple": _ANNOUNCING,
    "POST /uploads/{upload_id}/complete": Outcomes(refusals=(NotFound, UploadPending, UploadRefused, Gone)),
    "GET /uploads/{upload_id}": Outcomes(refusals=(NotFound, UploadPending, UploadRefused, Gone)),
    "DELETE /uploads/{upload_id}": Outcomes(refusals=(NotFound, UploadInUse)),
    "GET /health": Outcomes(statuses=(503,)),
}
