"""Short names, stars, and the most specific host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.istio_hosts import Hosts, covers, full, of_service


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("web", "web.shop.svc.cluster.local"),
        ("Web", "web.shop.svc.cluster.local"),
        ("web.other", "web.other"),
        ("web.other.svc.cluster.local", "web.other.svc.cluster.local"),
        ("*", "*"),
        ("*.other.svc.cluster.local", "*.other.svc.cluster.local"),
        ("10.0.0.1", "10.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_full_names(host, expected):
    assert full(host, "shop") == expected


@pytest.mark.parametrize(
    ("pattern", "host", "expected"),
    [
        ("*", "a.b", True),
        ("*.b", "a.b", True),
        ("*.b", "b", False),
        ("*.b", "x.a.b", True),
        ("a.b", "a.b", True),
        ("a.b", "x.a.b", False),
    ],
)
def test_covers(pattern, host, expected):
    assert covers(pattern, host) is expected


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((), None),
        (("*",), "*"),
        (("*", "*.cluster.local", "*.shop.svc.cluster.local"), "*.shop.svc.cluster.local"),
        (("*.shop.svc.cluster.local", "web.shop.svc.cluster.local"), "web.shop.svc.cluster.local"),
        (("db.shop.svc.cluster.local", "*.other.svc.cluster.local"), None),
    ],
)
def test_the_most_specific_host(patterns, expected):
    hosts: Hosts[str] = Hosts()
    for one in patterns:
        hosts.setdefault(one, one)
    assert hosts.match(of_service("web", "shop")) == expected


@given(st.lists(st.sampled_from(("*", "*.c", "*.b.c", "a.b.c", "b.c", "x.c", "*.a.b.c"))))
def test_what_is_found_covers_and_is_the_longest_that_does(patterns):
    hosts: Hosts[str] = Hosts()
    for one in patterns:
        hosts.setdefault(one, one)
    covering = [one for one in patterns if covers(one, "a.b.c")]
    found = hosts.match("a.b.c")
    assert (found is None) == (not covering)
    assert found is None or len(found) == max(map(len, covering))
    assert set(hosts.covering("a.b.c")) == set(covering)
    assert {host for host, _ in hosts.items()} == set(patterns)
