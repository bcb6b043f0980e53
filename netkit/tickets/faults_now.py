"""Faults of a published port in Docker 29's chains (raw, notrack, DOCKER-BRIDGE, old MAC), and in those of 20.10."""

from __future__ import annotations

from netkit.tickets.fault import Fault
from netkit.tickets.faults_docked import ANSWERS, CALLED, OPENED

_ANSWERS_THEN = "FORWARD -o {br} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
_UNANSWERED = "{open}, {a} gets no answer from {b_ip}; its published port is served."
_HOST_ONLY = "PREROUTING -d {out_ip}/32 ! -i lo -p tcp -m tcp --dport {outer} -j DROP"
_UNKNOWN = "PREROUTING -i {out_if} -p tcp -m tcp --dport {outer} -j CT --notrack"

PUBLISHED_NOW = (
    Fault(
        "a rule in raw keeps the port for the host alone",
        "raw rule",
        "published",
        "page",
        CALLED + " At the host itself the page is there.",
        f"iptables -t raw -A {_HOST_ONLY}",
        f"iptables -t raw -D {_HOST_ONLY}",
        {"a rule for the filter": "iptables -I DOCKER-USER -p tcp --dport {outer} -j ACCEPT"},
    ),
    Fault(
        "connections to the port are not remembered",
        "raw rule",
        "published",
        "page",
        CALLED + " At the host itself the page is there.",
        f"iptables -t raw -A {_UNKNOWN}",
        f"iptables -t raw -D {_UNKNOWN}",
    ),
    Fault(
        "the drop of all that nobody published comes first",
        "filter rule",
        "published",
        "page",
        CALLED,
        f"iptables -D DOCKER {OPENED}; iptables -A DOCKER {OPENED}",
        f"iptables -D DOCKER {OPENED}; iptables -I DOCKER {OPENED}",
        {"the drop is taken away": "iptables -D DOCKER ! -i {br} -o {br} -j DROP"},
    ),
    Fault(
        "nothing leads to the rules of the bridge",
        "policy",
        "published",
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
        "published",
        "out",
        _UNANSWERED,
        f"iptables -D {ANSWERS}",
        f"iptables -A {ANSWERS}",
        {"new ones": "iptables -A DOCKER-CT -o {br} -m conntrack --ctstate NEW -j ACCEPT"},
    ),
    Fault(
        "the host knows the MAC of an earlier container",
        "neighbour",
        "published",
        "page",
        CALLED,
        "ip neigh replace {a_ip} lladdr 02:42:00:00:00:95 dev {br} nud permanent",
        "ip neigh del {a_ip} dev {br}",
    ),
)

PUBLISHED_THEN = (
    Fault(
        "nothing leads to the chain of published ports",
        "policy",
        "published then",
        "page",
        CALLED,
        "iptables -D FORWARD -o {br} -j DOCKER",
        "iptables -I FORWARD 4 -o {br} -j DOCKER",
        {"the door for all": "iptables -I FORWARD 4 -o {br} -j ACCEPT"},
        (
            r"^\+ .*-A (FORWARD|DOCKER[-\w]*) -d {a_ip}/32 .*-p tcp .*--dport {port} .*-j ACCEPT",
            r"^[-+~] .*-A FORWARD -o {br} -j DOCKER",
        ),
    ),
    Fault(
        "no rule in FORWARD lets answers in",
        "filter rule",
        "published then",
        "out",
        _UNANSWERED,
        f"iptables -D {_ANSWERS_THEN}",
        f"iptables -I {_ANSWERS_THEN.replace('FORWARD', 'FORWARD 3')}",
        {"new ones": "iptables -A FORWARD -o {br} -m conntrack --ctstate NEW -j ACCEPT"},
        (r"^[-+~] .*FORWARD .*-o {br} .*ESTABLISHED.* -j ACCEPT",),
    ),
    Fault(
        "nothing may leave the bridge by FORWARD",
        "policy",
        "published then",
        "out",
        _UNANSWERED,
        "iptables -D FORWARD -i {br} ! -o {br} -j ACCEPT",
        "iptables -I FORWARD 5 -i {br} ! -o {br} -j ACCEPT",
        {"for one only": "iptables -I FORWARD -s {c_ip} -j ACCEPT"},
        (r"^[-+~] .*FORWARD -i {br} (! -o {br}|-o {out_if}) -j ACCEPT",),
    ),
    Fault(
        "the bridge is kept apart from the outside as well",
        "filter rule",
        "published then",
        "page",
        CALLED,
        "iptables -I DOCKER-ISOLATION-STAGE-2 -o {out_if} -j DROP",
        "iptables -D DOCKER-ISOLATION-STAGE-2 -o {out_if} -j DROP",
        {"the door for all": "iptables -I DOCKER-USER -i {br} -j ACCEPT"},
    ),
)
