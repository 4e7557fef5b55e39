"""What each function is sure to need is imported while it initialises: a phase that runs at full CPU.

Everything else imports what is heavy where it first needs it, so that a function without a database never loads the
driver for one.
"""

from chalicelib.core import db
from chalicelib.core.config import settings
from chalicelib.entry import dialects

# The functions beside the REST one, by the end of their deployed names; the first run no statement.
_WITHOUT_DATABASE = (
    "-websocket_connect",
    "-websocket_disconnect",
    "-push",
    "-polling",
    "-mail",
    "-notify",
    "-assistant",
    "-pictures",
)
_OTHERS = (*_WITHOUT_DATABASE, "-websocket_message", "-presence_changed", "-upload_stored", "-sweep", "-migrate")


def serves_rest() -> bool:
    """Whether this is the REST function, or none of the deployed ones: a laptop, or a deployment being made."""
    return not settings().function_name.endswith(_OTHERS)


def preload() -> None:
    """Makes dialects known, and imports what this function, where it is a deployed one, will surely use."""
    dialects.teach()
    name = settings().function_name
    if name and not name.endswith(_WITHOUT_DATABASE):
        db.preload()
        if settings().inline_publish_limit:
            # What posts: psycopg has loaded most of it already.
            from chalicelib.realtime import gateway  # noqa: F401
    if name.endswith("-websocket_message"):
        from chalicelib.entry import websocket  # noqa: F401
    if name.endswith("-polling"):
        from chalicelib.entry import polling  # noqa: F401
    if name.endswith("-pictures"):
        from chalicelib.features.uploads import thumbnails

        thumbnails.preload()
