"""Knows how links, routes, neighbours and connections are worded; Docker's random names and ids read the same."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from netkit.configured import is_random_mac
from netkit.model.details import setting
from netkit.model.facts import Facts, odd_mtu
from netkit.packets.wording import ANY, CHOSEN, Wording
from netkit.validation import endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.model import ForwardingEntry, Interface, Neighbour, Route, Snapshot
    from netkit.netfilter import Connection

_CABLE = re.compile(r"\bveth[0-9a-f]{7}\b")
_BRIDGE = re.compile(r"\bbr-[0-9a-f]{12}\b")
_NAME_SERVER = re.compile(r"(127\.0\.0\.11:|--sport )\d+")
"""The ports of the embedded DNS, which the Engine lets the kernel choose."""

_ID = re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])(?:[0-9a-f]{64}|[0-9a-f]{12})\b")
LINK_LOCAL = ipaddress.ip_network("fe80::/10")


def steady(text: str) -> str:
    """A text without what Docker draws at random: the names of cables and bridges, ids, the ports of its DNS.

    Example:
        >>> steady("-A FORWARD -o br-3f2a9b1c77de -j ACCEPT")
        '-A FORWARD -o br-* -j ACCEPT'
        >>> steady("veth1 veth3f2a9b1")
        'veth1 veth*'
    """
    if "127.0.0.11" in text:
        text = _NAME_SERVER.sub(rf"\1{ANY}", text)
    return _ID.sub(ANY, _BRIDGE.sub(f"br-{ANY}", _CABLE.sub(f"veth{ANY}", text)))


@lru_cache(maxsize=4096)
def follows_from_a_mac(address: str) -> bool:
    """Whether this is a link-local IPv6 address of the form that the kernel makes (RFC 4291, appendix A).

    Args:
        address: with or without a prefix length.
    """
    if ":" not in address:
        return False
    ip = ipaddress.ip_interface(address).ip
    return ip in LINK_LOCAL and ip.packed[11:13] == b"\xff\xfe"


class Words:
    """Words for the parts of one snapshot.

    Args:
        snapshot: the one.
        other: the other one, which may know who bears a MAC that nobody bears here.
    """

    def __init__(self, snapshot: Snapshot, other: Snapshot) -> None:
        self.facts = Facts(snapshot)
        self.snapshot, self.other = snapshot, other
        self._wording = Wording({**bearers(other), **bearers(snapshot)})

    def mac(self, mac: str | None, *, by_hand: bool) -> str:
        """A MAC, or whose it is; one that was learned from an interface which is gone may have been drawn at random."""
        if mac and not by_hand and is_random_mac(mac) and not self._wording.knows(mac):
            return "a MAC that no interface has"
        return self._wording.mac(bytes.fromhex(mac.replace(":", ""))) if mac else "none"

    def link(self, namespace: str, link: Interface) -> str:
        """All that is worth telling of a link that is new or gone."""
        chosen = self.facts.link((namespace, link.name)).mac if link.kind != "loopback" else None
        parts = [
            f"{steady(link.name)} ({self._kind(namespace, link)})",
            self.state(namespace, link),
            odd_mtu(link).replace("mtu", "MTU"),
            f"MAC {chosen}" if chosen and not is_random_mac(chosen) else "",
            self.port(namespace, link) if link.master else "",
            f"on {self.peer(namespace, link.parent)}" if link.parent else "",
            *(f"{key} {setting(key, value)}" for key, value in link.details),
        ]
        return "link " + ", ".join(part for part in parts if part)

    def port(self, namespace: str, link: Interface, called: str | None = None) -> str:
        """What an interface belongs to: a bridge, or a VRF or a bond, perhaps by the name that this has now."""
        if link.master is None:
            return "no port"
        is_port = self.snapshot[namespace].bridge_of(link) is not None
        return f"{'port' if is_port else 'member'} of {steady(called or link.master)}"

    def _kind(self, namespace: str, link: Interface) -> str:
        return f"veth, peer {self.peer(namespace, link.peer)}" if link.kind == "veth" else link.kind

    @staticmethod
    def peer(namespace: str, peer: tuple[str, str] | None) -> str:
        """Where a cable ends, said in one of its namespaces."""
        if peer is None:
            return "out of sight"
        return steady(peer[1]) + (f" in {peer[0]}" if peer[0] != namespace else "")

    def state(self, namespace: str, link: Interface) -> str:
        """Whether a link is switched on, and whether packets can pass."""
        if not link.up:
            return "down"
        carries = link.kind == "loopback" or self.facts.carries((namespace, link.name))
        return "up" if carries else "up without a carrier"

    def neighbour(self, entry: Neighbour) -> str:
        """What a neighbour entry says of its address."""
        if entry.state in ("failed", "incomplete"):
            return "without an answer"
        at = f"at {self._mac_at(entry)}, " if entry.mac else ""
        state = entry.state if entry.state in ("permanent", "noarp", "proxy") else "learned"
        return " ".join((at + state, *_pairs(entry.details)))

    def _mac_at(self, entry: Neighbour) -> str:
        """The entry's MAC, a random one called after the interface that also has the address: a bridge, say."""
        if is_random_mac(entry.mac):
            for space in self.snapshot:
                for link in space.interfaces.values():
                    if link.mac == entry.mac and entry.address in link.bare_addresses:
                        return f"the MAC of {space.name}:{steady(link.name)}"
        return self.mac(entry.mac, by_hand=entry.state in ("permanent", "noarp"))

    @staticmethod
    def forwarding(entry: ForwardingEntry) -> str:
        """What an FDB entry says of its MAC."""
        to = f" to {entry.destination}" if entry.destination else ""
        of = f" of {steady(entry.master)}" if entry.master else ""
        return " ".join((f"on {steady(entry.device)}{of}{to}, {entry.state}", *_pairs(entry.details)))

    @staticmethod
    def connection(one: Connection) -> str:
        """A tracked connection: who asked whom, and how their addresses are translated."""
        text = f"connection {one.protocol} {_end(one.source, one.source_port, one)}"
        text += f" → {_end(one.destination, one.destination_port, one)}"
        if _other_end(one, one.reply_source, one.reply_source_port, one.destination, one.destination_port):
            text += f", DNAT to {_end(one.reply_source, one.reply_source_port, one)}"
        if _other_end(one, one.reply_destination, one.reply_destination_port, one.source, one.source_port):
            text += f", SNAT to {_end(one.reply_destination, one.reply_destination_port, one)}"
        return text + ("" if "seen reply" in one.status else ", unanswered")


def bearers(snapshot: Snapshot) -> dict[str, str]:
    """Who bears each MAC, "ns1:eth1"; a bridge only bears one that none of its ports has."""
    links = [(space.name, link) for space in snapshot for link in space.interfaces.values() if link.mac]
    links.sort(key=lambda place: place[1].kind != "bridge")  # those that come later win
    return {str(link.mac): f"{name}:{steady(link.name)}" for name, link in links}


def _pairs(details: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """Further facts as `ip` writes them: "mtu 900", "onlink"."""
    return (f"{key} {value}".rstrip() for key, value in details)


def route(one: Route) -> str:
    """A route behind its destination, as `ip route` lists it."""
    near = one.via is None and one.kind in ("unicast", "broadcast") and ":" not in one.destination
    usual = "link" if near else "host" if one.kind == "local" and ":" not in one.destination else "global"
    parts = [
        f"via {one.via}" if one.via else "",
        f"dev {steady(one.device)}" if one.device else "",
        f"src {one.source}" if one.source else "",
        f"metric {one.metric}" if one.metric else "",
        f"table {one.table}" if one.table != "main" else "",
        f"scope {one.scope}" if one.scope != usual else "",
        {"kernel": "(kernel)", "boot": ""}.get(one.protocol, f"proto {one.protocol}"),
        *_pairs(one.details),
    ]
    return " ".join(part for part in parts if part)


def _other_end(one: Connection, address: str, port: int | None, mirrored: str, its_port: int | None) -> bool:
    """Whether an end of the way back is not the mirror image: addresses are translated."""
    return address != mirrored or (port != its_port and not one.protocol.startswith("icmp"))


def _end(address: str, port: int | None, one: Connection) -> str:
    """One end of a connection; the number of a ping, and ports that the kernel chose, are drawn at random."""
    if port is None or one.protocol.startswith("icmp"):
        return address
    return endpoint(address, ANY if port in CHOSEN else port)
