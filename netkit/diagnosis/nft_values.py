"""How nft's rules compare values: sets, maps, ranges, prefixes, bits, flags (nft(8), libnftables-json(5))."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netkit.diagnosis import matching
from netkit.diagnosis.nft_fields import ABSENT, FIELDS, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from netkit.diagnosis.matching import Holds, Passing


@dataclass(frozen=True)
class Sets:
    """The elements of the named sets and maps of one table.

    Attributes:
        known: by name.
    """

    known: Mapping[str, list[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, listed: Iterable[Mapping[str, Any]]) -> Sets:
        """Those among all that is listed of a table."""
        return cls({said["name"]: said.get("elem", []) for said in listed if "type" in said and "hook" not in said})

    def elements(self, said: Any) -> list[Any] | None:
        """The elements of a set that stands in a rule or is named there, None where it is neither."""
        if isinstance(said, str) and said.startswith("@"):
            return self.known.get(said[1:], [])
        return said["set"] if isinstance(said, dict) and "set" in said else None

    def pairs(self, said: Any) -> list[tuple[Any, Any]]:
        """The keys and values of a map."""
        return [(_bare(key), _bare(found)) for key, found in self.elements(said) or ()]


def of_table(ruleset: Sequence[Any], table: str) -> list[dict[str, Any]]:
    """All that `nft -j` lists of a table, "inet mine"."""
    family, _, name = table.partition(" ")
    listed = (each for said in ruleset for each in said.values())
    return [each for each in listed if (each.get("family"), each.get("table")) == (family, name)]


def _bare(element: Any) -> Any:
    """An element of a set without its timeout, counter and comment."""
    return element["elem"]["val"] if isinstance(element, dict) and "elem" in element else element


def name(said: Any) -> str:
    """The words of nft for what an expression looks at: "ip saddr", "meta mark"; "" for a computed value."""
    if not isinstance(said, dict):
        return ""
    [(kind, facts)] = said.items()
    if kind == "payload" and "protocol" in facts:
        return f"{facts['protocol']} {facts['field']}"
    if kind in ("meta", "ct", "rt"):
        return " ".join(str(facts[key]) for key in ("dir", "family", "key") if key in facts).join((f"{kind} ", ""))
    return f"fib {facts['result']} {' '.join(facts['flags'])}" if kind == "fib" else ""


def value(said: Any, sets: Sets, passing: Passing) -> Any:
    """What an expression is for a packet: a text, a number, a set of flags, or a tuple of such.

    Args:
        said: the expression, as `nft -j` lists it.
        sets: the named sets and maps of its table.
        passing: the packet at its hook.

    Returns:
        ABSENT where the packet has no such thing, UNKNOWN where nobody knows it.
    """
    if not isinstance(said, dict):
        return said
    [(kind, inner)] = said.items()
    if kind == "concat":
        return _together([value(each, sets, passing) for each in inner])
    if kind == "map":
        return _looked_up(value(inner["key"], sets, passing), inner["data"], sets)
    if kind in _BITS:
        return _named(said) or _computed(kind, [value(each, sets, passing) for each in inner])
    if kind in ("prefix", "range", "set"):
        return said
    getter = FIELDS.get(name(said))
    return getter(passing) if getter else UNKNOWN


def _together(parts: list[Any]) -> Any:
    if ABSENT in parts:
        return ABSENT
    return UNKNOWN if UNKNOWN in parts else tuple(parts)


def _looked_up(key: Any, data: Any, sets: Sets) -> Any:
    if key is ABSENT or key is UNKNOWN:
        return key
    for wanted, found in sets.pairs(data):
        fit = fits(key, wanted, sets)
        if fit is not False:
            return UNKNOWN if fit is None else _plain(found)
    return ABSENT


def _plain(found: Any) -> Any:
    return tuple(found["concat"]) if isinstance(found, dict) and "concat" in found else found


_BITS: dict[str, Callable[[int, int], int]] = {
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
}


def _computed(sign: str, parts: list[Any]) -> Any:
    if ABSENT in parts or UNKNOWN in parts:
        return ABSENT if ABSENT in parts else UNKNOWN
    if isinstance(parts[0], frozenset):
        named = _named(parts[1])
        return UNKNOWN if named is None or sign != "&" else parts[0] & named
    numbers = [_number(part) for part in parts]
    if None in numbers:
        return UNKNOWN
    done = _BITS[sign](numbers[0], numbers[1])  # type: ignore[arg-type]
    return done if isinstance(parts[0], int) else str(type(ipaddress.ip_address(parts[0]))(done))


def _number(part: Any) -> int | None:
    """A number, or an address as one."""
    if isinstance(part, int):
        return part
    try:
        return int(ipaddress.ip_address(part))
    except ValueError:
        return None


def first(said: Any, sets: Sets, passing: Passing) -> Any:
    """The first address or port of those that a translation may choose; a network as it stands.

    Args:
        said: the expression.
        sets: the named sets and maps of its table.
        passing: the packet at its hook.
    """
    found = value(said, sets, passing)
    if found is UNKNOWN and isinstance(said, dict) and "map" in said:  # drawn, or hashed
        pairs = sets.pairs(said["map"]["data"])
        found = _plain(pairs[0][1]) if pairs else ABSENT
    return found["range"][0] if isinstance(found, dict) and "range" in found else found


def prefix(said: dict[str, Any]) -> str:
    """A network in words: "10.0.0.0/8"."""
    return f"{said['prefix']['addr']}/{said['prefix']['len']}"


def compared(own: Any, sign: str, wanted: Any, sets: Sets) -> Holds:
    """Whether a packet's value stands to a rule's as that says.

    Args:
        own: the packet's.
        sign: "==", "!=", "in", "<" …
        wanted: the rule's.
        sets: the named sets and maps of its table.
    """
    if sign in ("<", ">", "<=", ">="):
        numbers = _number(own), _number(wanted)
        return None if None in numbers else _ORDER[sign](*numbers)
    if isinstance(own, frozenset):
        return _flagged(own, sign, wanted)
    return matching.negated(fits(own, wanted, sets), sign == "!=")


_ORDER: dict[str, Callable[..., bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


_FLAGS = frozenset({"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr", "dnat", "snat"})
"""Those of TCP, and of a connection's status those that are known here."""


def _flagged(own: frozenset[str], sign: str, wanted: Any) -> Holds:
    """Flags: "in" asks for one of them, all else for just these."""
    named = frozenset[str]() if wanted == 0 else _named(wanted)
    if named is None:
        return None
    if sign == "in":
        return bool(own & named)
    return (own == named) is (sign == "==")


def _named(said: Any) -> frozenset[str] | None:
    """The known flags that are named: by a word, by a list (nft 1.0), or by words joined with "|" (nft 1.1)."""
    if isinstance(said, str):
        return frozenset([said]) if said in _FLAGS else None
    parts = said.get("|") if isinstance(said, dict) else said
    if not isinstance(parts, (list, tuple, frozenset)):
        return None
    found = [named for part in parts if (named := _named(part)) is not None]
    return frozenset[str]().union(*found) if len(found) == len(parts) else None


def fits(own: Any, wanted: Any, sets: Sets) -> Holds:
    """Whether a packet's value is the one, or one of those, that a rule names.

    Args:
        own: the packet's.
        wanted: a value, a prefix, a range, a set, the name of one, or several values.
        sets: the named sets and maps of its table.
    """
    wanted = _bare(wanted)
    elements = sets.elements(wanted)
    if elements is not None:
        return matching.either([fits(own, each[0] if _is_pair(each) else each, sets) for each in elements])
    if isinstance(own, tuple):
        parts = wanted.get("concat", ()) if isinstance(wanted, dict) else ()
        return matching.both([fits(a, b, sets) for a, b in zip(own, parts, strict=True)]) if parts else None
    if isinstance(wanted, list):
        return matching.either([fits(own, each, sets) for each in wanted])
    return True if wanted == "*" else _is(own, wanted)


def _is_pair(element: Any) -> bool:
    """Whether it is an element of a map: a key, and what belongs to it."""
    return isinstance(element, list) and len(element) == 2


def _is(own: Any, wanted: Any) -> Holds:
    if isinstance(wanted, dict):
        return matching.within(str(own), prefix(wanted)) if "prefix" in wanted else _in_range(own, wanted.get("range"))
    if isinstance(own, str) and isinstance(wanted, str):
        if wanted.endswith("*") and ":" not in wanted:
            return own.startswith(wanted[:-1])
        return own.lower() == wanted.lower() or (":" in wanted and matching.within(own, wanted) is True)
    if isinstance(own, int) and isinstance(wanted, str) and not wanted.isdigit():
        return None
    return str(own) == str(wanted)


def _in_range(own: Any, bounds: list[Any] | None) -> Holds:
    """Whether a value lies in a range, None where that is none."""
    if bounds is None:
        return None
    if isinstance(own, int):
        low, high = map(_number, bounds)
        return None if low is None or high is None else low <= own <= high
    return matching.within(str(own), "-".join(map(str, bounds)))
