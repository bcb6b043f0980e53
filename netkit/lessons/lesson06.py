"""What lesson 06, Map ports with NAT, asks for."""

from __future__ import annotations

from netkit.lessons.evidence import by_table, new_rules
from netkit.lessons.pages import Refused, Served
from netkit.lessons.policies import Policy, Shut
from netkit.lessons.prediction import Choice, Ends, Number, Prediction, Ran, Truth, Way
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.model import HOST

_GIVEN = """
pc, guest = nk.Namespace("pc"), nk.Namespace("guest")
for number, (room, last) in enumerate(((pc, 50), (guest, 60)), start=1):
    lan, eth0 = nk.veth(f"lan{number}", "eth0", peer_namespace=room)
    lan.add_address(f"192.168.{number}.1/24"), eth0.add_address(f"192.168.{number}.{last}/24")
    lan.up(), eth0.up()
nk.sh("mkdir -p /run/site && echo 'It works.' > /run/site/index.html")
SERVE = "busybox httpd -f -p 80 -h /run/site"
docker = nk.Docker(like="29")
shop = docker.run("shop", SERVE)
admin = docker.run("admin", SERVE, ports={8082: 80})
files = docker.run("files", SERVE, ports={8083: 80})
"""

_TO_SHOP = "-j DNAT --to-destination 172.17.0.2:80"
_FROM_OUTSIDE = f"-t nat -A PREROUTING -p tcp --dport 8081 {_TO_SHOP}"
_FROM_THE_HOST = f"-t nat -A OUTPUT -d 192.168.1.1 -p tcp --dport 8081 {_TO_SHOP}"
_LET_IT_IN = "-I DOCKER-USER -o docker0 -d 172.17.0.2 -p tcp --dport 80 -j ACCEPT"


def _rules(*rules: str) -> str:
    """Python that adds rules to the host's iptables."""
    return "\n".join(f'nk.host.iptables("{rule}")' for rule in rules)


_PC, _HOST = (
    Served("pc", "192.168.1.1", 8081, f"iptables {_FROM_OUTSIDE}", "shop"),
    Served(HOST, "192.168.1.1", 8081, f"iptables {_FROM_THE_HOST}", "shop"),
)
_CLOSED, _NOTHING_ELSE = Policy("FORWARD", "DROP"), Shut("pc", "172.17.0.3", 22)

_KEPT_OUT = "-I DOCKER-USER -s 192.168.2.60 -p tcp -m conntrack --ctorigdstport 8082 -j DROP"
_OUT, _PC_STILL, _GUEST_STILL = (
    Refused("guest", "192.168.2.1", 8082, _KEPT_OUT),
    Served("pc", "192.168.1.1", 8082, at="admin"),
    Served("guest", "192.168.2.1", 8083, at="files"),
)


def _way_of_the_first(ran: Ran) -> Truth:
    journey = ran.names["x"].find("tcp")[0]
    way = tuple(dict.fromkeys(hop.where for hop in journey.hops if hop.frame is not None))
    return Truth(way, f"The first packet was {journey.end}.")


def _new_rules(ran: Ran) -> Truth:
    made = new_rules(ran)
    return Truth(len(made), f"{by_table(made)}: a published port is nothing else." if made else "There is no new rule.")


def _ends_inside(ran: Ran) -> Truth:
    journey = ran.names["x"].find("tcp")[0]
    seen = [hop for hop in journey.hops if hop.frame is not None]
    here, there = seen[0].frame["IP"], seen[-1].frame["IP"]
    changed = [name for name in ("src", "dst") if getattr(here, name) != getattr(there, name)]
    words = " and ".join({"src": "the source", "dst": "the destination"}[name] for name in changed) or "nothing"
    return Truth((there.src, there.dst), f"It left as {here.src} → {here.dst}; on the way {words} changed.")


def _ends_of_the_connection(ran: Ran) -> Truth:
    known = ran.before[HOST].connections
    one = next(one for one in ran.after[HOST].connections if one not in known and one.destination_port == 8080)
    ends = one.reply_destination, one.reply_source
    translated = (one.source, one.destination) != ends
    how = "translated" if translated else "not translated"
    both = " at both ends" if one.source != ends[0] and one.destination != ends[1] else ""
    return Truth(ends, f"The kernel remembers: asked as {one.source} → {one.destination}, {how}{both}.")


_LOSERS = ("pc", "the host", "both", "nobody")


def _loses(ran: Ran) -> Truth:
    lost = [who for who, got in ran.value.items() if got != "It works."]
    value = _LOSERS[2] if len(lost) == 2 else lost[0] if lost else _LOSERS[3]
    switch = ran.after[HOST].sysctls.get("net.ipv4.ip_forward")
    return Truth(value, f"ip_forward is {switch}. What pc sends is forwarded; what the host itself sends is not.")


def _still_served(ran: Ran) -> Truth:
    rule = next(rule for rule in ran.after[HOST].rules if rule.chain == "DOCKER-USER" and rule.target == "DROP")
    got = ran.value == "It works."
    met = f"{rule.packets} packet{'s' * (rule.packets != 1)}" if rule.packets else "no packet"
    return Truth("yes" if got else "no", f"The rule met {met}: in FORWARD the port is the container's, by DNAT.")


ITEMS = (
    Task(
        "06.1",
        "Publish a server by hand",
        "Lead port 8081 of the host to port 80 of shop, so that pc and the host itself are served at 192.168.1.1:8081, "
        "and nothing else is let through.",
        wants=(_PC, _HOST, _CLOSED, _NOTHING_ELSE),
        own=(("8081", "port"),),
        given=_GIVEN,
        solution=_rules(_FROM_OUTSIDE, _FROM_THE_HOST, _LET_IT_IN),
        others=(
            _rules(f"-t nat -A DOCKER -p tcp --dport 8081 {_TO_SHOP}", "-I DOCKER-USER -d 172.17.0.2 -j ACCEPT"),
            'docker.remove("shop", force=True)\nshop = docker.run("shop", SERVE, ports=["192.168.1.1:8081:80"])',
            """
for line in (
    "iptables -t nat -I PREROUTING -i lan1 -p tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:80",
    "iptables -t nat -I OUTPUT -o lo -p tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:80",
    "iptables -I FORWARD -i lan1 -o docker0 -m conntrack --ctorigdstport 8081 -j ACCEPT",
):
    nk.sh(line)
""",
        ),
        wrong=(
            Wrong("translated, and not let through", _rules(_FROM_OUTSIDE, _FROM_THE_HOST), _PC.text),
            Wrong("the host is forgotten", _rules(_FROM_OUTSIDE, _LET_IT_IN), _HOST.text),
            Wrong("the host serves it itself", 'nk.sh("busybox httpd -p 8081 -h /run/site")', _PC.text),
            Wrong(
                "to another container",
                _rules(_FROM_OUTSIDE, _FROM_THE_HOST, _LET_IT_IN).replace("172.17.0.2", "172.17.0.3"),
                _PC.text,
            ),
            Wrong(
                "the wrong port of the container",
                _rules(_FROM_OUTSIDE, _FROM_THE_HOST, _LET_IT_IN).replace(".2:80", ".2:8081"),
                _PC.text,
            ),
            Wrong(
                "everything is let through",
                _rules(_FROM_OUTSIDE, _FROM_THE_HOST, _LET_IT_IN, "-P FORWARD ACCEPT"),
                _CLOSED.text,
            ),
            Wrong(
                "let through behind Docker's own drop",
                _rules(_FROM_OUTSIDE, _FROM_THE_HOST, _LET_IT_IN.replace("-I DOCKER-USER", "-A FORWARD")),
                _PC.text,
            ),
            Wrong(
                "a door too many, through both walls",
                _rules(
                    _FROM_OUTSIDE,
                    _FROM_THE_HOST,
                    _LET_IT_IN,
                    "-t raw -I PREROUTING -d 172.17.0.3 -j ACCEPT",
                    "-I DOCKER-USER -d 172.17.0.3 -j ACCEPT",
                ),
                _NOTHING_ELSE.text,
            ),
        ),
    ),
    Task(
        "06.2",
        "Keep one machine out of one port",
        "guest is to get nothing at port 8082, while pc is served there and guest itself at port 8083, as before.",
        wants=(_OUT, _PC_STILL, _GUEST_STILL),
        given=_GIVEN,
        solution=_rules(_KEPT_OUT),
        others=(
            _rules("-I DOCKER-USER -i lan2 -d 172.17.0.3 -p tcp --dport 80 -j REJECT"),
            _rules("-t mangle -A PREROUTING -i lan2 -p tcp --dport 8082 -j DROP"),
            'docker.remove("admin", force=True)\nadmin = docker.run("admin", SERVE, ports=["192.168.1.1:8082:80"])',
        ),
        wrong=(
            Wrong(
                "the port that DNAT has changed already",
                _rules("-I DOCKER-USER -s 192.168.2.60 -p tcp --dport 8082 -j DROP"),
                _OUT.text,
            ),
            Wrong("a chain that routed packets never see", _rules("-I INPUT -s 192.168.2.60 -j DROP"), _OUT.text),
            Wrong("everybody is kept out", _rules(_KEPT_OUT.replace("-s 192.168.2.60 ", "")), _PC_STILL.text),
            Wrong("kept out of everything", _rules("-I DOCKER-USER -s 192.168.2.60 -j DROP"), _GUEST_STILL.text),
        ),
    ),
    Question(
        "06.3",
        "You publish another container at port 8082, which is taken: an error. What is left of that container?",
        {
            "a": Option("nothing", "docker run creates a container, then starts it; only the start was refused."),
            "b": Option(
                "a container that was created and never ran",
                "docker ps -a lists it as Created. It keeps its name until you remove it, but no address and no port.",
                right=True,
            ),
            "c": Option("a container that runs, without the port", "Docker does not start what it cannot publish."),
            "d": Option("a container that has exited", "Exited is one whose program ran: this one's never did."),
        },
    ),
    Question(
        "06.4",
        'You type nk.host.sysctl("net.ipv4.conf.docker0.route_localnet", 0). Who is not served any more?',
        {
            "a": Option("pc, at 192.168.1.1:8082", "Its packets have nothing to do with 127.0.0.0/8."),
            "b": Option(
                "the host, at 127.0.0.1:8082",
                "A packet from 127.0.0.1 leaves by docker0 after DNAT: without this switch the kernel drops it there.",
                right=True,
            ),
            "c": Option("the host, at 192.168.1.1:8082", "The source is 192.168.1.1 then: an address like any other."),
            "d": Option("all of them", "The switch is about 127.0.0.0/8 on docker0, and about nothing else."),
        },
    ),
    Prediction("06.5", "Which interfaces does pc's first packet pass, in its order?", Way(), _way_of_the_first),
    Prediction("06.6", "How many rules does -p 8080:80 add?", Number(), _new_rules),
    Prediction(
        "06.7",
        "Which source and which destination does pc's first packet bear when it reaches the container?",
        Ends(),
        _ends_inside,
    ),
    Prediction(
        "06.8",
        "The host asks at 127.0.0.1. Which source and destination does the container see?",
        Ends(),
        _ends_of_the_connection,
    ),
    Prediction("06.9", "Is guest still served?", Choice(("yes", "no")), _still_served),
    Prediction("06.10", "The host is no router any more. Who loses the server?", Choice(_LOSERS), _loses),
)
