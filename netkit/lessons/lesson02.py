"""What lesson 02, See the bridge principle, asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.lessons.evidence import dropping
from netkit.lessons.prediction import Address, Choice, Number, Prediction, Ran, Truth, Way
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches, Silent
from netkit.lessons.wants import Dark
from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.journey import Journey

_ONE = """
nk.echo(False)
docker = nk.Docker(like="29")
c1 = docker.run("c1", "sleep infinity")
"""

_TWO = """
nk.echo(False)
server = nk.Namespace("server")
card, other = nk.veth("eth0", "eth0", peer_namespace=server)
card.add_address("192.168.1.10/24"), other.add_address("192.168.1.20/24")
card.up(), other.up()
docker = nk.Docker(like="29")
c1, c2 = docker.run("c1", "sleep infinity"), docker.run("c2", "tail -f /dev/null")
"""

_DROP = 'nk.host.iptables("-I DOCKER-USER -i docker0 -o docker0 -j DROP")'
_IN_ITS_PLACE = 'other.delete_address("192.168.1.20/24")\nnk.Bridge("mine").add_address("192.168.1.20/32")'
_MOVED = """
for container, old, new in ((c1, "172.17.0.2/16", "172.17.0.8/16"), (c2, "172.17.0.3/16", "172.17.0.9/16")):
    container.namespace["eth0"].delete_address(old)
    container.namespace["eth0"].add_address(new)
    container.namespace.add_route("default", via="172.17.0.1")
"""

_APART = (
    Silent("c1", "172.17.0.3", "c2"),
    Silent("c2", "172.17.0.2", "c1"),
    Reaches("c1", "192.168.1.20", at="server"),
    Reaches("c2", "192.168.1.20", at="server"),
)


def _interfaces(ran: Ran) -> Truth:
    there = ran.after[HOST].interfaces.values()
    new = [f"the bridge {link.name}" if link.kind == "bridge" else link.name for link in there if link.name != "lo"]
    return Truth(len(there), f"Beside lo there are {', '.join(new) or 'none'}.")


def _request(ran: Ran) -> Journey:
    return ran.names["x"].find("icmp")[0]


def _way(ran: Ran) -> Truth:
    journey = _request(ran)
    way = tuple(dict.fromkeys(hop.where for hop in journey.hops if hop.frame is not None))
    return Truth(way, f"The echo request was {journey.end}.")


def _lent(ran: Ran) -> Truth:
    arrived = [hop.frame for hop in _request(ran).hops if hop.frame is not None][-1]
    source = arrived["IP"].src
    owner = next((space.name for space in ran.after if source in space.addresses), "nobody")
    return Truth(source, f"What arrives at server bears an address of {owner}.")


def _from_outside(ran: Ran) -> Truth:
    rule = dropping(ran)
    dropped = (
        "no rule has dropped a packet" if rule is None else f"`{rule.text}`, in the table {rule.table}, has dropped it"
    )
    return Truth("yes" if ran.value.ok else "no", f"Every cable and route is there; {dropped}.")


ITEMS = (
    Task(
        "02.1",
        "Find the port, and pull the plug",
        "Find the port of c1 on docker0, from the host and without asking Docker, and pull its plug.",
        wants=(Dark("docker0"),),
        given=_ONE,
        solution='port = c1.namespace["eth0"].peer\nport.down()',
        others=(
            'for link in nk.host:\n    if link.name.startswith("veth"):\n        link.down()',
            'nk.sh("ip link set dev $(ls /sys/class/net/docker0/brif) down")',
        ),
        wrong=(
            Wrong("the container's end", 'c1.namespace["eth0"].down()', Dark("docker0").text),
            Wrong("the whole switch", 'nk.host["docker0"].down()', Dark("docker0").text),
        ),
    ),
    Task(
        "02.2",
        "Keep two containers apart",
        "c1 and c2 shall not reach one another any more, as with Docker's option --icc=false; both still reach server.",
        wants=_APART,
        given=_TWO,
        solution=_DROP,
        others=(
            """
for port in ("$(ls /sys/class/net/docker0/brif | head -n 1)", "$(ls /sys/class/net/docker0/brif | tail -n 1)"):
    nk.sh(f"bridge link set dev {port} isolated on")
""",
            'nk.sh("iptables -I FORWARD -s 172.17.0.0/16 -d 172.17.0.0/16 -j DROP")',
        ),
        wrong=(
            Wrong("a rule behind Docker's own", _DROP.replace("-I DOCKER-USER", "-A FORWARD"), _APART[0].text),
            Wrong(
                "a rule that no bridged packet meets",
                f'{_DROP}\nnk.host.sysctl("net.bridge.bridge-nf-call-iptables", 0)',
                _APART[0].text,
            ),
            Wrong(
                "a rule for everything that comes from the bridge",
                'nk.host.iptables("-I DOCKER-USER -i docker0 -j DROP")',
                _APART[2].text,
            ),
            Wrong("only echoes are kept apart", _DROP.replace("-j", "-p icmp -j"), _APART[0].text),
            Wrong("they have other addresses", _MOVED, _APART[0].text),
            Wrong("the host answers for server", f"{_DROP}\n{_IN_ITS_PLACE}", _APART[2].text),
            Wrong("a plug pulled", 'c2.namespace["eth0"].down()', _APART[3].text),
        ),
    ),
    Question(
        "02.3",
        "The administrator of server records all that arrives from your host. Can he count your containers?",
        {
            "a": Option(
                "yes, by their MACs",
                "A MAC reaches to the next router only: what arrives bears the MAC of the host's eth0.",
            ),
            "b": Option(
                "yes, by their IP addresses",
                "MASQUERADE has replaced them all by 192.168.1.10 before the packets leave the host.",
            ),
            "c": Option(
                "no: all of it seems to come from the host",
                "One MAC and one address, whoever calls. (What programs say of themselves may give a hint.)",
                right=True,
            ),
        },
    ),
    Question(
        "02.4",
        "In the network as Docker made it, you delete the rule with MASQUERADE. What can c1 still reach?",
        {
            "a": Option("nobody", "The rule is met only by what leaves by another interface than docker0."),
            "b": Option(
                "c2 and the host",
                "They know the way back to 172.17.0.2; for everybody else the host would have to lend its address.",
                right=True,
            ),
            "c": Option("server, but not c2", "It is the other way round: server has no route back to 172.17.0.2."),
        },
    ),
    Prediction("02.5", "How many interfaces does the host have now?", Number(), _interfaces),
    Prediction("02.6", "Which interfaces does the echo request from c1 to c2 pass, in its order?", Way(), _way),
    Prediction("02.7", "Which address does server see as the sender's?", Address(), _lent),
    Prediction("02.8", "Without that rule: which interfaces does the echo request still pass?", Way(), _way),
    Prediction("02.9", "Does server reach c1?", Choice(("yes", "no")), _from_outside),
)
