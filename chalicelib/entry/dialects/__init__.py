"""Dialects: what clients of other messengers say and hear, over the endpoints, actions and events that there are.

A dialect is a module of functions, named as clients name it: request in, answer out, frame in, event out. Nothing
else in the product knows of it. Its client names it by the first part of the path or by a namespace of Socket.IO; the
settings may have it spoken on a host, or everywhere.
"""

import importlib

from chalicelib.core.config import DIALECTS
from chalicelib.entry.dialects.words import Dialect


def load(name: str) -> Dialect:
    """A dialect by its name, which is one of DIALECTS; its module is imported where it is first spoken."""
    if name not in DIALECTS:
        raise LookupError(name)
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    spoken: Dialect = module.DIALECT
    return spoken
