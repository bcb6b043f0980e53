"""What lesson 03, Use network namespaces, asks for."""

from __future__ import annotations

from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches
from netkit.lessons.wants import Bears, Cable, Lit, Room

_WANTS = (
    Room("left"),
    Room("right"),
    Cable("left", "right"),
    Bears("left", "10.1.1.1/24", "right"),
    Bears("right", "10.1.1.2/24", "left"),
    Lit("left"),
    Reaches("left", "10.1.1.2"),
)

_SOLUTION = """
left, right = nk.Namespace("left"), nk.Namespace("right")
a, b = nk.veth("eth0", "eth0", namespace=left, peer_namespace=right)
a.add_address("10.1.1.1/24")
b.add_address("10.1.1.2/24")
a.up()
b.up()
"""

ITEMS = (
    Task(
        "03.1",
        "Join two rooms without the host",
        "Make left and right, two namespaces with one cable directly between them, without the host, and with the "
        "addresses 10.1.1.1/24 and 10.1.1.2/24.",
        wants=_WANTS,
        solution=_SOLUTION.strip(),
        others=(
            """
for line in (
    "ip netns add right",
    "ip netns add left",
    "ip link add here type veth peer name there",
    "ip link set there netns left",
    "ip link set here netns right",
    "ip -n left addr add 10.1.1.1/24 dev there",
    "ip -n right addr add 10.1.1.2/24 dev here",
    "ip -n right link set here up",
    "ip -n left link set there up",
):
    nk.sh(line)
""",
            """
nk.echo(False)
right, left = nk.Namespace("right"), nk.Namespace("left")
plug, socket = nk.veth("plug", "socket", peer_namespace=left)
plug.move(right)
for end, number in ((socket, 1), (right["plug"], 2)):
    end.up()
    end.add_address(f"10.1.1.{number}/24")
""",
        ),
        wrong=(
            Wrong("one room is missing", 'nk.Namespace("left")', _WANTS[1].text),
            Wrong(
                "by way of the host",
                """
for name in ("left", "right"):
    nk.veth(name, "eth0", peer_namespace=nk.Namespace(name))
""",
                _WANTS[2].text,
            ),
            Wrong("another network", _SOLUTION.replace("10.1.1.2/24", "10.1.0.2/24"), _WANTS[4].text),
            Wrong("another prefix length", _SOLUTION.replace("10.1.1.1/24", "10.1.1.1/32"), _WANTS[3].text),
            Wrong("one end is off", _SOLUTION.replace("b.up()", ""), _WANTS[5].text),
            Wrong(
                "a filter",
                _SOLUTION + 'right.iptables("-A INPUT -p icmp -j DROP")',
                _WANTS[6].text,
            ),
        ),
    ),
    Question(
        "03.2",
        "right gets the address 10.1.0.2/24 instead. left does not reach it although the cable is fine. Why?",
        {
            "a": Option(
                "left has no route to 10.1.0.2",
                "left's address says that 10.1.1.0/24 is on the cable. 10.1.0.2 is not in it, so no route leads there.",
                right=True,
            ),
            "b": Option(
                "right drops what comes from another network",
                "Nothing comes: left does not even ask for right's MAC, since it knows no way to 10.1.0.2.",
            ),
            "c": Option(
                "ARP cannot find right's MAC",
                "ARP would be asked for an address on the link. Without a route, nobody asks.",
            ),
        },
    ),
)
