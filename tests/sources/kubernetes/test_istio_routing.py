"""VirtualService: which of its routes sidecars may take, and where they lead."""

from __future__ import annotations

import pytest

from ringfence.resources.istio.networking import Destination, TrafficRoute
from tests.sources.kubernetes.texts import good, read, thing

TO_V1 = "route: [{destination: {host: web, subset: v1}}]"
V1 = (Destination("web", "v1"),)


def virtual(spec: str) -> str:
    return thing("networking.istio.io/v1", "VirtualService", spec)


def routes(spec: str) -> tuple[TrafficRoute, ...]:
    (found,) = good(virtual(spec)).virtual_services
    return found.routes


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        (f"{{{TO_V1}}}", TrafficRoute("http", V1)),
        (f"{{match: [{{uri: {{prefix: /a}}}}], {TO_V1}}}", TrafficRoute("http", V1, certain=False)),
        (f"{{match: [{{port: 80}}, {{port: 81}}], {TO_V1}}}", TrafficRoute("http", V1, (80, 81))),
        (f"{{match: [{{port: 80, method: {{exact: GET}}}}], {TO_V1}}}", TrafficRoute("http", V1, (80,), certain=False)),
        (f"{{match: [{{name: all}}, {{method: {{exact: GET}}}}], {TO_V1}}}", TrafficRoute("http", V1)),
        (f"{{match: [{{port: 80}}, {{method: {{exact: GET}}}}], {TO_V1}}}", TrafficRoute("http", V1, certain=False)),
        (f"{{match: [{{gateways: [mesh]}}], {TO_V1}}}", TrafficRoute("http", V1)),
        (f"{{match: [{{gateways: [gw]}}], {TO_V1}}}", None),
        (f"{{match: [{{gateways: [gw]}}, {{port: 80}}], {TO_V1}}}", TrafficRoute("http", V1, (80,))),
        ("{redirect: {uri: /b}}", TrafficRoute("http")),
        ("{delegate: {name: other}}", TrafficRoute("http", delegated=True)),
        (
            "{route: [{destination: {host: a}, weight: 0}, {destination: {host: b, port: {number: 90}}, weight: 1},"
            " {destination: {host: c}}]}",
            TrafficRoute("http", (Destination("b", port=90),)),
        ),
        ("{route: [{destination: {host: a}, weight: 0}]}", TrafficRoute("http", (Destination("a"),))),
    ],
)
def test_http_routes(http, expected):
    assert routes(f"{{hosts: [web], http: [{http}]}}") == (() if expected is None else (expected,))


def test_tls_and_tcp_routes():
    found = routes(
        f"{{hosts: [web], tls: [{{match: [{{sniHosts: [a]}}], {TO_V1}}}], tcp: [{{match: [{{port: 1}}], {TO_V1}}}]}}"
    )
    assert found == (TrafficRoute("tls", V1, certain=False), TrafficRoute("tcp", V1, (1,)))


def test_what_gateways_alone_follow_is_in_no_mesh():
    text = f"{{hosts: [web], gateways: [gw], http: [{{{TO_V1}}}], exportTo: ['.']}}"
    (found,) = good(virtual(text)).virtual_services
    assert (found.hosts, found.gateways, found.in_mesh, found.export_to) == (("web",), ("gw",), False, (".",))


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("{hosts: [web]}", "has no route"),
        ("{hosts: [web], http: [{}]}", "leads nowhere"),
        ("{hosts: [web], http: [{route: [{destination: {}}]}]}", "host: is missing"),
        ("{hosts: [web], http: [{route: [{destination: {host: a}, weight: -1}]}]}", "is negative"),
        ("{hosts: [web], https: [{}]}", "did you mean http?"),
        ("{hosts: ['a b'], http: [{redirect: {}}]}", "is not a host name"),
    ],
)
def test_what_is_refused(spec, complaint):
    objects, said = read(virtual(spec))
    assert objects.virtual_services == ()
    assert [one.kind for one in objects.refused] == ["VirtualService"]
    assert any(complaint in one for one in said), said
