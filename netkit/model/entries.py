"""Entries of the tables that say where an address or a MAC is: neighbours (ARP), and forwarding databases (FDB)."""

from __future__ import annotations

from dataclasses import dataclass

from netkit.handles import guarded


@guarded()
@dataclass(frozen=True)
class Neighbour:
    """One entry of the neighbour (ARP) table: this address is at that MAC (ip-neighbour(8)).

    Attributes:
        address: whose it is.
        device: the interface that leads to it.
        mac: None while nobody answered, and for a "proxy", which answers for that address.
        state: "reachable", "stale", "delay", "probe", "incomplete", "failed", "permanent", "noarp" or "proxy".
        details: further facts: (("extern_learn", ""),).
    """

    address: str
    device: str
    mac: str | None = None
    state: str = "reachable"
    details: tuple[tuple[str, str], ...] = ()


@guarded()
@dataclass(frozen=True)
class ForwardingEntry:
    """One entry of a forwarding database (FDB): this MAC is behind that port (bridge(8)).

    Attributes:
        mac: the destination MAC.
        device: the port, or the VXLAN device.
        master: the bridge; None for a VXLAN device's own entry.
        destination: the remote VTEP's address, for VXLAN.
        state: "learned", "static", or "permanent" (the port's own MAC).
        details: further facts: (("vlan", "5"), ("sticky", "")).
    """

    mac: str
    device: str
    master: str | None = None
    destination: str | None = None
    state: str = "learned"
    details: tuple[tuple[str, str], ...] = ()
