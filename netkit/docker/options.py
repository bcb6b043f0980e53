"""A bridge network's options, Docker's `-o com.docker.network…`: icc, masquerade, gateway modes, MTU, bridge name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netkit import kinds, names, validation
from netkit.docker.generations.values import ISOLATED, MODES, NAT
from netkit.errors import Conflict, InvalidAddress, InvalidName, InvalidValue
from netkit.spelling import nearest, shown

if TYPE_CHECKING:
    from netkit.docker.generations.releases import Generation

PREFIX = "com.docker.network."
INTERFACE = "eth"
"""How a container's interfaces are called, without their numbers."""

OWN_MTU = (26, 0, 0)
"""A release that gives a network's MTU to the bridge itself; 20.10 gives it to cables only."""

TRUSTED = (28, 2, 0)
"""The release since when interfaces can be trusted."""

_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_LONGEST_BEGINNING = 14
"""A number behind it has to fit into a name of an interface as well."""


@dataclass(frozen=True)
class Options:
    """The options of a network.

    Attributes:
        icc: whether its containers reach one another.
        masquerade: whether they leave by the machine's address.
        mode: the gateway mode of IPv4, one of MODES.
        mode6: that of IPv6.
        bridge: the name of its bridge, "" for one that Docker chooses.
        mtu: of its cables, in bytes; 0 for the kernel's own.
        interface: how its containers' interfaces are called, without the number: "eth".
        binding: the machine's address at which ports are published where none is named; "" for all.
        inhibited: whether its bridge has no address of IPv4: another machine is the router.
        trusted: interfaces of the machine by which one may come straight to a container's address.
        source: the machine's address that its containers leave by, "" for that of the interface.
        source6: that of IPv6.
    """

    icc: bool = True
    masquerade: bool = True
    mode: str = NAT
    mode6: str = NAT
    bridge: str = ""
    mtu: int = 0
    interface: str = INTERFACE
    binding: str = ""
    inhibited: bool = False
    trusted: tuple[str, ...] = ()
    source: str = ""
    source6: str = ""

    def typed(self) -> dict[str, str]:
        """Those that are not as by default, by Docker's keys."""
        found = {key: getattr(self, attribute) for key, (attribute, _) in _KEYS.items()}
        changed = {key: value for key, value in found.items() if value != getattr(USUAL, _KEYS[key][0])}
        return {
            PREFIX + key: ":".join(value) if isinstance(value, tuple) else str(value).lower()
            for key, value in changed.items()
        }

    def insist(self, generation: Generation, *, internal: bool) -> None:
        """Refuse what the release does not know, or the network cannot have.

        Raises:
            Conflict: the network has a way out, and is to be isolated.
            InvalidValue: it does not know it.
        """
        for mode in {self.mode, self.mode6}:
            if mode not in generation.modes:
                rule = f"it has {', '.join(generation.modes)}"
                raise InvalidValue(f"Docker {generation} has no gateway mode {mode}", rule, "Try nk.Docker(like='29')")
            if mode == ISOLATED and not internal:
                rule = "Docker says: gateway mode 'isolated' can only be used for an internal network"
                raise Conflict("a network with a way out cannot be isolated", rule, "Add internal=True")
        if self.trusted and not generation.since(TRUSTED):
            rule = f"it came with {'.'.join(map(str, TRUSTED))}; earlier releases ignore it without a word"
            raise InvalidValue(f"Docker {generation} trusts no interface", rule, "Try nk.Docker(like='29')")


USUAL = Options()
"""As by default."""


def options(value: Any) -> Options:
    """A table of options, {"com.docker.network.bridge.enable_icc": "false"}; the common beginning may be left out.

    Raises:
        InvalidAddress: it is no address.
        InvalidName: it is no name of a bridge or of an interface.
        InvalidValue: it is no such table, or an option has no such value.
    """
    if isinstance(value, Options):
        return value
    if not isinstance(value, dict):
        rule, remedy = "they are a table", "Try options={'com.docker.network.bridge.enable_icc': 'false'}"
        raise InvalidValue(f"{shown(value)} are no options", rule, remedy)
    return Options(**dict(_read(key, given) for key, given in value.items()))


def _read(key: Any, given: Any) -> tuple[str, Any]:
    short = key.removeprefix(PREFIX) if isinstance(key, str) else ""
    found = next((each for each in _KEYS if short in (each, each.partition(".")[2])), None) if short else None
    if found is None:
        near = nearest(short, tuple(_KEYS)) or "bridge.enable_icc"
        rule = f"Docker takes what it does not know without a word; behind {PREFIX} a bridge has {', '.join(_KEYS)}"
        raise InvalidValue(f"{shown(key)} is no option of a bridge", rule, f"Try '{PREFIX}{near}'")
    attribute, check = _KEYS[found]
    return attribute, check(given)


def _flag(value: Any) -> bool:
    found = value if isinstance(value, bool) else _FLAGS.get(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(f"{shown(value)} says neither yes nor no", "it is true or false", "Try 'false'")
    return found


def _mode(value: Any) -> str:
    if value not in MODES:
        remedy = f"Try '{nearest(value, MODES) if isinstance(value, str) else MODES[0]}'"
        raise InvalidValue(f"{shown(value)} is no gateway mode", f"there are {', '.join(MODES)}", remedy)
    return value


def _mtu(value: Any) -> int:
    size = int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
    return 0 if size == 0 and size is not False else kinds.mtu(size)


def _interface(value: Any) -> str:
    name = validation.text(value, "the beginning of an interface's name", InvalidName)
    if len(name) > _LONGEST_BEGINNING:
        rule = f"a number comes behind it, so that it has at most {_LONGEST_BEGINNING} characters"
        raise InvalidName(f"'{name}' is too long", rule, f"Try '{name[:_LONGEST_BEGINNING]}'")
    return names.interface(f"{name}0")[:-1]


def _address(value: Any, version: int) -> str:
    found = validation.address(value)
    if found.version != version:
        raise InvalidAddress(f"{found} is not of IPv{version}", "this option is an address of that", "Name another one")
    return str(found)


def _trusted(value: Any) -> tuple[str, ...]:
    text = validation.text(value, "a list of interfaces", InvalidName)
    return tuple(names.interface(each) for each in text.split(":") if each)


_KEYS = {
    "bridge.enable_icc": ("icc", _flag),
    "bridge.enable_ip_masquerade": ("masquerade", _flag),
    "bridge.gateway_mode_ipv4": ("mode", _mode),
    "bridge.gateway_mode_ipv6": ("mode6", _mode),
    "bridge.name": ("bridge", names.interface),
    "driver.mtu": ("mtu", _mtu),
    "container_iface_prefix": ("interface", _interface),
    "bridge.host_binding_ipv4": ("binding", lambda value: _address(value, 4)),
    "bridge.inhibit_ipv4": ("inhibited", _flag),
    "bridge.trusted_host_interfaces": ("trusted", _trusted),
    "host_ipv4": ("source", lambda value: _address(value, 4)),
    "host_ipv6": ("source6", lambda value: _address(value, 6)),
}
"""By Docker's keys, without their common beginning: which of `Options`, and what checks it."""
