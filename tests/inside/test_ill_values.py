"""Whatever is given to a function instead of what it takes is refused in clear words, and nothing is changed."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from tests.inside.containers import wait_for_the_end
from tests.inside.empty import sweep
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once

FEW = ("object()", "{1: object()}", "float('nan')", "10**5000", "'\\ud800'")
MANY = (
    *FEW,
    *("b'x'", "[object()]", "lambda: 0", "...", "nk", "1j", "object", "range(3)", "Broken()", "memoryview(b'x')"),
    *("float('-inf')", "-1", "1e300", "-0.5", "'\\0'", "' '", "'\\u202e'", "'x' * 100000", "'--help'"),
)
RIGHT = {
    ("nk.draw", "title"): ("' '", "'\\u202e'", "'x' * 100000", "'--help'"),
    ("nk.compare", "a_name"): ("'\\u202e'", "'x' * 100000", "'--help'"),
    ("nk.compare", "b_name"): ("'\\u202e'", "'x' * 100000", "'--help'"),
    ("nk.commands().save", "path"): ("'\\u202e'", "'--help'"),
    ("nk.Namespace.at", "name"): ("'\\u202e'", "'x' * 100000", "'--help'"),
    ("nk.Namespace.at", "path"): ("'\\u202e'", "'x' * 100000", "'--help'"),
    ("ns1.iptables", "arguments"): ("'--help'",),
    ("ns1.typed", "command"): ("'\\u202e'", "'x' * 100000", "'--help'"),
    ("nk.why", "destination"): ("'\\u202e'", "'--help'", "'x' * 100000"),
    ("docker.find", "name"): ("' '", "'\\u202e'", "'x' * 100000", "'--help'"),
    ("x.find", "protocol"): ("'\\u202e'", "'x' * 100000", "'--help'"),
}
"""What a function takes all the same, by function and parameter."""


class Broken:
    """A value that cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError


def calls() -> list[str]:
    lines = (ROOT / "tests" / "inside" / "ill-values.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


CALLS = calls()


NAMES = [call.partition("(")[0] for call in CALLS]


def spoilt(call: str, values: tuple[str, ...]) -> Iterator[str]:
    """The call with an ill value in the place of one argument after the other."""
    tree = ast.parse(call, mode="eval")
    function = ast.unparse(tree.body.func)
    for place in [*range(len(tree.body.args)), *(keyword.arg for keyword in tree.body.keywords)]:
        for ill in values:
            if ill in RIGHT.get((function, place), ()):
                continue
            other = ast.parse(call, mode="eval").body
            value = ast.parse(ill, mode="eval").body
            if isinstance(place, int):
                other.args[place] = value
            else:
                next(keyword for keyword in other.keywords if keyword.arg == place).value = value
            yield ast.unparse(other)


@pytest.fixture(scope="module")
def stage() -> Iterator[dict[str, Any]]:
    nk.echo(on=False)
    sweep()
    handles = build()
    yield {"nk": nk, "Broken": Broken, **handles}
    handles["sleep"].stop()
    handles["docker"].close()
    sweep()
    nk.echo()


def build() -> dict[str, Any]:
    ns1, ns2, mach = (nk.Namespace(name) for name in ("ns1", "ns2", "mach"))
    veth1, eth1 = nk.veth("veth1", "eth1", peer_namespace=ns1)
    free, _ = nk.veth("free", "free-peer")
    br = nk.Bridge("br")
    br.attach(veth1)
    eth1.add_address("10.0.0.1/24")
    br.add_address("10.0.0.254/24")
    for link in (veth1, eth1, br, nk.host["lo"], ns1["lo"]):
        link.up()
    vx = nk.vxlan("vx0", 77, local="10.0.0.254", learning=False)
    vx.add_forwarding("02:00:00:00:00:01", "10.0.0.9")
    docker = nk.Docker(host=mach, like="20.10")
    docker.network_create("net1", "10.77.0.0/24")
    web = docker.run("web")
    wait_for_the_end(docker.run("dead", "true"))
    sleep = ns2.start("sleep 600")
    with nk.xray() as x, nk.capture() as cap:
        ns1.ping("10.0.0.254")
    snap = nk.snapshot()
    docker.ps()
    return dict(locals())


@pytest.mark.parametrize("values", [FEW, pytest.param(MANY, marks=pytest.mark.long)], ids=["few", "many"])
@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_ill_values_are_refused(
    stage: dict[str, Any], call: str, values: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    before, journal, wrong = nk.snapshot(), nk.commands(), []
    for spoilt_call in spoilt(call, values):
        try:
            eval(spoilt_call, dict(stage))  # noqa: S307  (the table's own lines)
        except nk.NetkitError as error:
            if not all((error.problem, error.rule, error.remedy)):
                wrong.append(f"{spoilt_call}: value, rule or remedy is missing: {error!r}")
        except Exception as error:  # noqa: BLE001  (each is told)
            wrong.append(f"{spoilt_call}: {type(error).__name__}: {error}")
        else:
            wrong.append(f"{spoilt_call}: accepted")
    assert not wrong, "\n".join(line[:300] for line in wrong)
    assert nk.snapshot() == before
    assert nk.commands() == journal


@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_other_arguments_are_refused(stage: dict[str, Any], call: str) -> None:
    function = eval(ast.unparse(ast.parse(call, mode="eval").body.func), dict(stage))  # noqa: S307  (the table's lines)
    with pytest.raises(nk.NetkitError, match="no parameter nosuch=5"):
        eval(call[:-1] + ", nosuch=5)", dict(stage))  # noqa: S307
    parameters = inspect.signature(function).parameters.values()
    if all(parameter.kind != parameter.VAR_POSITIONAL for parameter in parameters):
        with pytest.raises(nk.NetkitError, match="has no place for"):
            function(*range(20))


def test_the_table_has_every_parameter(stage: dict[str, Any]) -> None:
    for call in CALLS:
        tree = ast.parse(call, mode="eval").body
        function = eval(ast.unparse(tree.func), dict(stage))  # noqa: S307
        named = {keyword.arg for keyword in tree.keywords} | ({"*"} if tree.args else set())
        parameters = inspect.signature(function).parameters.values()
        assert named == {"*" if each.kind == each.VAR_POSITIONAL else each.name for each in parameters}, call
