"""The one reader of headers, and the law that all who show a frame name the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from netkit.journey.joining import keys
from netkit.journey.joining.parsed import View, parsed
from netkit.journey.telling.journeys import tell
from netkit.journey.values import Seen, Step
from netkit.model import Interface, Namespace, Snapshot
from netkit.packets import reader
from netkit.packets.arp import is_for_ipv4
from netkit.packets.dissect import WORDS, read
from netkit.packets.layers import layers
from netkit.packets.reader import Span, spans, tunnel_ports
from netkit.packets.recording import Recorded, Recording
from netkit.packets.scapied import dissected
from tests.unit import hostile

if TYPE_CHECKING:
    from random import Random

PORTS = st.frozensets(st.sampled_from([4789, 5000, 8472, 53]))
SCAPY = {"Ether": reader.ETHERNET, "Dot3": reader.ETHERNET, "Dot1Q": reader.VLAN, "ARP": reader.ARP,
         "IP": reader.IPV4, "IPv6": reader.IPV6, "UDP": reader.UDP, "TCP": reader.TCP, "ICMP": reader.ICMP,
         "VXLAN": reader.VXLAN}  # fmt: skip
CARRIED = {reader.ICMP, reader.ICMPV6, reader.TCP, reader.UDP}
SAID = {reader.VLAN: "vlan", reader.ARP: "arp", reader.IPV4: "ip", reader.IPV6: "ipv6", reader.VXLAN: "vxlan",
        **{name: name.lower() for name in CARRIED}}  # fmt: skip


def own(found: list[Span]) -> list[Span]:
    return [span for span in found if not span.quoted]


def as_a_tree(data: bytes, found: list[Span]) -> list[str]:
    """What the reader found, as far as a journey follows it: not into IP in IP, and without extension headers.

    An IPv6 packet whose extension headers cannot be read is none.
    """
    names: list[str] = []
    for span in own(found):
        if span.name in reader.EXTENSIONS.values():
            if not span.sound:
                return names[:-1]
            continue
        if span.name in reader.IP and names[-1:] and names[-1] in reader.IP:
            break
        if not span.sound and span.name not in CARRIED:
            break
        if span.name == reader.ARP and not is_for_ipv4(data, span):
            break
        if span.stop > span.start:
            names.append(span.name)
    return names


def of_a_view(view: View | None) -> list[str]:
    if view is None:
        return []
    names = [reader.ETHERNET] * (view.macs is not None) + [reader.VLAN] * len(view.tags)
    names += [reader.ARP] if view.arp is not None else []
    if view.ip is not None:
        names.append(reader.IPV4 if view.ip.version == 4 else reader.IPV6)
        carried = reader.PROTOCOLS.get(view.ip.protocol, "")
        names += [carried] if carried in CARRIED and not view.ip.offset and view.ip.body else []
    return names + ([reader.VXLAN, *of_a_view(view.inner)] if view.vni is not None else [])


def check_law(data: bytes, link: str, ports: frozenset[int]) -> None:
    found = spans(data, link, ports)
    outer = as_a_tree(data, found)
    assert of_a_view(parsed(data, link, ports)) == outer
    listed = [layer.name for layer in layers(data, link, ports)]
    expected = [f"{'quoted ' * span.quoted}{span.name}" for span in found if span.stop > span.start]
    assert [name for name in listed if not name.endswith(("payload", "trailer"))] == expected
    words = {SAID[span.name] for span in own(found) if span.name in SAID and (span.sound or span.name != reader.VLAN)}
    assert read(data, link, tunnels=ports).words & set(SAID.values()) <= words | {"ip"}
    packet = keys.read(data, len(data), link, ports)
    until = outer[: outer.index(reader.VXLAN) + 1] if reader.VXLAN in outer else outer
    assert (packet.lasting is None) == (not set(until).intersection(reader.IP))
    assert (packet.vni is not None) == (reader.VXLAN in until)


@settings(max_examples=150, deadline=None)
@given(st.randoms(), st.sampled_from(["ethernet", "ip"]), PORTS)
def test_all_views_of_any_frame_name_the_same_headers(random: Random, link: str, ports: frozenset[int]) -> None:
    check_law(hostile.mutated(random), link, ports)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(hostile.SEEDS[:-1]), st.lists(st.sampled_from([4789, 5000, 8472]), max_size=3), PORTS)
def test_scapy_names_them_too(frame: bytes, tunnels: list[int], ports: frozenset[int]) -> None:
    for port in tunnels:
        frame = hostile.in_vxlan(frame, port)
    check_law(frame, "ethernet", ports)
    found = own(spans(frame, "ethernet", ports))
    packet = dissected(hostile.seen_at(frame, 1, "ns1", "eth1", "in"), ports)
    names = [SCAPY[type(layer).__name__] for layer in packet.iterpayloads() if type(layer).__name__ in SCAPY]
    assert names == [span.name for span in found if span.name in SCAPY.values() and span.stop > span.start]
    assert bytes(packet) == frame


def test_a_tunnel_is_where_a_device_listens() -> None:
    device = Interface("vx", "vxlan", details=(("port", "5000"), ("vni", "42")))
    networks = Snapshot({"ns1": Namespace("ns1", {"vx": device})})
    data = hostile.in_vxlan(bytes(hostile.FRAMES["echo"]), 5000)
    frame = hostile.seen_at(data, 1, "ns1", "eth0", "out")
    seen = Seen((frame,), (), networks, networks)
    journey = tell(1, [Step(None, "ns1", "eth0", None, "out", frame)], seen)
    assert (journey.protocol, journey.what) == ("ICMP", "echo request seq 3")
    assert journey.hops[0].frame.haslayer("VXLAN")
    assert "VXLAN 42 | 10.0.0.1 → 10.0.0.2 ICMP" in repr(Recording(Recorded((frame,), tunnels=seen.tunnels)))
    assert "UDP 58 bytes" in repr(Recording(Recorded((frame,))))


def test_the_ports_of_tunnels_are_those_of_the_devices_and_the_usual_ones() -> None:
    links = [
        Interface("vx", "vxlan", details=(("port", "5000"),)),
        Interface("other", "vlan", details=(("port", "7"),)),
    ]
    assert tunnel_ports(links) == {4789, 8472, 5000}


def test_what_carries_nothing_ends_there() -> None:
    assert [span.name for span in spans(b"")] == [reader.ETHERNET]
    assert not spans(b"")[0].sound


def test_words_for_each_header_are_known() -> None:
    assert set(SAID.values()) <= set(WORDS)
