"""How broken networks are written: on which network, whom is asked for, what decides where, and what breaks it."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_networks import OVER, ROUTED, SWITCHED, TRANSLATED

ROUTE = ("a", "10.20.3.2")
WEB, ASK_WEB = "b tcp 0.0.0.0 80", ("a", "10.20.3.2", 80, "tcp")
DNS, ASK_DNS = "b udp 0.0.0.0 5300", ("a", "10.20.3.2", 5300, "udp")
SIX = ("a", "fd20:3::2")
NEAR = ("h1", "10.21.0.2")
OUT_WEB = "out tcp 0.0.0.0 80"


def routed(name: str, layers: str, where: str, *breaking: str, ask: tuple = ROUTE, **rest: object) -> Case:
    """A fault between a and b; the lines are commands of one of the namespaces, "r1 ip rule add …"."""
    return Case(name, ROUTED, ask, layers, where, tuple(map(inside, breaking)), **rest)  # type: ignore[arg-type]


def switched(name: str, layers: str, where: str, *breaking: str, ask: tuple = NEAR, **rest: object) -> Case:
    """A fault at the switch or its hosts."""
    return Case(name, SWITCHED, ask, layers, where, tuple(map(inside, breaking)), **rest)  # type: ignore[arg-type]


def translated(name: str, layers: str, where: str, *breaking: str, ask: tuple, **rest: object) -> Case:
    """A fault at the gateway, or behind it."""
    return Case(name, TRANSLATED, ask, layers, where, tuple(map(inside, breaking)), **rest)  # type: ignore[arg-type]


def over(name: str, layers: str, where: str, *breaking: str, **rest: object) -> Case:
    """A fault of the tunnel or below it."""
    lines = tuple(map(inside, breaking))
    return Case(name, OVER, ("c1", "10.25.0.2"), layers, where, lines, **rest)  # type: ignore[arg-type]


def inside(line: str) -> str:
    """As one types it on the host."""
    where, _, command = line.partition(" ")
    if where in ("serve", "unserve", "keep", "stop"):
        return line
    return command if where == "host" else f"ip netns exec {where} {command}"


def nft(where: str, table: str, chain: str, *lines: str) -> tuple[str, ...]:
    """Lines that make a table with a base chain `c` and what else they say."""
    return (
        f"{where} nft add table {table}",
        f"{where} nft add chain {table} c '{{ {chain} }}'",
        *(f"{where} nft {line}" for line in lines),
    )


FORWARD = "type filter hook forward priority 0 ;"
INPUT = "type filter hook input priority 0 ;"
