"""`.add_route`, `.add_routing_rule` (ip rule), `.sysctl`, `.routes` of a namespace; which ways are refused."""

from __future__ import annotations

import shlex
from ipaddress import ip_network
from typing import TYPE_CHECKING, Annotated, Any

from netkit import names, validation
from netkit.errors import InvalidAddress, InvalidValue
from netkit.face import face
from netkit.handles import Several
from netkit.kinds import Destination, Mark, Metric, Priority, Router, Switch, Table
from netkit.lab import journal
from netkit.lab.interfaces import Interface
from netkit.lab.place import Place
from netkit.linux import sysctls
from netkit.linux.acts import routes, routing_rules
from netkit.linux.acts.routing_rules import RoutingRule
from netkit.linux.looks import observe

if TYPE_CHECKING:
    from netkit import model


_NOBODYS = tuple(map(ip_network, ("127.0.0.0/8", "::1/128", "0.0.0.0/32", "::/128", "255.255.255.255/32")))


def _interface(value: Any) -> Interface | str:
    """An interface, by its handle or its name."""
    return value if isinstance(value, Interface) else names.interface(value)


Device = Annotated["Interface | str", _interface]


class Routing(Place):
    """A place whose packets find their way."""

    @face
    def add_route(
        self,
        destination: Destination,
        *,
        via: Router | None = None,
        device: Device | None = None,
        metric: Metric | None = None,
        table: Table | None = None,
    ) -> None:
        """Make a route: `ip route add DESTINATION via ROUTER dev DEVICE`.

        Args:
            destination: "default", or a prefix such as "10.0.0.0/24".
            via: the next router's address.
            device: the interface that it leaves by, a handle or its name.
            metric: the lower the better.
            table: the number of the routing table; "main" by default. A routing rule leads to another one.

        Raises:
            InvalidAddress: destination or router is none.
            AlreadyExists: there is such a route.
            KernelRefused: the router cannot be reached, and the like.
        """
        words, ways = self._way(destination, via, device)
        self._refuse_own(via, destination)
        if metric is not None:
            ways["metric"] = metric
            words += f" metric {metric}"
        if table is not None:
            ways["table"] = table
            words += f" table {table}"
        journal.perform(
            self.typed(f"ip{_family(**ways)} route add {words}"),
            lambda: routes.add(self.path, **ways),
            taken=lambda: f"there is a route to {destination or 'default'} in {self.name} already",
        )

    @face
    def delete_route(
        self, destination: Destination, *, via: Router | None = None, device: Device | None = None
    ) -> None:
        """Remove a route: `ip route del DESTINATION …`.

        Args:
            destination: "default", or a prefix.
            via: only the route by this router.
            device: only the route by this interface.

        Raises:
            InvalidAddress: destination or router is none.
            KernelRefused: there is no such route.
        """
        words, ways = self._way(destination, via, device, needed=False)
        journal.perform(self.typed(f"ip{_family(**ways)} route del {words}"), lambda: routes.delete(self.path, **ways))

    @face
    def add_routing_rule(
        self,
        table: Table,
        *,
        source: Destination | None = None,
        destination: Destination | None = None,
        mark: Mark | None = None,
        priority: Priority = 32000,
    ) -> None:
        """Let some packets look for their route in another table: `ip rule add from PREFIX … lookup TABLE`.

        Args:
            table: the number of the routing table, which `add_route(…, table=…)` fills.
            source: where they come from, a prefix.
            destination: where they go, a prefix.
            mark: that the packet filter gave them (fwmark).
            priority: the lower the earlier; the table main is asked at 32766.

        Raises:
            InvalidAddress: source or destination is no prefix.
            InvalidValue: one is of IPv4 and the other of IPv6, or another number is out of its limits.
            AlreadyExists: there is such a rule.
        """
        rule = self._rule(table, source, destination, mark, priority)
        journal.perform(
            self.typed(f"ip {_typed(rule, 'add')}"),
            lambda: routing_rules.add(self.path, rule),
            taken=f"there is such a routing rule in {self.name} already",
        )

    @face
    def delete_routing_rule(
        self,
        table: Table,
        *,
        source: Destination | None = None,
        destination: Destination | None = None,
        mark: Mark | None = None,
        priority: Priority = 32000,
    ) -> None:
        """Take a routing rule away: `ip rule del from PREFIX … lookup TABLE`.

        Args:
            table: as it was added.
            source: as it was added.
            destination: as it was added.
            mark: as it was added.
            priority: as it was added.

        Raises:
            KernelRefused: there is no such rule.
        """
        rule = self._rule(table, source, destination, mark, priority)
        journal.perform(self.typed(f"ip {_typed(rule, 'del')}"), lambda: routing_rules.delete(self.path, rule))

    def _rule(
        self,
        table: int,
        source: validation.IPNetwork | None,
        destination: validation.IPNetwork | None,
        mark: int | None,
        priority: int,
    ) -> RoutingRule:
        if source is not None and destination is not None and source.version != destination.version:
            problem, rule = f"{source} cannot send to {destination}", "both are IPv4 or both IPv6"
            raise InvalidValue(problem, rule, "Give two prefixes of the same kind")
        return RoutingRule(table, source, destination, mark, priority)

    @face
    def sysctl(self, name: Switch, value: int | str | None = None) -> str | None:
        """Read a switch, or set it: `sysctl NAME`, `sysctl -w NAME=VALUE`.

        Args:
            name: "net.ipv4.ip_forward".
            value: what to set; without it the switch is only read.

        Returns:
            The switch's value; None when it was set.

        Raises:
            InvalidName: it is no switch of the network.
            NotFound: this kernel has no such switch.
            InvalidValue: the switch does not take that value, or would take another one in its stead.
        """
        if value is None:
            return sysctls.read(self.path, name)
        wanted = sysctls.acceptable(name, value)
        command = self.typed(f"sysctl -w {name}={shlex.quote(wanted)}")
        journal.perform(command, lambda: sysctls.write(self.path, name, wanted))
        return None

    @property
    def routes(self) -> tuple[model.Route, ...]:
        """Its routes, as frozen values."""
        there = observe.namespace(self.name).routes
        own = self.name
        return Several(there, f"{own}.routes", add=f"{own}.add_route(…)", delete=f"{own}.delete_route(…)")

    def _way(
        self,
        network: validation.IPNetwork | None,
        router: validation.IPAddress | None,
        device: Interface | str | None,
        *,
        needed: bool = True,
    ) -> tuple[str, dict[str, Any]]:
        """A route as words of a command and as arguments of an act."""
        name = name_in(self, device)
        if needed and router is None and name is None:
            raise InvalidValue(
                f"the route to {network or 'default'} leads nowhere",
                "a route needs a router or an interface",
                "Add via='10.0.0.1' or device='eth1'",
            )
        if router is not None and network is not None and router.version != network.version:
            raise InvalidValue(
                f"{router} cannot be on the way to {network}",
                "router and destination are both IPv4 or both IPv6",
                "Give a router of the same kind",
            )
        words = [str(network or "default"), *(["via", str(router)] if router else []), *(["dev", name] if name else [])]
        return " ".join(words), {"destination": network, "via": router, "device": name}

    def _refuse_own(self, router: validation.IPAddress | None, destination: validation.IPNetwork | None) -> None:
        """The kernel would take routes that lead back here, and send packets nowhere."""
        one = destination if destination is not None and destination.num_addresses == 1 else None
        own = observe.bearer(self.path, one[0]) if one is not None else None
        if own is not None or _is_nobodys(destination):
            what = f"this namespace's own address, on '{own}'" if own else "no other machine's address"
            rule = "a route leads to other machines; what is for this one never leaves it"
            raise InvalidAddress(f"'{destination}' is {what}", rule, "Try 'default', or a network: '10.0.0.0/24'")
        bearer = observe.bearer(self.path, router) if router is not None else None
        if bearer is not None:
            raise InvalidAddress(
                f"'{router}' is this namespace's own address, on '{bearer}'",
                "a router is another machine on the link",
                "Give the address of the other end, such as the bridge's",
            )


def name_in(place: Place, device: Interface | str | None) -> str | None:
    """The name of an interface, if it is one of that namespace.

    Args:
        place: the namespace.
        device: the interface's handle or name; None for none.

    Raises:
        InvalidValue: it is another namespace's.
    """
    if isinstance(device, Interface) and device.namespace != place:
        raise InvalidValue(
            f"'{device.name}' is in {device.namespace.name}, not in {place.name}",
            "routes and rules use interfaces of their own namespace",
            f"Give one of: {', '.join(observe.names(place.path))}",
        )
    return device.name if isinstance(device, Interface) else device


def _family(destination: validation.IPNetwork | None, via: validation.IPAddress | None, **_: object) -> str:
    """What `ip` has to be told of a route of IPv6: `ip route` alone means IPv4."""
    some = destination or via
    return " -6" if some is not None and some.version == 6 else ""


def _typed(rule: RoutingRule, what: str) -> str:
    """A routing rule as one types it behind `ip`."""
    words = ["-6 rule" if rule.version == 6 else "rule", what, f"priority {rule.priority}"]
    words += [f"from {rule.source}"] if rule.source else []
    words += [f"to {rule.destination}"] if rule.destination else []
    words += [f"fwmark {rule.mark}"] if rule.mark is not None else []
    return " ".join([*words, f"lookup {rule.table}"])


def _is_nobodys(network: validation.IPNetwork | None) -> bool:
    """Whether all of a network is of no other machine."""
    return network is not None and any(network.version == n.version and network.subnet_of(n) for n in _NOBODYS)
