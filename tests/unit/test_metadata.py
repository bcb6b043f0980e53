"""The distribution's metadata: no address is made up, and a README shown far from its files has no dead end."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.project import ROOT

if TYPE_CHECKING:
    from types import ModuleType

README = (ROOT / "README.md").read_text(encoding="utf-8")
HUB = "https://github.example/owner/kit"


@pytest.fixture(scope="module")
def metadata() -> ModuleType:
    """tools/metadata.py, as hatchling loads it."""
    specification = importlib.util.spec_from_file_location("metadata", ROOT / "tools" / "metadata.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://git.example/owner/kit.git", "https://git.example/owner/kit"),
        ("https://name:secret@git.example/owner/kit", "https://git.example/owner/kit"),
        ("git@git.example:owner/kit.git", "https://git.example/owner/kit"),
        ("ssh://git@git.example:2222/owner/kit.git", "https://git.example/owner/kit"),
        ("", ""),
        ("/srv/kit", ""),
        ("file:///srv/kit", ""),
        ("../kit", ""),
        ("http://127.0.0.1:8000/owner/kit", ""),
        ("http://localhost/owner/kit", ""),
    ],
)
def test_the_address_is_where_git_has_it_from(metadata: ModuleType, remote: str, address: str) -> None:
    assert metadata.address_of(remote) == address
    assert bool(metadata.urls(address)) is bool(address)


def test_without_an_address_nothing_points_to_a_file(metadata: ModuleType) -> None:
    shown = metadata.portable(README, "")
    assert "<img" not in shown
    assert "(Picture: The host with a bridge" in shown
    assert not re.findall(r"\]\((?!https?:|#)[^)]*\)", shown)
    assert "00 Start here" in shown


def test_with_one_links_lead_to_the_repository(metadata: ModuleType) -> None:
    shown = metadata.portable(README, HUB)
    assert f"]({HUB}/blob/HEAD/notebooks/00-start-here.ipynb)" in shown
    assert not re.findall(r"\]\((?!https?:|#)[^)]*\)", shown)


def test_pictures_are_taken_from_a_host_that_is_known(metadata: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(metadata._RAW, "github.example", "{address}/raw/HEAD/{path}")
    shown = metadata.portable(README, HUB)
    assert f'<img src="{HUB}/raw/HEAD/docs/bridge.svg"' in shown
    assert "(Picture:" not in shown


def test_the_citation_names_what_the_licence_names() -> None:
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= told.keys()
    holder = re.search(r"Copyright \(c\) \d+ (.+)", (ROOT / "LICENSE").read_text(encoding="utf-8"))
    assert holder
    assert told["authors"] == [{"name": holder[1]}]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert told["version"] == project["project"]["version"]


def test_the_extra_and_the_group_are_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["optional-dependencies"]["lab"] == project["dependency-groups"]["lab"]
    assert project["tool"]["uv"]["default-groups"] == ["lab"]
