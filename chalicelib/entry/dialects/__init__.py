"""Dialects: what clients of other messengers say and hear, over the endpoints, actions and events that there are.

A dialect is a module of functions, named as clients name it: request in, answer out, frame in, event out. Nothing
else in the product knows of it. Its client names it by the first part of the path or by a namespace of Socket.IO; the
settings may have it spoken on a host, or everywhere.
"""

import functools
import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chalicelib.core.config import DIALECTS
from chalicelib.realtime import vocabularies
from chalicelib.realtime.vocabularies import Spoken, Told

if TYPE_CHECKING:
    from chalicelib.entry.dialects.words import Dialect


def load(name: str) -> "Dialect":
    """A dialect by its name, which is one of DIALECTS; its module is imported where it is first spoken."""
    if name not in DIALECTS:
        raise LookupError(name)
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    spoken: Dialect = module.DIALECT
    return spoken


def teach() -> None:
    """Makes the dialects known to whoever pushes events; each is imported where it is first spoken."""
    for name in DIALECTS:
        vocabularies.teach(f"/{name}", functools.partial(_tell, name))


def _tell(name: str, told: Told) -> Iterable[Spoken]:
    from chalicelib.entry.dialects import sockets

    return sockets.tell(name, told)
