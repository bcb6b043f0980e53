"""A network imagined in plain Python: what Linux makes of each act, as the manuals and the kernel's sources say.

Knows nothing of netkit. Every act either changes the network or raises Refused and changes nothing.
"""

from __future__ import annotations

import ipaddress

from tests.inside.imagined_parts import ALL, IPV6_LEAST_MTU, Address, Link, Refused, Space, Way, check


class Network:
    """The whole of it; `forward` is what ip_forward is in a new namespace, `promote` what promote_secondaries is."""

    def __init__(self, *, forward: str, promote: bool) -> None:
        self.forward, self.promote = forward, promote
        self.spaces: dict[str, Space] = {}
        self.make_namespace("host")
        self.up("host", "lo")

    # namespaces

    def make_namespace(self, name: str) -> None:
        check(name not in self.spaces)
        space = self.spaces[name] = Space(name, self.forward)
        space.links["lo"] = Link("lo", "loopback", space, mtu=65536, mac="00:00:00:00:00:00")

    def delete_namespace(self, name: str) -> None:
        check(name != "host" and name in self.spaces)
        for link in list(self._space(name).links.values()):
            if link.peer is not None and link.peer.space.name != name:
                self._vanish(link.peer)
            self._vanish(link)
        del self.spaces[name]

    def forwarding(self, space: str, value: str) -> None:
        self._space(space).forward = value

    # links

    def make_veth(self, space: str, name: str, other: str, peer: str) -> None:
        here, there = self._space(space), self._space(other)
        check(name not in here.links and peer not in there.links and (space, name) != (other, peer))
        first, second = Link(name, "veth", here), Link(peer, "veth", there)
        first.peer, second.peer = second, first
        here.links[name], there.links[peer] = first, second

    def make_bridge(self, space: str, name: str) -> None:
        here = self._space(space)
        check(name not in here.links)
        here.links[name] = Link(name, "bridge", here)

    def delete_link(self, space: str, name: str) -> None:
        link = self._link(space, name)
        check(link.kind != "loopback")
        if link.peer is not None:
            self._vanish(link.peer)
        self._vanish(link)

    def attach(self, space: str, bridge: str, name: str) -> None:
        switch, port = self._link(space, bridge), self._link(space, name)
        check(switch.kind == "bridge" and port.kind == "veth" and port.master is None)
        port.master = switch
        self._adjust_mtu(switch)

    def detach(self, space: str, bridge: str, name: str) -> None:
        switch, port = self._link(space, bridge), self._link(space, name)
        check(port.master is switch)
        port.master = None
        self._adjust_mtu(switch)

    def move(self, space: str, name: str, target: str) -> None:
        link, there = self._link(space, name), self._space(target)
        check(link.kind == "veth" and there is not link.space and name not in there.links)
        peer = link.peer
        self._vanish(link)
        there.links[name] = link
        link.space, link.up, link.addresses, link.peer = there, False, [], peer
        if peer is not None:
            peer.peer = link

    def rename(self, space: str, name: str, new: str) -> None:
        link = self._link(space, name)
        check(link.kind != "loopback" and new not in link.space.links)
        link.space.links = {new if key == name else key: value for key, value in link.space.links.items()}
        link.name = new

    def up(self, space: str, name: str) -> None:
        link = self._link(space, name)
        if link.up:
            return
        link.up = True
        if link.kind == "loopback":
            own = "127.0.0.1/8", "::1/128"
            link.addresses = [ipaddress.ip_interface(address) for address in own]
            return
        for address in link.primaries():
            self._connect(link, address)
        for network in {address.network for address in link.addresses if address.version == 6}:
            link.space.add_way(Way(network, link, protocol="kernel", metric=256))

    def down(self, space: str, name: str) -> None:
        link = self._link(space, name)
        if not link.up:
            return
        link.up = False
        link.addresses = [address for address in link.addresses if address.version == 4]
        link.space.drop_ways(link)

    def set_mtu(self, space: str, name: str, size: int) -> None:
        link = self._link(space, name)
        check(size >= IPV6_LEAST_MTU)
        link.mtu, link.mtu_chosen = size, True
        if link.master is not None:
            self._adjust_mtu(link.master)

    def set_mac(self, space: str, name: str, mac: str) -> None:
        link = self._link(space, name)
        check(link.kind != "loopback")
        link.mac = mac

    # addresses

    def add_address(self, space: str, name: str, text: str) -> None:
        link, address = self._link(space, name), ipaddress.ip_interface(text)
        check(all(address.ip != other.ip for each in link.space.links.values() for other in each.addresses))
        first = address.network not in {other.network for other in link.addresses}
        link.addresses.append(address)
        if not link.up or not first:
            return
        if address.version == 4:
            self._connect(link, address)
        else:
            link.space.add_way(Way(address.network, link, protocol="kernel", metric=256))

    def delete_address(self, space: str, name: str, text: str) -> None:
        link, address = self._link(space, name), ipaddress.ip_interface(text)
        check(address in link.addresses)
        if address.version == 6:
            link.addresses.remove(address)
            if address.network not in {other.network for other in link.addresses}:
                self._disconnect(link, address)
            return
        was_primary = address in link.primaries()
        link.addresses.remove(address)
        if was_primary:
            self._disconnect(link, address)
            heirs = [other for other in link.addresses if other.network == address.network]
            if not self.promote:
                link.addresses = [other for other in link.addresses if other not in heirs]
            elif heirs and link.up:
                self._connect(link, heirs[0])
        if not any(other.version == 4 for other in link.addresses):
            link.space.drop_ways(link, 4)

    # routes

    def add_route(self, space: str, destination: str, via: str | None, device: str | None, metric: int | None) -> None:
        here, network = self._space(space), self._destination(destination)
        link = self._link(space, device) if device is not None else None
        check(link is None or link.up)
        router = ipaddress.IPv4Address(via) if via is not None else None
        if router is not None:
            check(all(router != own.ip for each in here.links.values() for own in each.addresses))
            link = self._towards(here, router, link)
        check(link)
        check(all((way.destination, way.metric) != (network, metric or 0) for way in here.ways))
        here.add_way(Way(network, link, router, metric=metric or 0))

    def delete_route(self, space: str, destination: str, via: str | None, device: str | None) -> None:
        here, network = self._space(space), self._destination(destination)
        link = self._link(space, device) if device is not None else None
        router = ipaddress.IPv4Address(via) if via is not None else None
        for way in here.ways:
            if way.destination == network and router in (None, way.via) and link in (None, way.link):
                here.ways.remove(way)
                return
        raise Refused

    # the packet filter

    def append_rule(self, space: str, table: str, chain: str, rule: str) -> None:
        self._space(space).rules[table, chain].append(rule)

    def delete_rule(self, space: str, table: str, chain: str, rule: str) -> None:
        rules = self._space(space).rules[table, chain]
        check(rule in rules)
        rules.remove(rule)

    def policy(self, space: str, chain: str, verdict: str) -> None:
        self._space(space).policies[chain] = verdict

    # what is common

    def _space(self, name: str) -> Space:
        check(name in self.spaces)
        return self.spaces[name]

    def _link(self, space: str, name: str) -> Link:
        links = self._space(space).links
        check(name in links)
        return links[name]

    def _destination(self, text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        return ALL if text == "default" else ipaddress.ip_network(text)

    def _connect(self, link: Link, address: Address) -> None:
        """The route that comes by itself with an address."""
        if address.network.prefixlen < 32:
            link.space.add_way(Way(address.network, link, source=address.ip, protocol="kernel"))

    def _disconnect(self, link: Link, address: Address) -> None:
        """The route goes that came with the address."""
        for way in link.space.ways:
            own = way.link is link and way.protocol == "kernel" and way.destination == address.network
            if own and way.source in (None, address.ip):
                link.space.ways.remove(way)
                return

    def _towards(self, here: Space, router: ipaddress.IPv4Address, link: Link | None) -> Link:
        """The link by which a router can be reached without another router."""
        ways = [way for way in here.ways if way.on_link and router in way.destination and link in (None, way.link)]
        check(ways)
        return max(ways, key=lambda way: way.destination.prefixlen).link

    def _adjust_mtu(self, switch: Link) -> None:
        """A bridge follows the smallest of its ports, until somebody chooses."""
        ports = [link.mtu for link in switch.space.links.values() if link.master is switch]
        if not switch.mtu_chosen:
            switch.mtu = min(ports, default=1500)

    def _vanish(self, link: Link) -> None:
        """It leaves its namespace."""
        space = link.space
        space.drop_ways(link)
        del space.links[link.name]
        if link.peer is not None:
            link.peer.peer = None
        if link.master is not None:
            switch, link.master = link.master, None
            self._adjust_mtu(switch)
        for port in space.links.values():
            if port.master is link:
                port.master = None
