"""What lesson 00, Start here, asks for."""

from __future__ import annotations

from netkit.lessons.prediction import Choice, Number, Prediction, Ran, Truth
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.wants import Room
from netkit.model import HOST

_GIVEN = """
left, right = nk.Namespace("left"), nk.Namespace("right")
cable_left, cable_right = nk.veth("eth0", "eth0", namespace=left, peer_namespace=right)
cable_left.add_address("10.0.0.1/24"), cable_right.add_address("10.0.0.2/24")
cable_left.up(), cable_right.up()
"""


def _interfaces(ran: Ran) -> Truth:
    there = ran.after[HOST].interfaces
    return Truth(len(there), f"There is {', '.join(there)}: your machine's cards do not exist in this network.")


_SILENT = ("yes", "no: this page loses its kernel")


def _after_lo_is_off(ran: Ran) -> Truth:
    state = "off" if not ran.after[HOST]["lo"].up else "on"
    return Truth(_SILENT[0], f"lo is {state}, and yet this answer reached you: it came another way.")


def _three_of_four_lines(ran: Ran) -> Truth:
    ends = [(space.name, link) for space in ran.after for link in space.interfaces.values() if link.kind == "veth"]
    dark = [f"{link.name} in {room}" for room, link in ends if not link.up]
    down = f"{' and '.join(dark)} {'is' if len(dark) == 1 else 'are'} still down"
    because = down if dark else "both ends are up" if ends else "there is no cable"
    return Truth("yes" if ran.value.ok else "no", f"A cable needs both of its ends: {because}.")


ITEMS = (
    Task(
        "00.1",
        "Add a room",
        "Add a room called red to the network.",
        wants=(Room("red"),),
        given=_GIVEN,
        solution='red = nk.Namespace("red")',
        others=('nk.sh("ip netns add red")', 'for colour in ("red", "blue"):\n    nk.Namespace(colour)'),
        wrong=(Wrong("another name", 'nk.Namespace("Red")', Room("red").text),),
    ),
    Question(
        "00.2",
        "You switch off right's end of the cable, right.down(). Which end says that it has no carrier?",
        {
            "a": Option(
                "left's, which is still on",
                "It is switched on and hears nothing from the other end: that is what no carrier means.",
                right=True,
            ),
            "b": Option("right's, which is off", "An end that is off is simply down: it does not even listen."),
            "c": Option("both", "Only an end that is switched on can miss a signal; right's is off."),
            "d": Option("none: a cable needs no signal", "It does: a veth has a carrier when its other end is up."),
        },
    ),
    Prediction("00.3", "How many interfaces are visible in here?", Number(), _interfaces),
    Prediction(
        "00.4", "lo, the only interface, is switched off. Will the next cell run?", Choice(_SILENT), _after_lo_is_off
    ),
    Prediction(
        "00.5",
        "left is up. Is a ping to right's address answered?",
        Choice(("yes", "no")),
        _three_of_four_lines,
    ),
)
