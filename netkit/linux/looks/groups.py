"""Groups of the link layer that somebody made an interface listen to (`ip maddress add`, /proc/net/dev_mcast)."""

from __future__ import annotations

from pathlib import Path

_FILE = Path("/proc/thread-self/net/dev_mcast")


def listened_to_here() -> tuple[tuple[str, str], ...]:
    """(interface, MAC) of each, sorted, in the namespace that the calling thread is in; not those of protocols.

    A protocol counts as a user of the group, a command as one for all protocols (dev_mc_add_global).
    """
    try:
        lines = [line.split() for line in _FILE.read_text().splitlines()]
    except OSError:
        return ()
    found = ((name, mac) for _, name, _, globally, mac in lines if globally != "0")
    return tuple(sorted((name, bytes.fromhex(mac).hex(":")) for name, mac in found))
