"""Every refusal as a class with a stable code and status; those of the assistant are in assistant_errors.py.

A refusal that PostgreSQL makes (a unique index, a raised SQLSTATE) maps to the same classes (core/constraints.py), so
that a race and a plain mistake answer alike.
"""

from chalicelib.core.problems import Fault, Problem


class Unreadable(Problem):
    status, code, title = 400, "unreadable_body", "The body could not be read"


class InvalidInput(Problem):
    status, code, title = 400, "invalid_input", "The input is not valid"

    @classmethod
    def at(cls, field: str, code: str, sentence: str, **values: str | int) -> "InvalidInput":
        """The refusal of one field."""
        return cls(errors=(Fault(field, code, sentence, values),))

    def sentence(self) -> str:
        """What is wrong with each field; without fields, what is wrong with the whole."""
        return "; ".join(f"{error.field}: {error.message}" for error in self._field_errors()) or super().sentence()


class UnknownAction(Problem):
    status, code, title = 400, "unknown_action", "There is no such action"


class Unauthenticated(Problem):
    status, code, title = 401, "unauthenticated", "A valid access token is needed"


class WrongCredentials(Problem):
    status, code, title = 401, "wrong_credentials", "The name or the password is wrong"


class SecondFactorNeeded(Problem):
    status, code, title = 401, "second_factor_needed", "Send a code of your authenticator along, as code"


class RefreshRefused(Problem):
    status, code, title = 401, "refresh_refused", "This refresh token can no longer be used"


class SessionEnded(Problem):
    status, code, title = 401, "session_ended", "This session has ended"


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "You may not do this"


class Blocked(Problem):
    status, code, title = 403, "blocked", "One of you has blocked the other"


class Muted(Problem):
    status, code, title = 403, "muted", "A moderator has muted you: you cannot write for now"


class Banned(Problem):
    status, code, title = 403, "banned", "This account is banned"


class WritingRefused(Problem):
    status, code, title = 403, "writing_refused", "This user does not let you write first"


class RequestDeclined(Problem):
    status, code, title = 403, "request_declined", "This user has declined your messages: you cannot write to them"


class CallRefused(Problem):
    status, code, title = 403, "call_refused", "Whom you call takes no calls from you"


class OriginRefused(Problem):
    status, code, title = 403, "origin_refused", "This origin may not connect"


class FileQuarantined(Problem):
    status, code, title = 403, "file_quarantined", "A scanner has found this file harmful: it is gone"


class NotFound(Problem):
    status, code, title = 404, "not_found", "There is no such thing here"


class Conflict(Problem):
    status, code, title = 409, "conflict", "This contradicts what is stored"


class UsernameTaken(Conflict):
    code, title = "username_taken", "This username is taken"


class EmailTaken(Conflict):
    code, title = "email_taken", "This email address is taken"


class ClientMessageIdReused(Conflict):
    code, title = "client_message_id_reused", "This clientMessageId was used in another chat"


class ReportDecided(Conflict):
    code, title = "report_decided", "This report is decided"


class HeldDecided(Conflict):
    code, title = "held_decided", "Somebody has decided on this message already"


class DevicesChanged(Conflict):
    code, title = "devices_changed", "The messages are not for exactly the devices of these users"


class KeysFixed(Conflict):
    code, title = "keys_fixed", "This device has published other keys: log in anew for new ones"


class UploadPending(Conflict):
    code, title, retryable = "upload_pending", "The file has not arrived yet", True


class UploadScanning(Conflict):
    code, title, retryable = "upload_scanning", "The file is being looked at by a scanner", True


class PartsMissing(Conflict):
    code, title = "parts_missing", "Parts of the file have not arrived"


class UploadComplete(Conflict):
    code, title = "upload_complete", "This file is complete: it takes no more parts"


class UploadInUse(Conflict):
    code, title = "upload_in_use", "A message holds this file"


class AlreadyInCall(Conflict):
    code, title = "already_in_call", "You are in another call: end it first"


class AnsweredElsewhere(Conflict):
    code, title = "answered_elsewhere", "Another device of yours is in this call"


class NotInCall(Conflict):
    code, title = "not_in_call", "This device is not in the call"


class Gone(Problem):
    status, code, title = 410, "gone", "This has expired"


class MessageIsDeleted(Gone):
    code, title = "message_deleted", "This message was deleted"


class CallIsOver(Gone):
    code, title = "call_ended", "This call has ended"


class TooLarge(Problem):
    status, code, title = 413, "too_large", "This is too large"


class UnsupportedType(Problem):
    status, code, title = 415, "unsupported_media_type", "The body must be application/json"


class Refused(Problem):
    status, code, title = 422, "refused", "A rule forbids this"


class IdempotencyKeyReused(Refused):
    code, title = "idempotency_key_reused", "This Idempotency-Key came with another body"


class MailOff(Refused):
    code, title = "mail_off", "This server sends no email; ask those who run it"


class NotificationsOff(Refused):
    code, title = "notifications_off", "This server sends no notifications; ask those who run it"


class RoomsOff(Refused):
    code, title = "rooms_off", "This server has no calls of more than four; ask those who run it"


class NotARoom(Refused):
    code, title = "not_a_room", "This call is no room: connect to the others yourself"


class CallIsARoom(Refused):
    code, title = "call_is_room", "This call is a room, which one enters by the Amazon Chime SDK"


class WordsRefused(Refused):
    code, title = "words_refused", "A rule does not allow these words here"


class MessageHeld(Refused):
    code, title = (
        "message_held",
        "Your message waits for a moderator; it is sent once they approve it",
    )


class TooManyRules(Refused):
    code, title = "too_many_rules", "There are all the rules on words that there can be; remove one first"


class TooManyWebhooks(Refused):
    code, title = "too_many_webhooks", "There are all the webhooks that there can be here; remove one first"


class WebhooksOff(Refused):
    code, title = "webhooks_off", "This server has no webhooks; ask those who run it"


class NoEmail(Refused):
    code, title = "no_email", "Your account has no email address"


class LetterExpired(Gone):
    code, title = "letter_expired", "This link has expired or was used; ask for another letter"


class WrongPassword(Forbidden):
    code, title = "wrong_password", "The password is wrong"


class WrongCode(Forbidden):
    code, title = "wrong_code", "The code is wrong, or was used already"


class SecondFactorOn(Conflict):
    code, title = "second_factor_on", "The second factor is on already"


class SecondFactorOff(Conflict):
    code, title = "second_factor_off", "The second factor is not on"


class PasskeyRefused(Forbidden):
    code, title = "passkey_refused", "This passkey was not accepted; try again, or use your password"


class PasskeyKnown(Conflict):
    code, title = "passkey_known", "This passkey is in use already"


class TooManyPasskeys(Refused):
    code, title = "too_many_passkeys", "You have all the passkeys you can have; remove one first"


class EmailVerified(Refused):
    code, title = "email_verified", "A verified address is changed by PUT /auth/email, which asks for the password"


class UnknownUser(Refused):
    code, title = "unknown_user", "There is no such user"


class NotYourself(Refused):
    code, title = "not_yourself", "This cannot be done to oneself"


class UnknownReply(Refused):
    code, title = "unknown_reply", "The message that is replied to is not in this chat"


class UnknownMention(Refused):
    code, title = "unknown_mention", "Only members of the chat can be mentioned"


class TooManyReactions(Refused):
    code, title = "too_many_reactions", "This message has all the kinds of reactions it can have"


class NotARecording(Refused):
    code, title = "not_a_recording", "This message is not a voice message"


class NotAPoll(Refused):
    code, title = "not_a_poll", "This message is not a poll"


class PollClosed(Refused):
    code, title = "poll_closed", "This poll is closed"


class UnknownOption(Refused):
    code, title = "unknown_option", "This poll does not have this option"


class OneOption(Refused):
    code, title = "one_option", "Only one option of this poll can be chosen"


class TooManyKeys(Refused):
    code, title = "too_many_keys", "This device has 200 one-time keys that nobody has been given"


class TooManyScheduled(Refused):
    code, title = "too_many_scheduled", "You have all the scheduled messages you can have"


class NotAPicture(Refused):
    code, title = "not_a_picture", "An avatar must be a complete upload of yours: PNG, JPEG, GIF or WebP"


class UnusableAttachment(Refused):
    code, title = "unusable_attachment", "An attachment is not yours, or its upload is not complete"


class NotAGroup(Refused):
    code, title = "not_a_group", "This can only be done in a group"


class LastOwner(Refused):
    code, title = "last_owner", "A group keeps at least one owner"


class LastAdmin(Refused):
    code, title = "last_admin", "The service keeps at least one admin: appoint another one first"


class GroupFull(Refused):
    code, title = "group_full", "The group is full"


class CallFull(Refused):
    code, title = "call_full", "No more people can be in this call"


class FileTypeRefused(Refused):
    code, title = "file_type_refused", "Files of this type are not accepted"


class UploadRefused(Refused):
    code, title = "upload_refused", "The stored file is not what was announced"


class NotInParts(Refused):
    code, title = "not_in_parts", "This file is not sent in parts: send it to the form that its announcement answered"


class QuotaExceeded(Refused):
    code, title = "quota_exceeded", "Your storage is full"


class RateLimited(Problem):
    status, code, title, retryable = 429, "rate_limited", "Too many requests", True


class SlowMode(RateLimited):
    code, title = "slow_mode", "This chat is in slow mode: wait before you write again"

    @classmethod
    def raised(cls, detail: str | None) -> "SlowMode":
        seconds = int(detail or 1)
        return SlowMode(
            "This chat is in slow mode: you can write again in {seconds} s.",
            values={"seconds": seconds},
            headers={"Retry-After": str(seconds)},
        )


class RoomFailed(Problem):
    status, code, title = 502, "room_failed", "The room's service refused; ask those who run this server"


class Unavailable(Problem):
    status, code, title, retryable = 503, "unavailable", "A service we need does not answer; try again", True
