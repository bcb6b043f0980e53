"""The image in the shape of a Binder pod: the Dockerfile's steps on a Debian tree, containers by the real Engine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.first_picture import UNTIL_PICTURE
from tests.outside import dockerfile, engine
from tests.outside.dockerfile import Image, instructions
from tests.outside.engine import Engine
from tests.outside.sessions import eventually
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not dockerfile.is_possible(), reason="it takes root, mmdebstrap and packages of Debian 12"),
    pytest.mark.skipif(not engine.is_possible(), reason="the Docker Engine is not installed"),
]

IMAGE, POD = "netkit", "pod"
LIMITS = (
    *("--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--user", "1000:1000", "--memory", "2g", "--memory-swap", "2g"),
)
PROFILE = (f"seccomp={ROOT / 'deploy' / 'seccomp' / 'netkit.json'}", "systempaths=unconfined", "apparmor=unconfined")
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("0*.ipynb"))
OF_THE_ARTICLE = NOTEBOOKS[:5]
"""Have to pass in a container; of the others only the memory counts."""
MOST_MEMORY = 1_500_000_000
"""Bytes, of everything that runs in the container, with all that the kernel keeps of its files."""

NBVAL = (
    "cp -r /opt/netkit/conftest.py /opt/netkit/pyproject.toml /opt/netkit/tests . && "
    "cp -r /opt/netkit/notebooks shipped && "
    "exec timeout 900 python -m pytest -p no:cacheprovider --nbval --nbval-sanitize-with tests/notebooks.cfg "
    '--nbval-cell-timeout 120 "shipped/$1"'
)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An Engine that has the image; all is gone afterwards."""
    folder = tmp_path_factory.mktemp("container")
    image = Image(folder / "tree")
    try:
        image.build((ROOT / "binder" / "Dockerfile").read_text(encoding="utf-8"))
        with Engine(folder / "engine") as started:
            started.take(image, IMAGE)
            shutil.rmtree(image.tree)
            yield started
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def pod(there: Engine) -> Engine:
    """The Engine with a container of the image that runs what the image runs: JupyterLab."""
    there.docker("run", "--detach", "--name", POD, *LIMITS, IMAGE)
    return there


def once(there: Engine, *words: str, options: tuple[str, ...] = ()) -> str:
    """What a command says in a new container."""
    return there.docker("run", "--rm", *LIMITS, *options, IMAGE, *words)


def test_jupyterlab_answers(pod: Engine) -> None:
    """As HEALTHCHECK asks: `docker import` takes no such line."""
    health = ("exec", POD, "python", "/opt/netkit/deploy/health.py")
    assert eventually(lambda: pod.docker(*health, check=False) == "", 60)
    assert "/lab/tree/00-start-here.ipynb?token=" in pod.docker("logs", POD, check=False)


def test_nobody_has_a_privilege(pod: Engine) -> None:
    told = pod.docker("exec", POD, "sh", "-c", "id -u; cat /proc/self/status; unshare -U true || echo refused")
    assert told.startswith("1000\n")
    facts = dict(line.split(":\t") for line in told.splitlines() if ":\t" in line)
    assert (int(facts["CapBnd"], 16), facts["NoNewPrivs"], facts["Seccomp"]) == (0, "1", "2")
    assert told.endswith("refused\n")


def test_the_doctor_takes_user_mode_linux(pod: Engine) -> None:
    told = json.loads(pod.docker("exec", POD, "netkit", "doctor", "--json"))
    assert (told["world"], told["healthy"]) == ("uml", True)


def test_the_kernel_is_where_jupyter_and_binder_look(pod: Engine) -> None:
    listed = json.loads(pod.docker("exec", POD, "jupyter", "kernelspec", "list", "--json"))
    assert listed["kernelspecs"]["netkit"]["resource_dir"] == "/opt/netkit/.venv/share/jupyter/kernels/netkit"
    assert (
        pod.docker("exec", POD, "python3", "-c", "import jupyterlab, sys; print(sys.prefix)") == "/opt/netkit/.venv\n"
    )
    assert pod.docker("exec", POD, "sh", "-c", "which jupyter-lab jupyterhub-singleuser tini").count("\n") == 3


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_passes_and_needs_little_memory(pod: Engine, name: str) -> None:
    started = time.monotonic()
    told = pod.docker("exec", POD, "sh", "-c", NBVAL, "sh", name, check=False, timeout=1000)
    most = _most_memory(pod)
    print(f"{name}: {time.monotonic() - started:.0f} s, {most / 1e6:.0f} MB so far: {told.splitlines()[-1]}")
    assert most < MOST_MEMORY
    if name in OF_THE_ARTICLE:
        assert " passed" in told, told
        assert " failed" not in told, told


def test_the_first_picture_of_a_new_container(there: Engine) -> None:
    started = time.monotonic()
    once(there, "python", "-c", UNTIL_PICTURE)
    print(f"from `docker run` to the first picture: {time.monotonic() - started:.1f} s")


def test_a_hub_s_empty_home_gets_the_notebooks(there: Engine) -> None:
    empty = ("--tmpfs", "/home/jovyan:uid=1000,gid=1000")
    assert "00-start-here.ipynb" in once(there, "ls", "notebooks", options=empty)
    assert once(there, "jupyterhub-singleuser", "--version", options=empty)[0].isdigit()


def test_with_the_profile_namespaces_are_taken_and_are_faster(there: Engine) -> None:
    allowed = tuple(word for option in PROFILE for word in ("--security-opt", option))
    told = json.loads(once(there, "netkit", "doctor", "--worlds", "--json", options=allowed))
    assert told["world"] == "user"
    seconds = {}
    for world, options in (("user", allowed), ("uml", ())):
        started = time.monotonic()
        code = "import netkit as nk; print(nk.require_sandbox().world)"
        assert once(there, "netkit", "run", "--", "python", "-c", code, options=options) == f"{world}\n"
        seconds[world] = time.monotonic() - started
    assert seconds["user"] < seconds["uml"], seconds


def _most_memory(pod: Engine) -> int:
    """The most bytes that the container has had by now, the kernel's copies of its files among them."""
    group = pod.memory(POD)
    version1 = group / "memory.max_usage_in_bytes"
    return int((version1 if version1.exists() else group / "memory.peak").read_text(encoding="ascii"))


def test_docker_s_own_builder_reads_the_file_alike(there: Engine, tmp_path: Path) -> None:
    """All but the two steps that need the packages, which the tree has already."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (tmp_path / "Dockerfile").write_text(re.sub(r"(?m)^RUN .*\n", "", text.replace("debian:12-slim", IMAGE)))
    there.docker("build", "--tag", "again", str(tmp_path))
    config = json.loads(there.docker("inspect", "--format", "{{json .Config}}", "again"))
    ours = Image(tmp_path)
    for word, rest in instructions(text):
        if word not in ("FROM", "COPY", "RUN"):
            ours.follow(word, rest)
    assert dict(one.split("=", 1) for one in config["Env"]) == ours.environment
    assert (config["User"], config["WorkingDir"]) == (ours.user, ours.directory)
    assert (config["Entrypoint"], config["Cmd"]) == (ours.entrypoint, ours.command)
    assert list(config["ExposedPorts"]) == ["8888/tcp"]
    assert config["Healthcheck"]["Test"] == ["CMD", "python", "/opt/netkit/deploy/health.py"]


def test_no_mount_of_the_build_is_left_on_this_machine(there: Engine) -> None:
    mounted = subprocess.run(
        ["findmnt", "--noheadings", "--output", "TARGET"], capture_output=True, text=True, check=True
    )
    assert str(there.folder) not in mounted.stdout
