"""What lesson 14, IPv6 for containers, asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.lessons.pages import Served
from netkit.lessons.prediction import Choice, Number, Prediction, Ran, Truth
from netkit.lessons.rooms import called
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches, Silent
from netkit.lessons.wants import Bears
from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.journey.shown.table import Journey
    from netkit.model import Snapshot
    from netkit.model.snapshot import Namespace

_SCENE = """
nk.echo(False)
pc = nk.Namespace("pc")
lan1, eth0 = nk.veth("lan1", "eth0", peer_namespace=pc)
for interface, address in ((lan1, "fd00:99::1"), (eth0, "fd00:99::50")):
    interface.add_address(f"{address}/64", dad=False)
    interface.up()
lan1.add_address("fe80::1/64", dad=False)
pc.add_route("default", via="fd00:99::1")
nk.sh("mkdir -p /run/site && echo 'It works.' > /run/site/index.html")
SERVE = "busybox httpd -f -p 80 -h /run/site"
docker = nk.Docker(like="29")
"""
_PLAIN = f"""{_SCENE}
plain = docker.run("plain", SERVE)
"""
_MUTE = f"""{_SCENE}
shop = docker.network_create("shop", ["172.30.0.0/16", "fd00:30::/64"], ipv6=True, options={{"name": "br-shop"}})
web = docker.run("web", SERVE, network="shop", ports=["8080:80"])
nk.sh("ip6tables -A INPUT -i lan1 -p ipv6-icmp -j DROP")
pc.run("ip -6 neigh flush dev eth0")
nk.sh("ip -6 neigh flush dev lan1")
"""

_OWN = Bears("plain", "fd00:17::2/64", HOST)
_GATE, _OUT = Reaches("plain", "fd00:17::1"), Reaches("plain", "fd00:99::50")

_ON = 'plain.namespace.sysctl("net.ipv6.conf.eth0.disable_ipv6", 0)\n'
_ADDRESS = 'plain.namespace["eth0"].add_address("fd00:17::2/64", dad=False)\n'
_ROUTER = 'nk.host["docker0"].add_address("fd00:17::1/64", dad=False)\n'
_ROUTE = 'plain.namespace.add_route("default", via="fd00:17::1")\n'
_FORWARD = 'nk.host.sysctl("net.ipv6.conf.all.forwarding", 1)\n'
_INSIDE = "nsenter --net=/proc/{plain.pid}/ns/net"
_BY_SHELL = f"""
nk.sh(f"{_INSIDE} sysctl -w net.ipv6.conf.all.disable_ipv6=0")
nk.sh(f"{_INSIDE} ip addr add fd00:17::2/64 dev eth0 nodad")
nk.sh(f"{_INSIDE} ip -6 route add fd00:99::/64 via fd00:17::1")
nk.sh("ip addr add fd00:17::1/64 dev docker0 nodad; sysctl -w net.ipv6.conf.all.forwarding=1")
"""
_HIDDEN = 'nk.sh("ip6tables -t nat -A POSTROUTING -s fd00:17::/64 ! -o docker0 -j MASQUERADE")\n'

_QUIET, _SERVED = Silent("pc", "fd00:99::1"), Served("pc", "fd00:99::1", 8080)
_MUTED = "INPUT -i lan1 -p ipv6-icmp"


def _filtered(*lines: str) -> str:
    """Python that changes rules of the host's ip6tables, then lets pc ask for its neighbours anew."""
    return "\n".join(f'nk.sh("ip6tables {line}")' for line in (*lines,)) + '\npc.run("ip -6 neigh flush dev eth0")'


def _room(world: Snapshot, container: str) -> Namespace:
    return world[called(world, container)]


def _echo(ran: Ran) -> Journey:
    """The first echo request that an x-ray saw."""
    return next(each for each in ran.names["x"].journeys if each.what.startswith("echo request"))


def _addresses(ran: Ran) -> Truth:
    borne = _room(ran.after, "web")["eth0"].addresses
    return Truth(len(borne), f"They are {', '.join(borne)}.")


_ARP, _GROUP, _WEBS = "ff:ff:ff:ff:ff:ff", "33:33:ff:00:00:02", "web's own"


def _asked(ran: Ran) -> Truth:
    first = next(each for each in ran.names["x"].everything if each.what.startswith("who has fd00:30::2"))
    written = next(hop.frame for hop in first.hops if hop.frame is not None).dst
    value = _WEBS if written == _room(ran.after, "web")["eth0"].mac else written
    return Truth(value, f"On the first frame stands {written}, and in it is the question: {first.what}")


def _sender(ran: Ran) -> Truth:
    arrived = [hop.frame for hop in _echo(ran).hops if hop.frame is not None][-1]
    source = arrived["IPv6"].src
    return Truth(source, f"The frame that arrived in pc has the source {source}.")


_BELIEVERS = ("the host", "web", "both", "neither")


def _believes(ran: Ran) -> Truth:
    """Who has a default route by a router's own word."""
    rooms = {"the host": HOST, "web": called(ran.after, "web")}
    told = {
        who: route.via
        for who, room in rooms.items()
        for route in ran.after[room].routes
        if (route.destination, route.protocol) == ("default", "ra")
    }
    value = _BELIEVERS[2] if len(told) > 1 else next(iter(told), _BELIEVERS[3])
    routes = " and ".join(f"{who} has one via {via}" for who, via in told.items())
    return Truth(value, f"Of default routes that a router's word has made, {routes or 'nobody has one'}.")


_OUTCOMES = ("two containers use it", "it is there, but out of use", "the kernel refuses to add it")


def _twice(ran: Ran) -> Truth:
    label = dict(_room(ran.after, "vpn")["eth0"].labels).get("fd00:30::2/64")
    value = _OUTCOMES[2] if label is None else _OUTCOMES[1] if "dadfailed" in label else _OUTCOMES[0]
    return Truth(value, f"The kernel calls it: {label or 'not there'}.")


ITEMS = (
    Task(
        "14.1",
        "Give IPv6 to a container that has none",
        "plain stands at docker0, which has no IPv6. By hand: plain is to have fd00:17::2/64 at its eth0, docker0 is "
        "its router, fd00:17::1, and plain reaches pc at fd00:99::50.",
        wants=(_OWN, _GATE, _OUT),
        given=_PLAIN,
        solution=f"{_ON}{_ADDRESS}{_ROUTER}{_ROUTE}{_FORWARD}",
        others=(
            _BY_SHELL,
            f"{_ROUTER}{_ON}{_ADDRESS}{_ROUTE}{_HIDDEN}{_FORWARD}",
        ),
        wrong=(
            Wrong("IPv6 stays switched off", f"{_ROUTER}{_FORWARD}", _OWN.text),
            Wrong("the router has no address", f"{_ON}{_ADDRESS}{_FORWARD}", _GATE.text),
            Wrong("the host does not forward", f"{_ON}{_ADDRESS}{_ROUTER}{_ROUTE}", _OUT.text),
            Wrong("no way out of the container", f"{_ON}{_ADDRESS}{_ROUTER}{_FORWARD}", _OUT.text),
        ),
    ),
    Task(
        "14.2",
        "Forbid echoes, and nothing else",
        "Somebody has forbidden all ICMPv6 at the host's lan1, as he used to forbid ICMP. pc is to be served at "
        "[fd00:99::1]:8080 again, and still gets no answer to an echo request to fd00:99::1.",
        wants=(_SERVED, _QUIET),
        given=_MUTE,
        solution=_filtered(f"-R INPUT 1 {_MUTED[6:]} --icmpv6-type echo-request -j DROP"),
        others=(
            _filtered(
                "-I INPUT -p ipv6-icmp --icmpv6-type neighbour-solicitation -j ACCEPT",
                "-I INPUT -p ipv6-icmp --icmpv6-type neighbour-advertisement -j ACCEPT",
            ),
            _filtered(f"-I INPUT {_MUTED[6:]} ! --icmpv6-type echo-request -j ACCEPT"),
        ),
        wrong=(
            Wrong("all of it is let in again", _filtered(f"-D {_MUTED} -j DROP"), _QUIET.text),
            Wrong("questions come in, answers do not", _filtered(f"-A {_MUTED} -j ACCEPT"), _SERVED.text),
            Wrong(
                "forwarded packets are let in",
                _filtered("-I FORWARD -i lan1 -p tcp --dport 80 -j ACCEPT"),
                _SERVED.text,
            ),
        ),
    ),
    Question(
        "14.3",
        "A machine has learned its default route of IPv6 from its router's advertisements. Somebody sets "
        "net.ipv6.conf.all.forwarding to 1, for containers. What becomes of that route?",
        {
            "a": Option("it stays", "A kernel that forwards takes itself for a router, and routers believe none."),
            "b": Option(
                "it goes, unless the interface's accept_ra is 2",
                "1 means: believe routers while not forwarding; 2 means: believe them all the same.",
                right=True,
            ),
            "c": Option("it goes for containers only", "It is one table: who asks in it does not matter."),
            "d": Option("it leads to docker0 from now on", "Nothing puts another in its place."),
        },
    ),
    Question(
        "14.4",
        "A provider leads 2001:db8:5::/48 to your machine, and your containers are to be reached at their own "
        "addresses, at published ports only. What do you say when you make the network?",
        {
            "a": Option(
                "a subnet of it, and gateway_mode_ipv6=routed",
                "No translation either way, and what nobody published is dropped.",
                right=True,
            ),
            "b": Option("a subnet of fd00::/8", "Nobody in the internet has a route to a unique local address."),
            "c": Option(
                "a subnet of it, and nothing else",
                "In mode nat the table raw drops what comes straight to a container's own address.",
            ),
            "d": Option(
                "a subnet of it, and gateway_mode_ipv6=nat-unprotected", "That opens ports that nobody published."
            ),
        },
    ),
    Prediction("14.5", "How many addresses has web's eth0, of both families?", Number(), _addresses),
    Prediction("14.6", "Which destination MAC is on the very first frame?", Choice((_ARP, _GROUP, _WEBS)), _asked),
    Prediction(
        "14.7",
        "Network shop: which source address does pc see?",
        Choice(("fd00:30::2", "fd00:30::1", "fd00:99::1")),
        _sender,
    ),
    Prediction(
        "14.8",
        "Network open: which source address does pc see?",
        Choice(("fd00:31::2", "fd00:31::1", "fd00:99::1")),
        _sender,
    ),
    Prediction("14.9", "vpn says that it is a router. Who believes it?", Choice(_BELIEVERS), _believes),
    Prediction("14.10", "vpn adds web's address to its own eth0. What comes of it?", Choice(_OUTCOMES), _twice),
)
