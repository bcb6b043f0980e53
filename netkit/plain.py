"""Frozen dataclasses as plain dicts, lists, texts and numbers, and back: what JSON can hold.

Bytes become hexadecimal text, where a field is annotated as `bytes`.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def plain(value: Any) -> Any:
    """A value made of dataclasses, mappings and tuples as dicts and lists.

    Args:
        value: the value.

    Returns:
        What json.dumps takes.
    """
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def rebuilt(kind: type[Value], data: Any) -> Value:
    """The value that `plain` was given, made anew from its type's annotations.

    Args:
        kind: a dataclass.
        data: what `plain` returned.

    Returns:
        An equal value.
    """
    return _as(kind, data)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _as(kind: Any, data: Any) -> Any:
    if data is None:
        return None
    if kind is bytes:
        return bytes.fromhex(data)
    if dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _as(hints[name], item) for name, item in data.items()})
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _as(next(choice for choice in inner if choice is not types.NoneType), data)
    if origin is tuple:
        each = inner[:1] * len(data) if inner[1:] == (...,) else inner
        return tuple(_as(choice, item) for choice, item in zip(each, data, strict=True))
    return {key: _as(inner[1], item) for key, item in data.items()} if origin is Mapping else data
