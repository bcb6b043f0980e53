"""Questions for a neighbour's MAC that nobody answered: who has the address, who heard it, what kept it from others."""

from __future__ import annotations

import pytest

from netkit.journey.telling.journeys import tell
from netkit.journey.values import Seen, Step
from netkit.model import Frame, Interface, Namespace, Snapshot
from tests.unit.journeys.packets import arp

ANN, BOB, CAT = (bytes.fromhex(f"02420a0900{n}") for n in ("01", "02", "03"))
QUESTION = arp(ANN, "10.9.0.1", "10.9.0.2")
ANSWER = ANN + BOB + QUESTION[12:20] + b"\x00\x02" + BOB + QUESTION[38:42] + ANN + QUESTION[28:32]
APART = (("isolated", "1"),)


def link(name: str, mac: bytes, *addresses: str, **more: object) -> Interface:
    given = {"up": True, "carrier": True, "kind": "veth", **more}
    return Interface(name, mac=mac.hex(":"), addresses=addresses, **given)


def space(name: str, *links: Interface) -> Namespace:
    return Namespace(name, {each.name: each for each in links})


def port(number: int, **more: object) -> Interface:
    return link(f"wall{number}", bytes([6, 0, 0, 0, 9, number]), master="lan", **more)


def switched(*ports: Interface, bob: str = "10.9.0.2/24") -> list[Namespace]:
    """Three guests at the ports of one switch."""
    who = ("ann", ANN, "10.9.0.1/24"), ("bob", BOB, bob), ("cat", CAT, "10.9.0.3/24")
    guests = [space(name, link("eth0", mac, address, peer=("desk", f"wall{number}")))
              for number, (name, mac, address) in enumerate(who, 1)]  # fmt: skip
    return [*guests, space("desk", link("lan", bytes([6, 0, 0, 0, 9, 9]), kind="bridge"), *ports)]


def end(spaces: list[Namespace], *places: tuple[str, int | None], more: tuple[Frame, ...] = ()) -> tuple[bool, str]:
    """What became of the question, seen at "ann:eth0 out", say, each behind the step of that number."""
    steps = []
    for number, (place, after) in enumerate(places):
        name, interface, way = place.replace(":", " ").split()
        steps.append(Step(after, name, interface, None, way, Frame(number, name, interface, way, QUESTION, 42)))
    snapshot = Snapshot({each.name: each for each in spaces})
    told = tell(1, steps, Seen((*(step.frame for step in steps if step.frame), *more), (), snapshot, snapshot))
    return told.delivered, told.end


TO_CAT = ("ann:eth0 out", None), ("desk:wall1 in", 0), ("desk:wall3 out", 1), ("cat:eth0 in", 2)
TO_BOTH = *TO_CAT, ("desk:wall2 out", 1), ("bob:eth0 in", 4)


@pytest.mark.parametrize(
    ("ports", "why"),
    [
        (
            (port(1), port(2, details=(("bcast_flood", "0"),))),
            "lan did not send it out of wall2, where bcast_flood is off",
        ),
        (
            (port(1, details=APART), port(2, details=APART)),
            "lan did not send it out of wall2: wall1 and wall2 are isolated",
        ),
        ((port(1), port(2, carrier=False)), "lan did not send it out of wall2, which has no carrier"),
        ((port(1, details=APART), port(2)), "lan did not send it out of wall2"),
    ],
    ids=["no broadcasts", "isolated", "no carrier", "unknown"],
)
def test_a_bridge_did_not_pass_it_on_to_who_has_the_address(ports: tuple[Interface, ...], why: str) -> None:
    said = f"bob has 10.9.0.2, but the question did not reach it: {why}; cat heard it"
    assert end(switched(*ports, port(3)), *TO_CAT) == (False, said)


def test_nobody_has_the_address() -> None:
    found = end(switched(port(1), port(2), port(3), bob="10.9.0.7/24"), *TO_BOTH)
    assert found == (False, "nobody has 10.9.0.2: bob and cat heard the question")


def test_who_has_it_is_somewhere_else() -> None:
    spaces = (
        space("ann", link("eth0", ANN)),
        space("cat", link("eth0", CAT)),
        space("far", link("e", BOB, "10.9.0.2/8")),
    )
    found = end([*spaces], ("ann:eth0 out", None), ("cat:eth0 in", 0))
    assert found == (False, "far has 10.9.0.2, but the question did not reach it; cat heard it")


@pytest.mark.parametrize(("ann", "bob"), [("lower", "upper"), ("upper", "lower")])
def test_a_macvlan_and_what_it_lies_on(ann: str, bob: str) -> None:
    kinds = {"lower": {}, "upper": {"kind": "macvlan"}}
    spaces = {"ann": (ann, ANN, "10.9.0.1/24"), "bob": (bob, BOB, "10.9.0.2/24")}
    below = {kind: (name, kind) for name, (kind, *_) in spaces.items()}["lower"]
    kinds["upper"]["parent"] = below
    both = [space(name, link(kind, mac, address, **kinds[kind])) for name, (kind, mac, address) in spaces.items()]
    why = f"the macvlan upper and {below[0]}:lower, on which it lies, never hear one another"
    found = end([*both, space("cat", link("eth0", CAT))], (f"ann:{ann} out", None), ("cat:eth0 in", 0))
    assert found == (False, f"bob has 10.9.0.2, but the question did not reach it: {why}; cat heard it")


class TestWhoHasTheAddressHeardIt:
    SPACES = switched(port(1), port(2), port(3))

    def test_and_did_not_answer(self) -> None:
        assert end(self.SPACES, *TO_BOTH) == (False, "heard by bob, which did not answer; ignored by cat")

    def test_and_answered(self) -> None:
        came = Frame(9, "ann", "eth0", "in", ANSWER, len(ANSWER))
        assert end(self.SPACES, *TO_BOTH, more=(came,)) == (True, "delivered to 10.9.0.2 in bob, ignored by cat")
