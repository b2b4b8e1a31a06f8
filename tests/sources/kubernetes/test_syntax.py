"""Forms of names, ports and addresses."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.spans import Span
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.parts import Part


def part(value: Any) -> Part:
    return Part.root(value, Span())


@pytest.mark.parametrize(
    ("text", "label", "service", "subdomain"),
    [
        ("a", 1, 1, 1),
        ("a-b", 1, 1, 1),
        ("1a", 1, 0, 1),
        ("a.b", 0, 0, 1),
        ("A", 0, 0, 0),
        ("a_b", 0, 0, 0),
        ("-a", 0, 0, 0),
        ("a-", 0, 0, 0),
        ("a..b", 0, 0, 0),
        ("a\n", 0, 0, 0),
        ("ä", 0, 0, 0),
        ("a" * 63, 1, 1, 1),
        ("a" * 64, 0, 0, 1),
        ("a" * 254, 0, 0, 0),
    ],
)
def test_names(text: str, label: int, service: int, subdomain: int) -> None:
    for rule, fine in ((syntax.DNS_LABEL, label), (syntax.DNS_SERVICE, service), (syntax.DNS_SUBDOMAIN, subdomain)):
        one = part(text)
        assert syntax.name(one, rule) == text
        assert bool(one.problems.all) is not bool(fine)


@pytest.mark.parametrize(
    ("value", "found"),
    [(80, 80), ("http", "http"), ("1a", "1a"), ("a-b", "a-b"), (None, None), (0, 0), ("80", "80"), ("a--b", "a--b")],
)
def test_ports(value: Any, found: Any) -> None:
    one = part(value)
    assert syntax.port(one) == found
    assert bool(one.problems.all) == (value in (0, "80", "a--b"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("010.000.0.00/08", "10.0.0.0/8"),
        ("10.0.0.08/32", "10.0.0.8/32"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("00.0.0.0/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("2001:DB8::1/32", "2001:db8::/32"),
        ("::ffff:10.0.0.0/104", "::ffff:10.0.0.0/104"),
        ("10.0.0.0", None),
        ("10.0.0.0/33", None),
        ("10.0.0.0/-1", None),
        ("10.0.0.0/٣", None),
        ("/8", None),
        ("10.0.0.0/8/8", None),
        ("fe80::1%a/64", None),
        (" 10.0.0.0/8", None),
        ("10.0.0.0/" + "9" * 5000, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_cidrs(text: str, found: str | None) -> None:
    one = part(text)
    block = syntax.cidr(one)
    assert (None if block is None else str(block)) == (None if found is None else str(ip_network(found)))
    assert bool(one.problems.refusals) is (found is None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("010.0.0.01", "10.0.0.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("::1%a", ""),
        ("x", ""),
        ("", ""),
    ],
)
def test_addresses(text: str, found: str) -> None:
    one = part(text)
    assert syntax.address(one) == found
    assert bool(one.problems.refusals) is (found == "")


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("", True),
        ("a.b", True),
        ("*.a.b", True),
        ("*", False),
        ("a.*", False),
        ("10.0.0.1", False),
        ("A", False),
        ("a:80", False),
    ],
)
def test_hosts(text: str, fine: bool) -> None:
    one = part(text)
    syntax.host(one)
    assert bool(one.problems.refusals) is not fine


@given(st.ip_addresses())
def test_every_address_is_read(address: Any) -> None:
    assert syntax.address(part(str(address))) == str(address)


@given(st.ip_addresses(), st.integers(0, 32))
def test_every_block_is_read(address: Any, length: int) -> None:
    block = syntax.cidr(part(f"{address}/{length}"))
    assert block == ip_network(f"{address}/{length}", strict=False)
