"""`nk.reset()`, back to an empty network: what it takes away and ends; switches (`sysctl`) stay."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import signal
import sys
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from netkit.errors import KernelRefused
from netkit.face import face
from netkit.lab import journal, withheld
from netkit.lab.namespaces import host, note_ends
from netkit.linux import namespaces
from netkit.linux.acts import teardown
from netkit.linux.looks import hosts, observe
from netkit.model import HOST
from netkit.model.facts import own_addresses
from netkit.model.listed import LABELS, POLICIES, STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netkit.linux.namespaces import Place
    from netkit.model import Namespace, Rule

_OWN = ("loopback", "ethernet")
"""Kinds of links that no command makes."""

_SECONDS_TO_END = 5.0
_SECONDS_BETWEEN_LOOKS = 0.002


@face
def reset() -> None:
    """Take away everything that is not the host's own, many things at once, and print each command.

    Dockers are closed and an Engine is stopped; programs that live in other namespaces are killed, and all namespaces
    end with what is in them; the host loses its links but lo, lo's further addresses, neighbours and queues, its rules
    of filters and of routing, the routes that are left, its own labels of IPv6 addresses, and its IPsec; /etc/netns is
    emptied.  Its switches (`sysctl`), and programs that run on the host itself, stay.

    Raises:
        NotInSandbox: this process is not in the sandbox.

    Example:
        >>> nk.Namespace("ns1"), nk.Namespace("ns2")  # doctest: +SKIP
        >>> nk.reset()  # doctest: +SKIP
        $ ip -all netns delete
    """
    journal.in_sandbox()
    withheld.give_back()
    for docker in _made("netkit.docker.daemon", "machines"):
        docker.close()
    for engine in _made("netkit.dockerd", "engines"):
        engine.stop()
    _end_namespaces([place for place in namespaces.find() if place.name != HOST])
    for name in namespaces.dangling():
        journal.perform(f"rm /run/netns/{shlex.quote(name)}", partial(namespaces.delete, name))
    space = observe.namespace(HOST)  # not `host.state`, which waits until bridges that will go have come to rest
    for name in [link.name for link in space.interfaces.values() if link.kind not in _OWN]:
        with contextlib.suppress(KernelRefused):  # a tunnel that the kernel made by itself stays
            if name in host:  # it may have gone with the other end of its cable
                host[name].delete()
    for words in _flushes(space.rules):
        host.run(words)
    space = observe.namespace(HOST)
    for words in (*_unsteering(space), *_unlisted(space), *_files()):
        host.run(words)


def quietly() -> None:
    """The same, without a word."""
    with contextlib.redirect_stdout(io.StringIO()):
        reset()


def _made(module: str, what: str) -> Iterable[Any]:
    """What a module has made; one that was never loaded, which takes longer than all the rest, has made nothing."""
    return getattr(sys.modules[module], what)() if module in sys.modules else ()


def _end_namespaces(places: list[Place]) -> None:
    """End the programs in namespaces and take their names away, all at once; the cables that led there go with them."""
    named = [place.name for place in places if place.named]

    def act() -> None:
        _kill({place.inode for place in places})
        if named:
            journal.perform("ip -all netns delete", lambda: [namespaces.delete(name) for name in named])

    for place in places:
        if place.processes and place.named:
            journal.perform(f"ip netns pids {shlex.quote(place.name)} | xargs -r kill -9", lambda: None)
        elif place.processes:
            people = namespaces.inhabitants(place.inode).get(place.inode, ())  # they may end by themselves meanwhile
            if people:
                journal.show(f"kill -9 {' '.join(str(each.pid) for each in people)}")
    if places:
        note_ends(teardown.ending([place.path for place in places], act))


def _kill(spaces: set[int]) -> None:
    """End every process in some namespaces (inodes)."""
    deadline = time.monotonic() + _SECONDS_TO_END
    while time.monotonic() < deadline:
        people = [each.pid for inode, found in namespaces.inhabitants().items() if inode in spaces for each in found]
        for pid in people:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, signal.SIGKILL)
        if not people:
            return
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _unsteering(space: Namespace) -> Iterator[str]:
    """Commands that take away what no link took with it: lo's further addresses, blackholes, rules of routing."""
    further = reversed(own_addresses(space["lo"]))  # the first of a subnet would take the others along
    yield from (f"ip address del {address} dev lo" for address in further)
    for rule in space.policies:
        act = "add" if rule.action == "missing" else "del"
        words = replace(rule, action="lookup") if act == "add" else rule
        yield f"ip {'-6 ' if rule.version == 6 else ''}rule {act} pref {rule.priority} {words}"
    made = [route for route in (*space.routes, *space.local_routes) if route.protocol != "kernel"]
    for version, table, maker in dict.fromkeys((route.version, route.table, route.protocol) for route in made):
        yield f"ip {'-6 ' if version == 6 else ''}route flush table {table} proto {maker}"
    if space.next_hops:
        yield "ip nexthop flush"


def _unlisted(space: Namespace) -> Iterator[str]:
    """Commands that take away lo's queues and neighbours, labels of IPv6 addresses, and IPsec."""
    for queue in space.queues:
        places = [word for word in queue.text.split() if word in ("root", "ingress", "clsact")]
        if queue.what == "qdisc" and places:
            yield f"tc qdisc del dev {shlex.quote(queue.device)} {places[0]}"
    for entry in space.neighbours:
        if entry.state in ("permanent", "proxy"):
            kind = "proxy " if entry.state == "proxy" else ""
            yield f"ip neigh del {kind}{entry.address} dev {shlex.quote(entry.device)}"
    for each in sorted(space.further, key=lambda one: one.missing):  # a label in the place of another goes first
        if each.command == LABELS:
            yield f"ip addrlabel {'add' if each.missing else 'del'} {each.typed}"
    yield from (f"{one} flush" for one in (POLICIES, STATES) if any(each.command == one for each in space.further))


def _files() -> Iterator[str]:
    """Commands that take away the files which namespaces had for themselves (ip-netns(8))."""
    yield from (f"rm -r {shlex.quote(f'/etc/netns/{name}')}" for name in sorted(hosts.with_files()))


def _flushes(rules: Iterable[Rule]) -> Iterator[str]:
    """Commands that take rules away, table by table."""
    for tool, table in dict.fromkeys((rule.tool, rule.table) for rule in rules):
        if tool == "nft":
            yield f"nft delete table {table}"
            continue
        policies = [rule for rule in rules if (rule.tool, rule.table, rule.kind) == (tool, table, "policy")]
        yield from (f"{tool} -t {table} {what}" for what in ("-F", "-X"))
        yield from (f"{tool} -t {table} -P {rule.chain} ACCEPT" for rule in policies)
