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
    NotAGroup,
    NotFound,
    NotYourself,
    QuotaExceeded,
    RateLimited,
    RefreshRefused,
    TooLarge,
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
_PROFILE_CHANGE = Outcomes(refusals=(EmailTaken,))

# What the rules of the features refuse, and the other statuses of answers: what no declaration of a route tells.
OUTCOMES: Mapping[str, Outcomes] = {
    "POST /auth/register": Outcomes(refusals=(UsernameTaken, EmailTaken, RateLimited)),
    "POST /auth/login": Outcomes(refusals=(WrongCredentials, RateLimited)),
    "POST /auth/refresh": Outcomes(refusals=(RefreshRefused,)),
    "DELETE /auth/sessions/{session_id}": Outcomes(refusals=(NotFound,)),
    "PATCH /users/me": _PROFILE_CHANGE,
    "PUT /users/me": _PROFILE_CHANGE,
    "GET /users/search": Outcomes(refusals=(RateLimited,)),
    "GET /users/{user_id}": Outcomes(refusals=(NotFound,)),
    "POST /contacts": Outcomes(refusals=(NotYourself, UnknownUser, Blocked), statuses=(200,)),
    "PATCH /contacts/{user_id}": Outcomes(refusals=(NotFound,)),
    "PUT /blocks/{user_id}": Outcomes(refusals=(NotYourself, NotFound)),
    "POST /chats": Outcomes(refusals=(UnknownUser, Blocked, GroupFull), statuses=(200,)),
    "GET /chats/{chat_id}": _READING_A_CHAT,
    "PATCH /chats/{chat_id}": Outcomes(refusals=(NotFound, Forbidden, NotAGroup)),
    "POST /chats/{chat_id}/participants": Outcomes(
        refusals=(NotFound, Forbidden, NotAGroup, UnknownUser, Blocked, GroupFull)
    ),
    "DELETE /chats/{chat_id}/participants/{user_id}": Outcomes(refusals=(NotFound, Forbidden, NotAGroup, LastOwner)),
    "GET /messages/search": Outcomes(refusals=(RateLimited,)),
    "POST /messages": Outcomes(
        refusals=(NotFound, Blocked, ClientMessageIdReused, UnknownReply, UnusableAttachment, RateLimited),
        statuses=(200,),
    ),
    "GET /messages/{message_id}": Outcomes(refusals=(NotFound,)),
    "GET /chats/{chat_id}/messages": _READING_A_CHAT,
    "GET /messages/chat/{chat_id}": _READING_A_CHAT,
    "POST /chats/{chat_id}/read": _READING_A_CHAT,
    "POST /messages/chat/{chat_id}/read": _READING_A_CHAT,
    "POST /uploads": _ANNOUNCING,
    "POST /uploads/multiple": _ANNOUNCING,
    "POST /upload": _ANNOUNCING,
    "POST /upload/multiple": _ANNOUNCING,
    "POST /uploads/{upload_id}/complete": Outcomes(refusals=(NotFound, UploadPending, UploadRefused, Gone)),
    "GET /uploads/{upload_id}": Outcomes(refusals=(NotFound, UploadPending, UploadRefused, Gone)),
    "DELETE /uploads/{upload_id}": Outcomes(refusals=(NotFound, UploadInUse)),
    "GET /health": Outcomes(statuses=(503,)),
}
