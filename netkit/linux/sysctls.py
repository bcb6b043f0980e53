"""The kernel's switches of a network namespace, /proc/sys/net (sysctl(8), kernel document networking/ip-sysctl)."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

from netkit.errors import InvalidValue, KernelRefused, NotFound
from netkit.kinds import plain_number
from netkit.linux.entering import inside
from netkit.spelling import shown

THAT_MATTER = (
    "net.ipv4.ip_forward",
    "net.bridge.bridge-nf-call-iptables",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.default.rp_filter",
    "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.conf.all.forwarding",
    *("net.bridge.bridge-nf-call-ip6tables", "net.bridge.bridge-nf-call-arptables"),
    *("net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.all.arp_announce", "net.ipv4.conf.all.arp_filter"),
    *("net.ipv4.conf.all.accept_local", "net.ipv4.conf.all.route_localnet", "net.ipv4.conf.all.proxy_arp"),
    *("net.ipv4.icmp_echo_ignore_all", "net.ipv4.ip_default_ttl", "net.ipv4.ip_nonlocal_bind"),
    "net.ipv6.conf.default.disable_ipv6",
)
"""The switches that decide whether packets get through; those of single interfaces come with their links.

Each file takes a hundredth of a snapshot's time.
"""

_TIME = re.compile(r"time|interval|delay|(^|_)secs?$|_ms$")
_CHOICES = {
    **dict.fromkeys(("ip_forward", "forwarding", "disable_ipv6", "proxy_arp", "route_localnet", "log_martians"), "01"),
    **dict.fromkeys(("bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"), "01"),
    **dict.fromkeys(("accept_redirects", "secure_redirects", "send_redirects", "icmp_echo_ignore_all"), "01"),
    **dict.fromkeys(("rp_filter", "arp_announce", "tcp_syncookies"), "012"),
}
"""What these switches mean; the kernel itself takes any number for them."""


def acceptable(name: str, value: object) -> str:
    """The text to write for a value, if the switch takes it; the kernel itself accepts ip_forward=7.

    Args:
        name: "net.ipv4.ip_forward".
        value: a whole number or a text.

    Raises:
        InvalidValue: it is neither, or no value of this switch.
    """
    bad = f"{shown(value)} is no value for '{name}'"
    value = plain_number(value)
    number = isinstance(value, int) and not isinstance(value, bool)
    text = isinstance(value, str) and value.isascii() and value.replace("\t", " ").isprintable() and value.strip()
    if not number and not text:
        raise InvalidValue(bad, "it is a whole number or a plain text", "Try 1")
    if number and not -(2**63) <= int(value) < 2**64:
        raise InvalidValue(bad, "the kernel's numbers have at most 64 bits", "Try 1")
    key = name.replace("/", ".").rpartition(".")[2]
    if (choices := _CHOICES.get(key)) and str(value) not in tuple(choices):
        raise InvalidValue(bad, f"it is one of {', '.join(choices)}", "Try 1")
    if _TIME.search(key) and str(value).startswith("-"):
        raise InvalidValue(bad, "a time is not negative", "Try 60")
    return str(value)


def value(path: str, name: str) -> str | None:
    """A switch's value, None where this kernel has no such switch."""
    return inside(path, lambda: read_here(name))


def read(path: str, name: str) -> str:
    """`sysctl -n NAME`.

    Args:
        path: the namespace.
        name: "net.ipv4.ip_forward".

    Returns:
        The switch's value as text, without white space around it.

    Raises:
        NotFound: this kernel has no such switch.
    """
    found = value(path, name)
    if found is None:
        raise _absent(name)
    return found


def write(path: str, name: str, value: str) -> None:
    """`sysctl -w NAME=VALUE`.

    Args:
        path: the namespace.
        name: "net.ipv4.ip_forward".
        value: the text to write.

    Raises:
        NotFound: this kernel has no such switch.
        KernelRefused: the switch does not take that value.
        InvalidValue: the kernel took another value in its stead; the switch is as it was before.
    """
    try:
        taken = inside(path, lambda: _tried(name, value))
    except (FileNotFoundError, IsADirectoryError):
        raise _absent(name) from None
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "See what it may be: `man 7 ip`, or the kernel document networking/ip-sysctl"
        raise KernelRefused(f"'{name}' does not take '{value}'", reason, remedy, errno=error.errno or 0) from None
    if taken is not None:
        rule = f"the kernel makes {' '.join(taken.split())} of it, and it is as it was before"
        raise InvalidValue(f"'{name}' does not take '{value}'", rule, "Give a value that the kernel keeps")


def read_here(name: str) -> str | None:
    """A switch of the namespace that the calling thread is in; None where the kernel has none or keeps it secret."""
    return read_file(file_of(name))


def read_file(path: str, folder: int | None = None) -> str | None:
    """The text of a switch's file without white space around it; None where the kernel has none or keeps it secret.

    Args:
        path: of the file, from the folder on.
        folder: a descriptor of it; None for a path from the root.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)  # a tenth of the time of Path.read_text
    except OSError:
        return None
    try:
        return os.read(file, 4096).decode().strip()
    except OSError:  # a directory, such as net.ipv4.conf, or a switch that can only be written
        return None
    finally:
        os.close(file)


LEFT_OUT = {
    "net.ipv4.fib_multipath_hash_seed": "drawn at random",
    "net.ipv4.tcp_fastopen_key": "drawn at random",
    "net.ipv6.conf.all.stable_secret": "secret",
    "net.ipv6.conf.default.stable_secret": "secret",
    "net.netfilter.nf_conntrack_count": "counted",
    "net.ipv4.tcp_ehash_entries": "the machine's",
    "net.ipv4.tcp_available_congestion_control": "the machine's",
    "net.ipv4.route.flush": "only to be written",
    "net.ipv6.route.flush": "only to be written",
    "net.ipv4.conf.all.forwarding": "another name of net.ipv4.ip_forward",
    "net.ipv4.neigh.*.base_reachable_time": "another name of base_reachable_time_ms",
    "net.ipv6.neigh.*.base_reachable_time": "another name of base_reachable_time_ms",
    "net.ipv4.neigh.*.retrans_time": "another name of retrans_time_ms",
    "net.ipv6.neigh.*.retrans_time": "another name of retrans_time_ms",
    "net.ipv4.neigh.*.unres_qlen": "another name of unres_qlen_bytes",
    "net.ipv6.neigh.*.unres_qlen": "another name of unres_qlen_bytes",
}
"""The switches that are never read, and why; `*` stands for an interface."""

_LEFT_OUT = re.compile("|".join(re.escape(name).replace(r"\*", ".*") for name in LEFT_OUT))
_OF_AN_INTERFACE = re.compile(r"net/ipv[46]/conf/(?!(all|default)$)[^/]+")


def everything_here() -> dict[str, str]:
    """Every switch of the namespace that the calling thread is in, but those that an interface's own record tells."""
    found = {}
    for folder, folders, files in os.walk("/proc/sys/net"):
        inner = folder.removeprefix("/proc/sys/")
        if _OF_AN_INTERFACE.fullmatch(inner):
            folders.clear()
            continue
        for file in files:
            name = f"{inner}/{file}".replace(".", "\0").replace("/", ".").replace("\0", "/")
            if not _LEFT_OUT.fullmatch(name) and (value := read_here(name)) is not None:
                found[name] = value
    return dict(sorted(found.items()))


def write_here(name: str, value: str) -> None:
    """Set a switch of the namespace that the calling thread is in.

    Raises:
        OSError: there is no such switch, or it does not take that value.
    """
    Path(file_of(name)).write_text(value)


def _tried(name: str, value: str) -> str | None:
    """Set a switch; what the kernel made of the numbers, if anything else: then the switch is put back."""
    before = read_here(name)
    write_here(name, value)
    after = read_here(name)
    if before is None or after is None or _numbers(value) in (None, _numbers(after)):
        return None
    write_here(name, before)
    return after


def _numbers(text: str) -> list[int] | None:
    """A switch's value as whole numbers, None if it is another text."""
    try:
        return [int(part) for part in text.split()]
    except ValueError:
        return None


def _absent(name: str) -> NotFound:
    problem = f"there is no switch '{name}'"
    if name.replace("/", ".").startswith("net.bridge."):
        return NotFound(
            problem,
            "it comes with the kernel's module br_netfilter, which this machine has not loaded",
            "On the machine itself: `sudo modprobe br_netfilter`. Its own bridges then pass iptables as well, until "
            "`sudo modprobe -r br_netfilter`",
        )
    return NotFound(problem, "this kernel has none of that name here", "See `sysctl -a`")


@cache
def file_of(name: str) -> str:
    """Where a switch, or a folder of switches, is: "/proc/sys/net/ipv4/ip_forward"."""
    return "/proc/sys/" + name.translate(_EXCHANGED if "." in name.partition("/")[0] else {})


_EXCHANGED = str.maketrans("./", "/.")
"""As sysctl(8) reads a name that begins with dots: net.ipv4.conf.eth0/5.rp_filter is that of the VLAN eth0.5."""
