"""What deploy/ has for JupyterHubs keeps what it promises, as far as can be seen without one."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import jsonschema
import pytest
import yaml
from traitlets.config import Config

from netkit.sandbox import worlds
from netkit.subcommands import lab
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

CHART_FOLDER = "NETKIT_TEST_CHART"
"""Folder with values.yaml and values.schema.yaml of the chart of Zero to JupyterHub, which no package index has."""

KUBERNETES, LITTLEST = ROOT / "deploy" / "zero-to-jupyterhub", ROOT / "deploy" / "littlest-jupyterhub"
MEASURED = 200 << 20
"""Bytes that a learner takes in the user world; tests/outside/test_hub.py measures it."""
MEASURED_UML = 770 << 20
"""The same in User-Mode Linux: `python -m tests.hub --world uml`."""
MEASURED_TASKS = 94
"""Processes and threads of a learner's server with two kernels, in one of which the Engine runs three containers."""
UNITS = {"M": 1 << 20, "G": 1 << 30}

# The keys that the chart's values.schema.yaml allows, where values.yaml has any. What is below hub.config, extraEnv and
# extraPodConfig is handed on as it is.
CHART = {
    "hub": {"config"},
    "hub.config": {"JupyterHub", "SharedPasswordAuthenticator", "Authenticator", "KubeSpawner"},
    "singleuser": {
        *(
            "allowPrivilegeEscalation",
            "cloudMetadata",
            "cmd",
            "cpu",
            "defaultUrl",
            "extraEnv",
            "extraPodConfig",
            "fsGid",
        ),
        *("extraResource", "image", "memory", "networkPolicy", "startTimeout", "storage", "uid"),
    },
    "singleuser.image": {"name", "tag", "pullPolicy", "pullSecrets"},
    "singleuser.memory": {"limit", "guarantee"},
    "singleuser.cpu": {"limit", "guarantee"},
    "singleuser.extraResource": {"limits", "guarantees"},
    "singleuser.cloudMetadata": {"blockWithIptables", "ip"},
    "singleuser.networkPolicy": {"enabled", "ingress", "egress", "egressAllowRules"},
    "singleuser.storage": {
        "capacity",
        "type",
        "homeMountPath",
        "dynamic",
        "static",
        "extraVolumes",
        "extraVolumeMounts",
    },
    "cull": {"enabled", "users", "adminUsers", "removeNamedServers", "timeout", "every", "concurrency", "maxAge"},
}


def values(*files: str) -> dict[str, Any]:
    """As Helm merges files: dictionaries are updated, the rest is replaced."""
    merged: dict[str, Any] = {}
    for name in files:
        update(merged, yaml.safe_load((KUBERNETES / name).read_text(encoding="utf-8")))
    return merged


def update(old: dict[str, Any], new: dict[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(key), dict):
            update(old[key], value)
        else:
            old[key] = value


def unknown(given: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, value in given.items():
        here = f"{path}.{key}" if path else key
        if path in CHART and key not in CHART[path]:
            yield here
        if isinstance(value, dict) and here in CHART:
            yield from unknown(value, here)


def size(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


@pytest.mark.parametrize("files", [("values.yaml",), ("values.yaml", "user-world.yaml")])
def test_the_chart_knows_the_keys(files: tuple[str, ...]) -> None:
    assert set(values(*files)) <= {"hub", "singleuser", "cull"}
    assert list(unknown(values(*files))) == []


@pytest.mark.skipif(CHART_FOLDER not in os.environ, reason=f"{CHART_FOLDER} names no folder with the chart's files")
@pytest.mark.parametrize("files", [("values.yaml",), ("values.yaml", "user-world.yaml")])
def test_the_chart_s_own_schema_accepts_them(files: tuple[str, ...]) -> None:
    """Over the chart's defaults, as Helm checks them."""
    chart = Path(os.environ[CHART_FOLDER])
    merged = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    update(merged, values(*files))
    schema = yaml.safe_load((chart / "values.schema.yaml").read_text(encoding="utf-8"))
    assert [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(merged)] == []


def test_the_image_s_client_is_of_the_hubs_major_version() -> None:
    lock = (ROOT / "deploy" / "hub.lock").read_text(encoding="utf-8")
    (version,) = re.findall(r"^jupyterhub==(\d+)\.", lock, re.MULTILINE)
    assert version == "5", "what The Littlest JupyterHub and the chart of Zero to JupyterHub install"


def test_pods_are_restricted_ones() -> None:
    given = values("values.yaml")
    context = given["hub"]["config"]["KubeSpawner"]["container_security_context"]
    assert context["runAsNonRoot"] is True
    assert context["allowPrivilegeEscalation"] is given["singleuser"]["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert given["singleuser"]["uid"] == 1000
    assert given["singleuser"]["cloudMetadata"]["blockWithIptables"] is False


def test_nobody_comes_in_without_a_password() -> None:
    config = values("values.yaml")["hub"]["config"]
    assert config["JupyterHub"]["authenticator_class"] == "shared-password"
    assert "SharedPasswordAuthenticator" not in config  # JupyterHub: "If not set, regular users cannot login."


def test_the_second_file_allows_namespaces_and_keeps_the_rest() -> None:
    both = values("values.yaml", "user-world.yaml")
    context = both["hub"]["config"]["KubeSpawner"]["container_security_context"]
    assert (ROOT / "deploy" / "seccomp" / context["seccompProfile"]["localhostProfile"]).exists()
    assert context["procMount"] == "Unmasked"
    assert both["singleuser"]["extraPodConfig"] == {"hostUsers": False}
    assert context["runAsNonRoot"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize(
    ("files", "measured"), [(("values.yaml",), MEASURED_UML), (("values.yaml", "user-world.yaml"), MEASURED)]
)
def test_pods_have_the_memory_that_was_measured(files: tuple[str, ...], measured: int) -> None:
    memory = values(*files)["singleuser"]["memory"]
    assert measured < size(memory["guarantee"]) < size(memory["limit"])


def test_the_world_is_one_that_netkit_knows() -> None:
    for files in (("values.yaml",), ("values.yaml", "user-world.yaml")):
        assert values(*files)["singleuser"]["extraEnv"][worlds.VARIABLE] in ("auto", *worlds.WORLDS)


def test_the_littlest_hub_s_settings() -> None:
    c = littlest()
    assert size(c.SystemdSpawner.mem_limit) > 2 * MEASURED
    assert c.SystemdSpawner.disable_user_sudo is False
    # The Littlest JupyterHub's spawner sets disable_user_sudo for each learner at start; systemdspawner lets these win.
    assert c.SystemdSpawner.unit_extra_properties["NoNewPrivileges"] == "no"
    assert c.SystemdSpawner.isolate_devices is False
    assert c.SystemdSpawner.unit_extra_properties["RestrictNamespaces"] == "no"
    assert c.Spawner.http_timeout >= 300
    assert "--MappingKernelManager.cull_idle_timeout=7200" in c.Spawner.args


def littlest() -> Config:
    c = Config()
    exec(compile((LITTLEST / "netkit.py").read_text(encoding="utf-8"), "netkit.py", "exec"), {"c": c})  # noqa: S102
    return c


def test_one_learner_of_the_littlest_hub_takes_nothing_from_the_others() -> None:
    """What systemd.resource-control(5) and systemd.exec(5) limit: a loop that forks, a memory hog, an endless file."""
    spawner = littlest().SystemdSpawner
    limits = spawner.unit_extra_properties
    assert 2 * MEASURED_TASKS < int(limits["TasksMax"]) <= 2000
    assert size(spawner.mem_limit) <= 2 << 30
    assert limits["MemorySwapMax"] == "0"
    assert size(limits["LimitFSIZE"]) <= 8 << 30
    assert limits["LimitCORE"] == "0"
    assert 0 < spawner.cpu_limit <= 2
    assert spawner.isolate_tmp is True


@pytest.mark.parametrize("files", [("values.yaml",), ("values.yaml", "user-world.yaml")])
def test_one_pod_takes_nothing_from_the_others(files: tuple[str, ...]) -> None:
    single = values(*files)["singleuser"]
    disk = {name: size(given["ephemeral-storage"][:-1]) for name, given in single["extraResource"].items()}
    assert MEASURED_UML < disk["guarantees"] < disk["limits"]
    assert size(single["memory"]["limit"]) <= 4 << 30
    assert 0 < single["cpu"]["limit"] <= 4
    assert size(single["storage"]["capacity"][:-1]) <= 10 << 30


def test_how_many_processes_a_pod_may_have_is_told_to_whoever_runs_the_nodes() -> None:
    """The only such limit of Kubernetes is the kubelet's, so that no file of ours can have it."""
    told = (KUBERNETES / "README.md").read_text(encoding="utf-8")
    assert "podPidsLimit: 1000" in told


def test_kernels_of_hubs_open_no_port() -> None:
    option = "--MultiKernelManager.kernel_manager_class=netkit.server.SocketKernelManager"
    assert option == lab.SOCKETS
    assert option in littlest().Spawner.args
    assert option in values("values.yaml")["hub"]["config"]["KubeSpawner"]["args"]


@pytest.mark.parametrize("folder", [KUBERNETES, LITTLEST])
def test_the_link_leads_to_a_notebook(folder: Any) -> None:
    links = re.findall(
        r"https://\S+/hub/user-redirect/git-pull\?\S+", (folder / "README.md").read_text(encoding="utf-8")
    )
    assert links
    for link in links:
        asked = {key: value for key, (value,) in parse_qs(urlsplit(link).query).items()}
        repository, target = unquote(asked["repo"]), asked["urlpath"]
        tree, _, path = target.partition(f"lab/tree/{repository.rpartition('/')[2]}/")
        assert tree == ""
        assert (ROOT / path).suffix == ".ipynb"
        assert (ROOT / path).exists()
