"""Whom an answer or event names by their ids."""

from typing import Any

_ONE = ("userId", "senderId", "createdBy", "addedBy", "deletedBy")
_SEVERAL = ("userIds", "mentions")


def named(data: Any) -> set[int]:
    """The ids of people that stand anywhere in plain data."""
    if isinstance(data, list):
        return set().union(*(named(each) for each in data))
    if not isinstance(data, dict):
        return set()
    found = {data[name] for name in _ONE if data.get(name) is not None}
    found |= {user_id for name in _SEVERAL for user_id in data.get(name, ())}
    found |= {user_id for reacted in data.get("reactions", {}).values() for user_id in reacted}
    return found.union(*(named(value) for value in data.values()))
