"""Small networks for the simulator: containers on bridges, a router that translates, an overlay over two hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.journeys.translating import Translator

if TYPE_CHECKING:
    from tests.unit.journeys.world import World

OUTSIDE = "192.168.7.2"
PUBLISHED = 8080


def containers(world: World, host: str = "host", number: int = 3, net: int = 17, outside: str = "") -> None:
    """Containers c1 … on a bridge of a host, which is their router.

    Args:
        world: what they are built in.
        host: the name of the host's namespace.
        number: how many containers.
        net: of their addresses, 172.NET.0.0/16.
        outside: the name of the interface behind which the host hides them.
    """
    published = {PUBLISHED: (f"172.{net}.0.2", 80)} if outside else {}
    space = world.space(host)
    space.translator = Translator(f"172.{net}.0.0/16", outside, published) if outside else None
    world.card(host, "lo", "loopback", "127.0.0.1/8")
    world.card(host, "br0", "bridge", f"172.{net}.0.1/16")
    for count in range(2, number + 2):
        name = f"{host}-c{count}"
        world.veth((name, "eth0", f"172.{net}.0.{count}/16"), (host, f"v{count}", ""), master="br0")
        world.space(name).routes.append(("0.0.0.0/0", "eth0", f"172.{net}.0.1"))


def with_outside(world: World, *, translating: bool = True, mtu: int = 1500) -> None:
    """Containers, their host, and another machine behind a cable."""
    containers(world, outside="cable" if translating else "")
    world.veth(("out", "eth0", f"{OUTSIDE}/24"), ("host", "cable", "192.168.7.1/24"))
    world.space("host").cards["cable"].mtu = mtu
    world.space("out").routes.append(("0.0.0.0/0", "eth0", "192.168.7.1"))


def overlay(world: World) -> None:
    """Two hosts at a switch, each with a bridge of which a VXLAN device is a port."""
    world.card("switch", "sw", "bridge")
    for number in (1, 2):
        host = f"h{number}"
        world.veth((host, "eth0", f"10.0.0.{number}/24"), ("switch", f"p{number}", ""), master="sw")
        world.card(host, "ov", "bridge")
        world.card(host, "vx", "vxlan", master="ov", vni=42, remotes=(f"10.0.0.{3 - number}",))
        world.veth((f"{host}-c", "eth0", f"10.42.0.{number}/24"), (host, "v", ""), master="ov")
