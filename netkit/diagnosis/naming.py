"""Names and their addresses: /etc/hosts, resolv.conf, search list, NXDOMAIN, SERVFAIL (hosts(5), resolver(5))."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from netkit.diagnosis import gateways
from netkit.diagnosis.commands import said, shown
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World

_STATUS = {2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}
"""What a name server says where it has no answer (RFC 1035, 4.1.1)."""


class File(NamedTuple):
    """A file that tells a namespace of names.

    Attributes:
        path: of it.
        pid: a process that sees it there; 0 where it is there for the host.
    """

    path: str
    pid: int = 0


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


def wrong(  # noqa: PLR0913, PLR0917  (a line is judged by all this)
    world: World, source: str, name: str, line: tuple[str, list[str]], file: File, served: str | None = None
) -> Finding | None:
    """Whether a hosts file has a wrong address for a name.

    Args:
        source: whose file.
        name: that was looked up.
        line: what was found there: address and names.
        file: it.
        served: the address that a name server has for it; None where none has been asked, or has one.
    """
    address, names = line
    right = meant(world, source, name, names) or served
    bearers, called = world.topology.bearers(address), world.snapshot.namespaces.get(name)
    if right == address or (right is None and called is None and (bearers or not names)):
        return None
    if called is not None and address in called.addresses and gateways.towards(world, source, address):
        return None  # another one of its own
    borne = f"{bearers[0][0]} has" if bearers else "nobody has"
    known = f"; {name} is {right}" if right else f"; {name} has no address" if called is not None else ""
    words = f"{source} takes {name} for {address}, which {borne}{known}"
    looked = _in_file(file, f"grep -w {shlex.quote(name)} {file.path}")
    line_of = rf"[[:space:]]{re.escape(name)}([[:space:]]|$)"
    script = _edited(file, f"/{line_of}/s/^[^[:space:]]+/{right}/")
    repair = (_in_file(file, f"sh -c {_quoted(script)}"),) if right else ()
    return Finding("name", words, (said(looked, f"{address} {' '.join(names)}"),), repair, source)


def unknown(world: World, source: str, name: str, file: File) -> Finding:
    """Nobody tells the source what a name means.

    Args:
        source: who asks.
        name: for what.
        file: the source's hosts file.
    """
    right = meant(world, source, name, [name])
    words = f"{source} does not know the name {name}: neither its {file.path} nor a name server has it"
    if name in world.snapshot.namespaces:
        words += "; what a namespace is called, nobody inside can look up"
    looked = f"grep -w {shlex.quote(name)} {file.path}"
    line = said(looked, "no line") if file.path.startswith("/etc/netns/") else shown(world, source, looked, "no line")
    script = f"echo '{right} {name}' >> {file.path}"
    repair = (_in_file(file, f"sh -c {_quoted(script)}"),) if right else ()
    return Finding("name", words, (line,), repair, source)


def servers(text: str) -> list[str]:
    """The name servers that a resolv.conf names, of which the resolver asks three.

    Args:
        text: of the file.
    """
    words = [line.split() for line in text.splitlines()]
    return [each[1] for each in words if len(each) > 1 and each[0] == "nameserver"][:3]


def tried(text: str, name: str) -> list[str]:
    """The names by which the resolver asks for a name, in their order: with those of its search list, and as it is.

    Args:
        text: of the resolv.conf.
        name: to look for.
    """
    words = [line.split() for line in text.splitlines()]
    search = next((each[1:] for each in reversed(words) if each and each[0] in ("search", "domain")), [])
    options = [word for each in words if each and each[0] == "options" for word in each[1:]]
    dots = next((int(word[6:]) for word in reversed(options) if word[:6] == "ndots:" and word[6:].isdigit()), 1)
    longer = [f"{name}.{each}" for each in search]
    return [name.rstrip(".")] if name.endswith(".") else [name, *longer] if name.count(".") >= dots else [*longer, name]


def unserved(world: World, source: str, name: str, server: str, status: int) -> Finding:
    """A name server knows no address for a name.

    Args:
        source: who asks.
        name: for what.
        server: whom.
        status: what it said (RCODE).
    """
    place = next((place for place, _ in world.topology.bearers(server)), "")
    says = _STATUS.get(status, f"status {status}" if status else "no address")
    words = f"the name server {server} of {source}, asked for {name}, has no address for it ({says})"
    looked = shown(world, source, f"dig +short @{server} {shlex.quote(name)}", says)
    return Finding("name", words, (looked,), (), place or source)


def misled(source: str, name: str, ends: tuple[str, str], file: File) -> Finding:
    """The resolv.conf of a namespace names a server that does not know a name, and another one knows it.

    Args:
        source: whose file.
        name: that is looked up.
        ends: the server that is named, and the one that knows.
        file: it.
    """
    wrong_, right = ends
    words = (
        f"{source} asks the name server {wrong_} for {name} in vain; {right}, which its {file.path} does not name, "
        "knows it"
    )
    looked = _in_file(file, f"grep nameserver {file.path}")
    script = _edited(file, f"s/^nameserver .*/nameserver {right}/")
    repair = _in_file(file, f"sh -c {_quoted(script)}")
    return Finding("name", words, (said(looked, f"nameserver {wrong_}"),), (repair,), source)


def _quoted(script: str) -> str:
    """A script as one word of a shell; between " where nothing in it has a meaning there: so it stays legible."""
    plain = not re.search(r'["`!]|\\\\|\$[\w({]', script)
    return f'"{script}"' if plain else shlex.quote(script)


def _edited(file: File, script: str) -> str:
    """A script that edits a file by sed(1), and leaves it the same file."""
    new = f"/tmp/{file.path.rpartition('/')[2]}.new"  # noqa: S108  (what the learner types)
    return f"sed -E '{script}' {file.path} > {new} && cat {new} > {file.path} && rm {new}"


def _in_file(file: File, command: str) -> str:
    """A command as one types it on the host, where the file is the one that the source's processes see."""
    return f"nsenter --target={file.pid} --mount {command}" if file.pid else command
