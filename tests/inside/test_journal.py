"""What an act shows and writes down."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from IPython.core.interactiveshell import InteractiveShell

import netkit as nk
from tests.inside import worlds
from tests.inside.performing import replay

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("fresh")


def written_since(journal: str) -> list[str]:
    return nk.commands().removeprefix(journal).splitlines()


def test_each_act_shows_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    nk.echo()
    ns1 = nk.Namespace("ns1")
    veth1, eth1 = nk.veth("veth1", "eth1", peer_namespace=ns1)
    eth1.add_address("10.0.0.1/24")
    veth1.up()
    assert capsys.readouterr().out.splitlines() == [
        "$ ip netns add ns1",
        "$ ip link add veth1 type veth peer name eth1 netns ns1",
        "$ ip netns exec ns1 ip addr add 10.0.0.1/24 dev eth1",
        "$ ip link set dev veth1 up",
    ]


def test_echo_off_is_silent_and_the_journal_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    journal = nk.commands()
    nk.echo(on=False)
    nk.Bridge("brtest").up()
    assert capsys.readouterr().out == ""
    assert written_since(journal) == ["ip link add brtest type bridge", "ip link set dev brtest up"]


def test_what_was_refused_is_not_written_down() -> None:
    journal = nk.commands()
    with pytest.raises(nk.NetkitError):
        nk.host.iptables("-A FORWARD -j NOSUCH")
    with pytest.raises(nk.NetkitError):
        nk.host.add_route("default", via="192.168.9.9")
    assert written_since(journal) == []


def test_the_journal_is_a_script_that_leads_to_the_same_network() -> None:
    program = nk.commands().splitlines()[:2]
    journal = nk.commands()
    ns1, ns2 = nk.Namespace("ns1"), nk.Namespace("ns2")
    veth1, eth1 = nk.veth("veth1", "eth1", peer_namespace=ns1)
    type_, a = nk.veth("type", "a", namespace=ns1, peer_namespace=ns2)
    br = nk.Bridge("br")
    br.attach(veth1)
    for link in (veth1, eth1, br, type_, a, nk.host["lo"]):
        link.up()
    eth1.add_address("10.0.0.1/24")
    eth1.set_mac("02:42:0a:00:00:01")
    ns1.add_route("default", via="10.0.0.254")
    ns1.masquerade("10.0.0.0/24", unless_out=eth1)
    nk.host.publish(8080, "10.0.0.1:80", unless_in="br")
    nk.host.set_policy("FORWARD", "DROP")
    ns1.sysctl("net.ipv4.ip_forward", 1)
    ns1.sysctl("net.ipv4.ip_local_port_range", "40000 50000")
    ns1.run("ip neigh add 10.0.0.7 lladdr 02:42:0a:00:00:07 dev eth1 && echo 'two  words'")
    a.move(nk.host)
    a.rename("b")
    ns2.delete()
    script = "\n".join([*program, *written_since(journal)]) + "\n"
    checked = subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    again = worlds.call(replay, script, nk.snapshot().to_json())
    assert again.startswith("{"), again
    for space in nk.snapshot().configuration():
        assert vars(nk.Snapshot.from_json(again).configuration()[space.name]) == vars(space)
    assert nk.Snapshot.from_json(again) == nk.snapshot()


def test_a_notebook_shows_the_sentence_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell()
    shell.run_cell("import netkit as nk\nnk.Bridge('abcdefghijklmnop')")
    shown = capsys.readouterr().out
    assert "InvalidName: 'abcdefghijklmnop' has 16 characters; interface names have at most 15" in shown
    assert "Traceback" not in shown
    assert "bridges.py" not in shown


def test_what_other_lines_made_is_named_and_the_script_has_it(tmp_path: Path) -> None:
    near = nk.Namespace("near")
    subprocess.run(["ip", "netns", "add", "far-one"], check=True)
    one, _ = nk.veth("e0", "e1", namespace=near, peer_namespace=nk.Namespace.get("far-one"))
    one.add_address("10.1.0.1/24")
    for line in (
        "ip -n far-one addr add 10.1.0.2/24 dev e1",
        "ip -n far-one link set e1 name up7",
        "ip -n far-one link set up7 up",
        "ip netns exec far-one iptables -A INPUT -p tcp --dport 99 -j DROP",
    ):
        subprocess.run(line.split(), check=True)
    one.up()
    before, script = nk.snapshot(), nk.commands()
    assert "# No act of netkit made the namespace far-one." in script
    script.save(tmp_path / "mine.sh")
    nk.reset()
    assert nk.sh(f"sh {tmp_path / 'mine.sh'}").returncode == 0
    assert nk.snapshot() == before


def test_a_program_that_no_snapshot_shows_keeps_the_journal() -> None:
    near = nk.Namespace("near")
    program = near.start("sleep 1000")
    subprocess.run(["ip", "-n", "near", "link", "add", "br7", "type", "bridge"], check=True)
    *_, lacks, last = nk.commands().splitlines()
    program.stop()
    assert "br7" in lacks
    assert last.startswith("# nk.save(")


def test_where_all_was_made_by_acts_nothing_is_lacking() -> None:
    near = nk.Namespace("lonely")
    near.run("ip link add br7 type bridge")
    near.run("ip addr add 10.8.0.1/24 dev br7")
    near.iptables("-A INPUT -j ACCEPT")
    assert "# nk.save(" not in nk.commands()
