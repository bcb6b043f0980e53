"""The container's image: what its Dockerfile, Binder and the dev container say, read without building it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.outside.dockerfile import Image, instructions
from tests.project import ROOT
from tests.unit.test_packages import calls, machine, run, stand_in

__all__ = ["machine"]  # the fixture

STEPS = instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))
SCRIPTS = ("Dockerfile", "deploy/image.sh", "deploy/health.py", "binder/start", ".devcontainer/devcontainer.json")
IN_IMAGE = "/opt/netkit/"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def said(word: str) -> list[str]:
    """What follows each instruction of a kind."""
    return [rest for name, rest in STEPS if name == word]


def made() -> Image:
    """What the Dockerfile makes, as far as it needs no tree."""
    image = Image(Path("/nowhere"))
    for word, rest in STEPS:
        if word in ("ARG", "ENV", "USER", "WORKDIR", "EXPOSE", "ENTRYPOINT", "CMD"):
            image.follow(word, rest)
    return image


def test_binder_builds_the_same_image() -> None:
    assert (ROOT / "binder" / "Dockerfile").read_bytes() == (ROOT / "Dockerfile").read_bytes()
    assert {path.name for path in (ROOT / "binder").iterdir()} == {"Dockerfile", "start"}


def test_repo2docker_accepts_it() -> None:
    repo2docker = Path(sys.executable).with_name("jupyter-repo2docker")
    command = [repo2docker, "--no-build", "--debug", "."]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert (ROOT / "binder" / "Dockerfile").read_text(encoding="utf-8") in answer.stdout + answer.stderr


def test_it_ends_as_the_user_that_binder_and_hubs_expect() -> None:
    image = made()
    assert (image.user, image.environment["NB_USER"], image.directory) == ("1000", "jovyan", "/home/jovyan")
    assert said("USER") == ["${NB_UID}"], "Binder gives another number"
    assert [word for word, _ in STEPS].index("USER") > [word for word, _ in STEPS].index("COPY"), "root owns netkit"


def test_it_begins_with_a_named_release() -> None:
    assert re.fullmatch(r"debian:\d+-slim", said("FROM")[0])


def test_python_and_jupyter_are_those_of_the_environment() -> None:
    """Binder starts python3, which looks for JupyterLab; the kernel's specification lies beside that python3."""
    assert said("COPY") == [f". {IN_IMAGE.rstrip('/')}"]
    assert made().environment["PATH"].startswith(f"{IN_IMAGE}.venv/bin:")
    assert "sh tools/environment.sh" in (ROOT / "deploy" / "image.sh").read_text(encoding="utf-8")
    assert not IN_IMAGE.startswith(made().environment["HOME"]), "a JupyterHub covers the home directory"


def test_what_it_starts_is_there() -> None:
    image = made()
    named = [
        word for line in (*image.entrypoint, *said("RUN"), *said("HEALTHCHECK")) for word in re.split(r'[ "]', line)
    ]
    places = [word.removeprefix(IN_IMAGE) for word in named if word.startswith(IN_IMAGE)]
    assert {"deploy/image.sh", "deploy/health.py", "binder/start"} == set(places)
    assert all((ROOT / place).is_file() for place in places)
    assert os.access(ROOT / "binder" / "start", os.X_OK)
    assert image.ports == ["8888"]
    assert image.command[:2] == ["netkit", "lab"]
    assert (ROOT / image.command[2]).is_file()


def test_every_package_of_the_lab_is_installed(machine: Path) -> None:
    (machine / "installed").write_text("")
    stand_in(machine, "apt-cache", "exit 0")
    stand_in(machine, "apt-get", 'echo "apt-get $*" >>calls; for w; do echo $w >>installed; done')
    assert "sh tools/packages.sh --insist lab container" in (ROOT / "deploy" / "image.sh").read_text(encoding="utf-8")
    run(machine, "--insist", "lab", "container")
    script = (ROOT / "tools" / "packages.sh").read_text(encoding="utf-8")
    lists = dict(re.findall(r'^for_(\w+)="(.*?)"', script, re.MULTILINE))
    wanted = " ".join(lists[name] for name in ("lab", "engine", "container", "uml")).split()
    assert {"iproute2", "docker.io", "tcc", "tini", "user-mode-linux"} < set(wanted)
    assert set(wanted) <= set(calls(machine).split())


def test_an_image_without_a_package_is_not_built(machine: Path) -> None:
    stand_in(machine, "apt-get", "exit 0")
    with pytest.raises(AssertionError, match="Not installed"):
        run(machine, "--insist", "lab", "container")


def test_nothing_is_loaded_when_it_runs_and_no_host_is_named() -> None:
    for name in SCRIPTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"(?<!127)\.(com|org|io|net)\b", text), name
        assert set(re.findall(r"https?://([\w.]+)", text)) <= {"127.0.0.1"}, name
    start = (ROOT / "binder" / "start").read_text(encoding="utf-8")
    assert not re.search(r"\b(pip|apt-get|apt|curl|wget|git|npm)\b", start)


@pytest.mark.parametrize("kept", [False, True])
def test_start_gives_an_empty_home_the_notebooks_and_becomes_the_command(tmp_path: Path, kept: bool) -> None:  # noqa: FBT001
    if kept:
        (tmp_path / "notebooks").mkdir()
        (tmp_path / "notebooks" / "mine").write_text("")
    command = [ROOT / "binder" / "start", "sh", "-c", 'echo "$NETKIT_WORLD $1"; ls "$HOME/notebooks"', "sh", "a b"]
    environment = {"PATH": os.defpath, "HOME": str(tmp_path)}
    world, *names = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert world == "auto a b"
    assert "00-start-here.ipynb" in names
    assert ("mine" in names) == kept


def test_what_a_hub_needs_is_locked_beside_the_rest() -> None:
    locked = [
        dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "tests/test.lock", "deploy/hub.lock")
    ]
    assert "jupyterhub" in locked[2]
    assert "--require-hashes -r deploy/hub.lock" in (ROOT / "deploy" / "image.sh").read_text(encoding="utf-8")
    assert not locked[0].keys() & locked[1].keys(), "a learner's environment holds nothing of the tests"
    kept = {**locked[0], **locked[1]}
    assert not {name for name in kept.keys() & locked[2].keys() if kept[name] != locked[2][name]}


def test_the_context_leaves_out_what_commands_made() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    made_here = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert {".git", *(name.rstrip("/") for name in made_here)} <= {name.removeprefix("**/") for name in ignored}


def test_the_dev_container() -> None:
    place = ROOT / ".devcontainer"
    told = json.loads((place / "devcontainer.json").read_text(encoding="utf-8"))
    assert (place / told["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert (place / told["build"]["context"]).resolve() == ROOT
    assert told["postCreateCommand"] == "netkit handout course && netkit doctor --worlds"
    [opened] = told["customizations"]["codespaces"]["openFiles"]
    assert opened == "course/00-start-here.ipynb", "a hand-out, which git passes over"
    assert "course/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert (ROOT / opened.replace("course", "notebooks")).is_file()
    assert told["remoteUser"] == made().environment["NB_USER"]
    named = re.findall(r"\$\{localWorkspaceFolder\}/(\S+)", " ".join(told["runArgs"]))
    assert named == ["deploy/seccomp/netkit.json"]
    assert all((ROOT / name).is_file() for name in named)
    assert {"ms-toolsai.jupyter", "ms-python.python"} <= set(told["customizations"]["vscode"]["extensions"])
    settings = told["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"] == f"{IN_IMAGE}.venv/bin/python"
    assert settings["jupyter.kernels.trusted"] == [f"{IN_IMAGE}.venv/share/jupyter/kernels/netkit/kernel.json"]


def test_the_badge_opens_notebook_00() -> None:
    (path,) = re.findall(r"mybinder\.org/v2/gh/OWNER/REPO/HEAD\?urlpath=lab/tree/(\S+?)\)", README)
    assert path == "notebooks/00-start-here.ipynb"
    assert (ROOT / path).is_file()
