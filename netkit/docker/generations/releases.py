"""The generations of Docker's rules, which release has which, and what else depends on it: MACs, IPv6, switches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netkit.docker.generations.forwarding import Forwarding
from netkit.docker.generations.isolating import Isolating
from netkit.docker.generations.mapping import Mapping
from netkit.docker.generations.podman import Podman
from netkit.docker.generations.values import MODES, NAT
from netkit.errors import InvalidValue
from netkit.spelling import shown

if TYPE_CHECKING:
    from netkit.docker.generations.writing import Writer

Version = tuple[int, int, int]

RANDOM_MACS: Version = (28, 0, 0)
"""Since when MAC addresses are random; before, a container's follows from its address: 02:42 and four bytes."""

LOOPBACK_OF_SIX: Version = (26, 0, 0)
"""Since when IPv6 is switched off at single interfaces of a container, and no longer in all of it."""

NO_WAY_OUT: Version = (25, 0, 0)
"""Since when a container of an internal network has no default route."""

FILTERED_HAIRPINS: Version = (28, 0, 0)
"""Since when bridge-nf-call-iptables is switched on where no docker-proxy runs; before, only for `--icc=false`."""

EARLY_SWITCHES: Version = (28, 0, 0)
"""A release that sets a container's switches before its network is there; 26.1 does so afterwards."""

TOLD_BY_NETWORK: Version = (29, 0, 0)
"""Since when `docker inspect` tells a container's addresses by network only; before, those of the default one twice."""

GATEWAY_MODES: Version = (28, 0, 0)
"""Since when a network has the gateway modes that are known here; 27 had a first form of routed."""


@dataclass(frozen=True)
class Generation:
    """A generation of rules, at one release.

    Attributes:
        name: "20.10", "28", "29" …
        version: of the release whose habits are meant.
        writer: writes its rules.
        by_nftables: whether nft writes them, in tables of their own.
        podman: whether they are those of netavark, which Podman has; the version is its own then.
    """

    name: str
    version: Version
    writer: Writer
    by_nftables: bool = False
    podman: bool = False

    def since(self, version: Version) -> bool:
        """Whether it has what came with a release."""
        return self.version >= version

    def has(self, version: Version) -> bool:
        """Whether it has what came with a release of Docker, and what Podman has as well."""
        return self.podman or self.since(version)

    @property
    def random_macs(self) -> bool:
        """Whether containers and bridges have random MAC addresses."""
        return self.has(RANDOM_MACS)

    @property
    def loops_six(self) -> bool:
        """Whether a container's loopback has ::1, also where its networks have no IPv6."""
        return self.has(LOOPBACK_OF_SIX)

    @property
    def leaves_internal(self) -> bool:
        """Whether a container of an internal network has a default route, which leads nowhere."""
        return not self.has(NO_WAY_OUT)

    @property
    def filters_hairpins(self) -> bool:
        """Whether what comes back by the port of a bridge that it left by is filtered, where no docker-proxy runs."""
        return self.since(FILTERED_HAIRPINS)

    @property
    def turns_back(self) -> bool:
        """Whether a bridge hands a frame back by the port that it came by, where no docker-proxy runs."""
        return not self.podman

    @property
    def early_switches(self) -> bool:
        """Whether a container's switches are set before its network is there, so that those of eth0 cannot be."""
        return self.since(EARLY_SWITCHES)

    @property
    def metric(self) -> int | None:
        """The metric of a container's default route, where it has one."""
        return 100 if self.podman else None

    def bridge_switches(self, *, six: bool) -> dict[str, int]:
        """What is switched at a network's bridge: the Engine's takes no router's word (libnetwork, setup_device.go).

        Args:
            six: whether the network has IPv6.

        Returns:
            Values by the family and the switch: {"ipv4.rp_filter": 2}.
        """
        if not self.podman:
            return {"ipv6.accept_ra": 0}
        return {"ipv4.rp_filter": 2, **({"ipv6.accept_dad": 0, "ipv6.accept_ra": 0} if six else {})}

    def cable_switches(self, *, inner: bool, six: bool) -> dict[str, int]:
        """What is switched at an end of a container's cable.

        Args:
            inner: whether it is the container's.
            six: whether the network has IPv6.
        """
        if not self.podman:
            return {}
        own = {"ipv4.arp_notify": 1, "ipv4.rp_filter": 2, "ipv6.autoconf": 0} if inner else {}
        return {**own, **({"ipv6.accept_dad": 0} if six else {})}

    @property
    def tells_twice(self) -> bool:
        """Whether `docker inspect` tells the addresses on the default network outside of the list of networks, too."""
        return not self.since(TOLD_BY_NETWORK)

    @property
    def modes(self) -> tuple[str, ...]:
        """The gateway modes that its networks can have."""
        return MODES if self.since(GATEWAY_MODES) else (NAT,)

    def __str__(self) -> str:
        return self.name


GENERATIONS: dict[str, Generation] = {
    each.name: each
    for each in (
        Generation("20.10", (20, 10, 24), Isolating()),
        Generation("28", (28, 5, 2), Forwarding(isolating=True)),
        Generation("29", (29, 1, 3), Forwarding(isolating=False)),
        Generation("29-nft", (29, 1, 3), Mapping(), by_nftables=True),
        Generation("netavark", (1, 17, 2), Podman(), by_nftables=True, podman=True),
    )
}
"""By name; the version is that of the Engine whose rules were looked at."""

NEWEST = GENERATIONS["29"]
"""What is shown where no Engine is installed."""

_VERSION = re.compile(r"(\d{2})(?:\.(\d{1,2}))?(?:\.(\d{1,3}))?")
_FIRST, _LAST = (20, 10, 0), (29, 999, 999)


def generation(value: Any) -> Generation:
    """The generation that a text means: its own name, "29", or a release's version, "26.1.5".

    Raises:
        InvalidValue: it is none that is known here.
    """
    if isinstance(value, Generation):
        return value
    if isinstance(value, str):
        if value in GENERATIONS:
            return GENERATIONS[value]
        typed = _VERSION.fullmatch(value)
        if typed is not None and (found := of_release(_version(typed))) is not None:
            return found
    rule = f"there are {', '.join(GENERATIONS)}; a release, such as '26.1.5', means the one that it belongs to"
    raise InvalidValue(f"{shown(value)} is no generation of Docker's rules", rule, "Try like='29'")


def of_release(version: Version) -> Generation | None:
    """The generation of a release, with the release's own habits; None before 20.10, and after 29."""
    if not _FIRST <= version <= _LAST:
        return None
    name = next((name for name in ("29", "28") if version >= (int(name), 0, 0)), "20.10")
    return Generation(name, version, GENERATIONS[name].writer)


def _version(typed: re.Match[str]) -> Version:
    """A version as it was typed; of "26.1" the last release is meant."""
    major, minor, patch = typed.groups()
    return int(major), int(minor or (10 if major == "20" else 99)), int(patch or 999)
