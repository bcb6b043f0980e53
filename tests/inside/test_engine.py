"""The real Docker Engine in the sandbox: it serves, it is asked, and nothing of it stays."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

import netkit as nk
from netkit import dockerd
from netkit.dockerd import images
from netkit.errors import Conflict, EngineUnavailable, InvalidValue, NetkitError, NotFound
from netkit.linux.entering import HOST_PATH
from netkit.linux.run import checked
from netkit.sandbox.doctor.engines import chosen
from tests.inside.empty import descriptors, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.dockerd.handle import Engine

REASON = dockerd.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")
PAGE = "It works: busybox httpd\n"
SERVE = "busybox httpd -f -p 80 -h /www"
SECONDS = 10.0


def state() -> dict[str, Any]:
    """What an Engine could leave behind."""
    return {
        "links": [link.name for link in nk.host],
        "rules": [str(rule) for rule in nk.snapshot()["host"].rules],
        "forwarding": nk.host.sysctl("net.ipv4.ip_forward"),
        "mounts": Path("/proc/self/mountinfo").read_text(),
        "files": sorted(os.listdir("/run")),
        "processes": sorted(Path(f"/proc/{pid}/comm").read_text() for pid in os.listdir("/proc") if pid.isdigit()),
        "descriptors": descriptors(),
    }


@pytest.fixture(scope="module", autouse=True)
def before() -> Iterator[dict[str, Any]]:
    """The host as it was before the first Engine."""
    nk.echo(on=False)
    sweep()
    nk.sh("iptables -t nat -S; iptables -S")  # the kernel keeps a table once it was looked at
    yield state()
    for engine in dockerd._engines:
        engine.stop()
    nk.echo()


@pytest.fixture
def engine(before: dict[str, Any]) -> Iterator[Engine]:
    """The Engine, without containers before and after."""
    assert before
    engine = nk.engine()
    yield engine
    if engine.running:
        engine.docker("ps -aq | xargs -r docker rm -f")


def fetch(url: str) -> str:
    """What a server answers, as soon as it listens."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urlopen(url, timeout=SECONDS) as answer:  # noqa: S310  (a server of the test's own)
                return answer.read().decode()
        except OSError:
            if time.monotonic() > deadline:
                raise


@needs_engine
def test_one_engine_with_images_and_docker0(engine: Engine) -> None:
    assert nk.engine() is engine
    assert repr(engine) == f"<Docker Engine {engine.version}: running, images {', '.join(engine.images)}>"
    assert engine.image == "busybox:latest"
    listed = engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
    assert sorted(listed) == sorted(engine.images)
    assert [str(address) for address in nk.host["docker0"].addresses] == ["172.17.0.1/16"]


@needs_engine
def test_a_published_port_answers_the_host_and_its_neighbours(engine: Engine) -> None:
    assert engine.docker(f"run -d --name web -p 8080:80 {SERVE}").returncode == 0
    assert fetch("http://127.0.0.1:8080/") == PAGE
    with nk.Namespace("machine") as machine, nk.Namespace("beside") as beside:
        for space in (machine, beside):
            outer, eth0 = nk.veth(f"to-{space.name}", "eth0", peer_namespace=space)
            eth0.add_address({machine: "10.0.0.2/24", beside: "172.17.0.100/16"}[space])
            outer.up()
            eth0.up()
        nk.host["to-machine"].add_address("10.0.0.1/24")
        nk.host["docker0"].attach(nk.host["to-beside"])
        assert machine.run("busybox wget -qO- http://10.0.0.1:8080/").stdout == PAGE
        assert beside.run("busybox wget -qO- http://172.17.0.2/").stdout == PAGE
    assert "--dport 8080 -j DNAT --to-destination 172.17.0.2:80" in nk.sh("iptables -t nat -S DOCKER").stdout


@needs_engine
@pytest.mark.skipif(not images.NGINX.possible, reason="nginx is not installed")
def test_the_article_s_nginx(engine: Engine) -> None:
    engine.docker("run -d --name web -p 8081:80 nginx")
    assert "Welcome to nginx!" in fetch("http://127.0.0.1:8081/")
    assert "GET / HTTP/1.1" in engine.docker("logs web").stdout


@needs_engine
def test_a_snapshot_knows_its_containers_by_name(engine: Engine) -> None:
    engine.docker(f"run -d --name first {SERVE}")
    engine.docker("run -d --name side --network container:first busybox sleep 60")
    engine.docker("run -d --name here --network host busybox sleep 60")
    engine.docker("rename first web")
    engine.docker("exec -d web sleep 60")
    found = {space.name: set(space.containers) for space in nk.snapshot() if space.containers}
    assert found == {"host": {"here"}, engine.namespace("web").name: {"web", "side"}}


@needs_engine
def test_a_command_in_a_container_finds_its_files_and_whom_it_is_linked_to(engine: Engine) -> None:
    engine.docker("run -d --name c1 busybox sleep 60")
    own = engine.docker("run -d --name c2 --link c1 busybox sleep 60").stdout[:12]
    assert engine.docker("exec c2 cat /etc/hostname").stdout.strip() == own
    hosts = engine.docker("exec c2 cat /etc/hosts").stdout
    assert "172.17.0.2\tc1 " in hosts
    assert f"172.17.0.3\t{own}\n" in hosts
    assert engine.docker("exec c2 ping -c 1 c1").returncode == 0


@needs_engine
def test_the_network_of_a_container_by_its_process(engine: Engine) -> None:
    engine.docker(f"run -d --name web {SERVE}")
    space = engine.namespace("web")
    process = engine.docker("inspect", "-f", "{{.State.Pid}}", "web").stdout.strip()
    assert os.stat(space.path).st_ino == os.stat(f"/proc/{process}/ns/net").st_ino
    mac = engine.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}}", "web").stdout
    assert mac.strip() in space.run("ip link show eth0").stdout
    assert space.ping("172.17.0.1").ok
    engine.docker("run -d --name shared --network host busybox sleep 60")
    assert engine.namespace("shared") == nk.host
    engine.docker("stop -t 0 web")
    with pytest.raises(NotFound, match=r"'web' does not run.*docker\('start web'\)"):
        engine.namespace("web")
    with pytest.raises(NotFound, match="there are: shared, web"):
        engine.namespace("nobody")


@needs_engine
@pytest.mark.parametrize(
    "words", [(), ("",), (" ",), (None,), (True,), (1.5,), ("ps", None), (["ps"],), ("ps", "\0"), ("ps 'a",)]
)
def test_what_is_no_command_is_refused(engine: Engine, words: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidValue):
        engine.docker(*words)


@needs_engine
@pytest.mark.parametrize("name", [None, "", " ", "-f", 5, "a\0b"])
def test_what_is_no_container_s_name_is_refused(engine: Engine, name: Any) -> None:
    with pytest.raises(InvalidValue):
        engine.namespace(name)


@needs_engine
def test_what_docker_refuses_is_told_in_its_words(engine: Engine) -> None:
    outcome = engine.docker("run", "--name", "b", "busybox")
    assert outcome.returncode == 125
    assert "Invalid container name" in outcome.stderr
    with pytest.raises(NetkitError, match="a timeout"):
        engine.docker("ps", timeout=-1)


@needs_engine
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_nothing_stays(engine: Engine, before: dict[str, Any], how: str) -> None:
    engine.docker("network create net1")
    engine.docker(f"run -d -p 8080:80 --network net1 {SERVE}")
    engine.docker(f"run -d -p 8081:80 {SERVE}")
    if how == "killed":
        assert engine._started is not None
        os.kill(engine._started.dockerd.pid, signal.SIGKILL)
        engine._started.dockerd.wait()
        with pytest.raises(EngineUnavailable, match=r"ended by itself.*nk\.engine\(\)"):
            engine.docker("ps")
    engine.stop()
    assert state() == before
    assert repr(engine).startswith(f"<Docker Engine {engine.version}: stopped")
    with pytest.raises(EngineUnavailable, match="was stopped"):
        engine.namespace("web")
    engine.stop()


@needs_engine
def test_the_doctor_s_trial_says_the_version_and_leaves_nothing(engine: Engine, before: dict[str, Any]) -> None:
    engine.stop()
    said = checked(HOST_PATH, [sys.executable, "-P", "-m", "netkit.dockerd.trial"])
    told = json.loads(said)
    assert list(told) == ["version"]
    assert told["version"].startswith(".".join(map(str, chosen().version() or ())))
    left = state()
    assert {what for what in left if left[what] != before[what]} <= {"descriptors"}


@needs_engine
def test_the_running_engine_is_not_started_in_another_way(engine: Engine) -> None:
    assert nk.engine() is engine
    assert nk.engine(userland_proxy=False) is engine
    with pytest.raises(Conflict, match=r"runs already, with other settings.*engine\.stop\(\)"):
        nk.engine(userland_proxy=True)
    with pytest.raises(InvalidValue, match="one of iptables, nftables"):
        nk.engine(firewall_backend="ipfw")


@needs_engine
def test_docker_proxy_serves_a_published_port_if_wanted(engine: Engine) -> None:
    engine.stop()
    engine = nk.engine(userland_proxy=True)
    try:
        engine.docker(f"run -d -p 8080:80 {SERVE}")
        assert fetch("http://127.0.0.1:8080/") == PAGE
        names = [Path(f"/proc/{pid}/comm").read_text() for pid in os.listdir("/proc") if pid.isdigit()]
        assert "docker-proxy\n" in names
    finally:
        engine.stop()


def test_a_choice_that_leads_nowhere_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NETKIT_DOCKERD", str(tmp_path))
    with pytest.raises(EngineUnavailable, match=r"NETKIT_DOCKERD is '.*', and there is no dockerd"):
        nk.engine()


@pytest.mark.skipif(REASON is None, reason="the Engine works here")
def test_where_it_cannot_work_it_says_why(before: dict[str, Any]) -> None:
    assert REASON
    with pytest.raises(EngineUnavailable) as refusal:
        nk.engine()
    assert refusal.value.problem == REASON
    assert refusal.value.remedy
    assert state() == before


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("NETKIT_DOCKERD", raising=False)
    with pytest.raises(EngineUnavailable, match=r"no dockerd and no docker .*'make packages' installs docker\.io"):
        nk.engine()


@pytest.mark.parametrize("image", images.IMAGES.values(), ids=images.IMAGES)
def test_an_image_holds_its_program_and_belongs_to_root(image: images.Image) -> None:
    if not (image.possible and images.BUSYBOX.possible):
        pytest.skip(f"{image.program} is not installed")
    file = io.BytesIO()
    images.write(image, file)
    file.seek(0)
    with tarfile.open(fileobj=file) as archive:
        entries = {entry.name: entry for entry in archive}
    assert entries[image.place].size > 10_000
    assert entries["bin/sh"].linkname == "busybox"
    assert {(entry.uid, entry.gid) for entry in entries.values()} == {(0, 0)}
    missing = {str(folder) for name in entries for folder in Path(name).parents} - {".", *entries}
    assert not missing
