"""What lesson 08, Find containers by name, asks for."""

from __future__ import annotations

from netkit.lessons.finding import Finds
from netkit.lessons.prediction import Address, Choice, Number, Prediction, Ran, Truth
from netkit.lessons.task import Option, Question, Task, Wrong
from netkit.lessons.traffic import Reaches, Silent

_GIVEN = """
docker = nk.Docker(like="29")
c1 = docker.run("c1")
c2 = docker.run("c2", links=["c1"])
docker.remove("c1", force=True)
other, c1 = docker.run("other"), docker.run("c1")
docker.network_create("shop")
web = docker.run("web", network="shop")
nk.sh("mkdir -p /run/netns")
for each in (c1, c2, other, web):
    nk.sh(f"ln -sfn /proc/{each.pid}/ns/net /run/netns/{each.name}")
"""

_FOUND = Finds("c2", "c1")
_ANSWERED = Reaches("web", "172.17.0.4", at="c1")
_APART, _APART_TOO = Silent("web", "172.17.0.2", "other"), Silent("web", "172.17.0.3", "c2")

_IN_PLACE = """
from pathlib import Path

hosts = Path(c2.directory, "hosts")
hosts.write_text(hosts.read_text().replace("172.17.0.2\\tc1", "172.17.0.4\\tc1"))
"""


def _rules(*rules: str) -> str:
    """Python that adds rules to the host's iptables."""
    return "\n".join(f'nk.host.iptables("{rule}")' for rule in rules)


_WALL = "-t raw -I PREROUTING -s 172.18.0.2 -d 172.17.0.4 -j ACCEPT"
_FILTER = "-I DOCKER-USER -s 172.18.0.2 -d 172.17.0.4 -j ACCEPT"


def _questions(ran: Ran) -> Truth:
    asked = [journey for journey in ran.names["x"].journeys if "DNS" in journey.what]
    first = ran.names["x"].journeys[0].what
    known = "A server was asked for the address" if asked else "The address was in /etc/hosts"
    return Truth(len(asked), f"The first packet was: {first}. {known}.")


_CALLED = ("c1", "other", "nobody")


def _answers(ran: Ran) -> Truth:
    journey = ran.names["x"].find("icmp")[0]
    there = [hop.namespace for hop in journey.hops if hop.frame is not None][-1]
    value = there if there in _CALLED else _CALLED[2]
    return Truth(value, f"The echo request was {journey.end}: the line in /etc/hosts is as old as c2.")


def _first_of_the_second(ran: Ran) -> Truth:
    machine = ran.names["docker2"].host.name
    return Truth(ran.value, f"{machine} counts for itself: every Docker begins with the same address.")


def _finds(ran: Ran) -> Truth:
    found = ran.value == ran.names["db"].address
    return Truth("yes" if found else "no", f"web is told {ran.value}, and no line of its /etc/hosts says so.")


def _told(ran: Ran) -> Truth:
    return Truth(ran.value, "It was looked up when it was asked for, and not when web was started.")


_SAID = ("the address", "that there is no such name", "nothing at all")


def _about_a_stranger(ran: Ran) -> Truth:
    answers = [journey.what for journey in ran.names["x"].journeys if "DNS answers c1" in journey.what]
    value = _SAID[2] if not answers else _SAID[1] if "no such name" in answers[0] else _SAID[0]
    return Truth(
        value, f"c1 is on {ran.names['c1'].network}, web on {ran.names['web'].network}: names end where it does."
    )


ITEMS = (
    Task(
        "08.1",
        "Mend a stale link",
        "c2 takes c1 for the address that other has by now. Make it find c1 again.",
        wants=(_FOUND,),
        given=_GIVEN,
        solution=_IN_PLACE.strip(),
        others=(
            'nk.sh(nk.why("c2", "c1").repair[0])',
            """
docker.remove("c2", force=True)
c2 = docker.run("c2", links=["c1"])
nk.sh(f"ln -sfn /proc/{c2.pid}/ns/net /run/netns/c2")
""",
        ),
        wrong=(
            Wrong(
                "a new file in the place of the old one",
                'nk.sh(f"sed -i s/0.2/0.4/ {c2.directory}/hosts")',
                _FOUND.text,
            ),
            Wrong(
                "the right line, behind the stale one",
                'nk.sh(f"echo 172.17.0.4 c1 >> {c2.directory}/hosts")',
                _FOUND.text,
            ),
            Wrong("a third one's address", _IN_PLACE.replace("0.4", "0.3"), _FOUND.text),
        ),
    ),
    Task(
        "08.2",
        "Open a door between two networks",
        "web, on the network shop, is to reach c1 on docker0, and nobody else there.",
        wants=(_ANSWERED, _APART, _APART_TOO),
        given=_GIVEN,
        solution=_rules(_WALL, _FILTER),
        others=(
            _rules(_WALL.replace("ACCEPT", "RETURN"), _FILTER.replace("DOCKER-USER", "FORWARD")),
            _rules(
                "-t raw -D PREROUTING -d 172.17.0.4/32 ! -i docker0 -j DROP", _FILTER.replace("DOCKER-USER", "DOCKER")
            ),
        ),
        wrong=(
            Wrong("too late: raw comes first", _rules(_FILTER), _ANSWERED.text),
            Wrong("through the first wall alone", _rules(_WALL), _ANSWERED.text),
            Wrong(
                "behind Docker's own drop",
                _rules(_WALL, _FILTER.replace("-I DOCKER-USER", "-A FORWARD")),
                _ANSWERED.text,
            ),
            Wrong(
                "a neighbour of c1 as well",
                _rules(*(rule.replace("172.17.0.4", "172.17.0.3") for rule in (_WALL, _FILTER)), _WALL, _FILTER),
                _APART_TOO.text,
            ),
            Wrong("the walls are gone", _rules("-t raw -F PREROUTING", "-F DOCKER"), _APART.text),
            Wrong(
                "the whole network",
                _rules(*(rule.replace(" -d 172.17.0.4", "") for rule in (_WALL, _FILTER))),
                _APART.text,
            ),
        ),
    ),
    Question(
        "08.3",
        "You edit c2's hosts file on the host, once with `sed -i` and once with `echo … >>`. Which one reaches c2?",
        {
            "a": Option("both", "sed -i writes a new file and gives it the old one's name; c2 still has the old one."),
            "b": Option("sed -i", "It makes a new file of that name. A bind mount shows a file, not a name."),
            "c": Option(
                "echo … >>",
                "It writes into the file that is there, and that very file is what c2 sees as /etc/hosts.",
                right=True,
            ),
        },
    ),
    Question(
        "08.4",
        'docker.run("c3", links=["c1:database"]) gives the link an alias. Which names does the line in c3 hold?',
        {
            "a": Option("database", "The alias comes first, and the names that c1 has anyway stay."),
            "b": Option("c1", "It is there as well, behind what you asked for."),
            "c": Option(
                "database, c1's id and c1",
                "The alias, the name that c1 has for itself, and the one that Docker has for it.",
                right=True,
            ),
        },
    ),
    Prediction("08.5", "How many packets will ask for the name c1?", Number(), _questions),
    Prediction("08.6", "c2 calls c1. Who answers?", Choice(_CALLED), _answers),
    Prediction("08.7", "Which address does the first container of machine2 get?", Address(), _first_of_the_second),
    Prediction("08.8", "web was started before db. Does it find db?", Choice(("yes", "no")), _finds),
    Prediction("08.9", "Which address is web told now?", Address(), _told),
    Prediction("08.10", "What is web told about c1, which is on docker0?", Choice(_SAID), _about_a_stranger),
)
