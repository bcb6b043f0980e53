"""Wrong calls of nk.Docker are refused in clear words, and nothing is half made."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.errors import (
    AlreadyExists,
    CommandFailed,
    Conflict,
    InvalidAddress,
    InvalidName,
    InvalidValue,
    NotFound,
    ProgramMissing,
)
from netkit.linux.acts import containers as starters
from tests.inside.containers import get, server, traces, typed, wait_for_the_end
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.once

CASES: dict[str, tuple[type[nk.NetkitError], str]] = {
    "docker.run('web')": (AlreadyExists, "'web' is in use"),
    "docker.run('ended')": (AlreadyExists, "'ended' is in use"),
    "docker.run('')": (InvalidName, "''"),
    "docker.run('a')": (InvalidName, "'a'"),
    "docker.run('a b')": (InvalidName, "'ab'"),
    "docker.run('/new')": (InvalidName, "'/new'"),
    "docker.run('-new')": (InvalidName, "'-new'"),
    "docker.run('née')": (InvalidName, "'née'"),
    "docker.run('../new')": (InvalidName, "'../new'"),
    "docker.run('n' * 65)": (InvalidName, "2 to 64"),
    "docker.run(None)": (InvalidName, "None"),
    "docker.run(7)": (InvalidName, "7"),
    "docker.run('new', '')": (InvalidValue, "''"),
    "docker.run('new', 5)": (InvalidValue, "5"),
    "docker.run('new', [])": (InvalidValue, "[]"),
    "docker.run('new', [''])": (InvalidValue, "['']"),
    "docker.run('new', ['sleep', 5])": (InvalidValue, "5"),
    "docker.run('new', 'no-such-program -x')": (ProgramMissing, "'no-such-program'"),
    "docker.run('new', '\"open')": (InvalidValue, "Close the quote"),
    "docker.run('new', image='Nginx')": (InvalidName, "'Nginx'"),
    "docker.run('new', image='nginx:')": (InvalidName, "'nginx:'"),
    "docker.run('new', image=3)": (InvalidName, "3"),
    "docker.run('new', privileged='yes')": (InvalidValue, "'yes'"),
    "docker.run('new', network='nope')": (NotFound, "'nope'"),
    "docker.run('new', network='a b')": (InvalidName, "'a b'"),
    "docker.run('new', network=None)": (InvalidValue, "None"),
    "docker.run('new', network='container:nope')": (NotFound, "'nope'"),
    "docker.run('new', network='container:ended')": (Conflict, "'ended' is not running"),
    "docker.run('new', network='container:')": (InvalidName, "''"),
    "docker.run('new', network='small')": (Conflict, "no address left"),
    "docker.run('new', ports=[8080])": (InvalidValue, "[8080]"),
    "docker.run('new', ports={0: 80})": (InvalidValue, "0 is not a port"),
    "docker.run('new', ports={99999: 80})": (InvalidValue, "99999"),
    "docker.run('new', ports={'8081': 80})": (InvalidValue, "'8081'"),
    "docker.run('new', ports={8081: 0})": (InvalidValue, "0 is not a port"),
    "docker.run('new', ports={8081: '80/sctp'})": (InvalidValue, "'80/sctp'"),
    "docker.run('new', ports={8081: True})": (InvalidValue, "True"),
    "docker.run('new', ports={8080: 80})": (AlreadyExists, "8080/tcp"),
    "docker.run('new', ports={8081: 80, 8080: 81})": (AlreadyExists, "8080/tcp"),
    "docker.run('new', ports={9090: 80})": (AlreadyExists, "9090/tcp"),
    "docker.run('new', ports=['127.0.0.1:8080:80'])": (AlreadyExists, "8080/tcp"),
    "docker.run('new', ports=['10.99.0.1:8081:80'])": (NotFound, "host has no address 10.99.0.1"),
    "docker.run('new', ports=['80'])": (InvalidValue, "PORT:PORT"),
    "docker.run('new', ports=['1.2.3.4:80'])": (InvalidValue, "'1.2.3.4:80' is no port"),
    "docker.run('new', ports=['::1:8081:80'])": (InvalidValue, "'::1:8081:80'"),
    "docker.run('new', ports=['10.0.0.300:8081:80'])": (InvalidAddress, "'10.0.0.300'"),
    "docker.run('new', ports=['8081-8083:80-81'])": (InvalidValue, "3 ports, 80-81 are 2"),
    "docker.run('new', ports=['8083-8081:80'])": (InvalidValue, "0 ports"),
    "docker.run('new', ports=['8081:80/sctp'])": (InvalidValue, "'8081:80/sctp'"),
    "docker.run('new', ports=['70000:80'])": (InvalidValue, "70000 is not a port"),
    "docker.run('new', network='host', ports={8081: 80})": (Conflict, "'host'"),
    "docker.run('new', network='none', ports={8081: 80})": (Conflict, "'none'"),
    "docker.run('new', network='container:web', ports={8081: 80})": (Conflict, "'container:web'"),
    "docker.run('new', network='host', links=['web'])": (Conflict, "'host'"),
    "docker.run('new', network='container:web', links=['web'])": (Conflict, "'container:web'"),
    "docker.run('new', links=['nope'])": (NotFound, "'nope'"),
    "docker.run('new', links=['ended'])": (Conflict, "'ended' is not running"),
    "docker.run('new', links=['full'])": (Conflict, "'full' is on network 'small'"),
    "docker.run('new', links='web')": (InvalidValue, "'web'"),
    "docker.run('new', links=[5])": (InvalidName, "5"),
    "docker.run('new', dns='10.0.0.53')": (InvalidValue, "'10.0.0.53'"),
    "docker.run('new', dns=['ten'])": (InvalidAddress, "'ten'"),
    "docker.run('new', dns=['fd00::53'])": (InvalidValue, "IPv4"),
    "docker.exec('nope', 'true')": (NotFound, "'nope'"),
    "docker.exec('ended', 'true')": (Conflict, "'ended' is not running"),
    "docker.exec(None, 'true')": (InvalidName, "None"),
    "docker.exec('web', '')": (InvalidValue, "''"),
    "docker.exec('web', 'sleep 9', timeout=0.05)": (CommandFailed, "sleep 9"),
    "docker.exec('web', 'true', timeout=-1)": (InvalidValue, "-1"),
    "docker.inspect('nope')": (NotFound, "web, ended, full, hosted, lonely"),
    "docker.logs('nope')": (NotFound, "'nope'"),
    "docker.port('nope')": (NotFound, "'nope'"),
    "docker.stop('nope')": (NotFound, "'nope'"),
    "docker.stop('web', grace=-1)": (InvalidValue, "-1"),
    "docker.remove('nope')": (NotFound, "'nope'"),
    "docker.remove('web')": (Conflict, "force=True"),
    "docker.network_create('small', '10.7.0.0/24')": (AlreadyExists, "'small'"),
    "docker.network_create('bridge')": (AlreadyExists, "'bridge'"),
    "docker.network_create('host')": (InvalidName, "'host'"),
    "docker.network_create('a b')": (InvalidName, "'a b'"),
    "docker.network_create('new', '172.17.5.0/24')": (Conflict, "overlaps with 172.17.0.0/16"),
    "docker.network_create('new', '10.0.0.0/8')": (Conflict, "overlaps with 10.9.0.0/30"),
    "docker.network_create('new', '10.1.0.1/16')": (InvalidAddress, "10.1.0.0/16"),
    "docker.network_create('new', '10.1.0.0/31')": (InvalidAddress, "10.1.0.0/31"),
    "docker.network_create('new', '224.0.0.0/8')": (InvalidAddress, "224.0.0.0/8"),
    "docker.network_create('new', 'fd00::/64')": (InvalidAddress, "fd00::/64"),
    "docker.network_create('new', 'default')": (InvalidAddress, "'default'"),
    "docker.network_create('new', 'ten')": (InvalidAddress, "'ten'"),
    "docker.network_create('new', internal=1)": (InvalidValue, "internal=1"),
    "docker.network_inspect('nope')": (NotFound, "bridge, small"),
    "docker.network_remove('nope')": (NotFound, "'nope'"),
    "docker.connect('nope', 'web')": (NotFound, "'nope'"),
    "docker.connect('bridge', 'nope')": (NotFound, "'nope'"),
    "docker.connect('bridge', 'web')": (AlreadyExists, "on network 'bridge'"),
    "docker.connect('small', 'web')": (Conflict, "no address left"),
    "docker.connect('small', 'ended')": (Conflict, "'ended' is not running"),
    "docker.connect('small', 'hosted')": (Conflict, "'hosted' has --network host"),
    "docker.connect('small', 'lonely')": (Conflict, "'lonely' has --network none"),
    "docker.connect(None, 'web')": (InvalidName, "None"),
    "docker.disconnect('small', 'web')": (NotFound, "'web' is not on network 'small'"),
    "docker.disconnect('bridge', 'hosted')": (Conflict, "'hosted' has --network host"),
    "docker.disconnect('nope', 'web')": (NotFound, "'nope'"),
    "docker.network_remove('bridge')": (Conflict, "'bridge'"),
    "docker.network_remove('small')": (Conflict, "in use by full"),
    "nk.Docker(host='web')": (InvalidValue, "'web'"),
    "nk.Docker(host=foreign)": (AlreadyExists, "docker0"),
    "nk.Docker(like='19.03')": (InvalidValue, "19.03"),
    "nk.Docker(like='28')": (Conflict, "20.10"),
    "docker.start('web')": (nk.NetkitError, "'start'"),
}


CREATED = {
    "docker.run('new', 'no-such-program -x')",
    "docker.run('new', network='nope')",
    "docker.run('new', network='container:nope')",
    "docker.run('new', network='container:ended')",
    "docker.run('new', network='small')",
    "docker.run('new', ports={8080: 80})",
    "docker.run('new', ports={8081: 80, 8080: 81})",
    "docker.run('new', ports={9090: 80})",
    "docker.run('new', ports=['127.0.0.1:8080:80'])",
    "docker.run('new', ports=['10.99.0.1:8081:80'])",
    "docker.run('new', links=['ended'])",
    "docker.run('new', links=['full'])",
}
"""Whose container was there before its start was refused: `docker ps -a` of the Engine lists it as Created."""


@pytest.fixture(scope="module")
def stage() -> Iterator[dict[str, Any]]:
    """One docker with a container that runs, one that ended, a network without a free address, a port that is taken."""
    nk.echo(on=False)
    sweep()
    docker = nk.Docker(like="20.10")
    foreign = nk.Namespace("foreign")
    nk.Bridge("docker0", namespace=foreign)
    cable, _ = nk.veth("cable", "eth0", peer_namespace=foreign)
    cable.add_address("192.168.7.1/24")
    cable.up()
    docker.network_create("small", "10.9.0.0/30")
    docker.run("web", ports={8080: 80})
    wait_for_the_end(docker.run("ended", "true"))
    docker.run("full", network="small")
    docker.run("hosted", network="host")
    docker.run("lonely", network="none")
    docker.ps()
    program = nk.host.start(typed(server("program", 9090)))
    assert get(nk.host, "127.0.0.1", 9090)
    yield {"nk": nk, "docker": docker, "foreign": foreign, "before": state(docker)}
    program.stop()
    docker.close()
    sweep()
    nk.echo()


def state(docker: nk.Docker) -> tuple[object, ...]:
    """All that a wrong call might change."""
    return traces(), nk.snapshot(), repr(docker.ps(all=True)), repr(docker.network_ls())


@pytest.mark.parametrize("call", CASES, ids=ascii)
def test_a_wrong_call_is_refused(stage: dict[str, Any], call: str) -> None:
    kind, words = CASES[call]
    with pytest.raises(kind) as caught:
        eval(call, dict(stage))  # noqa: S307  (the table's own lines)
    assert words in str(caught.value), f"{caught.value} does not name {words}"
    assert caught.value.remedy
    left = stage["docker"].find("new")
    assert (left is not None) == (call in CREATED)
    if left is not None:
        assert left.state == "created", "as Docker's, it was created, and its start was refused"
        stage["docker"].remove(left)
    assert state(stage["docker"]) == stage["before"]


class _Broken(Exception):
    """What a test makes an act fail by."""


def _failing_at(number: int) -> Callable[[str], None]:
    """What takes the place of showing a command: the act of that number fails."""
    count = iter(range(1, 1000))

    def show(_: str) -> None:
        if next(count) == number:
            raise _Broken

    return show


def test_what_fails_on_the_way_is_undone(stage: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever act fails, those before it are taken back."""
    docker, failed = stage["docker"], 0
    while failed < 100:
        monkeypatch.setattr("netkit.lab.journal.show", _failing_at(failed + 1))
        try:
            docker.run("new", ports={8081: 80, 5353: "53/udp"}, links=["web"])
        except _Broken:
            failed += 1
            assert state(docker) == stage["before"], f"act {failed}"
        else:
            break
    monkeypatch.undo()
    docker.remove("new", force=True)
    assert failed == 17, "each act of a container with two ports"
    assert state(docker) == stage["before"]


def test_a_process_that_does_not_start_is_told_in_its_own_words(
    stage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starters, "_PREPARE", "echo no way >&2; exit 1")
    with pytest.raises(CommandFailed, match="no way"):
        stage["docker"].run("new")
    assert repr(stage["docker"].find("new")).startswith("new: created")
    stage["docker"].remove("new")
    assert state(stage["docker"]) == stage["before"]


def test_where_its_files_cannot_be_put_in_their_places_nothing_is_left(
    stage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_directory: str, _hostname: str) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(starters, "_furnish", refuse)
    with pytest.raises(CommandFailed, match="the kernel says: Operation not permitted"):
        stage["docker"].run("new")
    stage["docker"].remove("new")
    assert state(stage["docker"]) == stage["before"]


def test_the_table_is_long() -> None:
    assert len(CASES) >= 70
