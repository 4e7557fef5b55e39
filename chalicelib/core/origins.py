"""Which pages may read what functions answer, where API Gateway does not say it for them.

A page is named back, never `*`: clients of Socket.IO 2 and of other messengers send credentials with every request,
and browsers refuse `*` then. Nothing here ever looks at a cookie, so that a foreign page wins nothing by them.
"""

from chalicelib.core.config import settings


def is_allowed(origin: str) -> bool:
    """Whether the settings let this page in."""
    return "*" in settings().origins or origin in settings().origins


def shared_with(origin: str | None) -> dict[str, str]:
    """The headers of an answer to a page; None where no page asks."""
    if origin is None or not is_allowed(origin):
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


def preflight(asked: str, *, methods: str) -> dict[str, str]:
    """The headers that answer a page's OPTIONS, which asks whether it may send these headers."""
    allowed = ",".join(name.strip() for name in asked.split(",") if name.strip().replace("-", "").isalnum())
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": allowed or "Authorization,Content-Type",
        "Access-Control-Max-Age": "3600",
    }
