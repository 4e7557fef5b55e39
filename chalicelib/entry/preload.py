"""What each function is sure to need is imported while it initialises: a phase that runs at full CPU.

Everything else imports what is heavy where it first needs it, so that a function without a database never loads the
driver for one.
"""

from chalicelib.core import db
from chalicelib.core.config import settings

# The functions that run no statement, by the end of their deployed names.
_WITHOUT_DATABASE = ("-websocket_connect", "-websocket_disconnect", "-push")


def preload() -> None:
    """Imports the database driver where this is a deployed function that will surely use it."""
    name = settings().function_name
    if name and not name.endswith(_WITHOUT_DATABASE):
        db.preload()
