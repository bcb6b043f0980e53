"""Knows in which points a network of nk.Docker differs from that of the real Docker Engine 20.10, and why."""

from __future__ import annotations

KNOWN: tuple[tuple[str, str], ...] = (
    (
        r"DOCKER_(OUTPUT|POSTROUTING)",
        "Docker's resolver at 127.0.0.11 is a server inside dockerd, which these rules lead to; nk.Docker writes the "
        "names into /etc/hosts instead",
    ),
)
"""For `nk.compare(a, b, ignore=KNOWN)`: a regular expression that finds the sentences, and the reason."""
