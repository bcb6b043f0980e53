"""What lesson 13, The same network in nftables, asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.lessons.evidence import new_rules
from netkit.lessons.pages import Refused, Served
from netkit.lessons.prediction import Choice, Number, Prediction, Ran, Truth
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches
from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.model import Snapshot

_GIVEN = """
pc, guest = nk.Namespace("pc"), nk.Namespace("guest")
for number, (room, last) in enumerate(((pc, 50), (guest, 60)), start=1):
    lan, eth0 = nk.veth(f"lan{number}", "eth0", peer_namespace=room)
    lan.add_address(f"192.168.{number}.1/24"), eth0.add_address(f"192.168.{number}.{last}/24")
    lan.up(), eth0.up()
nk.host.sysctl("net.ipv4.ip_forward", 1)
nk.sh("mkdir -p /run/site && echo 'It works.' > /run/site/index.html")
bridge = nk.Bridge("br0")
bridge.add_address("172.17.0.1/16"), bridge.up()
for number, name in ((2, "web"), (3, "api")):
    room = nk.Namespace(name)
    port, eth0 = nk.veth(f"port{number}", "eth0", peer_namespace=room)
    bridge.attach(port), eth0.add_address(f"172.17.0.{number}/16"), port.up(), eth0.up()
    room.add_route("default", via="172.17.0.1")
    room.run("busybox httpd -p 80 -h /run/site")
RULES = '''
table ip mine {
  map published { type inet_service : ipv4_addr . inet_service; elements = { 8080 : 172.17.0.2 . 80 }; }
  chain prerouting { type nat hook prerouting priority dstnat; fib daddr type local dnat to tcp dport map @published; }
  chain output { type nat hook output priority -100; fib daddr type local dnat to tcp dport map @published; }
  chain postrouting {
    type nat hook postrouting priority srcnat
    oifname != "br0" ip saddr 172.17.0.0/16 masquerade
    oifname "br0" fib saddr type local masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy drop
    ct state established,related accept
    iifname "br0" accept
    ct status dnat accept
  }
}
'''
nk.sh(f"nft -f - <<'END'\\n{RULES}\\nEND")
"""


def _nft(*lines: str) -> str:
    """Python that changes nft's rules of the host."""
    return "\n".join(f"nk.sh({f'nft {chr(39)}{line}{chr(39)}'!r})" for line in lines)


_ELEMENT = "add element ip mine published {{ 8082 : 172.17.0.3 . {} }}"
_AGAIN = (
    "nft 'delete element ip mine published { 8082 }' 2> /dev/null; "
    "nft 'add element ip mine published { 8082 : 172.17.0.3 . 80 }'"
)
_API = Served("pc", "192.168.1.1", 8082, _AGAIN, at="api")
_STILL = Served("pc", "192.168.1.1", 8080, at="web")
_SET = "add set ip mine strangers { type ipv4_addr; }"
_MEMBER = "add element ip mine strangers { 192.168.2.60 }"
_DROPPED = "insert rule ip mine forward ip saddr @strangers drop"
_BY_ADDRESS = "insert rule ip mine forward ip saddr 192.168.2.60 drop"
_OUT, _NEAR = Refused("guest", "192.168.2.1", 8080, _BY_ADDRESS, "nft"), Reaches("guest", "192.168.2.1")


def _of_iptables(ran: Ran) -> Truth:
    rules = [rule for rule in ran.after[HOST].rules if rule.kind == "rule"]
    by_nft = sum(rule.tool == "nft" for rule in rules)
    count = sum(rule.tool == "iptables" for rule in rules)
    return Truth(count, f"The kernel holds {by_nft} rules of nft's, in tables that iptables does not show.")


_CHAINS = ("filter-FORWARD", "filter-forward-in__docker0", "filter-forward-out__docker0", "nat-prerouting-and-output")


def _lets_in(ran: Ran) -> Truth:
    hops = [hop for hop in ran.names["x"].find("tcp")[0].hops if (hop.namespace, hop.hook) == (HOST, "forward")]
    let = [event for hop in hops for event in hop.events if event.verdict == "accept" and event.rule]
    if not let:
        return Truth(_CHAINS[0], "No rule has let it in: the policy of that chain decides.")
    return Truth(let[0].chain, f"The rule `{let[0].rule}`.")


def _forwards(world: Snapshot) -> int:
    rules = world[HOST].rules
    place = ("nft", "ip docker-bridges", "filter-FORWARD", "rule")
    return sum((rule.tool, rule.table, rule.chain, rule.kind) == place for rule in rules)


def _in_the_base_chain(ran: Ran) -> Truth:
    new = _forwards(ran.after) - _forwards(ran.before)
    return Truth(
        new, f"filter-FORWARD has {_forwards(ran.after)} rules, which ask the maps; {len(new_rules(ran))} others came."
    )


def _gets_the_page(ran: Ran) -> Truth:
    journey = ran.names["x"].find("tcp")[0]
    return Truth("yes" if journey.delivered else "no", f"Its first packet was {journey.end}.")


def _more(ran: Ran) -> Truth:
    made = new_rules(ran)
    told = f"New: {'; '.join(made)}." if made else "An element of the map is new, and no rule."
    return Truth(len(made), told)


ITEMS = (
    Task(
        "13.1",
        "Publish one more server",
        "Lead port 8082 of the host to port 80 of api, 172.17.0.3, so that pc is served at 192.168.1.1:8082; what is "
        "published already stays so.",
        wants=(_API, _STILL),
        given=_GIVEN,
        solution=_nft(_ELEMENT.format(80)),
        others=(
            _nft("add rule ip mine prerouting tcp dport 8082 dnat to 172.17.0.3:80"),
            'nk.host.iptables("-t nat -A PREROUTING -p tcp --dport 8082 -j DNAT --to-destination 172.17.0.3:80")',
        ),
        wrong=(
            Wrong("another port of the container", _nft(_ELEMENT.format(8082)), _API.text),
            Wrong("another container", _nft(_ELEMENT.format(80).replace("0.3", "0.2")), _API.text),
            Wrong(
                "the old one is shut",
                _nft(_ELEMENT.format(80), "insert rule ip mine forward ip daddr 172.17.0.2 drop"),
                _STILL.text,
            ),
        ),
    ),
    Task(
        "13.2",
        "Keep a stranger out",
        "guest, 192.168.2.60, is to get nothing at the host's port 8080, and still reaches the host; pc is served.",
        wants=(_OUT, _STILL, _NEAR),
        given=_GIVEN,
        solution=_nft(_SET, _MEMBER, _DROPPED),
        others=(
            _nft(_BY_ADDRESS),
            _nft("insert rule ip mine forward iifname lan2 oifname br0 drop"),
            'nk.host.iptables("-I FORWARD -s 192.168.2.60 -j DROP")',
        ),
        wrong=(
            Wrong(
                "a rule that is never reached", _nft("add rule ip mine forward ip saddr 192.168.2.60 drop"), _OUT.text
            ),
            Wrong("a set that no rule asks", _nft(_SET, _MEMBER), _OUT.text),
            Wrong("everybody is kept out", _nft("insert rule ip mine forward drop"), _STILL.text),
            Wrong(
                "cut off altogether",
                _nft(
                    "add chain ip mine early { type filter hook prerouting priority raw; }",
                    "add rule ip mine early ip saddr 192.168.2.60 drop",
                ),
                _NEAR.text,
            ),
        ),
    ),
    Question(
        "13.3",
        "oifname vmap @filter-forward-in-jumps: what becomes of a packet whose interface is no element of the map?",
        {
            "a": Option("it is dropped", "A map has no verdict for what it does not hold; here the policy is accept."),
            "b": Option(
                "nothing: the next rule is asked",
                "So packets that have nothing to do with Docker pass two look-ups, and no rule of any network.",
                right=True,
            ),
            "c": Option("it returns to iptables", "Both hang on the same hooks of the kernel, one after the other."),
        },
    ),
    Question(
        "13.4",
        "A table of your own has a chain at the same hook that accepts a packet, and Docker's chain drops it. Does it "
        "pass?",
        {
            "a": Option(
                "yes, if yours is asked first", "An accept ends the chain that said it. The others are still asked."
            ),
            "b": Option(
                "yes, since it was accepted once", "Accept is an opinion; every base chain of the hook has one."
            ),
            "c": Option(
                "no: one drop is enough",
                "Drop is final, accept is not. So tables of your own can close doors of Docker's, and open none.",
                right=True,
            ),
        },
    ),
    Prediction("13.5", "pc is served. How many rules does iptables list on the host?", Number(), _of_iptables),
    Prediction("13.6", "Which chain has the rule that lets pc's first packet in?", Choice(_CHAINS), _lets_in),
    Prediction("13.7", "How many rules does a second network add to filter-FORWARD?", Number(), _in_the_base_chain),
    Prediction(
        "13.8", "netavark: does plain, which nobody published, answer pc?", Choice(("yes", "no")), _gets_the_page
    ),
    Prediction("13.9", "One more port is published by your map. How many rules are new?", Number(), _more),
)
