"""Look at the rules of nft as values (`nft -j`), also where nft itself cannot list all of them so."""

from __future__ import annotations

import json
import re
from typing import Any

from netkit.linux.entering import inside
from netkit.linux.looks.rules import said

_TABLE = re.compile(r"table (\S+) (\S+)")
_CHAIN = re.compile(r"^\s*chain (\S+) {", re.MULTILINE)
_ASLEEP = re.compile(r"^\s*flags .*\bdormant\b", re.MULTILINE)

Listed = list[dict[str, Any]]


def ruleset(path: str) -> tuple[dict[str, Any], ...]:
    """The rules of nft as values (libnftables-json(5)), those of iptables among them; none without nft.

    Args:
        path: a file that opens the namespace.
    """
    return tuple(inside(path, _listed))


def _listed() -> Listed:
    """All tables at once; one by one where that fails: nft 1.0.6 breaks off at a table that has flags."""
    everything = _values("list", "ruleset")
    if everything is not None:
        return everything
    return [each for table in _TABLE.findall(said("nft", "list", "tables")) for each in _of_table(*table)]


def _of_table(family: str, name: str) -> Listed:
    """A table: chain by chain where it has flags, and nothing of one that is asleep."""
    listed = _values("list", "table", family, name)
    if listed is not None:
        return listed
    words = said("nft", "list", "table", family, name)
    chains = [] if _ASLEEP.search(words) else _CHAIN.findall(words)
    return [each for chain in chains for each in _values("list", "chain", family, name, chain) or ()]


def _values(*what: str) -> Listed | None:
    """What nft lists, none without nft; None where it breaks off."""
    listed = said("nft", "-j", *what)
    try:
        return list(json.loads(listed)["nftables"]) if listed else []
    except json.JSONDecodeError:
        return None
