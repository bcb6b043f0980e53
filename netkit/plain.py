"""Frozen dataclasses as plain dicts, lists, texts and numbers, and back: what JSON can hold.

Bytes become hexadecimal text, where a field is annotated as `bytes`.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from netkit.errors import InvalidValue
from netkit.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

Value = TypeVar("Value")

_HEX = re.compile(r"([0-9a-f]{2})*", re.ASCII)
_WORDS = {str: "a text", int: "a whole number", bool: "true or false", float: "a number"}
_LONGEST = 100


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


def rebuilt(kind: type[Value], data: Any, needed: Sequence[str] = ()) -> Value:
    """The value that `plain` was given, made anew from its type's annotations.

    Args:
        kind: a dataclass.
        data: what `plain` returned.
        needed: keys that have to be there, though the type has a default for them.

    Returns:
        An equal value.

    Raises:
        InvalidValue: it is something else; the error says where.
    """
    for name in needed if isinstance(data, dict) else ():
        _insist(name in data, data, "", f"an object with '{name}'")
    return _as(kind, data, "")


_LEAST, _MOST = -(2**63), 2**64 - 1
"""No number of a kernel or a packet has more than 64 bits."""


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _as(kind: Any, data: Any, path: str) -> Any:
    """A value of a kind.

    Args:
        kind: an annotation.
        data: what it is made of.
        path: where it is, for errors: ".namespaces.ns1".
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if data is None else _as(next(c for c in inner if c is not types.NoneType), data, path)
    if dataclasses.is_dataclass(kind):
        return _object(kind, data, path)
    if origin is tuple:
        items = _insist(isinstance(data, list), data, path, "a list") and data
        each = inner[:1] * len(items) if inner[1:] == (...,) else inner
        _insist(len(each) == len(items), data, path, f"a list of {len(each)}")
        return tuple(_as(k, item, f"{path}[{n}]") for n, (k, item) in enumerate(zip(each, items, strict=True)))
    if origin is Mapping:
        _insist(isinstance(data, dict), data, path, "an object")
        return {key: _as(inner[1], item, f"{path}.{key}") for key, item in data.items()}
    if origin is Literal:
        _insist(isinstance(data, str) and data in inner, data, path, " or ".join(inner))
        return data
    return _scalar(kind, data, path)


def _object(kind: Any, data: Any, path: str) -> Any:
    _insist(isinstance(data, dict), data, path, "an object")
    hints, fields = _hints(kind), dataclasses.fields(kind)
    for name in data:
        _insist(name in hints, name, path, f"a key of {', '.join(hints)}")
    for field in fields:
        optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        _insist(optional or field.name in data, data, path, f"an object with '{field.name}'")
    return kind(**{name: _as(hints[name], item, f"{path}.{name}") for name, item in data.items()})


def _scalar(kind: Any, data: Any, path: str) -> Any:
    if kind is bytes:
        _insist(isinstance(data, str) and bool(_HEX.fullmatch(data)), data, path, "hexadecimal text")
        return bytes.fromhex(data)
    _insist(type(data) is kind, data, path, _WORDS.get(kind, kind.__name__))
    _insist(kind is not int or _LEAST <= data <= _MOST, data, path, "a number of at most 64 bits")
    return data


def _insist(good: bool, data: Any, path: str, what: str) -> bool:  # noqa: FBT001  (a condition)
    if not good:
        where = path.lstrip(".") or "the whole"
        problem = f"{shown(data)} at {where[:_LONGEST]} is not {what}"
        raise InvalidValue(problem, "only what .to_json() wrote can be read", "Try nk.snapshot().to_json()")
    return True
