"""Pictures that are uploaded as a client does it."""

import base64

import httpx

from tests.support.people import Person

# One transparent pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def picture(owner: Person) -> int:
    """A picture that is stored and checked; its id."""
    return upload(owner.http)


def upload(http: httpx.Client, content: bytes = PNG, content_type: str = "image/png", *, prefix: str = "") -> int:
    """A file that is stored and checked, by paths that begin so; its id."""
    announced = {"filename": "me.png", "contentType": content_type, "size": len(content)}
    form = http.post(f"{prefix}/uploads", json=announced).raise_for_status().json()
    httpx.post(form["url"], data=form["fields"], files={"file": ("blob", content)}, timeout=30).raise_for_status()
    http.post(f"{prefix}/uploads/{form['id']}/complete").raise_for_status()
    return int(form["id"])
