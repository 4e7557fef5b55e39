"""Avatars of users and groups: uploads of those who chose them, behind links that lead nowhere but here.

A link of another host would tell its owner who looks, and is refused. A link of ours is unguessable and needs no
token, so that a page can show it. It serves as long as the picture is somebody's avatar.
"""

import re
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core import ids, tokens
from chalicelib.core.config import settings
from chalicelib.core.errors import InvalidInput, NotFound, Unauthenticated
from chalicelib.features.uploads import derived, media, store

AvatarId = Annotated[ids.Id, Meta(description="of a complete upload of one's own: PNG, JPEG, GIF or WebP")]
AvatarUrl = Annotated[
    str, Meta(max_length=2048, description="a link to a file that an upload here has answered, in place of its id")
]

_FILE = re.compile(r"/files/(?P<token>[A-Za-z0-9_.-]+)")


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which avatar was chosen, and the link by which it is shown if it is another one than before."""

    upload_id: int | None
    link: str | None


def chosen(avatar_id: int | UnsetType | None, avatar_url: str | UnsetType | None) -> Choice | None:
    """The avatar that is asked for; None where it stays. Raises InvalidInput for a URL that leads elsewhere."""
    if avatar_id is UNSET:
        avatar_id = _upload_of(avatar_url) if isinstance(avatar_url, str) else avatar_url
    if avatar_id is UNSET:
        return None
    if avatar_id is None:
        return Choice(upload_id=None, link=None)
    return Choice(upload_id=avatar_id, link=f"{settings().public_url or '/api'}/files/{ids.random_id()}")


def values(choice: Choice | None) -> dict[str, bool | int | str | None]:
    """A choice as values of the statement that writes it."""
    return {
        "chosen": choice is not None,
        "avatar_id": None if choice is None else choice.upload_id,
        "avatar_link": None if choice is None else choice.link,
    }


def file_of(url: str, field: str) -> int:
    """The upload that a link of ours opens, as clients send it back. Raises InvalidInput."""
    found = _FILE.search(url)
    try:
        if found is not None:
            return tokens.verify_file(found["token"])
    except Unauthenticated:
        pass
    raise InvalidInput.at(field, "wrong_form", "must be a URL that an upload here has answered")


def open_avatar(name: str, size: derived.Size) -> str:
    """A short-lived URL of the picture that a link shows, in this size or as a whole.

    Raises NotFound where it is nobody's avatar any more.
    """
    picture = store.avatar(name)
    if picture is None:
        raise NotFound("This avatar is not in use any more.")
    return media.shown(picture, size).link(settings().download_seconds)


def _upload_of(url: str) -> int | UnsetType:
    """A client that sends back what it was shown changes nothing."""
    base = settings().public_url
    if base and re.fullmatch(r"[A-Za-z0-9_-]{22}", url.removeprefix(f"{base}/files/")):
        return UNSET
    return file_of(url, "avatarUrl")
