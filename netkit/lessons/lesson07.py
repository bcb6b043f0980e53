"""What lesson 07, Share or skip a network, asks for."""

from __future__ import annotations

from netkit.changes import diff
from netkit.lessons.living import Houses, Runs
from netkit.lessons.pages import Served
from netkit.lessons.prediction import Choice, Number, Prediction, Ran, Truth
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Serves
from netkit.lessons.wants import Bears, Cable, Lit
from netkit.model import HOST

_GIVEN = r"""
nk.echo(False)
pc = nk.Namespace("pc")
lan, eth0 = nk.veth("lan", "eth0", peer_namespace=pc)
lan.add_address("192.168.1.1/24"), eth0.add_address("192.168.1.50/24")
lan.up(), eth0.up(), pc["lo"].up()
nk.sh("mkdir -p /run/site && echo 'It works.' > /run/site/index.html")
nk.sh("printf '#!/bin/sh\\nwhile sleep 1000; do :; done\\n' > /run/pause && chmod +x /run/pause")
httpd = "busybox httpd -f -p 80 -h /run/site"
docker = nk.Docker(like="29")
lonely = docker.run("lonely", httpd, network="none")
"""

_POD = (
    Runs("/run/pause"),
    Houses("[pause]", "busybox httpd -f -p 80 -h /run"),
    Serves("[pause]", 80),
    Serves("[pause]", 81),
)

_PAUSE = 'pause = docker.run("pause", "/run/pause")\n'
_WEB = 'docker.run("web", httpd, network="container:pause")\n'
_API = 'docker.run("api", "busybox httpd -f -p 81 -h /run/site", network="container:pause")'

_WIRED = (
    Cable("lonely", "pc"),
    Bears("lonely", "10.9.0.2/24", "pc"),
    Bears("pc", "10.9.0.1/24", "lonely"),
    Lit("lonely"),
    Served("pc", "10.9.0.2", 80, at="lonely"),
)

_WIRE = """
inside, outside = nk.veth("eth0", "eth1", namespace=lonely.namespace, peer_namespace=pc)
inside.add_address("10.9.0.2/24")
outside.add_address("10.9.0.1/24")
inside.up()
outside.up()
"""

_CLASH = ("it runs beside the first one", "it ends at once")
_PING = ("it is answered", "it is lost on the way", "it cannot even be sent")
_LEFT = ("all of it: it goes on as before", "the namespace, with nothing but lo", "nothing: its namespace is gone")


def _lines(ran: Ran) -> Truth:
    changes = diff(ran.before, ran.after)
    alone = [change for change in changes if change.kind not in ("processes", "sysctls")]
    there = "" if alone or not changes else ": the container's network was there already"
    return Truth(len(changes), f"{', '.join(map(str, changes)) or 'Nothing has changed'}{there}.")


def _second(ran: Ran) -> Truth:
    container = ran.names["second"]
    because = "An address and a port belong to one program of a network, and the host has one network."
    return Truth(_CLASH[0] if container.running else _CLASH[1], because)


def _without_a_network(ran: Ran) -> Truth:
    answer = ran.value
    routes = ran.names["lonely"].namespace.routes
    known = "no route: the kernel says so before anything leaves"
    value = _PING[0] if answer.ok else _PING[1] if answer.sent else _PING[2]
    lead = f"routes to {', '.join(route.destination for route in routes)}"
    return Truth(value, f"Its namespace has {lead if routes else known}.")


def _after_the_owner(ran: Ran) -> Truth:
    home = next((space for space in ran.after if space.name != HOST and "sleep" in space.processes), None)
    if home is None:
        return Truth(_LEFT[2], "No process lives in it any more.")
    there = ", ".join(home.interfaces)
    value = _LEFT[1] if list(home.interfaces) == ["lo"] else _LEFT[0]
    cable = "" if value == _LEFT[0] else "Docker took the cable away, "
    return Truth(value, f"A namespace lives as long as a process is in it; {cable}it has {there}.")


def _cables(ran: Ran) -> Truth:
    ports = ran.after[HOST].ports("docker0")
    ends = ", ".join(f"{link.name} leads to {link.peer[0]}" for link in ports if link.peer)
    return Truth(len(ports), f"{ends}: the others share what is there." if ends else "No cable leads to docker0.")


ITEMS = (
    Task(
        "07.1",
        "Build a pod of two servers",
        "Build a pod: the program /run/pause in a network of its own and, in the same network, two web servers, "
        "one at port 80 and one at port 81.",
        wants=_POD,
        given=_GIVEN,
        solution=f"{_PAUSE}{_WEB}{_API}",
        others=(
            """
docker.run("owner", "/run/pause", network="none")
for port in (81, 80):
    docker.run(f"server{port}", f"busybox httpd -f -p {port} -h /run/site", network="container:owner")
""",
            """
nk.sh("ip netns add pod")
nk.sh("ip -n pod link set dev lo up")
nk.sh("ip netns exec pod setsid /run/pause >/dev/null 2>&1 &")
for port in (80, 81):
    nk.sh(f"ip netns exec pod busybox httpd -p {port} -h /run/site")
""",
        ),
        wrong=(
            Wrong(
                "a server brings the network",
                f"""
docker.run("web", httpd)
{_API.replace("container:pause", "container:web")}
""",
                _POD[0].text,
            ),
            Wrong(
                "a network for each",
                f'{_PAUSE}docker.run("web", httpd)\n{_API.replace("container:pause", "bridge")}',
                _POD[1].text,
            ),
            Wrong("both at the same port", _PAUSE + _WEB + _API.replace("-p 81", "-p 80"), _POD[3].text),
        ),
    ),
    Task(
        "07.2",
        "Wire a container to pc",
        "Lay a cable from lonely, whose mode is none, straight to pc, without the host: lonely gets 10.9.0.2/24, pc "
        "gets 10.9.0.1/24, and pc reads the page of lonely.",
        wants=_WIRED,
        given=_GIVEN,
        solution=_WIRE.strip(),
        others=(
            """
for line in (
    f"ip link add wire netns {lonely.pid} type veth peer name wire netns pc",
    f"nsenter --net=/proc/{lonely.pid}/ns/net ip addr add 10.9.0.2/24 dev wire",
    f"nsenter --net=/proc/{lonely.pid}/ns/net ip link set dev wire up",
    "ip -n pc addr add 10.9.0.1/24 dev wire",
    "ip -n pc link set dev wire up",
):
    nk.sh(line)
""",
            """
nk.sh(f"ln -s /proc/{lonely.pid}/ns/net /run/netns/lonely")
near, far = nk.veth("near", "far", namespace=pc, peer_namespace=nk.Namespace.get("lonely"))
near.up(), far.up()
far.add_address("10.9.0.2/24"), near.add_address("10.9.0.1/24")
""",
        ),
        wrong=(
            Wrong("a cable to the host", _WIRE.replace("peer_namespace=pc", "peer_namespace=nk.host"), _WIRED[0].text),
            Wrong("the addresses exchanged", _WIRE.replace("0.2/", "0.9/").replace("0.1/", "0.2/"), _WIRED[1].text),
            Wrong("one end is off", _WIRE.replace("outside.up()", ""), _WIRED[3].text),
            Wrong("a filter", _WIRE + 'pc.iptables("-A OUTPUT -p tcp -j DROP")', _WIRED[4].text),
        ),
    ),
    Question(
        "07.3",
        "You wire a container of mode none to docker0 with the address 172.17.0.99/16. What may go wrong one day?",
        {
            "a": Option(
                "Docker gives the same address to another container",
                "Docker knows only the addresses that it gave out: one day two containers answer for 172.17.0.99.",
                right=True,
            ),
            "b": Option(
                "Docker removes the foreign cable",
                "It takes away what it made itself, and does not look for anything else.",
            ),
            "c": Option(
                "docker0 refuses frames of a container that it does not know",
                "A bridge learns MACs from whoever sends; it knows nothing of containers.",
            ),
        },
    ),
    Question(
        "07.4",
        "A container has --net=container:web, and web itself has --net=host. Where does it live?",
        {
            "a": Option("in a new network, beside web", "No mode but bridge and none makes a new network namespace."),
            "b": Option(
                "in the host's network",
                "It enters the network that web lives in, and that is the host's.",
                right=True,
            ),
            "c": Option("nowhere: Docker refuses it", "Docker takes the network of web, whichever it is."),
        },
    ),
    Prediction("07.5", "How many lines will %%changes print (without the heading host:)?", Number(), _lines),
    Prediction("07.6", "What becomes of a second server in host mode, at the same port?", Choice(_CLASH), _second),
    Prediction("07.7", "What becomes of a ping from lonely to the host?", Choice(_PING), _without_a_network),
    Prediction("07.8", "How many lines will %%changes print (without the heading)?", Number(), _lines),
    Prediction(
        "07.9", "app, the owner, is stopped. What is left of the network of side?", Choice(_LEFT), _after_the_owner
    ),
    Prediction("07.10", "Three containers, one published port. How many cables lead to docker0?", Number(), _cables),
)
