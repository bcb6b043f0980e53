"""`nk.why`: gather what the kernel knows, walk, ask it on the way, send a probe (how long it waits), name the fault."""

from __future__ import annotations

import errno
import ipaddress
import os
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from netkit.diagnosis import Diagnosis, Finding, Found, Packet, Walk, World, commands, counters, forgetting, services
from netkit.diagnosis.questions import (
    ListenersQuestion,
    MatchQuestion,
    PoliciesQuestion,
    PortQuestion,
    ProxiesQuestion,
    RouteQuestion,
    RulesetQuestion,
    RulesQuestion,
    SwitchQuestion,
    UnreadyQuestion,
    VlansQuestion,
)
from netkit.errors import InvalidValue, NotFound
from netkit.face import face
from netkit.kinds import Port, choice
from netkit.lab import doubting, goals, journal, last_seen, last_why, meanwhile, withheld
from netkit.lab.place import Place, place_of
from netkit.linux import namespaces, sysctls
from netkit.linux.looks import deciders, further, ipsec, lookups, observe, ruleset, sockets
from netkit.linux.probing import probes
from netkit.model import HOST
from netkit.shell import in_namespace
from netkit.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Callable

Protocol = Annotated[str, choice("protocol", "icmp", "tcp", "udp")]
_SECONDS, _SECONDS_TO_CONFIRM, _SECONDS_TO_RETRY = 1.0, 0.5, 1.5
"""How long a probe waits for an answer: less where the walk has found a fault already; of TCP more than the second
after which the kernel asks once more, in another way perhaps: without ECN (RFC 3168, 6.1.1.1)."""

_LOST = os.strerror(errno.ENOBUFS)
"""What a kernel says to whom it sends a packet that the other end of a cable does not take (veth(4))."""

_NO_PORT = os.strerror(errno.EADDRNOTAVAIL)
"""What it says to whom it can give no port of its own (ip(7), ip_local_port_range)."""

_SOME_PORT = 40000
"""What stands for the port that the kernel would choose for the sender."""


def _namespace(source: Any) -> str:
    """The name of the namespace that a source is in."""
    if isinstance(source, str):
        return Place.get(source).name
    place = place_of(source)
    if place is None:
        raise InvalidValue(
            f"{shown(source)} is neither a namespace nor a container",
            "packets are sent from a namespace",
            "Try nk.why('ns1', '172.17.1.2')",
        )
    return place.name


Source = Annotated[Any, _namespace]


@face
def why(source: Source, destination: Any, port: Port | None = None, protocol: Protocol = "") -> Diagnosis:
    """Why does a namespace get no answer? The first layer that fails, what shows it, and what mends it.

    It walks the way of a packet through all namespaces, and the way of the answer back: link, carrier, address, route,
    neighbour, bridge, tunnel, switches, packet filter, address translation, the listening socket. The kernel itself is
    asked for each route (`ip route get`), and one or two probes are sent; nothing is changed.

    Args:
        source: who asks: a namespace or its name, or a container of `nk.Docker`.
        destination: whom: an address, a name that the source knows, a namespace, an interface or a container; a
            link-local address with the source's interface that leads to it, "fe80::2%eth1".
        port: at which port; without one an echo request is sent.
        protocol: "icmp", "tcp" or "udp"; without it TCP where there is a port, else ICMP.

    Returns:
        A Diagnosis: `.ok`, `.layer`, `.explanation`, `.evidence`, `.repair` (shell lines for the host), `.where`.

    Raises:
        InvalidValue: an argument is of the wrong kind.
        InvalidAddress: a link-local address does not say which of several interfaces leads to it.
        NotFound: there is no such namespace, or an argument is the handle of something that is gone.

    Example:
        >>> nk.why("ns1", "172.17.1.2")  # doctest: +SKIP
        ✓ ns1 reaches 172.17.1.2
    """
    withheld.refuse("why")
    journal.in_sandbox()
    how = _how(port, protocol)
    journal.look()
    places = {place.name: place for place in namespaces.find()}
    paths = {name: place.path for name, place in places.items()}
    world = World(observe.snapshot(), paths, ask=partial(_ask, paths), user=os.getuid())
    if source not in world.snapshot.namespaces:
        raise NotFound(f"there is no namespace '{source}'", f"there are: {', '.join(paths)}", "Take one of these")
    goal = goals.resolved(world, places, source, destination)
    asked = _Asked(source, goal.address, how, port, f"{goals.shown(destination, goal)}{_at(how, port)}")
    found = _diagnosis(world, asked, goal.namespace) if goal.finding is None else _failed(asked, goal.finding, {})
    last_why.keep(repr(found))
    return found


@dataclass(frozen=True)
class _Asked:
    """What is asked; a link-local address with its interface, "fe80::2%eth1"."""

    source: str
    address: str
    protocol: str
    port: int | None
    words: str

    @property
    def packet(self) -> Packet:
        """The first packet, before the kernel has chosen its source."""
        address, _, scope = self.address.partition("%")
        source_port = _SOME_PORT if self.port is not None else None
        return Packet("", address, self.protocol, source_port, self.port, scope=scope)


def _how(port: int | None, protocol: str) -> str:
    """The protocol, which has to suit the port."""
    chosen = protocol or ("icmp" if port is None else "tcp")
    if (port is None) != (chosen == "icmp"):
        problem = f"protocol={chosen!r} with port={port!r}"
        raise InvalidValue(problem, "TCP and UDP have ports, ICMP has none", "Try port=80, protocol='tcp'")
    return chosen


def _at(protocol: str, port: int | None) -> str:
    return "" if port is None else f" at {protocol} port {port}"


def _ask(paths: dict[str, str], question: Any) -> Any:
    """The kernel's answer to a question of a walk."""
    return _ANSWERS[type(question)](paths[question.namespace], question)


_ANSWERS: dict[type, Callable[[str, Any], Any]] = {
    RouteQuestion: lookups.route,
    MatchQuestion: lambda path, question: lookups.matched(path, question.route),
    RulesetQuestion: lambda path, _: ruleset.ruleset(path),
    RulesQuestion: lambda path, question: deciders.rules(path, question.version),
    SwitchQuestion: lambda path, question: sysctls.value(path, question.name),
    PortQuestion: lambda path, question: lookups.port(path, question.interface),
    ProxiesQuestion: lambda path, _: deciders.proxies(path),
    UnreadyQuestion: lambda path, _: deciders.unready(path),
    PoliciesQuestion: lambda path, _: ipsec.policies(path),
    VlansQuestion: lambda path, _: further.vlans(path),
    ListenersQuestion: lambda path, _: sockets.listeners(path),
}


def _diagnosis(world: World, asked: _Asked, keep: str) -> Diagnosis:
    """Walk, probe, and compare."""
    walk = Walk(world, keep)
    found = None
    try:
        walk.there_and_back(asked.source, asked.packet)
    except Found as end:
        found = end.finding
    walked = {layer: tuple(words) for layer, words in walk.passed.items()}
    path = world.paths[asked.source]
    seconds = _SECONDS_TO_CONFIRM if found else _SECONDS_TO_RETRY if asked.protocol == "tcp" else _SECONDS
    answer = probes.probe(path, asked.protocol, ipaddress.ip_address(asked.address), asked.port, seconds)
    older = found is None and any(forgetting.in_vain(world, hop) for hop in walk.hops)
    for _ in range(2 if older else 0):  # a question that was open before may have ended with this probe in it
        answer = _probe(world, asked, _SECONDS)() if answer.ok is False else answer
    if (walk.hooks.doubts or walk.hooks.turns) and answer.ok is not True and (found is None or not found.lasting):
        found = doubting.decided(world, walk.hooks, (asked.source, asked.packet), _probe(world, asked), found) or found
    found = _told(world, asked, walk, answer) if found is None else found
    if found is not None and found.blind and answer.ok is False:
        found = _watched(world, asked, answer, walk, found)
    if found is not None and (answer.ok is not True or found.lasting):
        return _failed(asked, _at_once(world, walk, found), walked, answer)
    if walk.relay is not None and not (further := _relayed(world, *walk.relay)).ok:
        words = f"the docker-proxy of {walk.relay[0]} leads on to {further.destination}: {further.explanation}"
        return replace(further, source=asked.source, destination=asked.words, explanation=words)
    if answer.ok is False:
        return _failed(asked, walk.outdated or _watched(world, asked, answer, walk), walked, answer)
    by_router = walk.mtu is not None and walk.mtu.asks[0]  # who cuts what TCP sends: a veth carries it uncut
    if (
        walk.mtu is not None
        and (by_router or asked.protocol != "tcp")
        and (too_large := _too_large(world, asked, walk.mtu)) is not None
    ):
        return _failed(asked, too_large, walked)
    return Diagnosis(asked.source, asked.words, ok=True, walked=walked)


def _relayed(world: World, place: str, packet: Packet) -> Diagnosis:
    """Whether a docker-proxy gets through with what it sends on."""
    words = f"{packet.destination}{_at(packet.protocol, packet.destination_port)}"
    return _diagnosis(world, _Asked(place, packet.destination, packet.protocol, packet.destination_port, words), "")


def _told(world: World, asked: _Asked, walk: Walk, answer: probes.Answered) -> Finding | None:
    """What the probe itself tells, where the walk has found nothing: how it ended, what counted it, who lost it."""
    if answer.ok is True and walk.sure is not None and (late := walk.hooks.doubts[walk.sure :]):
        found = doubting.counted(world, late, _probe(world, asked))
        return replace(found, lasting=True) if found is not None else None
    if answer.ok is True:
        return _kept(world, asked, walk)
    if answer.words == _NO_PORT and answer.ok is False:
        return services.no_port(world, asked.source, asked.packet)
    if answer.strange:
        return services.refused(world, asked.packet, answer.strange)
    return _unheard(world, asked.packet) or _unseen(world, asked, answer, walk) if answer.ok is None else None


def _unseen(world: World, asked: _Asked, answer: probes.Answered, walk: Walk) -> Finding | None:
    """What became of a datagram that nobody has to answer, where another one is seen to end before it arrives."""
    arrives = last_seen.arrives(world, asked.packet, _probe(world, asked))
    return None if arrives else _watched(world, asked, answer, walk)


def _kept(world: World, asked: _Asked, walk: Walk) -> Finding | None:
    """A queue on the way that somebody set, and that lets the first packet go and keeps what follows."""
    queues = {(space.name, queue.device) for space in world.snapshot for queue in space.queues}
    if not queues & walk.crossed.keys():
        return None
    again = _probe(world, asked)()
    if again.ok is not False:
        return None
    found = _watched(world, asked, again, walk)
    return replace(found, lasting=True) if found.layer in ("qdisc", "tc") else None


def _unheard(world: World, packet: Packet) -> Finding | None:
    """Whether the socket that a datagram is for has thrown it away, at one of those who were asked who listens."""
    places = [each.namespace for each in world.facts if isinstance(each, ListenersQuestion)]
    seen = (counters.unheard(world, place, packet, sockets.listeners(world.paths[place])) for place in places)
    return next((found for found in seen if found is not None), None)


def _too_large(world: World, asked: _Asked, finding: Finding) -> Finding | None:
    """The bottleneck, if large packets that nobody may cut into pieces are lost there without a word that says why."""
    place, address = finding.asks if finding.asks[0] else (asked.source, asked.address)
    answer = probes.echo(world.paths[place], ipaddress.ip_address(address), finding.size)
    return finding if answer.silent or _LOST in answer.words else None


def _probe(world: World, asked: _Asked, seconds: float = _SECONDS_TO_CONFIRM) -> Callable[[], probes.Answered]:
    """What sends another probe."""
    path, address = world.paths[asked.source], ipaddress.ip_address(asked.address)
    return partial(probes.probe, path, asked.protocol, address, asked.port, seconds)


def _at_once(world: World, walk: Walk, found: Finding) -> Finding:
    """The finding; after its repair the kernel asks again at once where it has asked in vain, or knows another MAC."""
    again = forgetting.again(world, walk.hops) if found.repair else ()
    return replace(found, repair=(*found.repair, *(line for line in again if line not in found.repair)))


def _watched(
    world: World, asked: _Asked, answer: probes.Answered, walk: Walk, unseen: Finding | None = None
) -> Finding:
    """What becomes of another probe that is watched on its way, since the walk found nothing, or saw no further."""
    words = f"every layer looks right, yet no answer comes ({answer.words}): the kernel does not say why"
    layer = "service" if asked.port is not None else "return path"
    places = dict.fromkeys([asked.source, *(end[0] for end in (*walk.crossed, *(start for start, _ in walk.hops)))])
    watched = partial(last_seen.finding, world, asked.source, asked.packet, _probe(world, asked))
    return meanwhile.losing(world, places, watched, unseen) or Finding(layer, words, where=asked.source)


def _failed(
    asked: _Asked, finding: Finding, walked: dict[str, tuple[str, ...]], answer: probes.Answered | None = None
) -> Diagnosis:
    evidence = list(finding.evidence)
    if answer is not None and answer.ok is False:
        evidence.append(commands.said(_in(asked.source, answer.command), answer.words))
    return Diagnosis(
        asked.source,
        asked.words,
        ok=False,
        layer=finding.layer,
        explanation=finding.explanation,
        evidence=evidence,
        repair=list(finding.repair),
        where=finding.where,
        walked={layer: words for layer, words in walked.items() if layer != finding.layer},
    )


def _in(namespace: str, command: str) -> str:
    return command if namespace == HOST else in_namespace(namespace, Place.get(namespace).path, command)
