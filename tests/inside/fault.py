"""A fault: what to break in a network that is right without it, which layer it is, what mends it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One fault, put into a healthy network.

    Attributes:
        name: what is wrong.
        network: one of `networks.NETWORKS`.
        inject: shell lines for the host that break it.
        layer: the first layer that fails then.
        repair: what the first line that mends it has in it.
        source: who asks.
        destination: whom: an address or a name.
        port: at which TCP port, None for an echo request.
        where: the namespace that the fault is in; "" where it does not matter.
        needs: a switch without which this kernel cannot have the fault.
        long: whether it is tried only where there is time.
        alone: whether it is put into the sandbox itself: its repair names a process id, or the probe is watched.
    """

    name: str
    network: str
    inject: str
    layer: str
    repair: str
    source: str = "ns1"
    destination: str = "172.17.1.2"
    port: int | None = None
    where: str = ""
    needs: str = ""
    alone: bool = False
    long: bool = False


def routed(name: str, inject: str, layer: str, repair: str, **more: str | bool) -> Fault:
    """A fault of the routed network."""
    return Fault(name, "routed", inject, layer, repair, **{"source": "a", "destination": "10.0.2.2", **more})


def behind_nat(name: str, inject: str, layer: str, repair: str, **more: str | int | None) -> Fault:
    """A fault of the network behind address translation."""
    asked = {"source": "out", "destination": "192.168.7.1", "port": 8080, **more}
    return Fault(name, "nat", inject, layer, repair, **asked)  # type: ignore[arg-type]


def tunnelled(name: str, inject: str, layer: str, repair: str, **more: str | bool) -> Fault:
    """A fault of the VXLAN tunnel."""
    return Fault(name, "vxlan", inject, layer, repair, **{"source": "node1", "destination": "10.0.0.2", **more})


IN = "ip netns exec"
