"""Knows the shell commands that make bridge VLANs, `bridge mdb` and FDB entries, IPv6 tokens and labels, /etc/netns."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from netkit.model.further import beside_usual
from netkit.model.listed import GROUPS, LABELS, TOKENS, VLANS
from netkit.shell import in_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.model import Namespace
    from netkit.model.listed import Listed

_EVERYONE = "00:00:00:00:00:00"
"""The MAC of the entries that lead frames for many, and for MACs without an entry, out of a VXLAN device."""


def sundries(space: Namespace) -> Iterator[str]:
    """The commands that make VLANs of ports, groups that were led to one, tokens and labels of IPv6, own files.

    Args:
        space: the namespace, whose links, bridges' ports among them, are there by then.
    """
    for each in sorted(beside_usual(space), key=lambda one: not one.missing):  # what is taken away, first
        if each.command in _MADE:
            yield in_namespace(space.name, "", _MADE[each.command](space, each))
    for path, text in space.files:
        if path.startswith("/etc/netns/"):
            folder = path.rpartition("/")[0]
            yield f"mkdir -p {quote(folder)} && printf %s {quote(text)} > {quote(path)}"


def forwarding(space: Namespace) -> Iterator[str]:
    """The commands that make forwarding entries.

    Args:
        space: the namespace, whose links are there by then.
    """
    for entry in space.fdb:
        link = space.interfaces.get(entry.device)
        own = link is not None and entry.mac == _EVERYONE and entry.destination == link.detail("group")
        if entry.state != "static" or own:  # the latter comes with the device
            continue
        rest = f"dev {quote(entry.device)}", f"dst {entry.destination}" if entry.destination else "master static"
        if entry.destination or entry.master:
            words = " ".join(("append" if entry.destination else "replace", entry.mac, *rest))
            yield in_namespace(space.name, "", f"bridge fdb {words}{beside(entry.details)}")


def beside(details: tuple[tuple[str, str], ...]) -> str:
    """What an entry has beside, as `ip neigh` and `bridge fdb` take it.

    Args:
        details: of the entry.
    """
    return "".join(f" {'protocol' if key == 'proto' else key} {value}".rstrip() for key, value in details)


def unmade(space: Namespace) -> Iterator[str]:
    """What no command makes again, a sentence each: the keys of IPsec are in no snapshot.

    Args:
        space: the namespace.
    """
    yield from (f"in {space.name}, {each.command}: {each}" for each in space.further if each.command not in _MADE)


def _vlan(space: Namespace, entry: Listed) -> str:
    device, vlan = entry.word("dev"), entry.word("vid")
    flags = "" if entry.missing else "".join(f" {key}" for key, value in entry.words if not value)
    own = " self" if space.interfaces[device].kind == "bridge" else ""
    return f"bridge vlan {_act(entry)} dev {quote(device)} vid {vlan}{flags}{own}"


def _group(_: Namespace, entry: Listed) -> str:
    return f"bridge mdb add {_quoted(entry)} permanent"


def _token(_: Namespace, entry: Listed) -> str:
    return f"ip token set {entry.word('token')} dev {quote(entry.word('dev'))}"


def _label(_: Namespace, entry: Listed) -> str:
    return f"ip addrlabel {_act(entry)} {_quoted(entry)}"


def _act(entry: Listed) -> str:
    return "del" if entry.missing else "add"


def _quoted(entry: Listed) -> str:
    return " ".join(f"{key} {quote(value)}" for key, value in entry.words)


_MADE = {VLANS: _vlan, GROUPS: _group, TOKENS: _token, LABELS: _label}
