"""A user's first minute by the client that openapi-python-client made: `python session.py URL`.

mypy checks this file against the client, so that the types of what it answers are held too.
"""

import sys

from messenger_client import AuthenticatedClient, Client
from messenger_client.api.accounts import log_in, register
from messenger_client.api.chats import create_chat
from messenger_client.api.messages import get_changes, send_message
from messenger_client.api.people import get_me
from messenger_client.models.admission import Admission
from messenger_client.models.chat import Chat
from messenger_client.models.chat_input import ChatInput
from messenger_client.models.chat_kind import ChatKind
from messenger_client.models.credentials import Credentials
from messenger_client.models.message import Message
from messenger_client.models.message_new_event import MessageNewEvent
from messenger_client.models.presence import Presence
from messenger_client.models.problem_body import ProblemBody
from messenger_client.models.registration import Registration
from messenger_client.models.send_input import SendInput
from messenger_client.models.sync_answer import SyncAnswer
from messenger_client.models.user import User

PASSWORD = "correct horse battery"


def main(url: str) -> None:
    """Registers, logs in, is refused, asks who it is, sends, and hears of it from sync."""
    stranger = Client(base_url=url)
    registered = register.sync(client=stranger, body=Registration(username="maria", password=PASSWORD))
    assert isinstance(registered, Admission), registered
    wrong = log_in.sync(client=stranger, body=Credentials(username="maria", password="wrong"))
    assert isinstance(wrong, ProblemBody), wrong
    assert (wrong.status, wrong.code) == (401, "wrong_credentials")
    admitted = log_in.sync(client=stranger, body=Credentials(username="maria", password=PASSWORD))
    assert isinstance(admitted, Admission), admitted

    maria = AuthenticatedClient(base_url=url, token=admitted.access_token)
    me = get_me.sync(client=maria)
    assert isinstance(me, User), me
    assert me.id == registered.user.id
    assert me.status in Presence

    chat = create_chat.sync(
        client=maria, body=ChatInput(type_=ChatKind.GROUP, participant_ids=[], name="Notes to myself")
    )
    assert isinstance(chat, Chat), chat
    before = get_changes.sync(client=maria)
    assert isinstance(before, SyncAnswer), before
    sent = send_message.sync(client=maria, body=SendInput(chat_id=chat.id, content="Привет!"))
    assert isinstance(sent, Message), sent
    changes = get_changes.sync(client=maria, cursor=before.next_cursor)
    assert isinstance(changes, SyncAnswer), changes
    heard = [event.data for event in changes.events if isinstance(event, MessageNewEvent)]
    assert heard == [sent], changes


main(sys.argv[1])
