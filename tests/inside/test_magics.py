"""%%changes: any cell runs as always, and what it changed is shown after it."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import netkit as nk
from netkit.magics.cell import beginning
from netkit.magics.changes import NAME, read

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]


class Cells:
    """Runs cells as a notebook does."""

    def __init__(self) -> None:
        self.shell = InteractiveShell.instance()
        self.shell.run_line_magic("colors", "nocolor")
        self.shell.extension_manager.load_extension("netkit")
        self.shell.user_ns["nk"] = nk

    def run(self, text: str) -> tuple[str, list[str], Any]:
        """What a cell prints and how it ends, the lines of its changes, and its result."""
        with capture_output() as captured:
            result = self.shell.run_cell(text)
        shown = [output.data["text/plain"] for output in captured.outputs if "text/html" in output.data]
        assert len(shown) <= 1
        return captured.stdout + captured.stderr, "".join(shown).splitlines(), result


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    yield Cells()
    InteractiveShell.clear_instance()


NS1 = ["ns1:", "  + namespace ns1"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ('nk.Namespace.get("', ["host", "ns1"]),
        ("x = nk.Namespace.get('n", ["ns1"]),
        ('docker.exec("', ["web"]),
        ('docker.exec("w', ["web"]),
        ('nk.why("', ["host", "ns1", "web"]),
    ],
)
def test_names_that_are_there_are_completed(cells: Cells, typed: str, offered: list[str]) -> None:
    nk.Namespace("ns1")
    nk.Docker().run("web")
    found = completed(cells, typed)
    assert set(offered) <= found
    assert found <= {*offered, *(place for place in found if place.startswith("["))}


def test_elsewhere_nothing_is_completed_by_names(cells: Cells) -> None:
    assert "host" not in completed(cells, 'open("')


def completed(cells: Cells, typed: str) -> set[str]:
    """What IPython offers behind what was typed."""
    with provisionalcompleter():
        return {completion.text for completion in cells.shell.Completer.completions(typed, len(typed))}


@pytest.mark.parametrize("call", [nk.Docker, nk.Docker.run, nk.veth, nk.why, nk.Namespace.ping])
def test_help_shows_a_signature_without_quotes_and_on_one_line(call: Any) -> None:
    shown = str(inspect.signature(call))
    assert "'" not in re.sub(r"= '[^']*'", "", shown)
    assert "\n" not in shown


def test_a_cell_runs_as_always_and_its_changes_follow(cells: Cells) -> None:
    printed, lines, result = cells.run("%%changes\nprint('made')\nspace = nk.Namespace('ns1')\nspace.name")
    assert lines == NS1
    assert result.result == "ns1"
    assert result.success
    assert printed.startswith("made")
    assert cells.shell.user_ns["space"].name == "ns1"


@pytest.mark.parametrize(
    "body",
    ["!ip netns add ns1", "%%bash\nip netns add ns1\n", "%%bash\n\nip netns add ns1", "nk.sh('ip netns add ns1')"],
)
def test_any_kind_of_cell(cells: Cells, body: str) -> None:
    assert cells.run(f"%%changes\n{body}")[1] == NS1


def test_a_cell_that_waits(cells: Cells) -> None:
    _, lines, result = cells.run("%%changes\nimport asyncio\nawait asyncio.sleep(0)\n!ip netns add ns1\n7")
    assert (lines, result.result) == (NS1, 7)


def test_a_ticket_is_no_change_of_the_learners(cells: Cells, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    _, lines, result = cells.run(
        "%%changes\nticket = nk.fault('03', seed=10)\nnk.host.sysctl('net.ipv4.ip_forward', 1)"
    )
    assert result.success
    assert lines == ["host:", "  ~ sysctl net.ipv4.ip_forward: 0 → 1"]
    printed, _, result = cells.run("ticket.solution()\nnk.fault('03', seed=10, level=3)\n%changes 1")
    assert "set aside" in str(result.error_in_exec)
    assert "ip netns" not in printed
    cells.run("nk.reset()")
    nk.host.sysctl("net.ipv4.ip_forward", 0)


def test_nothing_changed(cells: Cells) -> None:
    assert cells.run("%%changes\n1 + 1")[1] == ["nothing changed"]
    assert cells.run("%%changes\n")[1] == ["nothing changed"]


def test_an_error_is_told_as_always_and_then_what_had_changed(cells: Cells) -> None:
    printed, lines, result = cells.run("%%changes\n!ip netns add ns1\n1 / 0")
    assert lines == NS1
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert printed.count("ZeroDivisionError: division by zero") == 1
    assert cells.run("%%changes\nraise KeyboardInterrupt")[1] == ["nothing changed"]
    assert cells.run("%%changes\nif")[1] == [], "what does not compile does not run"


def test_one_cell_does_not_watch_the_next(cells: Cells) -> None:
    cells.run("%%changes\n1")
    assert cells.run("!ip netns add ns1")[1] == []
    assert cells.run("%%changes\n1")[1] == ["nothing changed"]


def test_a_cell_within_the_cell_belongs_to_it(cells: Cells) -> None:
    text = "%%changes\nget_ipython().run_cell('1')\n!ip netns add ns1"
    assert cells.run(text)[1] == NS1


def test_only_what_was_asked_for(cells: Cells) -> None:
    made = "nk.veth('veth1', 'eth1', peer_namespace=nk.Namespace('ns1'))"
    assert cells.run(f"%%changes --only links --in host\n{made}")[1] == [
        "host:",
        "  + link veth1 (veth, peer eth1 in ns1), down",
    ]
    printed, lines, _ = cells.run("%%changes --in=ns2\n1")
    assert lines == ["nothing changed"]
    assert "There was no namespace 'ns2', neither before nor after." in printed


def test_counters(cells: Cells) -> None:
    cells.run("!iptables -A OUTPUT -o lo -j ACCEPT")
    assert cells.run("%%changes --counters --only rules\n!ping -qc3 127.0.0.1")[1] == [
        "host:",
        "  ~ rule iptables -A OUTPUT -o lo -j ACCEPT: counted 6 packets more",
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("%%changes --all", "'--all' is no option; it is %%changes [--only links,rules] [--in host,ns1] [--counters]"),
        ("%%changes --only rule", "--only 'rule' is no kind of change; there are: namespaces, links,"),
    ],
)
def test_wrong_options_are_refused_before_anything_runs(cells: Cells, line: str, sentence: str) -> None:
    printed, lines, result = cells.run(f"{line}\n!ip netns add ns1")
    assert sentence in printed
    assert (lines, result.success) == ([], False)
    assert "ns1" not in nk.snapshot().namespaces


def test_one_line(cells: Cells) -> None:
    _, lines, result = cells.run("%changes nk.Namespace('ns1').name")
    assert (lines, result.result) == (NS1, "ns1")
    _, lines, result = cells.run("%changes --only links !ip -n ns1 link set lo up")
    assert lines == ["ns1:", "  ~ link lo: down → up"]
    cells.run("bridge = %changes nk.Bridge('br0')")
    assert cells.shell.user_ns["bridge"].name == "br0"
    assert cells.run("%changes x = 3")[1] == ["nothing changed"]
    assert cells.shell.user_ns["x"] == 3
    assert "%changes is followed by nothing" in cells.run("%changes")[0]
    printed, lines, _ = cells.run("%changes 1 / 0")
    assert "ZeroDivisionError" in printed
    assert lines == ["nothing changed"]


def test_what_ends_later_is_waited_for(cells: Cells) -> None:
    """`ip netns del` returns before the other ends of the namespace's cables are gone."""
    cells.run("!ip netns add ns1; ip link add veth1 type veth peer name eth1 netns ns1")
    for _ in range(3):
        assert cells.run("%%changes --only links --in host\n!ip netns del ns1")[1] == [
            "host:",
            "  - link veth1 (veth, peer eth1 in ns1), down",
        ]
        cells.run("!ip netns add ns1; ip link add veth1 type veth peer name eth1 netns ns1")


def test_help(cells: Cells) -> None:
    assert beginning(NAME)(["%%changes?\n"]) == ["%%changes?\n"]
    assert beginning(NAME)(["%%changesx\n"]) == ["%%changesx\n"]
    assert beginning(NAME)([]) == []
    assert "changes" in cells.shell.magics_manager.magics["cell"]
    assert "--only" in (cells.shell.object_inspect("%%changes")["docstring"] or "")


def test_options_are_read_from_the_front() -> None:
    options, code = read("--only links,rules --in host --counters f('--only', 3)")
    assert options == (("links", "rules"), ("host",), True)
    assert code == "f('--only', 3)"


def test_a_published_port(cells: Cells) -> None:
    cells.run('docker = nk.Docker(like="20.10")')
    try:
        assert cells.run("%%changes\nweb = docker.run('web', 'sleep 600', ports={8080: 80})")[1] == PUBLISHED
        assert cells.run("%%changes\ndocker.remove(web, force=True)")[1] == STOPPED
    finally:
        cells.run("docker.close()")


def test_a_port_that_the_engine_publishes(cells: Cells) -> None:
    """It changes what the docker of its generation changes."""
    if why_not := nk.engine.available():
        pytest.skip(why_not)
    cells.run("docker = nk.Docker()")
    ours = changed(cells, "web = docker.run('web', 'sleep 600', ports={8080: 80})")
    gone = changed(cells, "docker.remove(web, force=True)")
    cells.run("docker.close()\nengine = nk.engine()")
    try:
        run = "!docker run -d --rm --name web -p 8080:80 busybox sleep 600"
        assert changed(cells, run) == ours
        assert changed(cells, "!docker stop -t 0 web") == gone
    finally:
        cells.run("engine.stop()")


def changed(cells: Cells, code: str) -> list[str]:
    """What a cell changed, but for what bridges learn from what the container says when IPv6 comes up, or not yet."""
    return [line for line in cells.run(f"%%changes\n{code}")[1] if not line.endswith(", learned")]


PUBLISHED = """\
host:
  ~ link docker0: up without a carrier → up
  + link veth* (veth, peer eth0 in [web]), up, port of docker0, hairpin on
  + rule iptables -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
  + rule iptables -t nat -A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
  + rule iptables -t nat -A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
[web]:
  + namespace [web], nameless
  + link eth0 (veth, peer veth* in host), up, MAC 02:42:ac:11:00:02
  + link lo (loopback), up
  + address 172.17.0.2/16 on eth0
  + route default via 172.17.0.1 dev eth0
  + route 172.17.0.0/16 dev eth0 src 172.17.0.2 (kernel)
  + hosts 172.17.0.2 *
  + process sleep
* stands for what is drawn at random.""".splitlines()
STOPPED = [line.replace("  + ", "  - ").replace("carrier → up", "carrier") for line in PUBLISHED]
STOPPED[1] = "  ~ link docker0: up → up without a carrier"
