"""What a name means to a namespace: its /etc/hosts, then its name servers (resolv.conf, Docker's 127.0.0.11)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netkit.diagnosis import Finding, naming, resolver
from netkit.diagnosis.naming import File
from netkit.linux.looks import hosts
from netkit.linux.probing import probes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.diagnosis import World
    from netkit.linux.namespaces import Place

_DNS, _PORT = "127.0.0.11", 53
_NOT_REACHED = ("link", "carrier", "address", "route", "service", "name")
"""What keeps questions from a server that is perhaps not the one that is meant."""


def of(world: World, place: Place, source: str, name: str) -> tuple[str, Finding | None]:
    """The address that a namespace takes a name for, and what is wrong with that.

    Args:
        world: the networks.
        place: the namespace.
        source: what it is called.
        name: to look up.
    """
    text, file = _hosts(world, place, source)
    line = naming.looked_up(text, name)
    found = naming.wrong(world, source, name, line, file) if line is not None else None
    if line is not None and (found is None or found.repair):
        return line[0], found
    config, own = _resolver(world, place, source)
    servers = naming.servers(config)
    if not servers and own is None and any(each.address == _DNS for each in world.listeners(source)):
        servers = [_DNS]
    server, told = _asked(place, servers, naming.tried(config, name))
    if line is not None:
        return line[0], naming.wrong(world, source, name, line, file, told.address)
    if told.address is not None:
        return told.address, None
    if not servers or (told.heard and server == _DNS):
        return "", naming.unknown(world, source, name, file)
    return "", _in_vain(world, place, (source, name), (server, told), (config, own))


def _in_vain(
    world: World, place: Place, asked: tuple[str, str], answer: tuple[str, probes.Named], by: tuple[str, File | None]
) -> Finding:
    """Why name servers tell no address: one is not reached, or does not know it, or another one was meant."""
    (source, name), (server, told), (config, own) = asked, answer, by
    unheard = None if told.heard else resolver.unheard(world, source, server)
    if own is not None and (unheard is None or unheard.layer in _NOT_REACHED):
        better = _other(world, place, source, (naming.servers(config), naming.tried(config, name)))
        if better is not None:
            return naming.misled(source, name, (server, better), own)
    if unheard is not None or told.heard:
        return unheard or naming.unserved(world, source, name, server, told.status)
    return Finding("name", f"the name server {server} of {source} does not answer", where=source)


def _hosts(world: World, place: Place, source: str) -> tuple[str, File]:
    """The text of the hosts file that a namespace's programs see, and where it is."""
    path, seen = f"/etc/netns/{source}/hosts", world.space(source).hosts
    files = dict(world.space(source).files)
    if path in files:
        return files[path], File(path)
    if seen is not None:
        return seen, File("/etc/hosts", place.oldest or 0)
    file = Path("/etc/hosts")
    return file.read_text(errors="replace") if file.exists() else "", File("/etc/hosts")


def _resolver(world: World, place: Place, source: str) -> tuple[str, File | None]:
    """The text of a namespace's own resolv.conf, and where it is; "" and None where it has the host's."""
    path, files = f"/etc/netns/{source}/resolv.conf", dict(world.space(source).files)
    if path in files:
        return files[path], File(path)
    seen = hosts.resolver_of(place)
    return (seen, File("/etc/resolv.conf", place.oldest or 0)) if seen is not None else ("", None)


def _asked(place: Place, servers: Iterable[str], names: Iterable[str]) -> tuple[str, probes.Named]:
    """What the first of some servers that answers says, and which that is; the next one is asked where it fails."""
    said = ("", probes.Named(None, heard=False))
    for server in servers:
        for each in names:
            told = probes.name(place.path, server, each)
            said = (server, told) if told.heard or not said[1].heard else said
            if told.address is not None:
                return said
            if not told.heard:
                break
        if said[1].heard and said[1].status in (0, 3):  # it knows that there is no such name
            break
    return said


def _other(world: World, place: Place, source: str, asked: tuple[list[str], list[str]]) -> str | None:
    """Another name server, anywhere, that a namespace reaches and that knows the name."""
    known, names = asked
    for where in world.snapshot.namespaces:
        for each in world.listeners(where):
            embedded = each.address == _DNS and where == source
            own = naming.address_of(world, source, where) if each.everywhere else each.address
            near = where == source or not str(own).startswith("127.")
            serves = each.protocol == "udp" and (each.port == _PORT or embedded) and own not in known and near
            if serves and own and _asked(place, [own], names)[1].address is not None:
                return own
    return None
