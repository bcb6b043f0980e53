"""What lesson 05, Configure a running container, asks for."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.lessons.living import At, Beside, Named
from netkit.lessons.prediction import Choice, Number, Prediction, Ran, Truth
from netkit.lessons.rooms import called
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches
from netkit.lessons.wants import Bears, Lit, Plugged
from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.model import Snapshot
    from netkit.model.snapshot import Namespace

_GIVEN = """
nk.echo(False)
server = nk.Namespace("server")
card, far = nk.veth("eth0", "eth0", peer_namespace=server)
card.add_address("192.168.1.10/24"), far.add_address("192.168.1.20/24")
card.up(), far.up()
docker = nk.Docker(like="29")
back = docker.network_create("back", "172.30.0.0/24")
docker.run("db", "busybox sleep 1000000", network=back)
other = docker.run("other", "tail -f /dev/null")
alone = docker.run("alone", "sleep infinity", network="none")
"""

_CABLE = """
port, eth0 = nk.veth("veth-alone", "eth0", peer_namespace=alone.namespace)
nk.host["docker0"].attach(port)
eth0.add_address("172.17.0.50/16")
eth0.up()
port.up()
"""

_ROUTE = 'alone.namespace.add_route("default", via="172.17.0.1")\n'

_WIRED = (
    Plugged("alone", "docker0"),
    Bears("alone", "172.17.0.50/16", HOST),
    Lit("alone"),
    Reaches("alone", "192.168.1.20", at="server"),
)

_BOTH = (
    Beside("other", "db"),
    At("other", "db", "172.30.0.3/24"),
    Plugged("other", "docker0"),
    Reaches("other", "172.30.0.2", at="db"),
)

_BY_HAND = """
port, eth1 = nk.veth("to-back", "eth1", peer_namespace=other.namespace)
nk.host[back.bridge].attach(port)
eth1.add_address("172.30.0.3/24")
port.up()
eth1.up()
"""

_YES_OR_NO = Choice(("yes", "no"))
_LEADS = ("by 172.17.0.1, as before", "by 172.30.0.1, on the new network", "nowhere")
_LISTED = ("test, and it still leads there", "test, but it leads nowhere", "nothing of test")


def _room(world: Snapshot, container: str) -> Namespace:
    return world[called(world, container)]


def _from_inside(ran: Ran) -> Truth:
    mtu = _room(ran.after, "test")["eth0"].mtu
    because = f"The MTU is {mtu}; only who has CAP_NET_ADMIN may change it."
    return Truth("yes" if ran.names["refused"].returncode == 0 else "no", because)


def _names(ran: Ran) -> Truth:
    named = [space.name for space in ran.after if space.named and space.name != HOST]
    nameless = [space.name for space in ran.after if not space.named]
    there = f"{' and '.join(nameless)} {'is' if len(nameless) == 1 else 'are'} there all the same"
    return Truth(
        len(named),
        f"{there}: nobody has given {'it' if len(nameless) == 1 else 'them'} a name."
        if nameless
        else "There is no other one.",
    )


def _out(ran: Ran) -> Truth:
    routes = [f"{route.destination}" for route in _room(ran.after, "test").routes if route.version == 4]
    return Truth(
        "yes" if ran.value.ok else "no", f"The routes that test has lead to: {', '.join(routes) or 'nothing'}."
    )


def _leads(ran: Ran) -> Truth:
    ways = [str(route.via) for route in _room(ran.after, "test").routes if route.destination == "default"]
    value = _LEADS[0] if ways == ["172.17.0.1"] else _LEADS[1] if ways == ["172.30.0.1"] else _LEADS[2]
    return Truth(value, "Of a container's networks the first by name leads out: back comes before bridge.")


def _collision(ran: Ran) -> Truth:
    wanted = ipaddress.ip_address("192.168.1.20")
    routes = [route for route in ran.after[HOST].routes if route.version == 4 and route.destination != "default"]
    fitting = [route for route in routes if wanted in ipaddress.ip_network(route.destination)]
    longest = max(fitting, key=lambda route: ipaddress.ip_network(route.destination).prefixlen)
    because = f"Of the routes that fit, the kernel takes the narrowest: {longest.destination} dev {longest.device}."
    return Truth("yes" if ran.value.ok else "no", because)


def _name_left(ran: Ran) -> Truth:
    listed = "test" in ran.value.stdout.split()
    leads = "test" in ran.after.namespaces
    value = _LISTED[0] if listed and leads else _LISTED[1] if listed else _LISTED[2]
    ended = "that is still there" if leads else "that ended with the process"
    return Truth(value, f"The name is a link to a file of the process, and {ended}.")


ITEMS = (
    Task(
        "05.1",
        "Wire a container that has no network",
        "Give alone, which was started without a network, the address 172.17.0.50/16 on docker0, so that it reaches "
        "server at 192.168.1.20.",
        wants=_WIRED,
        given=_GIVEN,
        solution=(_CABLE + _ROUTE).strip(),
        others=(
            """
inside = f"nsenter --net=/proc/{alone.pid}/ns/net"
for line in (
    f"ip link add plug type veth peer name lan netns {alone.pid}",
    "ip link set dev plug master docker0 up",
    f"{inside} ip link set dev lan up",
    f"{inside} ip addr add 172.17.0.50/16 dev lan",
    f"{inside} ip route add default via 172.17.0.1",
):
    nk.sh(line)
""",
            """
nk.sh(f"ln -s /proc/{alone.pid}/ns/net /run/netns/alone")
room = nk.Namespace.get("alone")
near, far = nk.veth("near", "far", namespace=room, peer_namespace=nk.host)
nk.host["docker0"].attach(far)
far.up(), near.up()
near.add_address("172.17.0.50/16")
room.add_route("192.168.1.0/24", via="172.17.0.1")
""",
        ),
        wrong=(
            Wrong("no plug in docker0", _CABLE.replace('nk.host["docker0"].attach(port)', ""), _WIRED[0].text),
            Wrong("another prefix length", _CABLE.replace("/16", "/32"), _WIRED[1].text),
            Wrong("the host's end is off", _CABLE.replace("port.up()", "") + _ROUTE, _WIRED[2].text),
            Wrong("no route", _CABLE, _WIRED[3].text),
        ),
    ),
    Task(
        "05.2",
        "Name a container's network",
        "Make `ip netns exec web ip addr` show the interfaces of the container other.",
        wants=(Named("other", "web"),),
        given=_GIVEN,
        solution='nk.sh(f"ln -s /proc/{other.pid}/ns/net /var/run/netns/web")',
        others=(
            'nk.sh(f"ip netns attach web {other.pid}")',
            """
nk.sh("touch /run/netns/web")
nk.sh(f"mount --bind /proc/{other.pid}/ns/net /run/netns/web")
""",
        ),
        wrong=(
            Wrong("a new room of that name", 'nk.Namespace("web")', Named("other", "web").text),
            Wrong(
                "a link that leads nowhere", 'nk.sh("ln -s /proc/0/ns/net /run/netns/web")', Named("other", "web").text
            ),
            Wrong(
                "another container's",
                'nk.sh(f"ln -s /proc/{alone.pid}/ns/net /run/netns/web")',
                Named("other", "web").text,
            ),
        ),
    ),
    Task(
        "05.3",
        "Join a container to a second network",
        "Let other reach db at 172.30.0.2 by a cable of its own to the network back, with the address 172.30.0.3/24; "
        "it stays on docker0 as well.",
        wants=_BOTH,
        given=_GIVEN,
        solution='docker.connect("back", other)',
        others=(
            _BY_HAND,
            """
docker.disconnect("bridge", "other")
docker.connect("back", "other")
docker.connect("bridge", "other")
""",
        ),
        wrong=(
            Wrong(
                "a way through the host",
                'nk.host.iptables("-I DOCKER-USER -j ACCEPT")',
                _BOTH[0].text,
            ),
            Wrong("another address", _BY_HAND.replace("0.3/24", "0.9/24"), _BOTH[1].text),
            Wrong(
                "moved, not joined",
                'docker.connect("back", other)\ndocker.disconnect("bridge", other)',
                _BOTH[2].text,
            ),
            Wrong("one end is off", _BY_HAND.replace("eth1.up()", ""), _BOTH[3].text),
        ),
    ),
    Question(
        "05.4",
        "A container that is started with --privileged may change its own network. Why is that a bad habit?",
        {
            "a": Option(
                "its network becomes the host's",
                "It keeps a network namespace of its own: --privileged is about rights, not about namespaces.",
            ),
            "b": Option(
                "it gets all rights, also those over the host's devices and kernel",
                "For one right it gets all: who breaks into it can get out. --cap-add=NET_ADMIN gives that one.",
                right=True,
            ),
            "c": Option(
                "Docker notices no change of its network",
                "That is so for every change that Docker did not make, whoever made it.",
            ),
        },
    ),
    Prediction("05.5", "May root in a container change the MTU of its own interface?", _YES_OR_NO, _from_inside),
    Prediction("05.6", "Two containers run. How many networks does `ip netns list` name?", Number(), _names),
    Prediction("05.7", "The neighbour is reached at the new address. Is server, too?", _YES_OR_NO, _out),
    Prediction("05.8", "Which way does the default route of test lead, on two networks?", Choice(_LEADS), _leads),
    Prediction("05.9", "Does the host still reach server, 192.168.1.20?", _YES_OR_NO, _collision),
    Prediction("05.10", "The container has ended. What does `ip netns list` name?", Choice(_LISTED), _name_left),
)
