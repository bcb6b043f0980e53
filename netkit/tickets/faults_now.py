"""Faults of a published port with the rules of Docker 29."""

from __future__ import annotations

from netkit.tickets.fault import Fault
from netkit.tickets.faults_docked import CALLED, DNAT, OPENED

_ANSWERS = "DOCKER-CT -o {br} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
_HOST_ONLY = "PREROUTING -d {out_ip}/32 ! -i lo -p tcp -m tcp --dport {outer} -j DROP"
_UNKNOWN = "PREROUTING -i {out_if} -p tcp -m tcp --dport {outer} -j CT --notrack"

PUBLISHED_NOW = (
    Fault(
        "a rule in raw keeps the port for the host alone",
        "raw rule",
        "published now",
        "page",
        CALLED + " At the host itself the page is there.",
        f"iptables -t raw -A {_HOST_ONLY}",
        f"iptables -t raw -D {_HOST_ONLY}",
        {"a rule for the filter": "iptables -I DOCKER-USER -p tcp --dport {outer} -j ACCEPT"},
    ),
    Fault(
        "connections to the port are not remembered",
        "raw rule",
        "published now",
        "page",
        CALLED + " At the host itself the page is there.",
        f"iptables -t raw -A {_UNKNOWN}",
        f"iptables -t raw -D {_UNKNOWN}",
    ),
    Fault(
        "the drop of all that nobody published comes first",
        "filter rule",
        "published now",
        "page",
        CALLED,
        f"iptables -D DOCKER {OPENED}; iptables -A DOCKER {OPENED}",
        f"iptables -D DOCKER {OPENED}; iptables -I DOCKER {OPENED}",
        {"the drop is taken away": "iptables -D DOCKER ! -i {br} -o {br} -j DROP"},
    ),
    Fault(
        "nothing leads to the rules of the bridge",
        "policy",
        "published now",
        "page",
        CALLED,
        "iptables -D DOCKER-BRIDGE -o {br} -j DOCKER",
        "iptables -A DOCKER-BRIDGE -o {br} -j DOCKER",
        {"the door for all": "iptables -A DOCKER-BRIDGE -o {br} -j ACCEPT"},
        (
            r"^\+ .*-A (FORWARD|DOCKER-\w+) -d {a_ip}/32 .*-p tcp .*--dport {port} .*-j ACCEPT",
            r"^- .*-A DOCKER-BRIDGE -o {br} -j DOCKER",
        ),
    ),
    Fault(
        "answers are not let in any more",
        "filter rule",
        "published now",
        "out",
        "{open}, {a} gets no answer from {b_ip}; its published port is served.",
        f"iptables -D {_ANSWERS}",
        f"iptables -A {_ANSWERS}",
        {"new ones": "iptables -A DOCKER-CT -o {br} -m conntrack --ctstate NEW -j ACCEPT"},
    ),
    Fault(
        "the host knows the MAC of an earlier container",
        "neighbour",
        "published now",
        "page",
        CALLED,
        "ip neigh replace {a_ip} lladdr 02:42:00:00:00:95 dev {br} nud permanent",
        "ip neigh del {a_ip} dev {br}",
    ),
    Fault(
        "the published port leads to an earlier container",
        "translation",
        "published now",
        "page",
        CALLED,
        f"iptables -t nat -R DOCKER 1 {DNAT.replace('{a_ip}', '{nobody}')}",
        f"iptables -t nat -R DOCKER 1 {DNAT}",
    ),
)
