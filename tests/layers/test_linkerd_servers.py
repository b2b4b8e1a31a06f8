"""Servers among each other: numbers of named ports, which of two counts, and who tells clients of opaque ports."""

from __future__ import annotations

import pytest

from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.linkerd_servers import Opaque, Proxies, both, numbers, ranked
from ringfence.layers.linkerd_settings import Settings
from ringfence.model.selectors import ANYTHING, AllOf, Selector
from ringfence.resources.kubernetes import LabelSelector
from ringfence.resources.linkerd import Server
from tests.layers.linkerd_clusters import pod, server

OLD, YOUNG = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
ONE = Settings("deny", named_ports=(("http", (80,)),), probes=((80, ("/a",)), (81, ("/a",))))
TWO = Settings("audit", named_ports=(("admin", (9,)), ("http", (80, 8080))), told_opaque=port_set("80,5432"))
PROXIES = Proxies((ONE, TWO))


def fits(selector: Selector, settings: Settings, app: str = "") -> bool | None:
    return selector.matches(pod(settings=settings, app=app))


def test_what_is_asked_of_proxies() -> None:
    assert PROXIES.named == {"http": ((80,), (80, 8080)), "admin": ((9,),)}
    assert PROXIES.probes == {80: (("/a",),), 81: (("/a",),)}
    assert PROXIES.opaque == ()
    assert PROXIES.told == (port_set("80,5432"),)


def test_a_number_is_a_number_on_every_pod() -> None:
    assert list(numbers(server("web", 443), PROXIES)) == [(443, ANYTHING)]
    assert list(numbers(server("web", "nothing"), PROXIES)) == []


def test_a_name_is_a_number_of_those_pods_that_have_it() -> None:
    found = dict(numbers(server("web", "http"), PROXIES))
    assert list(found) == [80, 8080]
    assert [fits(found[80], one) for one in (ONE, TWO)] == [True, True]
    assert [fits(found[8080], one) for one in (ONE, TWO)] == [False, True]


@pytest.mark.parametrize(
    ("servers", "places"),
    [
        ([server("a", created=YOUNG), server("b", created=OLD)], {"b": 1, "a": 2}),
        ([server("a", created=OLD), server("b", created=OLD)], {"a": 1, "b": 2}),
        ([server("a"), server("b", created=OLD)], {"a": 1, "b": 1}),
        ([server("a"), server("b")], {"a": 1, "b": 1}),
        ([server("a"), server("b", 81)], {"a": 1, "b": 2}),
        ([server("a", "http"), server("b", 8080)], {"a": 1, "b": 1}),
        ([server("a", "http"), server("b", 81)], {"b": 2, "a": 1}),
        ([server("a"), server("data/b")], {"a": 1, "b": 1}),
        ([Server(server("a").metadata, 80, None, LabelSelector())], {}),
    ],
)
def test_the_oldest_counts_where_ages_are_known(servers: list[Server], places: dict[str, int]) -> None:
    assert {one.server.metadata.name: one.place for one in ranked(servers, PROXIES)} == places


def test_of_two_that_say_their_age_the_older_counts_beside_one_that_does_not() -> None:
    web = LabelSelector((("app", "web"),))
    servers = [server("a"), server("b", created=YOUNG), server("c", 80, web, created=OLD), server("d", 81, created=OLD)]
    found = {one.server.metadata.name: one for one in ranked(servers, PROXIES)}
    assert {one.place for one in found.values()} == {1}
    assert {name: one.ports[0][1] for name, one in found.items() if name != "b"} == dict.fromkeys("acd", ANYTHING)
    [(_, holders)] = found["b"].ports
    assert fits(holders, ONE, app="web") is False
    assert fits(holders, ONE, app="db") is True


def test_who_tells_that_a_port_is_opaque() -> None:
    web = LabelSelector((("app", "web"),))
    servers = (server("s", "http", web, proxy_protocol="opaque"), server("t", 9, proxy_protocol="HTTP/1"))
    opaque = Opaque(PROXIES, servers)
    assert opaque.of("shop", 9) is None
    assert opaque.of("data", 8080) is None
    told = opaque.of("shop", 8080)
    assert told is not None
    assert fits(told, TWO, app="web") is True
    assert fits(told, TWO, app="db") is False
    assert fits(told, ONE, app="web") is False
    annotated = opaque.of("data", 5432)
    assert annotated is not None
    assert [fits(annotated, one) for one in (ONE, TWO)] == [False, True]


def test_parts_that_say_nothing_are_left_out() -> None:
    told = Opaque(PROXIES, ()).of("shop", 80)
    assert told is not None
    assert both(ANYTHING, told) == both(told, ANYTHING) == told
    assert both(ANYTHING, ANYTHING) == ANYTHING
    assert both(told, told) == AllOf((told, told))
