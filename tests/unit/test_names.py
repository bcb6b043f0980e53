"""Names that are taken and names that are refused."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netkit import names
from netkit.errors import InvalidName


@pytest.mark.parametrize("name", ["lo", "eth0", "veth-a", "br_1", "eth0.5", "0", "_", "a" * 15, "docker0"])
def test_names_of_interfaces(name: str) -> None:
    assert names.interface(name) == name


@pytest.mark.parametrize("name", ["ns1", "a", "web-1.front", "n" * 64])
def test_names_of_namespaces(name: str) -> None:
    assert names.namespace(name) == name


def refusal(name: object) -> InvalidName | None:
    """Why it cannot be an interface's name, None if it can."""
    try:
        names.interface(name)
    except InvalidName as error:
        return error
    return None


@given(st.text(max_size=20))
def test_whatever_is_accepted_is_plain(name: str) -> None:
    error = refusal(name)
    if error is not None:
        assert all((error.problem, error.rule, error.remedy))
        return
    assert name.isascii()
    assert name.isprintable()
    assert 0 < len(name) <= 15
    assert not set(name) & set(" /:%@+;'\"$*?")
    assert name[0] not in ".-"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("abcdefghijklmnop", "has 16 characters; interface names have at most 15. Try 'abcdefghijklmno'"),
        ("a b", "has ' ' at a place where no name may have it"),
        ("é", "Try 'net1'"),
        ("-x", "Try 'x'"),
        ("all", "means 'every interface'"),
        (5, "5 is not a text"),
        (None, "None is not a text"),
    ],
)
def test_what_a_refusal_says(name: object, sentence: str) -> None:
    with pytest.raises(InvalidName) as caught:
        names.interface(name)
    assert sentence in str(caught.value)


@given(st.text(min_size=1, max_size=30).filter(lambda text: "'" not in text))
@example(":all")
def test_what_is_suggested_would_be_accepted(name: str) -> None:
    error = refusal(name)
    if error is not None and error.remedy.startswith("Try '"):
        suggestion = error.remedy.removeprefix("Try '").partition("'")[0]
        assert names.interface(suggestion) == suggestion


@pytest.mark.parametrize("name", ["net.ipv4.ip_forward", "net/ipv4/conf/eth0.5/rp_filter", "net.ipv4.conf.veth-a.mtu"])
def test_switches(name: str) -> None:
    assert names.sysctl(name) == name


@pytest.mark.parametrize("name", ["", "net", "kernel.hostname", "net/../kernel/hostname", "net..ipv4", "net.ipv4\n", 5])
def test_switches_that_are_none(name: object) -> None:
    with pytest.raises(InvalidName):
        names.sysctl(name)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("veth1", "veth1"),
        ("a", "dev a"),  # "address"
        ("br", "dev br"),  # "broadcast"
        ("n", "dev n"),  # "name": `ip link add n type bridge` makes bridge0
        ("type", "dev type"),
        ("brtest", "brtest"),
        ("x;y", "'x;y'"),
    ],
)
def test_names_that_ip_link_would_misread(name: str, typed: str) -> None:
    assert names.in_ip_link(name) == typed
