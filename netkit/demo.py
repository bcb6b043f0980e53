"""`netkit demo`, the article's bridge in a terminal: ns1 and ns2 built by hand, joined by brtest, and pinged."""

from __future__ import annotations

import sys

import netkit as nk
from netkit.ending import ended
from netkit.sandbox import inherited

CONTAINERS = {"ns1": "172.17.1.1/24", "ns2": "172.17.1.2/24"}
HOST_ADDRESS = "172.17.1.254/24"


def main() -> int:
    """Build it, ping across it, and describe it.

    Returns:
        0 if every ping was answered, else 1.
    """
    # Imported only here, where Control-C ends it without a traceback.
    from netkit.pictures.ink import describe

    missing = nk.require_sandbox().missing
    bridge = nk.Bridge("brtest")
    for number, (name, address) in enumerate(CONTAINERS.items(), 1):
        _plug_in(bridge, nk.Namespace(name), f"veth{number}", address)
    bridge.add_address(HOST_ADDRESS)
    bridge.up()
    first, second = (address.partition("/")[0] for address in CONTAINERS.values())
    asked = {nk.Namespace.get("ns1"): second, nk.Namespace.get("ns2"): first, nk.host: first}
    answers = [_pinged(place, address) for place, address in asked.items()]
    sys.stdout.write(f"\n{describe(nk.snapshot())}\n")
    if missing:
        sys.stdout.write(f"\nnote: {missing}\n")
    return 0 if all(answers) else 1


def _pinged(place: nk.Namespace, address: str) -> bool:
    answer = place.ping(address)
    sys.stdout.write(f"{answer}\n")
    return answer.ok


def _plug_in(bridge: nk.Bridge, container: nk.Namespace, port: str, address: str) -> None:
    """A cable from the container to the bridge, with an address at the container's end."""
    outer, inner = nk.veth(port, "eth1", peer_namespace=container)
    bridge.attach(outer)
    container["lo"].up()
    inner.set_mac(nk.mac_of(address))
    inner.add_address(address)
    inner.up()
    outer.up()


if __name__ == "__main__":
    inherited.settle()
    sys.exit(ended(main))
