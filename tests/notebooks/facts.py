"""Kernel facts that are changed behind a lesson's back, one at a time: its run must not look right any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nbformat

from netkit.lessons.needs import ENGINE_TAG

if TYPE_CHECKING:
    from pathlib import Path

_BREAK = """\
import subprocess

subprocess.run(["bash", "-c", f{lines!r}], check=True, capture_output=True)"""
_LEAD = "iptables -t nat -R DOCKER 1 -p tcp --dport 8080 -j DNAT --to-destination"
_LEND = "POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"
_OWN = "POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE"
_CABLE = "ip -n nstest link del veth-b; ip link add veth-b type veth peer name veth-a"
_ANSWERS = "FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
_BOOKED = "addr flush dev eth0; ip -n test addr add 172.17.0.2/16 dev eth0"
_FRAMES = "02:42:0a:00:00:03 dev vxlan0 dst"


@dataclass(frozen=True)
class Fact:
    """What is other than the lesson says.

    Attributes:
        name: of the fact, in words.
        lesson: its number.
        before: the lines begin to run before the first code cell that has this text.
        lines: of a shell, in braces the notebook's own variables.
    """

    name: str
    lesson: str
    before: str
    lines: str

    def __str__(self) -> str:
        return f"{self.lesson} {self.name}"

    def changed(self, lesson: Path) -> tuple[Any, int]:
        """The lesson with this change in it, without the Engine's cells, and the place of the cell that makes it.

        Args:
            lesson: its file.
        """
        notebook = nbformat.read(lesson, as_version=4)
        notebook.cells = [cell for cell in notebook.cells if ENGINE_TAG not in cell.metadata.get("tags", [])]
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        place = next(number for number, cell in enumerate(code) if self.before in cell.source)
        notebook.cells.insert(
            notebook.cells.index(code[place]), nbformat.v4.new_code_cell(_BREAK.format(lines=self.lines))
        )
        return notebook, place


FACTS = (
    Fact(
        "another address",
        "00",
        "right.up()",
        "ip -n blue addr flush dev right; ip -n blue addr add 10.0.0.20/24 dev right",
    ),
    Fact(
        "a wrong neighbour",
        "00",
        "nk.capture()",
        "ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:07 dev left nud permanent",
    ),
    Fact(
        "another subnet",
        "03",
        "routes = nk.sh",
        "ip -n nstest addr flush dev veth-b; ip -n nstest addr add 10.0.0.2/30 dev veth-b",
    ),
    Fact("a cable that was not moved", "03", "links = nk.sh", _CABLE),
    Fact("no port", "04", "answers = ns1.ping", "ip link set veth2 nomaster"),
    Fact("another MAC", "04", "nk.xray()", "ip -n ns2 link set eth1 address 02:42:ac:11:01:77"),
    Fact(
        "bridged packets not shown",
        "04",
        'ping("172.17.1.2", timeout=1)',
        "sysctl -w net.bridge.bridge-nf-call-iptables=0",
    ),
    Fact("a port that leads elsewhere", "01", "rules = [", f"{_LEAD} 172.17.0.2:81"),
    Fact("a tunnel that is off", "01", "nk.capture(here)", "ip -n host2-ov link set vxlan0 down"),
    Fact("no MASQUERADE", "02", "answer = c1.namespace.ping", f"iptables -t nat -D {_LEND}"),
    Fact("no wall in raw", "02", "server.ping(", "iptables -t raw -F PREROUTING"),
    Fact("no default route", "02", "answer = c1.namespace.ping", "nsenter -t {c1.pid} -n ip route del default"),
    Fact("the old address", "05", "book = docker.inspect", f"ip -n test {_BOOKED}"),
    Fact("DNAT to another port", "06", "got = page(place", f"{_LEAD} 172.17.0.2:8000"),
    Fact("no forwarding", "06", "%%predict 06.7", "sysctl -w net.ipv4.ip_forward=0"),
    Fact("no MASQUERADE for its own questions", "06", "x.player()", f"iptables -t nat -D {_OWN}"),
    Fact(
        "a rule for everybody",
        "06",
        "--ctorigdstport 8080",
        "iptables -I DOCKER-USER -j ACCEPT; iptables -P FORWARD ACCEPT; iptables -F FORWARD",
    ),
    Fact("no listener", "07", 'assert page(nk.host, "127.0.0.1")', "kill -9 {web.pid}"),
    Fact("a name for both", "08", "knows = c1.run", "echo 172.17.0.3 c2 >> {c1.directory}/hosts"),
    Fact("no isolation", "08", "web.namespace.ping(c1.address", "iptables -t raw -F PREROUTING; iptables -F DOCKER"),
    Fact(
        "another end of the tunnel",
        "09",
        "request = x.find",
        f"bridge -n node1-ov fdb replace {_FRAMES} 192.168.2.9 self static",
    ),
    Fact("a smaller MTU", "09", "arrived = large", "ip -n one link set eth0 mtu 1400"),
    Fact("another route", "10", "way = nk.sh", "ip route add 172.17.0.2/32 dev lan1"),
    Fact("no way for answers", "11", "answer = web.ping", f"iptables -D {_ANSWERS}"),
    Fact("no drop of direct access", "12", 'asked = {"web"', "iptables -t raw -F PREROUTING"),
    Fact("a policy that drops", "12", "%%predict 12.5", "iptables -P FORWARD DROP"),
    Fact(
        "no way into the map",
        "13",
        "%%predict 13.6",
        "nft flush map ip docker-bridges filter-forward-in-jumps; nft add rule ip docker-bridges filter-FORWARD drop",
    ),
    Fact("a filter for all", "13", "%%predict 13.8", "iptables -P FORWARD DROP"),
    Fact("nobody hides addresses of IPv6", "14", "%%predict 14.7", "ip6tables -t nat -F POSTROUTING"),
    Fact("the machine believes routers", "14", "%%predict 14.9", "sysctl -w net.ipv6.conf.br-shop.accept_ra=2"),
    Fact("no drop of direct access by IPv6", "14", 'asked = {"published"', "ip6tables -t raw -F PREROUTING"),
)
