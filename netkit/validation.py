"""What addresses, prefixes, MACs and ADDRESS:PORT may look like, checked before the kernel can misread them.

Each function takes what the learner typed and returns it in its standard form, or raises an
`InvalidValue` that names the value, the rule and the remedy.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from netkit.errors import InvalidAddress, InvalidValue
from netkit.face import face
from netkit.spelling import shown

IPInterface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.ASCII | re.IGNORECASE)
_PREFIX = re.compile(r"[0-9]+", re.ASCII)


def interface_address(value: Any) -> IPInterface:
    """An address with its prefix length, as an interface bears it: "10.0.0.1/24".

    Args:
        value: text.

    Returns:
        An `ipaddress.IPv4Interface` or `IPv6Interface`.

    Raises:
        InvalidAddress: it is not an address, has no prefix length, or no interface can bear it.

    Example:
        >>> str(interface_address("10.0.0.1/24"))
        '10.0.0.1/24'
    """
    typed = text(value, "an address with its prefix length, such as '10.0.0.1/24'")
    host, slash, length = typed.partition("/")
    plain = _address(host, typed)
    if not slash:
        raise InvalidAddress(
            f"'{typed}' has no prefix length",
            "an interface's address says which network it is in",
            f"Try '{typed}/{24 if plain.version == 4 else 64}'",
        )
    bits = _prefix_length(typed, length, plain.max_prefixlen)
    _refuse_unless_bearable(typed, plain, bits)
    kind = ipaddress.IPv4Interface if plain.version == 4 else ipaddress.IPv6Interface
    return kind((int(plain), bits))  # its text would be read a second time


def address(value: Any) -> IPAddress:
    """One IP address: "10.0.0.1" or "fd00::1".

    Args:
        value: text.

    Returns:
        An `ipaddress.IPv4Address` or `IPv6Address`.

    Raises:
        InvalidAddress: it is not an IP address.
    """
    typed = text(value, "an IP address, such as '10.0.0.1'")
    host, slash, _ = typed.partition("/")
    if slash and _is_address(host):
        raise InvalidAddress(f"'{typed}' is a prefix", "one address is needed here", f"Try '{host}'")
    return _address(typed, typed)


def machine(value: Any, what: str = "a machine", *, here: bool = False, group: bool = False) -> IPAddress:
    """An address that one machine has.

    Args:
        value: text.
        what: whose it is meant to be: "a router".
        here: whether it may be this machine's own loopback.
        group: whether it may be a multicast group instead.

    Returns:
        An `ipaddress.IPv4Address` or `IPv6Address`.

    Raises:
        InvalidAddress: it is not an IP address, or none that one machine can have.
    """
    found = address(value)
    nobodys = found.is_unspecified or str(found) == "255.255.255.255" or (found.is_loopback and not here)
    if nobodys or (found.is_multicast and not group):
        which = "one machine" if here else "another machine, on one of the links here or behind one"
        raise InvalidAddress(f"'{found}' is no address of {what}", f"it is an address of {which}", "Try '10.0.0.1'")
    return found


def router(value: Any) -> IPAddress:
    """The address of a route's next router (ip-route(8), via); see `machine`."""
    return machine(value, "a router")


def network(value: Any) -> IPNetwork | None:
    """A route's destination: "default", or a prefix such as "10.0.0.0/24".

    Args:
        value: text.

    Returns:
        An `ipaddress.IPv4Network` or `IPv6Network`; None for "default".

    Raises:
        InvalidAddress: it is no prefix, or has bits set behind its length.

    Example:
        >>> network("default") is None, str(network("10.0.0.0/8")), str(network("10.1.1.1"))
        (True, '10.0.0.0/8', '10.1.1.1/32')
    """
    typed = text(value, "'default' or a prefix, such as '10.0.0.0/24'")
    if typed == "default":
        return None
    host, slash, length = typed.partition("/")
    plain = _address(host, typed)
    bits = _prefix_length(typed, length, plain.max_prefixlen) if slash else plain.max_prefixlen
    whole = ipaddress.ip_interface(f"{plain}/{bits}")
    if whole.ip != whole.network.network_address:
        raise InvalidAddress(
            f"'{typed}' has bits set behind its first {bits}",
            "a route leads to a whole network",
            f"Try '{whole.network}' for the network, or '{whole.ip}' for one address",
        )
    return whole.network


def mac(value: Any) -> str:
    """A MAC address for one interface: six pairs of hex digits, unicast (IEEE 802, 8.2).

    Args:
        value: text.

    Returns:
        It in lower case.

    Raises:
        InvalidAddress: it is not one, or is a multicast, broadcast or all-zero address.
    """
    typed = text(value, "a MAC address, such as '02:42:ac:11:00:02'")
    if not _MAC.fullmatch(typed):
        raise InvalidAddress(
            f"'{typed}' is not a MAC address",
            "it is six pairs of hexadecimal digits with colons between",
            "Try '02:42:ac:11:00:02'",
        )
    typed = typed.lower()
    if int(typed[:2], 16) & 1 or typed == "00:00:00:00:00:00":
        raise InvalidAddress(
            f"'{typed}' is no interface's address",
            "a first byte that is odd means a group of receivers, and all zeros mean nobody",
            "Choose one that begins with 02, such as '02:42:ac:11:00:02'",
        )
    return typed


@face
def mac_of(ip: Any) -> str:
    """The MAC address that Docker gives to an IPv4 address: 02:42 and the four bytes of the address.

    Args:
        ip: "172.17.0.2", with or without a prefix length.

    Returns:
        The MAC address in lower case.

    Raises:
        InvalidAddress: it is no IPv4 address.

    Example:
        >>> mac_of("172.17.0.2")
        '02:42:ac:11:00:02'
    """
    found = interface_address(ip).ip if isinstance(ip, str) and "/" in ip else address(ip)
    if found.version != 4:
        raise InvalidAddress(
            f"'{ip}' is an IPv6 address", "Docker derives MACs from IPv4 addresses", "Give an IPv4 one"
        )
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x42, *found.packed))


def endpoint(address: str, port: int | str) -> str:
    """An address and a port, as one types them: "172.17.0.2:80", "[fd00::2]:80" (RFC 3986, 3.2.2).

    Args:
        address: of either family.
        port: its number, or what stands for it.

    Example:
        >>> endpoint("fd00::2", 80)
        '[fd00::2]:80'
    """
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def text(value: Any, what: str, error: type[InvalidValue] = InvalidAddress) -> str:
    """What was typed, if it is a text or an `ipaddress` value; else an error that says what is needed.

    Raises:
        InvalidValue: it is neither, or has what no name, file or argument can have: a zero byte, half a character.
    """
    if type(value) is str and value.isascii() and "\0" not in value:
        return value
    if isinstance(value, ipaddress._IPAddressBase):
        return str(value)
    if not isinstance(value, str):
        raise error(f"{shown(value)} is not a text", f"{what} is needed here", "Write it between quotes")
    if "\0" in value or value.encode(errors="replace").decode() != value:
        raise error(f"{shown(value)} has a zero byte or half a character", f"{what} is needed here", "Remove it")
    return str.__str__(value)


def _address(host: str, typed: str) -> IPAddress:
    """The address in what was typed, or an error that names all that was typed."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        raise InvalidAddress(f"{typed!r} is not an IP address", *_why_no_address(host)) from None
    if getattr(found, "scope_id", None):
        plain = str(found).partition("%")[0]
        raise InvalidAddress(
            f"'{typed}' names an interface", "only the address is needed here", f"Try '{typed.replace(host, plain)}'"
        )
    return found


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _why_no_address(typed: str) -> tuple[str, str]:
    """(rule, remedy) for a text that is meant to be an IP address."""
    if "://" in typed:
        host = re.split(r"[/:]", typed.partition("://")[2])[0]
        example = host if _is_address(host) else "10.0.0.1"
        return "it is where a page is, and the machine's address alone is needed", f"Try '{example}'"
    if typed == "localhost" or re.search(r"[g-z]", typed, re.IGNORECASE):
        return "names are not looked up here", "Give the number, such as '127.0.0.1'"
    parts = typed.split(".")
    if len(parts) == 4 and all(part.isdecimal() and part.isascii() for part in parts):
        if any(int(part) > 255 for part in parts):
            return "each of its four numbers goes from 0 to 255", "Correct the number that is too large"
        return "its numbers have no leading zeros", f"Try '{'.'.join(str(int(part)) for part in parts)}'"
    return "IPv4 is four numbers with dots between, IPv6 groups of hex digits with colons", "Try '10.0.0.1'"


def _prefix_length(typed: str, length: str, most: int) -> int:
    if not _PREFIX.fullmatch(length) or int(length) > most or (len(length) > 1 and length[0] == "0"):
        raise InvalidAddress(
            f"'{typed}' has no usable prefix length",
            f"behind the / stands how many leading bits name the network, 0 to {most}",
            f"Try '{typed.partition('/')[0]}/{24 if most == 32 else 64}'",
        )
    return int(length)


def _refuse_unless_bearable(typed: str, ip: IPAddress, bits: int) -> None:
    """Refuse addresses that the kernel accepts although no interface can use them."""
    if ip.is_multicast:
        raise InvalidAddress(f"'{typed}' is a multicast address", "it means a group of receivers", "Try '10.0.0.1/24'")
    number = int(ip)
    if number == 0 or bits == 0:
        raise InvalidAddress(
            f"'{typed}' names nobody or everybody", "an interface has one address", "Try '10.0.0.1/24'"
        )
    if ip.version == 6:
        return
    everybody = (1 << ip.max_prefixlen) - 1
    if number == everybody:
        raise InvalidAddress(f"'{typed}' is the broadcast address", "it means everybody", "Try '10.0.0.1/24'")
    last = everybody >> bits  # its part that says which of the network's hosts it is: all ones in the last address
    host = number & last
    if bits < 31 and host in (0, last):
        net = ipaddress.ip_network((ip.packed, bits), strict=False)
        raise InvalidAddress(
            f"'{typed}' is the " + (f"broadcast address of {net}" if host else "address of the network itself"),
            "it means everybody there" if host else f"the hosts of {net} come after it",
            f"Try '{net.network_address + 1}/{bits}'",
        )
