"""Which of a container's several networks leads: default route and published ports, by gateway priority.

As with the Engine, the default route and the published ports follow the network that leads: an internal one never
does while there is another; among the others the one with the highest gateway priority does, which is 0 unless
somebody has said so; of equals one with both families of addresses, and then the first by name (libnetwork,
sandbox.go).
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.docker import dns, etc, proxying, publishing
from netkit.errors import KernelRefused, NotFound
from netkit.handles import keep

if TYPE_CHECKING:
    from netkit.docker.container import Container
    from netkit.docker.endpoint import Endpoint
    from netkit.validation import IPAddress


def settle(container: Container) -> None:
    """Let the right network lead, after one was joined or left.

    Args:
        container: it.
    """
    ways = container.ways
    own = ways.own(container.network)
    keep(container, ip=own.address if own is not None else None)
    leading = min((each for each in ways.values() if each.network.leads_out), key=_rank, default=None)
    if leading is not ways.leading:
        _lead(container, leading)
    if not ways.asks and any(each.network.knows_names for each in ways.values()):
        ways.asks = True
        Path(container.directory, "resolv.conf").write_text(etc.EMBEDDED_DNS, encoding="utf-8")
        look_up, name_of = partial(_addresses_of, container), partial(_name_of, container)
        serving = dns.serve(container.namespace.path, look_up, name_of, container.settings.dns)
        container.undo.callback(serving.close)


def add_line(container: Container, endpoint: Endpoint) -> None:
    """Write a container's address on one more network into its own /etc/hosts, where the Engine leaves it for good."""
    with Path(container.directory, "hosts").open("a", encoding="utf-8") as hosts:
        hosts.writelines(etc.line(str(each), container.hostname) for each in endpoint.all_addresses)


def _rank(endpoint: Endpoint) -> tuple[bool, int, bool, str]:
    net = endpoint.network
    return net.internal, -endpoint.priority, endpoint.address6 is None, net.name


def _lead(container: Container, leading: Endpoint | None) -> None:
    """Turn the default route and the published ports to a network."""
    ways, room = container.ways, container.namespace
    ways.published.close()
    if ways.leading in ways.values():  # else its cable has gone, and the route with it
        for way in ways.leading.network.ways_out(ways.leading) if ways.leading is not None else ():
            with suppress(KernelRefused, NotFound):  # the learner may have taken it away
                room.delete_route("default", **way)
    ways.leading = leading
    if leading is None:
        return
    for way in leading.network.ways_out(leading):
        room.add_route("default", **way, metric=leading.network.rulebook.generation.metric)
    _take_ports(container, leading)
    leading.network.publish(container.ports, leading, ways.published)
    if leading.network.rulebook.how.proxy and leading.network.bridge:
        proxying.serve(container.machine, ways.taken, leading, ways.published)
    container.undo.callback(ways.published.close)


def _take_ports(container: Container, leading: Endpoint) -> None:
    """Take the published ports as the network that leads now has them: of IPv6 as well, or at an address of its own."""
    wanted = leading.network.published(container.settings.ports)
    ways = container.ways
    for gone in [one for one in ways.taken if one not in wanted]:
        ways.taken.pop(gone).close()
    fresh = [one for one in wanted if one not in ways.taken] if leading.network.bridge else []
    taken = publishing.reserve(container.machine, fresh, ways.published)
    ways.taken |= taken
    keep(container, ports=wanted)


def _addresses_of(container: Container, name: str) -> list[IPAddress]:
    """The addresses that a name has for a container: that of a link first."""
    linked = {alias.lower(): other.name for alias, other in container.linked.items()}
    networks = [each.network for each in container.ways.values() if each.network.knows_names]
    wanted = [linked[name]] if name in linked else []
    return next(filter(None, (net.addresses_of(each) for each in (*wanted, name) for net in networks)), [])


def _name_of(container: Container, address: str) -> str | None:
    """The name that an address has for a container."""
    networks = (each.network for each in container.ways.values() if each.network.knows_names)
    return next(filter(None, (net.name_of(address) for net in networks)), None)
