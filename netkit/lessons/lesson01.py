"""What lesson 01, Tour the six network modes, asks for."""

from __future__ import annotations

from netkit.lessons.living import Houses, Runs
from netkit.lessons.pages import Leads, Served
from netkit.lessons.prediction import Choice, Ends, Number, Prediction, Ran, Truth
from netkit.lessons.rooms import called
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.model import HOST

_GIVEN = """
nk.echo(False)
nk.sh("mkdir -p /run/www && echo 'hello from port 80' > /run/www/index.html")
SERVE = "busybox httpd -f -p 80 -h /run/www"
docker = nk.Docker(like="29")
"""

_TWO = 'two = docker.run("two", SERVE, ports={8081: 80})'

_PUBLISHED = (
    Runs("busybox httpd -f -p 80 -h /run/www"),
    Leads(8081, "busybox"),
    Served(HOST, "127.0.0.1", 8081, program="busybox"),
)
_BESIDE = Houses("two", "tail -f /dev/null")

_YES_OR_NO = Choice(("yes", "no"))


def _published(ran: Ran) -> Truth:
    rules = [rule for rule in ran.after[HOST].rules if "DNAT" in rule.text]
    known = "No rule leads" if not rules else "1 rule leads" if len(rules) == 1 else f"{len(rules)} rules lead"
    because = f"The server listens in its own network. {known} from a port of the host to it."
    return Truth("yes" if ran.value.returncode == 0 else "no", because)


def _rooms(ran: Ran) -> Truth:
    home = called(ran.after, "h1")
    return Truth(len(ran.after.namespaces), f"A room is a network namespace, and h1 lives in that of {home}.")


def _known(ran: Ran) -> Truth:
    texts = {name: ran.after[called(ran.after, name)].hosts or "" for name in ("c1", "c2")}
    lines = {name: [line.split()[1:] for line in text.splitlines()] for name, text in texts.items()}
    there = any("c2" in names for names in lines["c1"])
    back = "does" if any("c1" in names for names in lines["c2"]) else "does not"
    line = "a line" if there else "no line"
    return Truth("yes" if there else "no", f"Its /etc/hosts has {line} for c2; that of c2 {back} have one for c1.")


def _interfaces(ran: Ran) -> Truth:
    there = ran.after[called(ran.after, "lonely")].interfaces
    rest = ", and nothing that leads out" if list(there) == ["lo"] else ""
    return Truth(len(there), f"There is {', '.join(there)}{rest}.")


def _outer(ran: Ran) -> Truth:
    packet = ran.names["cap"].filter("icmp").packets[0]["IP"]  # not what IPv6 says of itself meanwhile
    inner = packet.payload["IP"]
    because = f"From machine to machine, with a packet {inner.src} → {inner.dst} inside."
    return Truth((packet.src, packet.dst), because)


def _neighbour(ran: Ran) -> Truth:
    same = called(ran.after, "side") == called(ran.after, "app")
    there = "one network: localhost is the same" if same else "networks of their own: localhost is another one"
    return Truth("yes" if ran.value else "no", f"app and side live in {there} for both.")


ITEMS = (
    Task(
        "01.1",
        "Publish a port",
        "Start a container two that serves our page, and lead port 8081 of the host to it.",
        own=(("8081", "port"),),
        wants=_PUBLISHED,
        given=_GIVEN,
        solution=_TWO,
        others=(
            'docker.run("site", SERVE, ports=["127.0.0.1:8081:80"])',
            """
docker.run("two", SERVE)
nk.sh("iptables -t nat -A OUTPUT -p tcp -d 127.0.0.1 --dport 8081 -j DNAT --to-destination 172.17.0.2:80")
""",
        ),
        wrong=(
            Wrong("not published", 'docker.run("two", SERVE)', _PUBLISHED[1].text),
            Wrong("host and container mixed up", 'docker.run("two", SERVE, ports={80: 8081})', _PUBLISHED[1].text),
            Wrong("another port of the host", 'docker.run("two", SERVE, ports={8080: 80})', _PUBLISHED[1].text),
            Wrong(
                "the host serves it itself",
                """
docker.run("two", SERVE)
nk.sh("iptables -t nat -A PREROUTING -p tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:80")
nk.sh("busybox httpd -p 8081 -h /run/www")
""",
                _PUBLISHED[2].text,
            ),
        ),
    ),
    Task(
        "01.2",
        "Share a network",
        "Let the program tail -f /dev/null live in the network of the container two.",
        wants=(_BESIDE,),
        given=_GIVEN + _TWO,
        solution='docker.run("side", "tail -f /dev/null", network="container:two")',
        others=(
            'docker.run("x1")\ndocker.run("another", ["tail", "-f", "/dev/null"], network="container:two")',
            'nk.sh(f"nsenter --net=/proc/{two.pid}/ns/net setsid tail -f /dev/null >/dev/null 2>&1 &")',
        ),
        wrong=(
            Wrong("a network of its own", 'docker.run("side", "tail -f /dev/null")', _BESIDE.text),
            Wrong("the host's network", 'docker.run("side", "tail -f /dev/null", network="host")', _BESIDE.text),
        ),
    ),
    Question(
        "01.3",
        "A program is to record all traffic of the host's network cards. Which mode does its container need?",
        {
            "a": Option("bridge, with a published port", "It would see only what goes to its own eth0."),
            "b": Option(
                "host",
                "Only who lives in the host's network sees the host's interfaces.",
                right=True,
            ),
            "c": Option("none", "There is nothing to record but its own loopback: good for what must never call out."),
            "d": Option("a link to the host", "A link is a line with a name; it changes nothing of what one sees."),
        },
    ),
    Question(
        "01.4",
        'Where does docker.inspect("two"), as the real docker inspect, tell which port of the host leads to port 80?',
        {
            "a": Option(
                '["NetworkSettings"]["Ports"]["80/tcp"]',
                "By the container's port: a list of the addresses and ports of the host, HostIp and HostPort.",
                right=True,
            ),
            "b": Option(
                '["NetworkSettings"]["Networks"]["bridge"]',
                "That is its place on the network bridge: IPAddress, MacAddress, Gateway. The port is the host's.",
            ),
            "c": Option('["Config"]', "That is what was asked for the program: its command, its image, its host name."),
        },
    ),
    Prediction("01.5", "No option was given. Does the host's port 8080 answer?", _YES_OR_NO, _published),
    Prediction("01.6", "h1 runs, too. How many rooms has the picture?", Number(), _rooms),
    Prediction("01.7", "c2 knows the name of c1. Does c1 know c2?", _YES_OR_NO, _known),
    Prediction("01.8", "How many interfaces has a container whose mode is none?", Number(), _interfaces),
    Prediction("01.9", "Source and destination of the first packet on the cable between the machines?", Ends(), _outer),
    Prediction("01.10", "side runs no server. Is there an answer at its localhost?", _YES_OR_NO, _neighbour),
)
