"""What a client reads of an answer: the fields, each with its type."""

from typing import Any


def fits(value: Any, shape: Any) -> bool:
    """Whether a value has a shape: a type, a tuple of them, `[shape]` for a list, or the fields that are read."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(each, shape[0]) for each in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            name in value and fits(value[name], inner) for name, inner in shape.items()
        )
    if isinstance(shape, tuple):
        return any(fits(value, one) for one in shape)
    if shape is None:
        return value is None
    # To Python a truth value is a number; to clients it is none.
    return isinstance(value, shape) and (shape is bool or not isinstance(value, bool))


def misfits(value: Any, shape: Any, path: str = "$") -> list[str]:
    """The places where a value has not the shape that is read; lists and fields one by one."""
    if isinstance(shape, list) and isinstance(value, list):
        return [found for index, each in enumerate(value) for found in misfits(each, shape[0], f"{path}[{index}]")]
    if isinstance(shape, dict) and isinstance(value, dict):
        found = [f"{path}.{name} is missing" for name in shape.keys() - value.keys()]
        for name in shape.keys() & value.keys():
            found += misfits(value[name], shape[name], f"{path}.{name}")
        return found
    return [] if fits(value, shape) else [f"{path} is {value!r}, not {shape}"]
