"""What lesson 03, Use network namespaces, asks for."""

from __future__ import annotations

from netkit.lessons.prediction import Choice, Number, Prediction, Ran, Truth
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches
from netkit.lessons.wants import Bears, Cable, Lit, Room
from netkit.model import HOST

_WANTS = (
    Room("left"),
    Room("right"),
    Cable("left", "right"),
    Bears("left", "10.1.1.1/24", "right"),
    Bears("right", "10.1.1.2/24", "left"),
    Lit("left"),
    Reaches("left", "10.1.1.2", at="right"),
)

_SOLUTION = """
left, right = nk.Namespace("left"), nk.Namespace("right")
a, b = nk.veth("eth0", "eth0", namespace=left, peer_namespace=right)
a.add_address("10.1.1.1/24")
b.add_address("10.1.1.2/24")
a.up()
b.up()
"""


def _interfaces(ran: Ran) -> Truth:
    there = ran.after["nstest"].interfaces
    return Truth(len(there), f"nstest has {', '.join(there)}, and it is {there['lo'].state}.")


def _after_the_move(ran: Ran) -> Truth:
    there = "veth-b" in ran.after[HOST].interfaces
    homes = [space.name for space in ran.after if "veth-b" in space.interfaces]
    return Truth("yes" if there else "no", f"An interface is in one namespace at a time; veth-b is in {homes[0]}.")


def _routes(ran: Ran) -> Truth:
    routes = [route for route in ran.after[HOST].routes if route.version == 4]
    made = [f"{route.destination} dev {route.device}, made by {route.protocol}" for route in routes]
    if not routes:
        return Truth(0, "The host has none: a route comes with an address, once its interface is on.")
    came = {1: ": it came with the address"} if all(route.protocol == "kernel" for route in routes) else {}
    return Truth(len(routes), f"The host has {'; '.join(made)}{came.get(len(routes), '')}.")


_STATES = ("it stays up, as if nothing had happened", "it is up, but has no carrier", "it is down as well")


def _other_end(ran: Ran) -> Truth:
    end = ran.after["nstest"]["veth-b"]
    state = _STATES[0] if end.carrier else _STATES[1] if end.up else _STATES[2]
    kept = any(route.device == "veth-b" for route in ran.after["nstest"].routes)
    why = {_STATES[0]: "The other end is on", _STATES[1]: "Nobody switched veth-b off: it hears nothing"}
    return Truth(state, f"{why.get(state, 'veth-b is off')}. Its route {'stays' if kept else 'is gone'}.")


_LEFT = ("it stays as it was", "it stays, without a carrier", "it is gone")


def _other_end_without_room(ran: Ran) -> Truth:
    end = ran.after[HOST].interfaces.get("veth-a")
    state = _LEFT[2] if end is None else _LEFT[0] if end.carrier else _LEFT[1]
    why = "with the namespace veth-b went, and veth-a with it" if end is None else "veth-a is still there"
    return Truth(state, f"A cable has two ends or none: {why}.")


ITEMS = (
    Task(
        "03.1",
        "Join two rooms without the host",
        "Make left and right, two namespaces with one cable directly between them, without the host, and with the "
        "addresses 10.1.1.1/24 and 10.1.1.2/24.",
        wants=_WANTS,
        own=(("10.1.1.", "prefix"), ("left", "name")),
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
    Prediction("03.3", "How many interfaces does a brand-new namespace have?", Number(), _interfaces),
    Prediction("03.4", "Will the host still list veth-b?", Choice(("yes", "no")), _after_the_move),
    Prediction("03.5", "You have not typed any route. How many (of IPv4) does the host have?", Number(), _routes),
    Prediction("03.6", "The host's end is switched off. What does veth-b notice?", Choice(_STATES), _other_end),
    Prediction("03.7", "The namespace is deleted. What is left of veth-a?", Choice(_LEFT), _other_end_without_room),
)
