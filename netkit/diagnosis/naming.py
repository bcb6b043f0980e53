"""Names and the addresses that a namespace takes them for: its file /etc/hosts (hosts(5))."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from netkit.diagnosis import gateways
from netkit.diagnosis.commands import said, shown
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World

_FILE = "/etc/hosts"


def lines(text: str) -> list[tuple[str, list[str]]]:
    """(address, names) of each line of a hosts file, without comments.

    Args:
        text: of the file.
    """
    words = [line.partition("#")[0].split() for line in text.splitlines()]
    return [(each[0], each[1:]) for each in words if len(each) > 1]


def looked_up(text: str, name: str) -> tuple[str, list[str]] | None:
    """The first line for a name, an IPv4 one before others: (address, names).

    Args:
        text: of the hosts file.
        name: to look for.
    """
    fitting = [(address, names) for address, names in lines(text) if name in names]
    return min(fitting, key=lambda line: ":" in line[0], default=None)


def meant(world: World, source: str, name: str, names: list[str]) -> str | None:
    """The address of the namespace that a name means, as far as that can be seen.

    It is called so, or its own hosts file has an address for itself under one of the names that stand in the line.

    Args:
        source: who asks.
        name: what it asks for.
        names: all that its line has.
    """
    if name in world.snapshot.namespaces:
        return address_of(world, source, name)
    for space in world.snapshot:
        links = [link for link in space.interfaces.values() if link.kind != "loopback"]
        borne = {address for link in links for address in link.bare_addresses}
        for address, known in lines(space.hosts or "") if space.name != source else ():
            if address in borne and set(known) & set(names):
                return address
    return None


def address_of(world: World, source: str, namespace: str) -> str | None:
    """The address by which a namespace is reached from another one: one on a common link, else the first.

    Args:
        source: who asks.
        namespace: who is asked.
    """
    links = [(namespace, link.name) for link in world.space(namespace).interfaces.values() if link.kind != "loopback"]
    borne = [str(prefix.ip) for version in (4, 6) for end in links for prefix in world.topology.prefixes(end, version)]
    near = [address for address in borne if gateways.towards(world, source, address)]
    return next(iter(near or borne), None)


def wrong(world: World, source: str, name: str, line: tuple[str, list[str]], pid: int) -> Finding | None:
    """Whether a hosts file has a wrong address for a name.

    Args:
        source: whose file.
        name: that was looked up.
        line: what was found there: address and names.
        pid: a process that sees the file; 0 for the host's own file.
    """
    address, names = line
    right = meant(world, source, name, names)
    bearers, called = world.topology.bearers(address), world.snapshot.namespaces.get(name)
    if right == address or (right is None and called is None and (bearers or not names)):
        return None
    if called is not None and address in called.addresses and gateways.towards(world, source, address):
        return None  # another one of its own
    borne = f"{bearers[0][0]} has" if bearers else "nobody has"
    known = f"; {name} is {right}" if right else f"; {name} has no address" if called is not None else ""
    words = f"{source} takes {name} for {address}, which {borne}{known}"
    looked = _in_file(pid, f"grep -w {shlex.quote(name)} {_FILE}")
    line_of = rf"[[:space:]]{re.escape(name)}([[:space:]]|$)"
    script = (
        f"sed -E '/{line_of}/s/^[^[:space:]]+/{right}/' {_FILE} > /tmp/hosts.new "
        f"&& cat /tmp/hosts.new > {_FILE} && rm /tmp/hosts.new"
    )
    repair = (_in_file(pid, f"sh -c {_quoted(script)}"),) if right else ()
    return Finding("name", words, (said(looked, f"{address} {' '.join(names)}"),), repair, source)


def unknown(world: World, source: str, name: str, pid: int) -> Finding:
    """Nobody tells the source what a name means.

    Args:
        source: who asks.
        name: for what.
        pid: a process that sees the source's hosts file; 0 for the host's own file.
    """
    right = meant(world, source, name, [name])
    words = f"{source} does not know the name {name}: neither its {_FILE} nor a name server has it"
    if name in world.snapshot.namespaces:
        words += "; what a namespace is called, nobody inside can look up"
    line = shown(world, source, f"grep -w {shlex.quote(name)} {_FILE}", "no line")
    script = f"echo '{right} {name}' >> {_FILE}"
    repair = (_in_file(pid, f"sh -c {_quoted(script)}"),) if right else ()
    return Finding("name", words, (line,), repair, source)


def _quoted(script: str) -> str:
    """A script as one word of a shell; between " where nothing in it has a meaning there: so it stays legible."""
    plain = not re.search(r'["`!]|\\\\|\$[\w({]', script)
    return f'"{script}"' if plain else shlex.quote(script)


def _in_file(pid: int, command: str) -> str:
    """A command as one types it on the host, where the file is the one that the source's processes see."""
    return f"nsenter --target={pid} --mount {command}" if pid else command
