"""Addresses, prefixes and numbers that are taken and that are refused."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netkit import kinds, validation
from netkit.errors import InvalidAddress, InvalidValue, NetkitError

if TYPE_CHECKING:
    from collections.abc import Callable

anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.integers())
)
almost = st.from_regex(r"[0-9.:/a-f ]{0,20}", fullmatch=True)


def refusal(check: Callable[[Any], object], value: object) -> NetkitError | None:
    """Why a value is not taken, None if it is; any other error is not caught."""
    try:
        check(value)
    except NetkitError as error:
        return error
    return None


@pytest.mark.parametrize(
    "check",
    [
        validation.interface_address,
        validation.address,
        validation.router,
        validation.network,
        validation.mac,
        validation.mac_of,
        kinds.mtu,
    ],
)
@given(value=anything | almost)
def test_each_check_takes_or_refuses_in_words(check: Callable[[Any], object], value: object) -> None:
    error = refusal(check, value)
    assert error is None or all((error.problem, error.rule, error.remedy))


@given(st.ip_addresses(), st.integers(0, 128))
def test_what_is_accepted_is_what_was_typed(address: ipaddress.IPv4Address, bits: int) -> None:
    typed = f"{address}/{bits}"
    error = refusal(validation.interface_address, typed)
    assert typed in (str(error) if error else str(validation.interface_address(typed)))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("10.0.0.300/24", "'10.0.0.300/24' is not an IP address; each of its four numbers goes from 0 to 255"),
        ("010.0.0.1/24", "no leading zeros. Try '10.0.0.1'"),
        ("10.0.0.1", "has no prefix length; an interface's address says which network it is in. Try '10.0.0.1/24'"),
        ("fd00::1", "Try 'fd00::1/64'"),
        ("10.0.0.1/33", "0 to 32. Try '10.0.0.1/24'"),
        ("10.0.0.0/24", "the address of the network itself; the hosts of 10.0.0.0/24 come after it. Try '10.0.0.1/24'"),
        ("10.0.0.255/24", "the broadcast address of 10.0.0.0/24"),
        ("224.0.0.1/24", "multicast"),
        ("fe80::1%eth0/64", "names an interface; only the address is needed here. Try 'fe80::1/64'"),
        ("localhost/8", "names are not looked up here"),
    ],
)
def test_what_a_refused_address_is_told(typed: str, sentence: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        validation.interface_address(typed)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("typed", ["10.0.0.1/24", "10.0.0.0/31", "10.0.0.1/31", "10.0.0.0/32", "fd00::/64", "::1/128"])
def test_addresses_that_interfaces_bear(typed: str) -> None:
    assert str(validation.interface_address(typed)) == typed


@pytest.mark.parametrize(
    ("typed", "network"), [("10.0.0.0/8", "10.0.0.0/8"), ("10.1.1.1", "10.1.1.1/32"), ("fd00::/8", "fd00::/8")]
)
def test_destinations(typed: str, network: str) -> None:
    assert str(validation.network(typed)) == network
    assert validation.network("default") is None


def test_a_destination_with_too_many_bits_gets_two_suggestions() -> None:
    with pytest.raises(InvalidAddress, match=r"Try '10\.1\.0\.0/16' for the network, or '10\.1\.2\.3' for one"):
        validation.network("10.1.2.3/16")


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [("10.0.0.1/24", "'10.0.0.1'"), ("http://10.0.0.9:80/x", "'10.0.0.9'"), ("http://x", "'10.0.0.1'")],
)
def test_who_gives_more_than_an_address_is_told_one(typed: str, remedy: str) -> None:
    with pytest.raises(InvalidAddress) as refused:
        validation.address(typed)
    assert refused.value.remedy == f"Try {remedy}"


@pytest.mark.parametrize("typed", ["0.0.0.0", "::", "127.0.0.1", "::1", "224.0.0.1", "ff02::1", "255.255.255.255"])
def test_what_is_no_router(typed: str) -> None:
    with pytest.raises(InvalidAddress, match="another machine"):
        validation.router(typed)


@pytest.mark.parametrize("typed", ["10.0.0.1", "fe80::1", "fd00::1", "169.254.1.1"])
def test_routers(typed: str) -> None:
    assert str(validation.router(typed)) == typed


@given(st.ip_addresses(v=4))
def test_docker_s_macs(address: ipaddress.IPv4Address) -> None:
    mac = validation.mac_of(str(address))
    assert validation.mac(mac) == mac
    assert ipaddress.IPv4Address(bytes.fromhex(mac.replace(":", ""))[2:]) == address
    assert mac.startswith("02:42:")


def test_macs_get_their_usual_form() -> None:
    assert validation.mac("02:42:AC:11:00:02") == "02:42:ac:11:00:02"


@pytest.mark.parametrize("size", [68, 1280, 1500, 65535])
def test_mtus(size: int) -> None:
    assert kinds.mtu(size) == size


@pytest.mark.parametrize("size", [67, 65536, -1, True, 1500.0, "1500", None])
def test_what_is_no_mtu(size: object) -> None:
    with pytest.raises(InvalidValue, match="an MTU"):
        kinds.mtu(size)


@pytest.mark.parametrize("value", [0, -1, 3601, float("nan"), float("inf"), True, "1", None])
def test_what_is_no_time(value: object) -> None:
    with pytest.raises(InvalidValue):
        kinds.seconds(value, "a timeout")


def test_ipaddress_values_are_taken_as_well() -> None:
    assert str(validation.address(ipaddress.ip_address("10.0.0.1"))) == "10.0.0.1"
    assert str(validation.interface_address(ipaddress.ip_interface("10.0.0.1/24"))) == "10.0.0.1/24"
    assert str(validation.network(ipaddress.ip_network("10.0.0.0/24"))) == "10.0.0.0/24"
