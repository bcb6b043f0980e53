"""What lesson 10, On a real host, asks for."""

from __future__ import annotations

from netkit.lab.namespaces import host
from netkit.lessons.pages import Served
from netkit.lessons.policies import Policy, Shut
from netkit.lessons.prediction import Choice, Ends, Number, Prediction, Ran, Truth
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches
from netkit.linux.run import run
from netkit.model import HOST

_SCENE = """
pc = nk.Namespace("pc")
lan1, eth0 = nk.veth("lan1", "eth0", peer_namespace=pc)
lan1.add_address("192.168.1.1/24"), eth0.add_address("192.168.1.50/24")
lan1.up(), eth0.up()
nk.sh("mkdir -p /run/site && echo 'It works.' > /run/site/index.html")
docker = nk.Docker(like="29")
web = docker.run("web", "busybox httpd -f -p 80 -h /run/site", ports={8080: 80})
"""

_LOST = "DOCKER-USER -s 172.17.0.2 -p tcp --sport 80 -j DROP"
_BROKEN = {
    "10.1": ("nsenter --net=/proc/$(pgrep -xn busybox)/ns/net ip route replace default via 172.17.0.99 dev eth0",),
    "10.2": (
        "iptables -t nat -R DOCKER 1 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:8080",
        f"iptables -C {_LOST} 2>/dev/null || iptables -I {_LOST}",
    ),
}


def break_it(task: str) -> None:
    """Break the network that a task is about, once, and say nothing.

    Args:
        task: "10.1" or "10.2".
    """
    for line in _BROKEN[task]:
        run(host.path, ["sh", "-c", line])


def _given(task: str) -> str:
    """The scene, broken."""
    return f'{_SCENE}\nfrom netkit.lessons.lesson10 import break_it\n\nbreak_it("{task}")\n'


_PC = Served("pc", "192.168.1.1", 8080, at="web")
_OUT = Reaches("web", "192.168.1.50", at="pc")
_CLOSED, _NOTHING_ELSE = Policy("FORWARD", "DROP"), Shut("pc", "172.17.0.2", 22)

_ROUTE = 'web.namespace.run("ip route replace default via 172.17.0.1")'
_DNAT = """
nk.sh("iptables -t nat -R DOCKER 1 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80")
"""
_RULE = f'nk.sh("iptables -D {_LOST}")'
_ITSELF = '\nnk.sh("iptables -t nat -F DOCKER; busybox httpd -p 8080 -h /run/site")'


def _lines_of_tcpdump(ran: Ran) -> Truth:
    told = ", ".join(f"{where} ({way.lower()})" for where, way, *_ in map(str.split, ran.value))
    return Truth(len(ran.value), f"It was seen at {told or 'no interface'}.")


def _counted(ran: Ran) -> Truth:
    rules = [rule for rule in ran.after[HOST].rules if rule.target == "DNAT"]
    passed = [rule for rule in ran.after[HOST].rules if rule.chain == "FORWARD" and "DOCKER-USER" in rule.text]
    rest = "all the others as well" if passed[0].packets > rules[0].packets else "no more"
    words = f"FORWARD saw {rest}: after a connection's first packet, conntrack translates without asking the rule."
    return Truth(rules[0].packets, words)


def _answers(ran: Ran) -> Truth:
    one = next(one for one in ran.after[HOST].connections if one.destination_port == 8080)
    return Truth((one.reply_source, one.reply_destination), f"pc asked {one.source} → {one.destination}.")


_WHERE = (
    "the question stops before the container",
    "the container gets it, and no answer leaves",
    "the answer gets lost",
)


def _stops(ran: Ran) -> Truth:
    arrived = any(line.startswith("veth") for line in ran.names["asked"])
    value = _WHERE[0] if not arrived else _WHERE[2] if ran.names["answered"] else _WHERE[1]
    seen = [len(ran.names[name]) for name in ("asked", "answered")]
    return Truth(value, f"Interfaces of the host that saw the question: {seen[0]}; that saw an answer: {seen[1]}.")


ITEMS = (
    Task(
        "10.1",
        "Find the first fault",
        "pc gets nothing from 192.168.1.1:8080. Find out why, without nk.why, and mend it where it broke.",
        wants=(_PC, _OUT, _CLOSED),
        given=_given("10.1"),
        solution=_ROUTE,
        others=(
            'nk.sh(f"nsenter --net=/proc/{web.pid}/ns/net ip route change default via 172.17.0.1 dev eth0")',
            'web.namespace.run("ip route add 192.168.1.0/24 via 172.17.0.1")',
        ),
        wrong=(
            Wrong(
                "the server takes everybody for the host",
                'nk.sh("iptables -t nat -A POSTROUTING -o docker0 -j MASQUERADE")',
                _OUT.text,
            ),
            Wrong("the host serves it itself", _ROUTE + _ITSELF, _PC.text),
            Wrong("everything is let through", _ROUTE + '\nnk.sh("iptables -P FORWARD ACCEPT")', _CLOSED.text),
        ),
    ),
    Task(
        "10.2",
        "Find two faults",
        "pc gets nothing again, and there are two reasons.",
        wants=(_PC, _CLOSED, _NOTHING_ELSE),
        given=_given("10.2"),
        solution=_DNAT.strip() + "\n" + _RULE,
        others=(
            _RULE + _DNAT,
            'nk.sh("iptables -I DOCKER-USER -m conntrack --ctstate ESTABLISHED -j ACCEPT")' + _DNAT,
        ),
        wrong=(
            Wrong("the first one alone", _DNAT, _PC.text),
            Wrong("the second one alone", _RULE, _PC.text),
            Wrong("the host serves it itself", _RULE + _ITSELF, _PC.text),
            Wrong("everything is let through", _RULE + _DNAT + 'nk.sh("iptables -P FORWARD ACCEPT")', _CLOSED.text),
            Wrong("a rule for everything", _DNAT + 'nk.sh("iptables -I DOCKER-USER -j ACCEPT")', _NOTHING_ELSE.text),
        ),
    ),
    Question(
        "10.3",
        "tcpdump sees pc's SYN at lan1 and nowhere else. What do you look at next?",
        {
            "a": Option(
                "the route and the rules of the host",
                "It came in and did not go out: a route (ip route get … iif lan1), ip_forward, or a rule's counter.",
                right=True,
            ),
            "b": Option("the server in the container", "The packet did not even leave for it."),
            "c": Option(
                "the cable of the container", "Nothing was sent to it; look at it when docker0 shows the packet."
            ),
            "d": Option("pc's route", "The packet is on the host: pc did what it had to."),
        },
    ),
    Prediction(
        "10.4", "pc asks once. How many lines will tcpdump print of its SYN (on the host)?", Number(), _lines_of_tcpdump
    ),
    Prediction(
        "10.5", "One page takes about ten packets. How many of them will the DNAT rule count?", Number(), _counted
    ),
    Prediction("10.6", "Which source and destination does conntrack expect of the answers?", Ends(), _answers),
    Prediction("10.7", "The container has lost its default route. What will tcpdump show?", Choice(_WHERE), _stops),
)
