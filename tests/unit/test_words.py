"""The project's texts: they name no machine's paths, no registries, and the right distribution."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project import ROOT, files

TEXTS = [path for path in files() if path.suffix not in {".png", ".pcapng", ".gif", ".ico"}]
PROSE = [path for path in TEXTS if path.suffix in {".md", ".ipynb", ".toml", ".txt", ".lock", ".cfg", ".sh", ""}]
LOCKS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("requirements.lock", "tests/test.lock", "docs/docs.lock", "deploy/hub.lock")
}

FOR = {"tests/test.lock": "test", "docs/docs.lock": "docs", "deploy/hub.lock": "hub"}
"""The group of dependencies that a lock serves; requirements.lock serves a learner."""

# The distribution netkit of the public index is somebody else's.
WRONG_INSTALL = re.compile(r"(pip3?|uv|pipx)\s+(add|install)\s+(-\S+\s+)*[\"'`]?netkit(?!-lab)\b")
MACHINE_PATH = re.compile(
    r"/(home|Users)/(?!jovyan\b)[a-z]\w*|/root/\w|/root/\.\w|/work/\w|\.py[e]nv"
)  # jovyan: every image of Jupyter
ADDRESS = re.compile(r"https?://([^\s/\"'`)>\\:]+)")
HOST_NAME = re.compile(r"\b((?:[a-z0-9-]+\.)+(?:org|com))\b")
KNOWN_HOSTS = {
    "docs.docker.com",
    "wiki.nftables.org",
    "docs.kernel.org",
    "git-scm.com",
    "hub.jupyter.org",
    "jupyter.org",
    "keepachangelog.com",
    "man7.org",
    "matplotlib.org",
    "mybinder.org",
    "purl.org",  # in the metadata of pictures
    "semver.org",
    "tljh.jupyter.org",
    "www.kernel.org",
    "www.rfc-editor.org",
    "www.w3.org",  # the name of the SVG namespace
    "z2jh.jupyter.org",
}
LOCAL_HOST = re.compile(r"[\w-]+|[\d.]+|\[.*|[{%$<].*|[\w.-]*example(\.\w+)?")


def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", TEXTS, ids=str)
def test_texts_are_about_the_project_alone(path: Path) -> None:
    for pattern in (WRONG_INSTALL, MACHINE_PATH):
        assert not (found := pattern.search(text(path))), f"{path}: {found}"


@pytest.mark.parametrize("path", TEXTS, ids=str)
def test_addresses_are_those_of_documents(path: Path) -> None:
    hosts = {host for host in ADDRESS.findall(text(path)) if not LOCAL_HOST.fullmatch(host)}
    assert hosts <= KNOWN_HOSTS, f"in {path}"


@pytest.mark.parametrize("path", PROSE, ids=str)
def test_host_names_are_those_of_documents(path: Path) -> None:
    hosts = {host for host in HOST_NAME.findall(text(path)) if not LOCAL_HOST.fullmatch(host)}
    assert hosts <= KNOWN_HOSTS, f"in {path}"


def test_wrong_words_would_be_found() -> None:
    assert WRONG_INSTALL.search("python -m pip install -q " + "netkit")
    assert not WRONG_INSTALL.search("pip install " + "netkit-lab")
    assert MACHINE_PATH.search("see /home/" + "somebody")
    assert ADDRESS.findall("from https://" + "somewhere.org/simple") == ["somewhere.org"]


def test_links_between_documents_lead_somewhere() -> None:
    # Those of docs/site have another place in the site: tests/outside/test_site.py follows their links.
    pages = [path for path in TEXTS if path.suffix == ".md" and path.parent.name != "site"]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^):#]+)\)|src=\"([^\":]+)", text(page))]
    assert links
    broken = [(str(page), *link) for page, link in links if not (ROOT / page.parent / "".join(link)).exists()]
    assert not broken


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert not re.search(r"://|^-|index-url|find-links|file:| @ |\.whl", LOCKS[lock], re.MULTILINE)


def locked(lock: str) -> dict[str, set[str]]:
    """Package -> its locked versions; there may be one for each version of Python."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", LOCKS[lock], re.MULTILINE):
        versions.setdefault(canonicalize_name(name), set()).add(version)
    return versions


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_every_package(lock: str) -> None:
    pinned = [entry for entry in re.split(r"\n(?=\S)", LOCKS[lock]) if "==" in entry.partition("\n")[0]]
    assert len(pinned) == sum(len(versions) for versions in locked(lock).values())
    assert all("--hash=sha256:" in entry for entry in pinned)


@pytest.mark.parametrize("lock", LOCKS)
def test_the_locks_serve_what_the_project_asks_for(lock: str) -> None:
    project = tomllib.loads(text(Path("pyproject.toml")))
    groups = project["dependency-groups"]
    asked = [*project["project"]["dependencies"], *groups["lab"], *groups["build"]]
    for requirement in map(Requirement, groups[FOR[lock]] if lock in FOR else asked):
        versions = locked(lock).get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not locked: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), f"{requirement}: {versions}"
