"""Tells a changed profile to those who know the user, and what is a user's own to their other devices."""

from collections.abc import Sequence

import msgspec

from chalicelib.realtime import events
from chalicelib.realtime.event_data import UserUpdated
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Envelope


class ProfileNews(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as the user sees it, and who else hears of it: `apart` are those with whom there is a block.

    `version` is the transaction that changed it.
    """

    own: UserUpdated
    hearers: Sequence[int]
    apart: Sequence[int]
    version: str | None


def tell_profile(news: ProfileNews) -> None:
    """Tells the user's own devices and everybody who knows the user; over a block no status text is seen."""
    seen = msgspec.structs.replace(news.own, email=msgspec.UNSET)
    hidden = msgspec.structs.replace(seen, status_text="")
    tell_own(news.own.id, events.user_updated(news.own, version=news.version))
    for profile, hearers in ((seen, news.hearers), (hidden, news.apart)):
        publish(events.user_updated(profile, version=news.version), to=hearers, group=f"user:{news.own.id}")


def tell_own(user_id: int, event: Envelope) -> None:
    """Tells all of a user's own devices."""
    publish(event, to=[user_id], group=f"user:{user_id}")
