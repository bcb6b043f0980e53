"""What lesson 04, Build Docker's bridge by hand, asks for."""

from __future__ import annotations

from netkit.changes import diff
from netkit.lessons.prediction import Choice, Number, Prediction, Ran, Truth, Way
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches
from netkit.lessons.wants import Bears, Lit, Plugged, Room
from netkit.model import HOST

_GIVEN = """
ns1, ns2 = nk.Namespace("ns1"), nk.Namespace("ns2")
brtest = nk.Bridge("brtest")
for number, ns in enumerate((ns1, ns2), start=1):
    veth, eth1 = nk.veth(f"veth{number}", "eth1", peer_namespace=ns)
    brtest.attach(veth)
    eth1.add_address(f"172.17.1.{number}/24")
    eth1.up(), veth.up()
brtest.up()
brtest.add_address("172.17.1.254/24")
"""

_SOLUTION = """
ns3 = nk.Namespace("ns3")
veth3, eth3 = nk.veth("veth3", "eth1", peer_namespace=ns3)
brtest.attach(veth3)
eth3.add_address("172.17.1.3/24")
eth3.up()
veth3.up()
"""

_WANTS = (
    Room("ns3"),
    Plugged("ns3", "brtest"),
    Bears("ns3", "172.17.1.3/24", HOST),
    Lit("ns3"),
    Reaches("ns3", "172.17.1.1", at="ns1"),
    Reaches("ns2", "172.17.1.3", at="ns3"),
)

_YES_OR_NO = Choice(("yes", "no"))


def _answered(ran: Ran) -> str:
    return "yes" if ran.value.ok else "no"


def _before_the_bridge(ran: Ran) -> Truth:
    eth1 = ran.after["ns1"]["eth1"]
    signal = "a carrier" if eth1.carrier else "no carrier"
    loose = [link.name for link in ran.after[HOST].interfaces.values() if link.peer and not link.master]
    joined = f"nothing joins the host's ends, {' and '.join(loose)}" if loose else "no end at the host is loose"
    return Truth(_answered(ran), f"eth1 of ns1 has {signal}, and {joined}.")


def _from_the_host(ran: Ran) -> Truth:
    host = ran.after[HOST]
    known = any(route.destination == "172.17.1.0/24" for route in host.routes)
    bridge = next(link for link in host.interfaces.values() if link.kind == "bridge")
    has = "an" if any(text.startswith("172.17.1.") for text in bridge.addresses) else "no"
    route = "a route" if known else "no route"
    return Truth(_answered(ran), f"The host has {route} to 172.17.1.0/24: {bridge.name} has {has} address there.")


def _lines(ran: Ran) -> Truth:
    changes = diff(ran.before, ran.after)
    routes = [change for change in changes if str(change).startswith("+ route ")]
    came = ": the route came with the address" if len(routes) == 1 and len(changes) > 1 else ""
    return Truth(len(changes), f"{', '.join(map(str, changes)) or 'Nothing has changed'}{came}.")


def _way_of_the_echo(ran: Ran) -> Truth:
    journey = ran.names["x"].find("icmp")[0]
    way = tuple(dict.fromkeys(hop.where for hop in journey.hops if hop.frame is not None))
    return Truth(way, f"The echo request was {journey.end}.")


ITEMS = (
    Task(
        "04.1",
        "Add a third container",
        "Add a third container ns3 with the address 172.17.1.3/24 to the bridge brtest.",
        wants=_WANTS,
        own=(("ns3", "name"),),
        given=_GIVEN,
        solution=_SOLUTION.strip(),
        others=(
            """
for line in (
    "ip netns add ns3",
    "ip link add port type veth peer name eth0 netns ns3",
    "ip -n ns3 addr add 172.17.1.3/24 dev eth0",
    "ip -n ns3 link set eth0 up",
    "ip link set port up master brtest",
):
    nk.sh(line)
""",
            """
nk.echo(False)
for name, number in (("ns4", 4), ("ns3", 3)):
    room = nk.Namespace(name)
    inner, outer = nk.veth("lan", f"to-{number}", namespace=room, peer_namespace=nk.host)
    outer.up()
    inner.up()
    inner.add_address(f"172.17.1.{number}/24")
    nk.host["brtest"].attach(outer)
""",
        ),
        wrong=(
            Wrong("no plug in the bridge", _SOLUTION.replace("brtest.attach(veth3)", ""), _WANTS[1].text),
            Wrong(
                "a bridge of its own",
                _SOLUTION.replace("brtest.attach(veth3)", 'nk.Bridge("br3").attach(veth3)'),
                _WANTS[1].text,
            ),
            Wrong("the address on the host's end", _SOLUTION.replace("eth3.add", "veth3.add"), _WANTS[2].text),
            Wrong("the host's end is off", _SOLUTION.replace("veth3.up()", ""), _WANTS[3].text),
            Wrong("a neighbour's address", _SOLUTION.replace("1.3/24", "1.2/24"), _WANTS[2].text),
            Wrong(
                "Docker's policy, and a switch that shows it what is bridged",
                _SOLUTION + 'ns3.set_policy("INPUT", "DROP")',
                _WANTS[4].text,
            ),
        ),
    ),
    Question(
        "04.2",
        "Instead of the rule you could set bridge-nf-call-iptables to 0. Which promise of Docker's is broken then?",
        {
            "a": Option(
                "--icc=false: containers of one bridge do not reach one another",
                "Docker keeps it by a rule in FORWARD, which bridged packets would no longer meet.",
                right=True,
            ),
            "b": Option(
                "-p 8080:80: the host's port leads into a container",
                "Those packets are routed, not bridged: iptables sees them whatever this setting is.",
            ),
            "c": Option(
                "containers reach the world outside",
                "What leaves is routed and translated by the host: the setting is for bridged packets only.",
            ),
        },
    ),
    Question(
        "04.3",
        "You switch off veth1, a port of brtest. Which MACs of ns1 and ns2 does the bridge's FDB still list?",
        {
            "a": Option(
                "ns2's only",
                "What was learned behind a port is forgotten when the port goes down; ns2's port did not change.",
                right=True,
            ),
            "b": Option("both", "The bridge forgets what is behind a port that is down: frames for it would be lost."),
            "c": Option("none", "Only what was learned behind the port that went down is forgotten."),
        },
    ),
    Prediction("04.4", "Does ns1 reach ns2?", _YES_OR_NO, _before_the_bridge),
    Prediction("04.5", "brtest is on the host. Can the host ping ns1?", _YES_OR_NO, _from_the_host),
    Prediction("04.6", "How many lines will %%changes print (without the heading host:)?", Number(), _lines),
    Prediction("04.7", "Which interfaces does the echo request pass, in its order?", Way(), _way_of_the_echo),
)
