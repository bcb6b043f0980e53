"""Read the rules of iptables, ip6tables, ebtables, arptables and nft, in the words of `iptables-save` or `nft list`."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from collections import defaultdict
from typing import TYPE_CHECKING

from netkit.errors import KernelRefused
from netkit.linux.entering import inside
from netkit.linux.looks import older_tables
from netkit.linux.netlink.nftables import EVERYTHING, FAMILIES, GET_TABLES, NETFILTER
from netkit.linux.netlink.protocol import Talk, attributes, text
from netkit.model import Rule
from netkit.netfilter import TRACE_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

IPTABLES_TABLES = ("mangle", "security", "raw", "filter", "nat")
"""The tables that iptables has, as iptables-nft-save orders them; nftables may have others of any name."""

TABLES = {"ip": IPTABLES_TABLES, "ip6": IPTABLES_TABLES, "bridge": ("filter", "nat", "broute"), "arp": ("filter",)}
"""Those that iptables, ip6tables, ebtables and arptables have, by nftables' name of the family."""

_TRY_AGAIN = "Look again when the machine is less busy"
_REMEMBERED = 64
"""Of so many different packet filters the words are kept."""

SAVE = {"ip": "iptables-save", "ip6": "ip6tables-save", "bridge": "ebtables-save", "arp": "arptables-save"}
"""What lists the rules of iptables and its kin, by nftables' name of the family."""

_OLDER_SAVE = {"ip": "iptables-legacy-save", "ip6": "ip6tables-legacy-save"}
"""What lists those of the older kind, where what bears the plain name is of the newer one."""

_SECONDS = 20.0
"""How long a listing may take: the thread that enters namespaces waits for it, and all others for that thread."""

_COUNTED = re.compile(r"\[(\d+):\d+\] (-A (\S+) .*)")
_CHAIN = re.compile(r":(\S+) (\S+)(?: \[(\d+):)?")
_BUILT_IN = frozenset({"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", "BROUTING"})
_TARGET_FIRST = re.compile(r"(-A \S+) (-j \S+) (?!--(?:mangle|set)-)(.+?)(?= --(?:mangle|set)-|$)")
"""As arptables-save writes them: the target before the conditions, and its options behind them."""

_HANDLE = re.compile(r"(.*?)\s*# handle (\d+)$")
_COUNTER = re.compile(r"counter packets (\d+) bytes \d+")
_OF_OBJECT = re.compile(r"packets \d+ bytes \d+;?| used \d+ \w+")
_PARTS = (
    *("chain ", "set ", "map ", "counter ", "quota ", "limit ", "synproxy ", "secmark ", "flowtable "),
    *(f"ct {each} " for each in ("helper", "timeout", "expectation")),
)
"""What begins a part of a table."""

_FLEETING = re.compile(r" expires \w+")


def read_here(talk: Talk, legacy: frozenset[str]) -> tuple[Rule, ...]:
    """Every rule, chain, policy and set of the namespace that the calling thread is in.

    No program is started where the kernel says that there are no tables.

    Args:
        talk: with the kernel's netfilter, in that namespace.
        legacy: what `legacy_families` found.

    Returns:
        Rules, table by table and chain by chain in the order that the kernel tries them.
    """
    nft, found = _nft_tables(talk), []
    for family, save in SAVE.items():
        wanted = {name for kind, name in nft if kind == family and name in TABLES[family]}
        listed = _listed(save) if wanted else ()
        found += listed
        known = {rule.table for rule in listed}
        nft -= {(family, name) for name in wanted if name in known or not _foreign(family, name)}
        found += older_here(family) if family in legacy else ()
    for family, name in sorted(nft):
        found += parse_nft(said("nft", "-nn", "-a", "list", "table", family, name), f"{family} {name}")
    return tuple(found)


def parse_save(listing: str, tool: str) -> tuple[Rule, ...]:
    """What `iptables-save -c` lists, without the built-in chains' policy ACCEPT.

    Args:
        listing: its output (iptables-save(8)), or that of its kin for bridges and for ARP.
        tool: "iptables", "ip6tables", "ebtables" …
    """
    found, table = [], ""
    for line in listing.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif match := _CHAIN.match(line):
            chain, policy = match[1], match[2]
            if chain not in _BUILT_IN:
                found.append(Rule(tool, table, chain, f"-N {chain}"))
            if policy not in ("ACCEPT", "-"):
                found.append(Rule(tool, table, chain, f"-P {chain} {policy}", int(match[3] or 0)))
        elif match := _COUNTED.match(line):
            text = _TARGET_FIRST.sub(r"\1 \3 \2", match[2]) if tool == "arptables" else match[2]
            found.append(Rule(tool, table, match[3], text, int(match[1])))
    return tuple(found)


def parse_nft(listing: str, table: str) -> tuple[Rule, ...]:
    """What `nft -a list table` lists: the lines inside chains, their type and policy among them, sets, named objects.

    Args:
        listing: its output (nft(8)).
        table: family and name, "inet mytable".
    """
    found: list[Rule] = []
    head, lines = "", []
    for line in map(str.strip, listing.splitlines()):
        if line.startswith("flags ") and not head:
            found.append(Rule("nft", table, "", f"table {{ {line.rstrip(';')}; }}"))
        elif line.startswith(_PARTS) and line.partition(" # handle")[0].endswith("{"):
            head, lines = line.partition("{")[0].strip(), []
        elif line == "}" and head:
            found += _chain(table, head, lines) if head.startswith("chain ") else [_set(table, head, lines)]
            head = ""
        elif head and line:
            lines.append(line)
    return tuple(found) or (Rule("nft", table, "", "table"),) * bool(listing.strip())


def _chain(table: str, head: str, lines: list[str]) -> list[Rule]:
    """A chain's rules, each of which ends with its number, however many lines it has."""
    chain, parts, found = head.partition(" ")[2], [], []
    for line in lines:
        if line.startswith("type "):
            found.append(Rule("nft", table, chain, line))
        elif match := _HANDLE.match(line):
            words = " ".join([*parts, match[1]])
            counted = _COUNTER.search(words)
            text = _FLEETING.sub("", _COUNTER.sub("counter", words))
            found.append(Rule("nft", table, chain, text, int(counted[1]) if counted else 0, int(match[2])))
            parts = []
        elif not line.startswith("comment "):
            parts.append(line)
    return found or [Rule("nft", table, chain, head)]


def _set(table: str, head: str, lines: list[str]) -> Rule:
    """A named set or map with its elements, or a named object without what it counted, in one line."""
    facts = [line if line.endswith((",", "{", "}")) or line[-1:] == ";" else f"{line};" for line in lines]
    words = _FLEETING.sub("", _COUNTER.sub("counter", " ".join(facts)))
    if not head.startswith(("set ", "map ")):
        words = _OF_OBJECT.sub("", words).strip()
    return Rule("nft", table, "", f"{head} {{ {words} }}" if words else head)


def _nft_tables(talk: Talk) -> set[tuple[str, str]]:
    """(family, name) of nftables' tables but those of an x-ray; none where this kernel has no nftables."""
    try:
        bodies = list(talk.dump(GET_TABLES, EVERYTHING))
    except KernelRefused:
        return set()
    found = {(FAMILIES.get(body[0], str(body[0])), text(attributes(body[4:])[1])) for body in bodies}
    return {(family, name) for family, name in found if not name.startswith(TRACE_TABLE)}


def legacy_families() -> frozenset[str]:
    """Those of which this kernel has the older, separate iptables: then every namespace has a list of its tables."""
    return frozenset(family for family, shape in older_tables.SHAPES.items() if os.path.exists(shape.names))


def older_here(family: str) -> tuple[Rule, ...]:
    """The rules of the older iptables, of the namespace that the calling thread is in.

    The words are iptables' own; the program is started once for each set of rules, then the kernel is asked for the
    counters alone.

    Args:
        family: "ip" or "ip6".

    Raises:
        KernelRefused: with the kernel's own reason.
    """
    try:
        tables = older_tables.read_here(family)
        if not tables:
            return ()
        known = _words.get(_key(tables))
        if known is None:
            there = {table.name for table in tables}
            listed = _listed(_older_save(family))
            known = tuple(rule for name in IPTABLES_TABLES if name in there for rule in listed if rule.table == name)
            if _key(older_tables.read_here(family)) == _key(tables):  # nobody changed them meanwhile
                _remember(_key(tables), known)
    except OSError as error:
        raise KernelRefused("the packet filter cannot be read", os.strerror(error.errno or 0)) from None
    return _counted(known, tables)


def older_words(tables: Iterable[older_tables.Table]) -> tuple[Rule, ...] | None:
    """The rules of tables that `older_here` has listed already; None if it has not listed all of them."""
    found = []
    for family in older_tables.SHAPES:
        own = [table for table in tables if table.family == family]
        known = _words.get(_key(own)) if own else ()
        if known is None:
            return None
        found += known
    return tuple(found)


_words: dict[tuple, tuple[Rule, ...]] = {}


def _remember(key: tuple, rules: tuple[Rule, ...]) -> None:
    while len(_words) >= _REMEMBERED:
        _words.pop(next(iter(_words)), None)
    _words[key] = rules


def _key(tables: Sequence[older_tables.Table]) -> tuple:
    return tuple((table.family, table.name, table.rules) for table in tables)


def _counted(rules: tuple[Rule, ...], tables: Sequence[older_tables.Table]) -> tuple[Rule, ...]:
    """The same rules with what their counters say now."""
    chains = {(table.name, name): counts for table in tables for name, counts in table.chains.items()}
    places: dict[tuple[str, str], int] = defaultdict(int)
    found = []
    for rule in rules:
        counts, place = chains.get((rule.table, rule.chain), [rule.packets]), places[rule.table, rule.chain]
        if rule.text.startswith("-P "):
            found.append(dataclasses.replace(rule, packets=counts[-1]))
        elif rule.text.startswith("-A ") and place < len(counts):
            found.append(dataclasses.replace(rule, packets=counts[place]))
            places[rule.table, rule.chain] += 1
        else:
            found.append(rule)
    return tuple(found)


def _listed(save: str) -> tuple[Rule, ...]:
    return parse_save(said(save, "-c"), save.removesuffix("-save"))


def _older_save(family: str) -> str:
    """The program that lists the rules of the older kind."""
    plain = shutil.which(SAVE[family])
    return _OLDER_SAVE[family] if plain and os.path.realpath(plain).endswith("nft-multi") else SAVE[family]


def _foreign(family: str, name: str) -> bool:
    """Whether a table that bears one of iptables' names is none of iptables' making."""
    return "incompatible" in said(SAVE[family], "-t", name, errors=subprocess.STDOUT)


def of(path: str) -> tuple[Rule, ...]:
    """Every rule, chain, policy and set of a namespace.

    Args:
        path: a file that opens the namespace.
    """
    legacy = legacy_families()

    def read() -> tuple[Rule, ...]:
        with Talk(NETFILTER) as talk:
            return read_here(talk, legacy)

    return inside(path, read)


def said(program: str, *arguments: str, errors: int = subprocess.DEVNULL) -> str:
    """What a listing program prints; the thread is in the namespace, and so is what it starts.

    Args:
        program: "iptables-save", "nft" …
        arguments: its arguments.
        errors: what becomes of its complaints, as for subprocess.run.

    Returns:
        Its output; "" where there is no such program.

    Raises:
        KernelRefused: it did not end in time.
    """
    if shutil.which(program) is None:
        return ""
    command = [program, *arguments]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        problem = f"`{' '.join(command)}` was still running after {_SECONDS:g} seconds"
        raise KernelRefused(problem, "the rules of a packet filter are listed at once", _TRY_AGAIN) from None
    return done.stdout
