"""Make and remove the rules by which the kernel chooses a routing table (ip-rule(8)), by pyroute2's own acts.

pyroute2 knows every message of rtnetlink; what is done seldom is left to it.  Its synchronous face runs an event loop,
which a notebook cell has already: so it is called in netkit's own thread, which has none.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, NamedTuple

from netkit.errors import KernelRefused
from netkit.linux.entering import apart, inside

if TYPE_CHECKING:
    from netkit.validation import IPNetwork

_FAMILIES = {4: 2, 6: 10}
"""AF_INET and AF_INET6."""


class RoutingRule(NamedTuple):
    """Which packets look for their route in which table.

    Attributes:
        table: the number of the routing table.
        source: where they come from; None for anywhere.
        destination: where they go; None for anywhere.
        mark: that the packet filter gave them; None for any.
        priority: the lower the earlier; those of the tables local, main and default are 0, 32766 and 32767.
    """

    table: int
    source: IPNetwork | None = None
    destination: IPNetwork | None = None
    mark: int | None = None
    priority: int = 32000

    @property
    def version(self) -> int:
        """Of IP: 4 where no address tells."""
        return next((network.version for network in (self.source, self.destination) if network), 4)


def add(path: str, rule: RoutingRule) -> None:
    """`ip rule add …`.

    Args:
        path: the namespace.
        rule: the rule.

    Raises:
        KernelRefused: with the kernel's own reason; EEXIST if there is such a rule.
        NotFound: the namespace is not there.
    """
    apart(lambda: inside(path, lambda: _do("add", rule)))


def delete(path: str, rule: RoutingRule) -> None:
    """`ip rule del …`.

    Args:
        path: the namespace.
        rule: what the rule has to be; the first that is so goes.

    Raises:
        KernelRefused: with the kernel's own reason; ENOENT if there is no such rule.
        NotFound: the namespace is not there.
    """
    apart(lambda: inside(path, lambda: _do("del", rule)))


def _do(what: str, rule: RoutingRule) -> None:
    """One act in the namespace that the calling thread is in."""
    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    with IPRoute(ext_ack=True, strict_check=True) as kernel:
        try:
            kernel.rule(what, **_words(rule))
        except NetlinkError as error:
            raise KernelRefused("a routing rule", str(error.args[-1]), errno=error.code or errno.EINVAL) from None


def _words(rule: RoutingRule) -> dict[str, Any]:
    """The rule as pyroute2 takes it."""
    words: dict[str, Any] = {"family": _FAMILIES[rule.version], "table": rule.table, "priority": rule.priority}
    for name, network in (("src", rule.source), ("dst", rule.destination)):
        if network is not None:
            words |= {name: str(network.network_address), f"{name}_len": network.prefixlen}
    return words | ({"fwmark": rule.mark} if rule.mark is not None else {})
