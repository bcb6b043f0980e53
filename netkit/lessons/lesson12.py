"""What lesson 12, Docker then and now, asks for."""

from __future__ import annotations

from netkit.lessons.evidence import by_table, dropping, new_rules
from netkit.lessons.pages import Refused, Served
from netkit.lessons.prediction import Choice, Number, Prediction, Ran, Truth
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.model import HOST

_SCENE = """
pc = nk.Namespace("pc")
lan1, eth0 = nk.veth("lan1", "eth0", peer_namespace=pc)
lan1.add_address("192.168.1.1/24"), eth0.add_address("192.168.1.50/24")
lan1.up(), eth0.up()
pc.add_route("172.17.0.0/16", via="192.168.1.1")
nk.host.sysctl("net.ipv4.ip_forward", 1)
nk.sh("mkdir -p /run/site && echo 'It works.' > /run/site/index.html")
SERVE = "busybox httpd -f -p 80 -h /run/site"
"""
_THEN = f"""{_SCENE}
docker = nk.Docker(like="20.10")
shop = docker.run("shop", SERVE)
admin = docker.run("admin", SERVE, ports={{8082: 80}})
"""
_NOW = f"""{_SCENE}
docker = nk.Docker(like="29")
shop = docker.run("shop", SERVE, ports={{8081: 80}})
admin = docker.run("admin", SERVE, ports={{8082: 80}})
"""


def _rules(*rules: str) -> str:
    """Python that changes rules of the host's iptables."""
    return "\n".join(f'nk.host.iptables("{rule}")' for rule in rules)


_WALL = "-t raw -A PREROUTING -d {} ! -i docker0 -j DROP"
_SHOP, _ADMIN = "172.17.0.2", "172.17.0.3"
_NO_SHOP, _NO_ADMIN = (Refused("pc", address, 80, _WALL.format(address)) for address in (_SHOP, _ADMIN))
_PUBLISHED, _HOST = Served("pc", "192.168.1.1", 8082, at="admin"), Served(HOST, _SHOP, 80, at="shop")

_DOOR = f"-t raw -I PREROUTING -i lan1 -d {_SHOP} -p tcp --dport 80 -j ACCEPT"
_OPEN = Served("pc", _SHOP, 80, f"iptables {_DOOR}", "shop")


def _new_rules(ran: Ran) -> Truth:
    made = new_rules(ran)
    return Truth(len(made), f"{by_table(made)}." if made else "There is no new rule.")


def _gets_the_page(ran: Ran) -> Truth:
    journey = ran.names["x"].find("tcp")[0]
    return Truth("yes" if journey.delivered else "no", f"Its first packet was {journey.end}.")


_PLACES = ("raw PREROUTING", "nat PREROUTING", "filter DOCKER", "the policy of FORWARD", "nowhere")


def _place(ran: Ran) -> Truth:
    met = dropping(ran)
    if met is None:
        return Truth(_PLACES[-1], "No rule that drops has counted a packet.")
    named = "filter DOCKER" if met.table == "filter" else f"{met.table} {met.chain}"
    return Truth(_PLACES[-2] if met.kind == "policy" else named, f"The rule that counted it: `{met.text}`.")


def _answered(ran: Ran) -> Truth:
    got = ran.value == "It works."
    return Truth("yes" if got else "no", f"It got: {ran.value}")


ITEMS = (
    Task(
        "12.1",
        "Close what 20.10 leaves open",
        "pc is to get nothing at the containers' own addresses, neither of shop nor of admin; it is still served at "
        "192.168.1.1:8082, and the host itself still reaches shop.",
        wants=(_NO_SHOP, _NO_ADMIN, _PUBLISHED, _HOST),
        given=_THEN,
        solution=_rules(_WALL.format(_SHOP), _WALL.format(_ADMIN)),
        others=(
            _rules("-t raw -A PREROUTING -i lan1 -d 172.17.0.0/16 -j DROP"),
            _rules("-I DOCKER-USER -i lan1 -o docker0 -m conntrack ! --ctstate DNAT -j DROP"),
            _rules("-t mangle -A PREROUTING -s 192.168.1.0/24 -d 172.17.0.0/16 -j DROP"),
        ),
        wrong=(
            Wrong("the published port is forgotten", _rules("-P FORWARD DROP"), _NO_ADMIN.text),
            Wrong(
                "what is published is shut as well",
                _rules("-I DOCKER-USER -i lan1 -o docker0 -j DROP"),
                _PUBLISHED.text,
            ),
            Wrong(
                "the host shuts itself out",
                _rules("-t raw -A PREROUTING -d 172.17.0.0/16 -j DROP", f"-I OUTPUT -d {_SHOP} -j DROP"),
                _HOST.text,
            ),
            Wrong(
                "a chain that forwarded packets never see",
                _rules("-I INPUT -i lan1 -d 172.17.0.0/16 -j DROP"),
                _NO_SHOP.text,
            ),
        ),
    ),
    Task(
        "12.2",
        "Open one door in 29",
        "pc is to be served by shop at shop's own address, 172.17.0.2:80. Of admin it is to get nothing but the "
        "published port.",
        wants=(_OPEN, _NO_ADMIN, _PUBLISHED),
        given=_NOW,
        solution=_rules(_DOOR),
        others=(
            _rules(f"-t raw -D PREROUTING -d {_SHOP}/32 ! -i docker0 -j DROP"),
            _rules(f"-t raw -I PREROUTING -s 192.168.1.50 -d {_SHOP} -j RETURN"),
        ),
        wrong=(
            Wrong("too late: raw comes first", _rules(f"-I DOCKER-USER -d {_SHOP} -j ACCEPT"), _OPEN.text),
            Wrong("the whole wall is torn down", _rules("-t raw -F PREROUTING"), _NO_ADMIN.text),
            Wrong(
                "the door stands behind the wall", _rules(_DOOR.replace("-I PREROUTING", "-A PREROUTING")), _OPEN.text
            ),
        ),
    ),
    Question(
        "12.3",
        "A router runs Docker 20.10. You start a database with -p 127.0.0.1:5432:5432. Who can reach it?",
        {
            "a": Option("the host alone", "That is what was meant, and what 28 made true."),
            "b": Option(
                "the host, and machines on its own LAN that send packets for it to the host",
                "They ask at the container's own address, or send packets for 127.0.0.1 into the cable.",
                right=True,
            ),
            "c": Option("nobody", "The host is served at 127.0.0.1 in each generation."),
            "d": Option(
                "any machine in the internet",
                "Routers in between have no way to 172.17.0.0/16 or 127.0.0.0/8: a neighbour on the same link has.",
            ),
        },
    ),
    Question(
        "12.4",
        "Why do the new drops stand in raw PREROUTING, and not in the table filter?",
        {
            "a": Option("a drop in filter does not work for containers", "It does: 28 has one in DOCKER as well."),
            "b": Option(
                "raw comes before DNAT: there a packet still bears the destination that its sender wrote",
                "After DNAT, what asked for the published port looks like what asked the container itself.",
                right=True,
            ),
            "c": Option("raw is asked for answers only", "raw is asked for every packet that arrives."),
            "d": Option("the table filter belongs to DOCKER-USER", "DOCKER-USER is one chain in it."),
        },
    ),
    Prediction("12.5", "Generation 20.10: does plain answer pc?", Choice(("yes", "no")), _gets_the_page),
    Prediction("12.6", "How many rules does -p 8080:80 add in generation 28?", Number(), _new_rules),
    Prediction("12.7", "Generation 28: where is pc's packet for plain dropped?", Choice(_PLACES), _place),
    Prediction("12.8", "The rules in raw are gone. Does plain answer pc now?", Choice(("yes", "no")), _gets_the_page),
    Prediction("12.9", "Generation 29: is guest served at the published port?", Choice(("yes", "no")), _answered),
)
