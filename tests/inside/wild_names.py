"""Broken and healthy networks in which names are looked up: in a namespace's own files, and at name servers."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.inside.wild_healthy import well
from tests.inside.wild_kinds import WEB, routed, switched
from tests.inside.wild_networks import SWITCHED

DNS = f"{sys.executable} {Path(__file__).with_name('wild_dns.py')}"
LISTENS = "ss -Hulan | grep -q :53"


def named(where: str, address: str, *names: str) -> str:
    """The line that starts a name server, and waits until it listens."""
    server = f"ip netns exec {where} {DNS} {address} {' '.join(names)} >/dev/null 2>&1 &"
    wait = f"for i in $(seq 100); do ip netns exec {where} {LISTENS} && exit 0; sleep 0.05; done; exit 1"
    return f"{server} {wait}"


def file(where: str, name: str, *lines: str) -> str:
    """The line that writes a file which `ip netns exec` puts in the place of the host's (ip-netns(8))."""
    words = " ".join(f"'{each}'" for each in lines)
    return f"mkdir -p /etc/netns/{where} && printf '%s\\n' {words} > /etc/netns/{where}/{name}"


WEB_LAB, SERVED = ("h1", "web.lab", 80, "tcp"), ("h2 tcp 0.0.0.0 80",)
SERVER = named("h3", "10.21.0.3", "web.lab=10.21.0.2", "six.lab=fd21::2", "old.lab=10.21.0.77")
KNOWN = (SERVER, file("h1", "resolv.conf", "nameserver 10.21.0.3"))

NAMED = [
    switched(
        "name server that is another",
        "name",
        "h1",
        f"host {file('h1', 'resolv.conf', 'nameserver 10.21.0.9')}",
        ask=WEB_LAB,
        healthy=KNOWN,
        servers=SERVED,
        cause="10.21.0.3, which its .* does not name",
    ),
    switched(
        "name server that is filtered",
        "filter",
        "h3",
        "h3 iptables -A INPUT -p udp --dport 53 -j DROP",
        ask=WEB_LAB,
        healthy=KNOWN,
        servers=SERVED,
        cause="name server 10.21.0.3",
    ),
    switched(
        "name server that has ended",
        "service",
        "h3",
        "host kill $(ip netns pids h3); while ip netns pids h3 | grep -q .; do sleep 0.05; done",
        ask=WEB_LAB,
        healthy=KNOWN,
        servers=SERVED,
        heals=False,
    ),
    switched(
        "name that a server does not know",
        "name",
        "h3",
        ask=("h1", "nobody.lab"),
        healthy=KNOWN,
        twin=False,
        heals=False,
        cause="NXDOMAIN",
    ),
    switched("name of an old address", "address", "h1", ask=("h1", "old.lab"), healthy=KNOWN, twin=False, heals=False),
    switched(
        "file that names an old address",
        "name",
        "h1",
        f"host {file('h1', 'hosts', '10.21.0.77 h2')}",
        ask=("h1", "h2", 80, "tcp"),
        healthy=(file("h1", "hosts", "10.21.0.2 h2"),),
        servers=SERVED,
    ),
    routed(
        "no way to the name server",
        "route",
        "r1",
        "r1 ip route del 10.20.3.0/24",
        ask=("a", "web.lab", 80, "tcp"),
        healthy=(
            named("b", "10.20.3.2", "web.lab=10.20.3.2"),
            file("a", "resolv.conf", "nameserver 10.20.3.2"),
        ),
        servers=(WEB,),
    ),
]
SEARCHED = file("h1", "resolv.conf", "search example.org lab", "nameserver 10.21.0.3")
HEALTHY_NAMED = [
    well(
        "names of a search list",
        SWITCHED,
        ("h1", "web", 80, "tcp"),
        f"host {SERVER}",
        f"host {SEARCHED}",
        servers=SERVED,
    ),
    well("name of IPv6", SWITCHED, ("h1", "six.lab"), *(f"host {line}" for line in KNOWN)),
    well("name of a file", SWITCHED, ("h1", "db"), f"host {file('h1', 'hosts', '10.21.0.2 db')}"),
]
