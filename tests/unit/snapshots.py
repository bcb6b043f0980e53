"""Hypothesis strategies: any snapshot that the model can hold, whether or not a kernel would allow it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from netkit.model import ForwardingEntry, Interface, Namespace, Neighbour, Route, Rule, Snapshot

names = st.text("abcdefghij0123456789.-_", min_size=1, max_size=15)
texts = st.text("abc -'\"\\\n\t\0é✓", max_size=20)
numbers = st.integers(0, 2**32)
macs = st.binary(min_size=6, max_size=6).map(lambda six: ":".join(f"{byte:02x}" for byte in six))
addresses = st.integers(0, 2**32 - 1).map(IPv4Address).map(str) | st.integers(0, 2**128 - 1).map(IPv6Address).map(str)
lengths = st.integers(0, 32)
prefixes = st.builds("{}/{}".format, addresses, lengths)


def tuples(of: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(of, max_size=3).map(tuple)


interfaces = st.builds(
    Interface,
    name=names,
    kind=st.sampled_from(["loopback", "veth", "bridge", "vxlan", "dummy", "ethernet"]),
    mac=st.none() | macs,
    mtu=numbers,
    up=st.booleans(),
    carrier=st.booleans(),
    state=st.sampled_from(["up", "down", "lowerlayerdown", "unknown"]),
    addresses=tuples(prefixes),
    peer=st.none() | st.tuples(names, names),
    master=st.none() | names,
    details=tuples(st.tuples(names, texts)),
    index=numbers,
)
routes = st.builds(
    Route,
    destination=st.just("default") | prefixes,
    via=st.none() | addresses,
    device=st.none() | names,
    source=st.none() | addresses,
    metric=numbers,
)
neighbours = st.builds(
    Neighbour, address=addresses, device=names, mac=st.none() | macs, state=st.sampled_from(["permanent", "stale"])
)
entries = st.builds(
    ForwardingEntry,
    mac=macs,
    device=names,
    master=st.none() | names,
    destination=st.none() | addresses,
    state=st.sampled_from(["learned", "static", "permanent"]),
)
rules = st.builds(
    Rule, tool=st.sampled_from(["iptables", "nft"]), table=names, chain=names, text=texts, packets=numbers
)


@st.composite
def namespaces(draw: st.DrawFn, name: str) -> Namespace:
    links = draw(st.lists(interfaces, max_size=3))
    return Namespace(
        name,
        {link.name: link for link in links},
        routes=draw(tuples(routes)),
        neighbours=draw(tuples(neighbours)),
        fdb=draw(tuples(entries)),
        rules=draw(tuples(rules)),
        sysctls=draw(st.dictionaries(names, texts, max_size=2)),
        processes=draw(tuples(names)),
        named=draw(st.booleans()),
        containers=draw(st.dictionaries(names, texts, max_size=2)),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """A network of at most three namespaces."""
    spaces = {name: draw(namespaces(name)) for name in draw(st.lists(names, max_size=3, unique=True))}
    ends = [(name, link) for name, space in spaces.items() for link in space.interfaces]
    return Snapshot({name: _wired(draw, space, ends) for name, space in spaces.items()})


def _wired(draw: st.DrawFn, space: Namespace, ends: list[tuple[str, str]]) -> Namespace:
    """With cables that lead to interfaces that are there, and ports of other bridges than themselves."""
    links, before = {}, set()
    for name, link in space.interfaces.items():
        others = [end for end in ends if end != (space.name, name)]
        peer = draw(st.none() | st.sampled_from(others)) if others else None
        master = link.master if link.master in before or link.master not in space.interfaces else None
        links[name] = replace(link, peer=peer, master=master)
        before.add(name)
    return replace(space, interfaces=links)
