"""What names may look like: of namespaces, of interfaces (15 letters, no word of `ip link`), of switches (sysctl).

Each function takes what the learner typed and returns it in its standard form, or raises an
`InvalidName` that names the value, the rule and the remedy.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from netkit import validation
from netkit.errors import InvalidName
from netkit.model import HOST

_INTERFACE_MAX = 15
_NAMESPACE_MAX = 64
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
_IP_LINK_WORDS = (
    *("up", "down", "name", "index", "link", "address", "broadcast", "brd", "txqueuelen", "txqlen", "qlen", "mtu"),
    *("netns", "multicast", "allmulticast", "promisc", "trailers", "arp", "carrier", "vf", "master", "vrf", "nomaster"),
    *("dynamic", "type", "alias", "group", "mode", "state", "numtxqueues", "numrxqueues", "addrgenmode", "link-netns"),
    *("link-netnsid", "protodown", "protodown_reason", "gso_max_size", "gso_max_segs", "gro_max_size", "xdp"),
    *("xdpgeneric", "parentdev", "dev", "peer", "help"),
)
"""What `ip link` takes for a keyword when it meets it, or its beginning, where a name may stand (ip-link(8))."""

_MISREAD = frozenset(word[:length] for word in _IP_LINK_WORDS for length in range(1, len(word) + 1))

_EVERY = ("all", "default")
"""What stands for every interface where a switch is set."""

_SYSCTL = re.compile(r"[a-z0-9_-]+([./][A-Za-z0-9_-]+)+", re.ASCII)


def interface(value: Any) -> str:
    """An interface's name (netdevice(7), IFNAMSIZ).

    Args:
        value: what was typed.

    Returns:
        The same text.

    Raises:
        InvalidName: it is no text, empty, longer than 15 characters, or has characters that make trouble.

    Example:
        >>> interface("veth1")
        'veth1'
    """
    name = _name(value, "interface", _INTERFACE_MAX)
    if name in _EVERY:
        raise InvalidName(
            f"'{name}' cannot be an interface",
            "it means 'every interface' in /proc/sys/net/ipv4/conf",
            "Choose another name, such as 'eth1'",
        )
    return name


def in_ip_link(name: str) -> str:
    """An interface's name where `ip link add`, `delete` and `set` may also have a keyword: with `dev` if need be.

    Args:
        name: of an interface, also one that a shell command made.

    Example:
        >>> in_ip_link("veth1"), in_ip_link("a")  # `ip link add a …` would take a for the beginning of "address"
        ('veth1', 'dev a')
    """
    return f"dev {name}" if name in _MISREAD else shlex.quote(name)


def namespace(value: Any) -> str:
    """A namespace's name: a file name in /run/netns (ip-netns(8)).

    Args:
        value: what was typed.

    Returns:
        The same text.

    Raises:
        InvalidName: it is no text, empty, too long, has characters that make trouble, or is "host".
    """
    name = _name(value, "namespace", _NAMESPACE_MAX)
    if name == HOST:
        raise InvalidName(
            "'host' cannot be made", "it is the namespace that the notebook itself lives in", "It is there: nk.host"
        )
    return name


def sysctl(value: Any) -> str:
    """A kernel switch's name below net: "net.ipv4.ip_forward" (sysctl(8)).

    Returns:
        The same text; write slashes where an interface's name has a dot: "net/ipv4/conf/eth0.5/rp_filter".

    Raises:
        InvalidName: it is no such name; only switches of the network belong to a namespace.
    """
    text = validation.text(value, "a switch, such as 'net.ipv4.ip_forward'", InvalidName)
    if not _SYSCTL.fullmatch(text) or not text.replace("/", ".").startswith("net."):
        raise InvalidName(
            f"{text!r} is not a switch of the network", "their names begin with 'net.'", "Try 'net.ipv4.ip_forward'"
        )
    return text


def _name(value: Any, what: str, longest: int) -> str:
    text = validation.text(value, f"the name of a{'n' if what[0] in 'aeiou' else ''} {what}", InvalidName)
    if not text:
        raise InvalidName(f"'' is no name of a {what}", "a name has at least one character", "Try 'ns1' or 'veth1'")
    if len(text) > longest:
        rule = f"{what} names have at most {longest}"
        raise InvalidName(f"'{text}' has {len(text)} characters", rule, f"Try '{_suggestion(text, longest)}'")
    if not _NAME.fullmatch(text):
        culprit = next((c for i, c in enumerate(text) if not _NAME.fullmatch(text[: i + 1])), text[-1])
        raise InvalidName(
            f"{text!r} has {culprit!r} at a place where no name may have it",
            f"{what} names are letters a-z A-Z, digits and _ . - and begin with a letter, a digit or _",
            f"Try '{_suggestion(text, longest)}'",
        )
    return text


def _suggestion(text: str, longest: int) -> str:
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "", text).lstrip(".-")[:longest]
    return plain if plain and plain not in (*_EVERY, HOST) else "net1"
