"""What nk.commands lacks, or makes though it is gone: what was made or undone by other means than netkit's acts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netkit.configured import configured
from netkit.model import HOST
from netkit.model.facts import odd_mtu, own_addresses
from netkit.model.further import beside_usual
from netkit.model.switches import HANDED_ON
from netkit.shell import in_namespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netkit.model import Interface, Namespace, Snapshot

_GIVEN = ("loopback", "ethernet")
_WORD = re.compile(r"[^\s'\"=,;|]+")
_MAKING = (
    (re.compile(r"\bip netns add (\S+)$"), "namespace"),
    (re.compile(r"\bip link add (?:dev )?(\S+) "), "interface"),
    (re.compile(r"\btype veth peer name (\S+)"), "interface"),
)
_BY_OPTION = {
    "mtu": re.compile(r"\bmtu[ =](\d+)"),
    "nexthop": re.compile(r"\bnexthop [^;&|\n]*?\bid (\d+)"),
    "lookup": re.compile(r"\bru(?:le)? [^;&|\n]*?\b(?:lookup|table) (\w+)"),
    "rule": re.compile(r"\bru(?:le)? [^;&|\n]*?\b(blackhole|unreachable|prohibit|nop|goto)\b"),
}
"""Where words stand that mean something else elsewhere: a number may be an MTU, a table or a next hop."""

_RENAMING = re.compile(r"\bip link set (?:dev )?(\S+) name ")
_DETAILS = {"stp": "stp_state", "port_learning": "learning", "ageing_time": "ageing_time", "arp": "arp"}
_DETAILS |= {key: key for key in ("hairpin", "isolated", "flood", "bcast_flood", "mcast_flood", "locked", "alias")}
_NOT_ZERO = ("ip_forward", "all.forwarding", "arp_ignore", "arp_announce", "route_localnet", "icmp_echo_ignore_all")


def unmentioned(snapshot: Snapshot, lines: Iterable[str], before: Snapshot | None = None) -> list[str]:
    """What is there and stands in no command, in a few words each; what was there before the first one is left out.

    Args:
        snapshot: the network.
        lines: the commands.
        before: the network before them.
    """
    told = list(lines)
    words = _words(told)
    made = {
        "namespace": _words(line for line in told if " netns add " in f" {line}"),
        "interface": _words(line for line in told if "link add" in line or " name " in line),
    }
    found = []
    for space in snapshot:
        known = before.namespaces.get(space.name) if before is not None else None
        if space.name != HOST and space.named and space.name not in made["namespace"] and known is None:
            found.append(f"the namespace {space.name}")
        if space.name == HOST or space.named:
            old = set(_things(configured(known))) if known is not None else set()
            things = [(key, what) for key, what in _things(configured(space)) if (key, what) not in old]
            found += [what for key, what in things if key not in made.get(what.split()[1], words)]
    return found


def undone(snapshot: Snapshot, lines: Iterable[str]) -> list[str]:
    """What the commands make or switch on, and is not there any more or off, in a few words each.

    Args:
        snapshot: the network.
        lines: the commands.
    """
    told = list(lines)
    return [*(what for space in snapshot for what in _switched_off(space, told)), *_gone(snapshot, told)]


def _switched_off(space: Namespace, lines: list[str]) -> Iterator[str]:
    """What the commands switch on, and is off."""
    for link in space.interfaces.values():
        line = in_namespace(space.name, "", f"ip link set dev {link.name}")
        states = [each for each in lines if each in (f"{line} up", f"{line} down")]
        if states and states[-1].endswith("up") and not link.up:
            yield f"{link.name} of {space.name} up, which is down"


def _gone(snapshot: Snapshot, lines: list[str]) -> list[str]:
    """The namespaces and interfaces that the commands make, and that are not there; of what they take away, nothing."""
    there = {name for space in snapshot for name in (space.name, *space.interfaces)}
    found: dict[str, str] = {}
    for line in lines:
        if " del" in line:
            found.clear()  # with a namespace, or one end of a cable, other things go
        for pattern, what in _MAKING:
            found |= {name: f"the {what} {name}, which is gone" for name in pattern.findall(line)}
        if renamed := _RENAMING.search(line):
            found.pop(renamed[1], None)
    return [what for name, what in found.items() if name not in there]


def _words(lines: Iterable[str]) -> set[str]:
    """The words of commands, and "mtu 1400" for one behind an option."""
    text = "\n".join(lines)
    told = (f"{option} {word}" for option, pattern in _BY_OPTION.items() for word in pattern.findall(text))
    return {*_WORD.findall(text), *told}


def _things(space: Namespace) -> Iterator[tuple[str, str]]:
    """The word by which a command names each thing, and what it is."""
    where = f"of {space.name}"
    for link in space.interfaces.values():
        if link.kind not in _GIVEN:
            yield link.name, f"the interface {link.name} {where}"
        for address in own_addresses(link):
            yield address, f"the address {address} on {link.name} {where}"
        yield from _settings(link, where)
    for route in space.routes:
        if route.protocol != "kernel":
            yield route.destination, f"the route {route.destination} {where}"
    for entry in space.neighbours:
        yield entry.address, f"the neighbour {entry.address} {where}"
    for rule in space.rules:
        if rule.kind in ("rule", "policy"):
            yield rule.chain, f"rules in {rule.tool}'s chain {rule.chain} {where}"
    yield from _beside(space, where)


def _settings(link: Interface, where: str) -> Iterator[tuple[str, str]]:
    """The same of what an interface was given beside addresses."""
    if link.kind == "veth" and odd_mtu(link):
        yield f"mtu {link.mtu}", f"the MTU {link.mtu} of {link.name} {where}"
    for key, value in link.details:
        if key in _DETAILS and link.kind in ("veth", "bridge"):
            yield _DETAILS[key], f"the setting {_DETAILS[key]} {value} of {link.name} {where}"
    for key, value in link.switches:
        name = f"net.{key.replace('.', f'.conf.{link.name}.', 1)}"
        if key not in HANDED_ON:
            yield name, f"the switch {name} = {value} {where}"


def _beside(space: Namespace, where: str) -> Iterator[tuple[str, str]]:
    """The same of what is neither interface, address, route, neighbour nor rule of a packet filter."""
    for name, value in space.sysctls.items():
        if name.endswith(_NOT_ZERO) and value != "0":
            yield name, f"the switch {name} = {value} {where}"
    for policy in space.policies:
        if not policy.is_usual and (policy.table or policy.action != "lookup"):  # an l3mdev's comes with the first VRF
            key = f"lookup {policy.table}" if policy.action == "lookup" else f"rule {policy.action}"
            yield key, f"the rule of routing {policy.priority} {where}: {policy}"
    for hop in space.next_hops:
        yield f"nexthop {hop.number}", f"the nexthop {hop.number} {where}"
    for queue in space.queues:
        yield queue.text.split()[0], f"the {queue.what} {queue.text.split()[0]} on {queue.device} {where}"
    for each in beside_usual(space):
        yield each.command.split()[1], f"what {each.command} lists {where}: {each}"
    for path, _ in space.files:
        yield path, f"the file {path} {where}"
