"""A bridge network's options, as behind Docker's `-o`: "com.docker.network.bridge.enable_icc=false"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netkit import names
from netkit.docker.generations.values import ISOLATED, MODES, NAT
from netkit.errors import Conflict, InvalidValue
from netkit.spelling import nearest, shown

PREFIX = "com.docker.network.bridge."
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Options:
    """The options of a network.

    Attributes:
        icc: whether its containers reach one another.
        masquerade: whether they leave by the machine's address.
        mode: the gateway mode of IPv4, one of MODES.
        mode6: that of IPv6.
        bridge: the name of its bridge, "" for one that Docker chooses.
    """

    icc: bool = True
    masquerade: bool = True
    mode: str = NAT
    mode6: str = NAT
    bridge: str = ""

    def typed(self) -> dict[str, str]:
        """Those that are not as by default, by Docker's keys."""
        found = {key: getattr(self, attribute) for key, (attribute, _) in _KEYS.items()}
        changed = {key: value for key, value in found.items() if value != getattr(USUAL, _KEYS[key][0])}
        return {PREFIX + key: str(value).lower() for key, value in changed.items()}

    def insist(self, modes: tuple[str, ...], release: str, *, internal: bool) -> None:
        """Refuse a gateway mode that the release does not know, or that the network cannot have.

        Raises:
            Conflict: the network has a way out, and is to be isolated.
            InvalidValue: it does not know it.
        """
        for mode in {self.mode, self.mode6}:
            if mode not in modes:
                rule = f"it has {', '.join(modes)}"
                raise InvalidValue(f"Docker {release} has no gateway mode {mode}", rule, "Try nk.Docker(like='29')")
            if mode == ISOLATED and not internal:
                rule = "Docker says: gateway mode 'isolated' can only be used for an internal network"
                raise Conflict("a network with a way out cannot be isolated", rule, "Add internal=True")


USUAL = Options()
"""As by default."""


def options(value: Any) -> Options:
    """A table of options, {"com.docker.network.bridge.enable_icc": "false"}; the common beginning may be left out.

    Raises:
        InvalidName: it is no name of a bridge.
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
    if short not in _KEYS:
        near = nearest(short, tuple(_KEYS)) or "enable_icc"
        rule = f"a bridge has {', '.join(PREFIX + each for each in _KEYS)}"
        raise InvalidValue(f"{shown(key)} is no option of a bridge", rule, f"Try '{PREFIX}{near}'")
    attribute, check = _KEYS[short]
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


_KEYS = {
    "enable_icc": ("icc", _flag),
    "enable_ip_masquerade": ("masquerade", _flag),
    "gateway_mode_ipv4": ("mode", _mode),
    "gateway_mode_ipv6": ("mode6", _mode),
    "name": ("bridge", names.interface),
}
"""By Docker's keys, without their common beginning: which of `Options`, and what checks it."""
