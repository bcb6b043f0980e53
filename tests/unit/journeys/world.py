"""A network that only exists here: it moves packets as the kernel does, and remembers what became of each.

Every processor works off one packet after the other; their clocks run at the same time, so that frames of different
packets are interleaved as they are in a recording.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from random import Random
from zlib import crc32

from netkit.netfilter import TraceEvent
from tests.unit.journeys.packets import BROADCAST, UDP, Packet, ethernet, parsed, vxlan
from tests.unit.journeys.parts import Card, Space, Tap, Told


class World:
    """Namespaces and the packets that they exchange.

    Args:
        seed: of all that is random.
        processors: how many work at the same time.
        loss: of how many packets one is lost at each cable and each queue; 0 for none.
        drops: of how many packets a traced namespace drops one, at the hook `dropping`.
    """

    def __init__(self, seed: int, processors: int = 2, loss: int = 0, drops: int = 0) -> None:
        self.random = Random(seed)  # noqa: S311  (the same in each run)
        self.spaces: dict[str, Space] = {}
        self.taps: list[Tap] = []
        self.told: list[Told] = []
        self.clocks = [1_000_000 + 300 * number for number in range(processors)]
        self.loss, self.drops, self.dropping = loss, drops, "forward"
        self.packets = 0
        self._routes: dict[tuple[str, str], tuple[str, str] | None] = {}
        self._neighbours: dict[tuple[str, str, str], bytes] = {}
        self._cpu = 0
        self._macs = 0

    def space(self, name: str, **facts: object) -> Space:
        return self.spaces.setdefault(name, Space(name, **facts))

    def card(self, space: str, name: str, kind: str, address: str = "", **facts: object) -> Card:
        self._macs += 1
        card = Card(name, kind, b"\x02\x42" + self._macs.to_bytes(4), address, **facts)
        self.space(space).cards[name] = card
        if address:
            self.spaces[space].routes.append((address, name, ""))
        return card

    def veth(self, one: tuple[str, str, str], other: tuple[str, str, str], master: str | None = None) -> None:
        """(namespace, interface, address) of both ends; the second is a port of a bridge."""
        self.card(one[0], one[1], "veth", one[2], peer=other[:2])
        self.card(other[0], other[1], "veth", other[2], peer=one[:2], master=master)

    # What applications do.

    def send(self, space: str, packet: Packet, at: int = 0) -> None:
        """A program sends a packet, not before a time."""
        self._begin(at, space.encode() + packet.header + packet.data)
        self._leave(self.spaces[space], packet, None, came=None)

    def say(self, space: str, interface: str, frame: bytes, at: int = 0) -> None:
        """A kernel sends a frame by itself."""
        self._begin(at, space.encode() + frame)
        self._transmit(self.spaces[space], interface, frame, None)

    def _begin(self, at: int, what: bytes) -> None:
        """Equal packets of one sender are one processor's, which keeps their order; others may overtake one another."""
        self._cpu = crc32(what) % len(self.clocks)
        self.clocks[self._cpu] = max(self.clocks[self._cpu], at) + self.random.randrange(500, 5000)
        self.packets += 1

    # Interfaces.

    def _now(self) -> int:
        self.clocks[self._cpu] += self.random.randrange(200, 3000)
        return self.clocks[self._cpu]

    def _lost(self) -> bool:
        return bool(self.loss) and self.random.randrange(self.loss) == 0

    def _tap(self, space: Space, interface: str, direction: str, data: bytes, after: Tap | None) -> Tap:
        now = self._now()
        stamp = after.stamp if after and direction == "in" and space.cards[interface].kind == "bridge" else now
        self.taps.append(Tap(now, stamp, (space.name, interface), direction, data, self.packets, after))
        return self.taps[-1]

    def _transmit(self, space: Space, interface: str, data: bytes, after: Tap | None) -> None:
        card = space.cards[interface]
        if not space.traced and self._lost():  # in the queue; of equal packets, no report would tell which
            return
        tap = self._tap(space, interface, "out", data, after)
        if card.kind == "loopback":
            self._receive(space, interface, data, tap)
        elif card.peer and not self._lost():  # on the wire
            self._receive(self.spaces[card.peer[0]], card.peer[1], data, tap)
        elif card.kind == "bridge":
            self._switch(space, interface, data, tap, come_from=interface)
        elif card.kind == "vxlan":
            for remote in card.remotes:
                ident = self.packets if card.numbers or len(data) >= 500 else 0  # what may be cut always has its own
                self._leave(
                    space, Packet(self._own(space, remote), remote, UDP, vxlan(card.vni, data), ident), tap, tap
                )

    def _receive(self, space: Space, interface: str, data: bytes, after: Tap | None) -> None:
        card = space.cards[interface]
        tap = self._tap(space, interface, "in", data, after)
        if card.master:
            self._switch(space, card.master, data, tap, come_from=interface)
        elif data[12:14] == b"\x08\x00" and (data[:6] in (card.mac, BROADCAST) or card.kind == "loopback"):
            self._arrive(space, interface, parsed(data[14:]), tap)

    def _switch(self, space: Space, bridge: str, data: bytes, tap: Tap, come_from: str) -> None:
        """A bridge: known MACs to their port, others to all."""
        ports = [card.name for card in space.cards.values() if card.master == bridge and card.name != come_from]
        mine = data[:6] == space.cards[bridge].mac
        known = [] if mine else [port for port in ports if self._behind(space, port, data[:6])]
        for port in [] if mine else known or ports:
            self._transmit(space, port, data, tap)
        if come_from != bridge and (mine or data[:6] == BROADCAST):
            self._receive(space, bridge, data, tap)

    def _behind(self, space: Space, port: str, mac: bytes) -> bool:
        peer = space.cards[port].peer
        return bool(peer) and self.spaces[peer[0]].cards[peer[1]].mac == mac

    # Packets.

    def _arrive(self, space: Space, interface: str, packet: Packet, tap: Tap) -> None:
        """Who tracks connections puts fragments together before anything else; others only what is for themselves."""
        if space.translator and (whole := self._put_together(space, packet)):
            self._tell(space, "prerouting", whole, tap, (interface, None))
            whole = space.translator.prerouting(whole, space.own)
        elif not space.translator:
            self._tell(space, "prerouting", packet, tap, (interface, None))
            whole = self._put_together(space, packet) if packet.destination in space.own else packet
        if whole is None:
            return
        if whole.destination not in space.own:
            self._forward(space, interface, whole, tap)
        elif self._tell(space, "input", whole, tap, (interface, None)):
            self._deliver(space, whole, tap)

    def _deliver(self, space: Space, packet: Packet, tap: Tap) -> None:
        """To a VXLAN device, if the packet is one's."""
        for card in space.cards.values():
            wrapped = packet.protocol == UDP and packet.ports[1] == 4789 and packet.data[12:15] == card.vni.to_bytes(3)
            if card.kind == "vxlan" and wrapped:
                self._receive(space, card.name, packet.data[16:], tap)

    def _put_together(self, space: Space, packet: Packet) -> Packet | None:
        if not packet.more and not packet.offset:
            return packet
        key = packet.protocol, packet.source, packet.destination, packet.ident
        pieces = space.pieces.setdefault(key, [])
        pieces.append(packet)
        size = max((piece.offset + len(piece.data) for piece in pieces if not piece.more), default=-1)
        if sum(len(piece.data) for piece in pieces) != size:
            return None
        del space.pieces[key]
        data = b"".join(piece.data for piece in sorted(pieces, key=lambda piece: piece.offset))
        return replace(packet, data=data, offset=0, more=False)

    def _tell(
        self, space: Space, hook: str, packet: Packet, after: Tap | None, ways: tuple[str | None, str | None]
    ) -> bool:
        """Netfilter's reports of a hook; whether the packet may go on."""
        dropped = hook == self.dropping and bool(self.drops) and self.random.randrange(self.drops) == 0
        for table, priority in (("raw", -300), ("filter", 0)) if space.traced else ():
            last = table == "filter"
            event = TraceEvent(
                namespace=space.name,
                packet=256 + self._cpu,  # used again by the next packet
                family="ip",
                table=table,
                chain=hook.upper(),
                hook=hook,
                priority=priority,
                kind="policy",
                verdict="drop" if dropped and last else "accept",
                iif=ways[0],
                oif=ways[1],
                network=packet.header,
                transport=packet.data[:20],
                time=self.clocks[self._cpu] + 50_000,
            )
            self.told.append(Told(self._now(), event, self.packets, after))
        return not (dropped and space.traced)

    def _forward(self, space: Space, interface: str, packet: Packet, tap: Tap) -> None:
        if packet.ttl <= 1:
            return
        self._leave(space, replace(packet, ttl=packet.ttl - 1), tap, came=tap, iif=interface)

    def _leave(self, space: Space, packet: Packet, after: Tap | None, came: Tap | None, iif: str | None = None) -> None:
        """A packet that was forwarded, sent or wrapped looks for its way out."""
        found = self._route(space, packet.destination)
        if found is None:
            return
        interface, following = found
        if not self._tell(space, "output" if iif is None else "forward", packet, came, (iif, interface)):
            return
        self._tell(space, "postrouting", packet, came, (iif, interface))
        if space.translator:
            packet = space.translator.postrouting(packet, interface, self._own(space, packet.destination))
        key = space.name, interface, following or packet.destination
        if key not in self._neighbours:
            self._neighbours[key] = self._mac(space, interface, key[2])
        target = self._neighbours[key]
        for piece in packet.fragments(space.cards[interface].mtu):
            data = ethernet(space.cards[interface].mac, target, piece)
            self._transmit(space, interface, data, after)

    def _route(self, space: Space, destination: str) -> tuple[str, str] | None:
        """The interface and the next router, looked up once."""
        key = space.name, destination
        if key not in self._routes:
            self._routes[key] = self._looked_up(space, destination)
        return self._routes[key]

    def _looked_up(self, space: Space, destination: str) -> tuple[str, str] | None:
        if destination.startswith("127.") or any(c.address.startswith(f"{destination}/") for c in space.cards.values()):
            return ("lo", "") if "lo" in space.cards else None
        fitting = [
            (ip_network(prefix, strict=False).prefixlen, interface, following)
            for prefix, interface, following in space.routes
            if ip_address(destination) in ip_network(prefix, strict=False)
        ]
        return max(fitting)[1:] if fitting else None

    def _own(self, space: Space, remote: str) -> str:
        interface, _ = self._route(space, remote) or ("", "")
        return space.cards[interface].address.partition("/")[0]

    def _mac(self, space: Space, interface: str, address: str) -> bytes:
        if space.cards[interface].kind == "loopback":
            return space.cards[interface].mac
        for other in self.spaces.values():
            for card in other.cards.values():
                if card.address.partition("/")[0] == address:
                    return card.mac
        return b"\x02\xee\xee\xee\xee\xee"  # nobody's: a bridge floods it
