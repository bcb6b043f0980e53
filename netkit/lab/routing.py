"""Routes and switches of a namespace."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from netkit import names, values
from netkit.errors import InvalidAddress, InvalidValue
from netkit.lab import journal
from netkit.lab.interfaces import Interface
from netkit.lab.place import Place
from netkit.linux import observe, routes, sysctls

if TYPE_CHECKING:
    from netkit import model


class Routing(Place):
    """A place whose packets find their way."""

    def add_route(
        self,
        destination: str,
        *,
        via: str | None = None,
        device: Interface | str | None = None,
        metric: int | None = None,
    ) -> None:
        """Make a route: `ip route add DESTINATION via ROUTER dev DEVICE`.

        Args:
            destination: "default", or a prefix such as "10.0.0.0/24".
            via: the next router's address.
            device: the interface that it leaves by, a handle or its name.
            metric: the lower the better.

        Raises:
            InvalidAddress: destination or router is none.
            AlreadyExists: there is such a route.
            KernelRefused: the router cannot be reached, and the like.
        """
        words, ways = self._way(destination, via, device)
        self._refuse_own(ways["via"])
        if metric is not None:
            ways["metric"] = values.number(metric, "a metric", 0, 2**32 - 1, example=100)
            words += f" metric {metric}"
        journal.perform(
            self.typed(f"ip route add {words}"),
            lambda: routes.add(self.path, **ways),
            taken=lambda: f"there is a route to {destination} in {self.name} already",
        )

    def delete_route(self, destination: str, *, via: str | None = None, device: Interface | str | None = None) -> None:
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
        journal.perform(self.typed(f"ip route del {words}"), lambda: routes.delete(self.path, **ways))

    def sysctl(self, name: str, value: int | str | None = None) -> str | None:
        """Read a switch, or set it: `sysctl NAME`, `sysctl -w NAME=VALUE`.

        Args:
            name: "net.ipv4.ip_forward".
            value: what to set; without it the switch is only read.

        Returns:
            The switch's value; None when it was set.

        Raises:
            InvalidName: it is no switch of the network.
            NotFound: this kernel has no such switch.
            InvalidValue: the switch does not take that value.
        """
        switch = names.sysctl(name)
        if value is None:
            return sysctls.read(self.path, switch)
        wanted = sysctls.acceptable(switch, value)
        journal.perform(
            self.typed(f"sysctl -w {switch}={shlex.quote(wanted)}"), lambda: sysctls.write(self.path, switch, wanted)
        )
        return None

    @property
    def routes(self) -> tuple[model.Route, ...]:
        """Its routes, as frozen values."""
        return observe.namespace(self.name).routes

    def _way(self, destination: Any, via: Any, device: Any, *, needed: bool = True) -> tuple[str, dict[str, Any]]:
        """A route as words of a command and as arguments of an act."""
        network = values.network(destination)
        router = values.router(via) if via is not None else None
        name = self._device(device)
        if needed and router is None and name is None:
            raise InvalidValue(
                f"the route to {destination} leads nowhere",
                "a route needs a router or an interface",
                "Add via='10.0.0.1' or device='eth1'",
            )
        if router is not None and network is not None and router.version != network.version:
            raise InvalidValue(
                f"{via} cannot be on the way to {destination}",
                "router and destination are both IPv4 or both IPv6",
                "Give a router of the same kind",
            )
        words = [str(network or "default"), *(["via", str(router)] if router else []), *(["dev", name] if name else [])]
        return " ".join(words), {"destination": network, "via": router, "device": name}

    def _refuse_own(self, router: values.IPAddress | None) -> None:
        """The kernel would take an address of this very namespace as a router, and send packets nowhere."""
        bearer = observe.bearer(self.path, router) if router is not None else None
        if bearer is not None:
            raise InvalidAddress(
                f"'{router}' is this namespace's own address, on '{bearer}'",
                "a router is another machine on the link",
                "Give the address of the other end, such as the bridge's",
            )

    def _device(self, device: Any) -> str | None:
        if isinstance(device, Interface) and device.namespace != self:
            raise InvalidValue(
                f"'{device.name}' is in {device.namespace.name}, not in {self.name}",
                "routes and rules use interfaces of their own namespace",
                f"Give one of: {', '.join(observe.names(self.path))}",
            )
        return device.name if isinstance(device, Interface) else None if device is None else names.interface(device)
