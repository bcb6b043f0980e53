"""What lesson 00, Start here, asks for."""

from __future__ import annotations

from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.wants import Room

_GIVEN = """
left, right = nk.Namespace("left"), nk.Namespace("right")
cable_left, cable_right = nk.veth("eth0", "eth0", namespace=left, peer_namespace=right)
cable_left.add_address("10.0.0.1/24"), cable_right.add_address("10.0.0.2/24")
cable_left.up(), cable_right.up()
"""

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
)
