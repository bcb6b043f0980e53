"""What lesson 11, Write your own docker run, asks for."""

from __future__ import annotations

from netkit.lessons.finding import Finds
from netkit.lessons.pages import Served
from netkit.lessons.policies import Policy, Shut
from netkit.lessons.prediction import Choice, Prediction, Ran, Truth, Way
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches, Serves
from netkit.lessons.wants import Bears, Lit, Plugged, Room
from netkit.model import HOST

_WORLD = """
pc = nk.Namespace("pc")
lan1, eth0 = nk.veth("lan1", "eth0", peer_namespace=pc)
lan1.add_address("192.168.1.1/24"), eth0.add_address("192.168.1.50/24")
lan1.up(), eth0.up()
nk.sh("mkdir -p /run/site && echo 'It works.' > /run/site/index.html")
nk.sh("printf '172.17.0.2 web\\n' > /run/db.hosts")
"""

_ROOM = """
bridge = nk.Bridge("docker0")
bridge.add_address("172.17.0.1/16")
bridge.up()
web = nk.Namespace("web")
web["lo"].up()
port, eth0 = nk.veth("port2", "eth0", peer_namespace=web)
bridge.attach(port)
eth0.set_mac(nk.mac_of("172.17.0.2"))
eth0.add_address("172.17.0.2/16")
port.up(), eth0.up()
"""

_OUT = """
web.add_route("default", via="172.17.0.1")
nk.host.sysctl("net.ipv4.ip_forward", 1)
nk.host.set_policy("FORWARD", "DROP")
nk.host.iptables("-A FORWARD -i docker0 ! -o docker0 -j ACCEPT")
nk.host.iptables("-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
nk.host.iptables("-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE")
"""

_PORT = """
web.run("busybox httpd -p 80 -h /run/site")
nk.host.iptables("-t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80")
nk.host.iptables("-t nat -A OUTPUT -d 192.168.1.1 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80")
nk.host.iptables("-A FORWARD ! -i docker0 -o docker0 -d 172.17.0.2 -p tcp --dport 80 -j ACCEPT")
"""

_FOR_PC = 'nk.host.iptables("-t nat -A PREROUTING -i docker0 -d 192.168.1.50 -j REDIRECT")'
_BOTH_SERVE = """
for room in (web, nk.host):
    room.run("busybox httpd -p " + ("8080" if room is nk.host else "80") + " -h /run/site")
"""

_RUN = """
def my_run(name, number):
    room = nk.Namespace(name)
    room["lo"].up()
    port, eth0 = nk.veth(f"port{number}", "eth0", peer_namespace=room)
    bridge.attach(port)
    eth0.add_address(f"172.17.0.{number}/16")
    port.up(), eth0.up()
    room.add_route("default", via="172.17.0.1")
    inside = "mount --bind /run/db.hosts /etc/hosts && exec sleep infinity"
    room.run(f"setsid -f unshare --mount sh -c '{inside}' > /dev/null 2>&1")


my_run("db", 3)
"""

_DNAT = "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80"

_AT_THE_BRIDGE = (
    Room("web"),
    Plugged("web", "docker0"),
    Bears("web", "172.17.0.2/16", HOST),
    Lit("web"),
    Reaches(HOST, "172.17.0.2", at="web"),
)
_WAY_OUT = (
    Policy("FORWARD", "DROP"),
    Shut("pc", "172.17.0.2"),
    Shut("pc", "172.17.0.2", 22),
    Reaches("web", "192.168.1.50", at="pc"),
)
_PUBLISHED = (
    Serves("web", 80, "/run/site"),
    Served("pc", "192.168.1.1", 8080, _DNAT, "web"),
    Served(HOST, "192.168.1.1", 8080, _DNAT.replace("PREROUTING", "OUTPUT -d 192.168.1.1"), "web"),
)
_SECOND = (
    Room("db"),
    Plugged("db", "docker0"),
    Bears("db", "172.17.0.3/16", HOST),
    Lit("db"),
    Reaches("db", "192.168.1.50", at="pc"),
    Finds("db", "web"),
)

_BY_HAND = """
for line in (
    "ip netns add web",
    "ip link add docker0 type bridge",
    "ip addr add 172.17.0.1/16 dev docker0",
    "ip link set docker0 up",
    "ip link add tap type veth peer name inner netns web",
    "ip link set tap up master docker0",
    "ip -n web addr add 172.17.0.2/16 dev inner",
    "ip -n web link set inner up",
):
    nk.sh(line)
"""
_MOVED = """
nk.sh("ip netns add web && ip link add docker0 type bridge && ip link set docker0 up")
outside, inside = nk.veth("outside", "inside")
inside.move(nk.Namespace.get("web"))
nk.host["docker0"].attach(outside)
for place, name, address in (("web", "inside", "172.17.0.2/16"), ("host", "docker0", "172.17.0.9/16")):
    room = nk.host if place == "host" else nk.Namespace.get(place)
    room[name].add_address(address)
    room[name].up()
outside.up()
"""

_LOST = ("on the host: it is not sent on", "at pc: it cannot answer to 172.17.0.2", "nowhere: pc answers")


def _without_masquerade(ran: Ran) -> Truth:
    x = ran.names["x"]
    asked = x.find("icmp")[0]
    there = any(hop.namespace == "pc" for hop in asked.hops if hop.frame is not None)
    answered = any(journey.answers == asked.number for journey in x.journeys)
    value = _LOST[2] if answered else _LOST[1] if there else _LOST[0]
    return Truth(value, f"The echo request was {asked.end}.")


def _nothing_known(ran: Ran) -> Truth:
    routes = [route.destination for route in ran.after["web"].routes if route.version == 4]
    known = " and ".join(routes) or "nobody"
    return Truth("yes" if ran.value.ok else "no", f"web knows a way to {known}, and to nobody else.")


def _way_in(ran: Ran) -> Truth:
    journey = ran.names["x"].find("tcp")[0]
    way = tuple(dict.fromkeys(hop.where for hop in journey.hops if hop.frame is not None))
    return Truth(way, f"The first packet was {journey.end}.")


ITEMS = (
    Task(
        "11.1",
        "A room at a bridge",
        "A namespace web whose cable leads to a bridge docker0 of the host; web has 172.17.0.2/16, and the host "
        "reaches it.",
        wants=_AT_THE_BRIDGE,
        given=_WORLD,
        solution=_ROOM.strip(),
        others=(_BY_HAND, _MOVED),
        wrong=(
            Wrong("no plug in the bridge", _ROOM.replace("bridge.attach(port)", ""), _AT_THE_BRIDGE[1].text),
            Wrong("another subnet", _ROOM.replace('0.2/16")', '0.2/24")'), _AT_THE_BRIDGE[2].text),
            Wrong("one end is off", _ROOM.replace("port.up(), ", ""), _AT_THE_BRIDGE[3].text),
            Wrong(
                "the bridge has no address",
                _ROOM.replace('bridge.add_address("172.17.0.1/16")', ""),
                _AT_THE_BRIDGE[4].text,
            ),
        ),
    ),
    Task(
        "11.2",
        "A way out",
        "web reaches pc, which knows nothing of 172.17.0.0/16; what no rule allows is not forwarded, nor is what pc "
        "begins.",
        wants=_WAY_OUT,
        given=_WORLD + _ROOM,
        solution=_OUT.strip(),
        others=(
            _OUT.replace("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0", "-A POSTROUTING -o lan1"),
            """
for line in (
    "ip -n web route add default via 172.17.0.1",
    "sysctl -w net.ipv4.ip_forward=1",
    "iptables -P FORWARD DROP",
    "iptables -A FORWARD -s 172.17.0.0/16 -j ACCEPT",
    "iptables -A FORWARD -d 172.17.0.0/16 -m conntrack --ctstate ESTABLISHED -j ACCEPT",
    "iptables -t nat -A POSTROUTING -s 172.17.0.2 -j SNAT --to-source 192.168.1.1",
):
    nk.sh(line)
""",
        ),
        wrong=(
            Wrong(
                "everything is forwarded", _OUT.replace('nk.host.set_policy("FORWARD", "DROP")', ""), _WAY_OUT[0].text
            ),
            Wrong(
                "all answers and questions",
                _OUT.replace("-m conntrack --ctstate RELATED,ESTABLISHED", ""),
                _WAY_OUT[1].text,
            ),
            Wrong(
                "a rule for everything", _OUT.replace("FORWARD -i docker0 ! -o docker0", "FORWARD"), _WAY_OUT[1].text
            ),
            Wrong(
                "everything by TCP",
                _OUT.replace("FORWARD -i docker0 ! -o docker0", "FORWARD ! -p icmp").replace("-o docker0 -m", "-m"),
                _WAY_OUT[2].text,
            ),
            Wrong(
                "no route in the room", _OUT.replace('web.add_route("default", via="172.17.0.1")', ""), _WAY_OUT[3].text
            ),
            Wrong("the host answers for pc", _OUT + _FOR_PC, _WAY_OUT[3].text),
            Wrong("its own address outside", _OUT.replace("MASQUERADE", "RETURN"), _WAY_OUT[3].text),
        ),
    ),
    Task(
        "11.3",
        "A published port",
        "A web server in web, at port 80; pc and the host get its page at 192.168.1.1:8080.",
        wants=_PUBLISHED,
        given=_WORLD + _ROOM + _OUT,
        solution=_PORT.strip(),
        others=(
            _PORT.replace("PREROUTING -p", "PREROUTING -i lan1 -p").replace("OUTPUT -d", "OUTPUT -o lo -d"),
            """
nk.sh("ip netns exec web busybox httpd -p 80 -h /run/site")
for hook in ("PREROUTING", "OUTPUT"):
    nk.sh(f"iptables -t nat -A {hook} -d 192.168.1.1 -p tcp --dport 8080 -j DNAT --to 172.17.0.2:80")
nk.sh("iptables -I FORWARD -o docker0 -m conntrack --ctstate DNAT -j ACCEPT")
""",
        ),
        wrong=(
            Wrong(
                "nobody serves",
                _PORT.replace('web.run("busybox httpd -p 80 -h /run/site")', ""),
                _PUBLISHED[0].text,
            ),
            Wrong(
                "the filter was forgotten",
                _PORT.replace("-A FORWARD ! -i docker0", "-A FORWARD -i docker0"),
                _PUBLISHED[1].text,
            ),
            Wrong("the host serves it itself", _BOTH_SERVE, _PUBLISHED[1].text),
            Wrong(
                "the host was forgotten",
                _PORT.replace("OUTPUT -d 192.168.1.1", "OUTPUT -d 192.168.1.9"),
                _PUBLISHED[2].text,
            ),
        ),
    ),
    Task(
        "11.4",
        "A function that does it",
        "Another container, db with 172.17.0.3/16, that reaches pc, and finds web by its name.",
        wants=_SECOND,
        given=_WORLD + _ROOM + _OUT,
        solution=_RUN.strip(),
        others=(
            _RUN.replace("port{number}", "vm{number}").replace('"eth0"', '"net0"'),
            _RUN.replace("172.17.0.{number}/16", "172.17.{0}.{number}/16"),
        ),
        wrong=(
            Wrong(
                "the address of the first one",
                _RUN.replace('"db", 3', '"db", 2').replace("port{n", "other{n"),
                _SECOND[2].text,
            ),
            Wrong("no way out", _RUN.replace('room.add_route("default", via="172.17.0.1")', ""), _SECOND[4].text),
            Wrong("no name", _RUN.replace("mount --bind /run/db.hosts /etc/hosts", "true"), _SECOND[5].text),
        ),
    ),
    Question(
        "11.5",
        "Your web server is killed, and nothing else lives in web. What is left of its network?",
        {
            "a": Option("nothing", "So it is with Docker, whose namespaces have no name: yours has one."),
            "b": Option(
                "all of it",
                "Its name in /run/netns keeps the namespace, with cable, address and routes, until you delete it.",
                right=True,
            ),
            "c": Option("the cable, and no address", "An address goes with its interface, and the interface stays."),
        },
    ),
    Prediction("11.6", "web hangs on the bridge. Does it reach pc?", Choice(("yes", "no")), _nothing_known),
    Prediction(
        "11.7", "Route and forwarding are there, no NAT. Where is the ping lost?", Choice(_LOST), _without_masquerade
    ),
    Prediction("11.8", "Which interfaces does pc's first packet pass, in its order?", Way(), _way_in),
)
