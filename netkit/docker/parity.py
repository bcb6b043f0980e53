"""Knows where a network of nk.Docker differs from a real Engine's, 20.10 to 29, and why: the resolver's rules."""

from __future__ import annotations

KNOWN: tuple[tuple[str, str], ...] = (
    (
        r"DOCKER_(OUTPUT|POSTROUTING)|docker-dns",
        "both have a resolver at 127.0.0.11; dockerd's listens on a port that the kernel chose, and these rules lead "
        "port 53 there, while nk.Docker's listens on port 53 itself",
    ),
)
"""For `nk.compare(a, b, ignore=KNOWN)`: a regular expression that finds the sentences, and the reason."""
