"""What lesson 09, Reach across hosts, asks for."""

from __future__ import annotations

from netkit.changes import diff
from netkit.lessons.prediction import Choice, Ends, Number, Prediction, Ran, Truth
from netkit.lessons.sizes import Carries, Sends
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches
from netkit.model import HOST

_MACHINES = """
nk.host.sysctl("net.ipv4.ip_forward", 1)
node1, node2 = nk.Namespace("node1"), nk.Namespace("node2")
for number, node in ((1, node1), (2, node2)):
    lan, eth0 = nk.veth(f"lan{number}", "eth0", peer_namespace=node)
    lan.add_address(f"192.168.{number}.1/24"), eth0.add_address(f"192.168.{number}.2/24")
    lan.up(), eth0.up()
    node.add_route("default", via=f"192.168.{number}.1")
docker1, docker2 = nk.Docker(host=node1, like="29"), nk.Docker(host=node2, like="29")


def name(*containers):
    nk.sh("mkdir -p /run/netns")
    for each in containers:
        nk.sh(f"ln -sfn /proc/{each.pid}/ns/net /run/netns/{each.name}")


def anew(**options):
    for docker, container in ((docker1, "one"), (docker2, "two")):
        if docker.find(container):
            docker.remove(container, force=True)
    for made in nets:
        made.remove()
    nets[:] = [nk.overlay("ov", hosts=[docker1, docker2], **options)]
    one, two = docker1.run("one", network="ov"), docker2.run("two", network="ov")
    name(one, two)
    return nets[0], one, two


nets = []
ov, one, two = anew({options})
"""

_SLIP = """
space = ov["node2"].space
ov["node2"].vxlan.delete()
wrong = nk.vxlan("vxlan0", 4098, namespace=node2, local="192.168.2.2")
wrong.move(space)
wrong.add_flood("192.168.1.2")
wrong.set_mtu(1450)
space["br0"].attach(wrong)
wrong.up()
"""

_RIGHT = """
space["vxlan0"].delete()
right = nk.vxlan("vxlan0", 4097, namespace=node2, local="192.168.2.2")
right.move(space)
right.add_flood("192.168.1.2")
right.set_mtu(1450)
space["br0"].attach(right)
right.up()
"""

_MET = Reaches("one", "10.0.0.3", at="two")

_UNDERLAY = Carries("node1", "192.168.2.2", 9000, (HOST, "node1", "node2"))
_OVERLAY = Carries("one", "10.0.0.3", 8950, ("one", "node1-ov", "node2-ov", "two"))
_LIMIT = Sends("one", "10.0.0.2", 8950)

_JUMBO = """
for namespace, interface in ((nk.host, "lan1"), (nk.host, "lan2"), (node1, "eth0"), (node2, "eth0")):
    namespace[interface].set_mtu(9000)
"""


_SPOKEN_TO = ("two", "one itself", "nobody")


def _who_answers(ran: Ran) -> Truth:
    journey = ran.names["x"].find("icmp")[0]
    ends = {hop.namespace for hop in journey.hops if hop.frame is not None}
    value = _SPOKEN_TO[1] if ends == {"one"} else _SPOKEN_TO[0] if "two" in ends else _SPOKEN_TO[2]
    return Truth(value, f"The echo request was {journey.end}, by way of {', '.join(sorted(ends))}.")


def _entries(ran: Ran) -> Truth:
    changes = [item for item in diff(ran.before, ran.after).items if item.kind in ("neighbours", "fdb")]
    return Truth(len(changes), f"{'; '.join(map(str, changes)) or 'Nothing was learned'}.")


def _outer_ends(ran: Ran) -> Truth:
    hops = ran.names["request"].hops
    outer = next(hop.frame for hop in hops if hop.where == "host:lan1")["IP"]
    inner = next(hop.frame for hop in hops if hop.where == "one:eth0")["IP"]
    return Truth(
        (outer.src, outer.dst), f"The container wrote {inner.src} → {inner.dst}: that travels inside, as content."
    )


def _ttl(ran: Ran) -> Truth:
    hops = [hop for hop in ran.names["request"].hops if hop.frame is not None]
    sent, arrived = hops[0].frame["IP"].ttl, hops[-1].frame["IP"].ttl
    outer = next(hop.frame for hop in hops if hop.where == "node2:eth0")["IP"].ttl
    return Truth(arrived, f"It was sent with {sent}. The router lowered the outer packet's, to {outer}.")


def _pieces(ran: Ran) -> Truth:
    sent = [
        packet for packet in ran.names["cap"].packets if packet.haslayer("IP") and packet["IP"].src == "192.168.1.2"
    ]
    sizes = ", ".join(str(packet["IP"].len) for packet in sent)
    told = f"Their sizes, with the outer header: {sizes} bytes." if sent else "None was seen."
    return Truth(len(sent), told)


_PLACES = ("at node1", "at the router", "at node2", "at two")


def _last_place(ran: Ran) -> Truth:
    journey = ran.names["x"].find("icmp")[0]
    last = [hop.namespace for hop in journey.hops if hop.frame is not None][-1]
    machine = "the router" if last == HOST else last.removesuffix("-ov")
    return Truth(f"at {machine}", f"The echo request: {journey.end}.")


ITEMS = (
    Task(
        "09.1",
        "Mend the slip",
        "Make one reach two again: the two VXLAN devices do not hear each other.",
        wants=(_MET,),
        given=_MACHINES.replace("{options}", "learning=True") + _SLIP,
        solution=_RIGHT.strip(),
        others=(
            'for line in nk.why("one", two).repair:\n    nk.sh(line)',
            "ov, one, two = anew(learning=True)",
        ),
        wrong=(
            Wrong("the right number, and switched off", _RIGHT.replace("right.up()", ""), _MET.text),
            Wrong("another wrong number", _RIGHT.replace("4097", "4099"), _MET.text),
        ),
    ),
    Task(
        "09.2",
        "Use jumbo frames",
        "Let the underlay carry packets of 9000 bytes, and the overlay the largest that fit.",
        wants=(_UNDERLAY, _OVERLAY, _LIMIT),
        given=_MACHINES.replace("{options}", ""),
        solution=_JUMBO.strip() + "\nov, one, two = anew(mtu=8950)",
        others=(
            "ov, one, two = anew(mtu=8950)\n" + _JUMBO.strip(),
            _JUMBO
            + """
for space in (ov["node1"].space, ov["node2"].space, one.namespace, two.namespace):
    for interface in space:
        if interface.name != "lo":
            interface.set_mtu(8950)
""",
        ),
        wrong=(
            Wrong("one end is forgotten", _JUMBO.replace('(node2, "eth0")', "") + "anew(mtu=8950)", _UNDERLAY.text),
            Wrong("the underlay alone", _JUMBO, _OVERLAY.text),
            Wrong("the tunnel's 50 bytes are forgotten", _JUMBO + "anew(mtu=9000)", _LIMIT.text),
        ),
    ),
    Question(
        "09.3",
        "An overlay of three machines floods and learns. To how many machines does one's first ARP question go?",
        {
            "a": Option("to one", "Nobody knows yet which machine it would be: that is what the question is for."),
            "b": Option(
                "to two: all others",
                "There is one copy for each of the other machines, one after the other.",
                right=True,
            ),
            "c": Option("to none: proxy answers", "A device that learns has no entries to answer from."),
        },
    ),
    Question(
        "09.4",
        "A page of 20 bytes comes, one of 100 000 never does, and pings are answered. What do you look at first?",
        {
            "a": Option("the forwarding database", "It leads small and large frames the same way."),
            "b": Option("the name server", "The small page came by the same name."),
            "c": Option(
                "the MTU at both ends and on the way",
                "Small packets fit everywhere. A full one does not, and who would say so is filtered.",
                right=True,
            ),
        },
    ),
    Prediction("09.5", "one pings the address of two. Who answers?", Choice(_SPOKEN_TO), _who_answers),
    Prediction("09.6", "How many such entries will be new in node1-ov?", Number(), _entries),
    Prediction("09.7", "Which source and which destination does the router read?", Ends(), _outer_ends),
    Prediction("09.8", "It was sent with a TTL of 64. With which one does it arrive at two?", Number(), _ttl),
    Prediction("09.9", "In how many packets does the question cross the router?", Number(), _pieces),
    Prediction("09.10", "node2's number is wrong. Where does the ping end?", Choice(_PLACES), _last_place),
)
