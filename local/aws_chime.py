"""The meetings of the Amazon Chime SDK in the local AWS: one can open and enter them, and hears nothing.

Source: https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_Operations_Amazon_Chime_SDK_Meetings.html
"""

import json
import re
import uuid
from typing import Any

from local.aws_mail import refusal
from local.wsgi import Answer

_ID = r"[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}"
_OPERATIONS = {
    "CreateMeeting": re.compile("POST /meetings"),
    "DeleteMeeting": re.compile(f"DELETE /meetings/(?P<meeting>{_ID})"),
    "CreateAttendee": re.compile(f"POST /meetings/(?P<meeting>{_ID})/attendees"),
    "DeleteAttendee": re.compile(f"DELETE /meetings/(?P<meeting>{_ID})/attendees/(?P<attendee>{_ID})"),
}
_TOKEN = re.compile("[-_a-zA-Z0-9]{2,64}")
_MOST_ATTENDEES = 250
_EVERYTHING = dict.fromkeys(("Audio", "Video", "Content"), "SendReceive")


def operation(method: str, path: str) -> str:
    """The operation as its right calls it; empty where there is none."""
    asked = f"{method} {path}"
    return next((name for name, pattern in _OPERATIONS.items() if pattern.fullmatch(asked)), "")


class Chime:
    """The meetings since the last reset, by their ids: each with its attendees."""

    def __init__(self) -> None:
        self._meetings: dict[str, dict[str, Any]] = {}
        self._attendees: dict[str, dict[str, dict[str, Any]]] = {}
        self._tokens: dict[str, str] = {}

    def reset(self) -> None:
        """There are no meetings."""
        for kept in (self._meetings, self._attendees, self._tokens):
            kept.clear()

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """One operation."""
        name = operation(method, path)
        if not name:
            return refusal(404, "NotFoundException", "The local Chime opens and deletes meetings alone.")
        found = _OPERATIONS[name].fullmatch(f"{method} {path}")
        named = found.groupdict() if found else {}
        if "meeting" in named and named["meeting"] not in self._meetings:
            return refusal(404, "NotFoundException", "The meeting does not exist.")
        try:
            asked = json.loads(body) if method == "POST" else {}
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            return refusal(400, "BadRequestException", "The body is no JSON object.")
        if name == "CreateMeeting":
            return self._create(asked)
        if name == "CreateAttendee":
            return self._admit(named["meeting"], asked)
        return self._delete(**named)

    def _create(self, asked: dict[str, Any]) -> Answer:
        token = str(asked.get("ClientRequestToken", ""))
        for field in ("MediaRegion", "ExternalMeetingId"):
            if not 2 <= len(str(asked.get(field, ""))) <= 64:
                return refusal(400, "BadRequestException", f"{field} has 2 to 64 characters.")
        if not _TOKEN.fullmatch(token):
            return refusal(400, "BadRequestException", "ClientRequestToken has 2 to 64 letters, digits, - and _.")
        meeting_id = self._tokens.get(token)
        if meeting_id is None or meeting_id not in self._meetings:
            meeting_id = self._tokens[token] = str(uuid.uuid4())
            self._meetings[meeting_id] = _meeting(meeting_id, asked)
            self._attendees[meeting_id] = {}
        return _answer("201 Created", {"Meeting": self._meetings[meeting_id]})

    def _admit(self, meeting_id: str, asked: dict[str, Any]) -> Answer:
        user_id = str(asked.get("ExternalUserId", ""))
        if not 2 <= len(user_id) <= 64:
            return refusal(400, "BadRequestException", "ExternalUserId has 2 to 64 characters.")
        there = self._attendees[meeting_id]
        if len(there) >= _MOST_ATTENDEES:
            return refusal(400, "LimitExceededException", "The meeting has as many attendees as it can have.")
        attendee_id = str(uuid.uuid4())
        there[attendee_id] = {
            "ExternalUserId": user_id,
            "AttendeeId": attendee_id,
            "JoinToken": uuid.uuid4().hex,
            "Capabilities": _EVERYTHING,
        }
        return _answer("201 Created", {"Attendee": there[attendee_id]})

    def _delete(self, meeting: str, attendee: str | None = None) -> Answer:
        if attendee is None:
            del self._meetings[meeting], self._attendees[meeting]
        elif self._attendees[meeting].pop(attendee, None) is None:
            return refusal(404, "NotFoundException", "The attendee does not exist.")
        return Answer("204 No Content", [], b"")


def _meeting(meeting_id: str, asked: dict[str, Any]) -> dict[str, Any]:
    region = asked["MediaRegion"]
    host = f"{region}.chime.invalid"
    return {
        "MeetingId": meeting_id,
        "ExternalMeetingId": asked["ExternalMeetingId"],
        "MediaRegion": region,
        "MediaPlacement": {
            "AudioHostUrl": f"{meeting_id[:8]}.k.{host}:3478",
            "AudioFallbackUrl": f"wss://haxrp.{host}:443/calls/{meeting_id}",
            "SignalingUrl": f"wss://signal.{host}/control/{meeting_id}",
            "TurnControlUrl": f"https://turn.{host}/v2/turn_sessions",
            "ScreenDataUrl": f"wss://bitpw.{host}:443/v2/screen/{meeting_id}",
            "ScreenViewingUrl": f"wss://bitpw.{host}:443/ws/connect?passcode=null&viewer_uuid=null",
            "ScreenSharingUrl": f"wss://bitpw.{host}:443/v2/screen/{meeting_id}",
            "EventIngestionUrl": f"https://data.{host}/v1/client-events",
        },
        "MeetingArn": f"arn:aws:chime:{region}:123456789012:meeting/{meeting_id}",
    }


def _answer(status: str, body: dict[str, Any]) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], json.dumps(body).encode())
