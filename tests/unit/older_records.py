"""Records what a kernel that knows the older iptables only tells of tables and of traced packets.

    NETKIT_WORLD=uml .venv/bin/netkit run -- python -m tests.unit.older_records

What `tests/unit/test_older_netfilter.py` reads was written by it.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.linux.looks import older_tables
from netkit.linux.looks.rules import SAVE, said
from netkit.linux.namespaces import find
from netkit.linux.tracing.older_listener import OlderListener
from tests.inside.tracing import SIX, host_as_router
from tests.inside.wire import sh

if TYPE_CHECKING:
    from netkit.linux.looks.older_tables import Table

FILE = Path(__file__).parent / "recorded" / "older-netfilter.json"
RULES = (
    *("iptables -N OUTER", "iptables -N INNER", "iptables -N EVERY", "iptables -P FORWARD DROP"),
    *("iptables -A INNER -p udp -j ACCEPT", "iptables -A OUTER -j INNER", "iptables -A OUTER -s 10.9.0.0/16 -j DROP"),
    'iptables -A OUTER -d 10.2.0.0/24 -m comment --comment "not -j DROP" -j RETURN',
    *("iptables -A OUTER -j DROP", "iptables -A FORWARD -i veth1 -p icmp -j OUTER"),
    *("iptables -A FORWARD -p tcp -g EVERY", "iptables -A EVERY -j ACCEPT"),
    "iptables -t nat -A PREROUTING -i veth1 -p tcp --dport 8080 -j DNAT --to-destination 10.2.0.2:80",
    "iptables -t nat -A POSTROUTING -o veth2 -j MASQUERADE",
    "ip6tables -A FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j REJECT",
)
TRAFFIC = (
    "ip netns exec ns1 ping -c 1 -W 0.2 10.2.0.2",
    "ip netns exec ns1 curl -s --max-time 2 http://10.1.0.1:8080/",
    "ip netns exec ns1 ping -c 1 -W 0.2 fd02::2",
)
QUIET = 0.2
"""Seconds without a report after which no more will come."""


def main() -> None:
    """Record it."""
    with host_as_router():
        for line in filter(None, SIX.splitlines()):
            sh(f"ip {line}")
        for line in ("sysctl -qw net.ipv6.conf.all.forwarding=1", *RULES):
            sh(line)
        [host] = [place for place in find() if place.name == "host"]
        before = _tables()
        listener = OlderListener(host)
        try:
            raw = [_told(older_tables.Tables(family).read("raw")) for family in SAVE]
            for line in TRAFFIC:
                sh(f"{line} || true")
            messages = _heard(listener)
        finally:
            listener.close()
        told = {"before": before, "tracing": raw, "messages": messages, "after": _tables()}
        told["saved"] = {program: said(program, "-c") for program in SAVE.values()}
    FILE.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _heard(listener: OlderListener) -> list[str]:
    deadline = time.monotonic() + QUIET
    while time.monotonic() < deadline:
        if listener.hear(1 << 20).kept:
            deadline = time.monotonic() + QUIET
        time.sleep(QUIET / 10)
    return [_text(report.message) for report in listener.reports]


def _tables() -> list[dict[str, object]]:
    return [_told(table) for family in SAVE for table in older_tables.read_here(family)]


def _told(table: Table) -> dict[str, object]:
    return {**asdict(table), "begins": list(table.begins.items()), "entries": _text(table.entries)}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    main()
