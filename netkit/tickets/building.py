"""What builders of networks share: shell lines for namespaces, cables, addresses, containers, `busybox httpd`."""

from __future__ import annotations

from netkit.docker.generations.values import IP6TABLES, IPTABLES
from netkit.model import HOST
from netkit.shell import in_namespace
from netkit.tickets.fault import FLUSH_ALL, OPEN_ALL, OTHER_SERVICE
from netkit.tickets.flows import page_of
from netkit.validation import mac_of

PAGES = "/run/netkit-pages"
"""Where the pages of servers are, a folder for each."""

SERVE = "ip netns exec {b} busybox httpd -p {port} -h /run/netkit-pages/{b}"
END = (
    "ip netns pids {b} | xargs -r kill; "
    "while ip netns pids {b} | grep -q . || ip netns exec {b} ss -Hltn | grep -q .; do sleep 0.02; done"
)
"""Lines of faults: the server of `{b}` begins, and all that runs in `{b}` ends: its ports are free a moment later."""


def spaces(*names: str) -> list[str]:
    """Namespaces, each with its loopback on."""
    return [line for name in names for line in (f"ip netns add {name}", f"ip -n {name} link set lo up")]


def cable(one: tuple[str, str, str], other: tuple[str, str, str]) -> list[str]:
    """A cable between two namespaces: (namespace, interface, address) of each end; "" for none."""
    lines = [f"ip link add dev {one[1]} netns {one[0]} type veth peer name {other[1]} netns {other[0]}"]
    for place, device, address in (one, other):
        lines += [f"ip -n {place} addr add {address} dev {device}"] if address else []
        lines.append(f"ip -n {place} link set {device} up")
    return lines


def plugged(room: str, device: str, address: str, port: str, bridge: str) -> list[str]:
    """A container's cable to a bridge of the host, with the MAC that Docker gives."""
    return [
        f"ip link add dev {port} type veth peer name {device} address {mac_of(address)} netns {room}",
        f"ip link set {port} master {bridge}",
        f"ip link set {port} up",
        f"ip -n {room} addr add {address} dev {device}",
        f"ip -n {room} link set {device} up",
    ]


def inside(room: str, line: str) -> str:
    """A command inside a namespace."""
    return in_namespace(room, "", line)


def serving(room: str, port: int, address: str = "") -> str:
    """What starts a namespace's server in the background."""
    where = f"{address}:{port}" if address else str(port)
    return inside(room, f"busybox httpd -p {where} -h {PAGES}/{room}")


def page(room: str) -> str:
    """What lays down a namespace's page."""
    return f"mkdir -p {PAGES}/{room}; echo '{page_of(room)}' > {PAGES}/{room}/index.html"


def hurried(rooms: tuple[str, ...], server: str, port: int, elsewhere: str, tool: str = IPTABLES) -> dict[str, str]:
    """The repairs in a hurry: rules that let everything through, rules taken away, a server at another place.

    Args:
        rooms: the namespaces through which the packets go.
        server: who should answer.
        port: at which TCP port.
        elsewhere: another namespace, which gets the server's page.
        tool: "iptables" or "ip6tables", by the family of addresses.
    """
    ip = "ip -6" if tool == IP6TABLES else "ip"
    tables = [f"{tool} -t {table} {what}" for table in ("filter", "nat") for what in ("-F", "-X")]
    accept = [f"{tool} {what}" for what in ("-P FORWARD ACCEPT", "-I FORWARD -j ACCEPT", "-I INPUT -j ACCEPT")]
    free = 10000 + port
    redirect = f"{tool} -t nat -A PREROUTING -p tcp --dport {port} -j REDIRECT --to-ports {free}"
    return {
        OPEN_ALL: "; ".join(inside(room, line) for room in rooms for line in accept),
        FLUSH_ALL: "; ".join(
            [inside(room, line) for room in rooms for line in tables]
            + [inside(room, f"{ip} route flush table main") for room in rooms if room != HOST]
            + [inside(room, f"{ip} neigh flush all") for room in rooms]
        ),
        OTHER_SERVICE: f"mkdir -p {PAGES}/{elsewhere}; cp {PAGES}/{server}/index.html {PAGES}/{elsewhere}; "
        + inside(elsewhere, f"busybox httpd -p {free} -h {PAGES}/{elsewhere}")
        + f"; {inside(elsewhere, redirect)}",
    }
