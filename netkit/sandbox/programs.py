"""Programs of the distribution that lessons type: which packages have them, and what is said where they are missing."""

import shutil

PACKAGES = {
    "ip": "iproute2",
    "tc": "iproute2",
    "iptables": "iptables",
    "nft": "nftables",
    "ping": "iputils-ping",
    "conntrack": "conntrack",
    "tcpdump": "tcpdump",
}

_NEEDED = ("ip", "iptables", "ping")
"""Without these hardly a lesson comes to its end; the others are missed where a lesson says so."""


def note() -> str:
    """What of the needed programs is missing, who can mend it, and what works without; empty if all are there."""
    missing = [program for program in _NEEDED if shutil.which(program) is None]
    if not missing:
        return ""
    packages = " ".join(dict.fromkeys(PACKAGES[program] for program in missing))
    return (
        f"not installed here: {', '.join(missing)}, which lessons type; an administrator can change that (apt-get "
        f"install {packages}), and without it what nk does itself works: networks, pings, captures and pictures"
    )
