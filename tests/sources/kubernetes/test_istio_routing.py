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
        (f"{{match: [{{uri: {{prefix: /a}}}}], {TO_V1}}}", TrafficRoute("http", V1, certain=False, matched=True)),
        (
            f"{{match: [{{port: 80}}, {{port: 81, sourceLabels: {{a: b}}}}], {TO_V1}}}",
            TrafficRoute("http", V1, (80, 81), certain=False, matched=True, sourced=True),
        ),
        (f"{{match: [{{}}, {{sourceNamespace: a}}], {TO_V1}}}", TrafficRoute("http", V1, matched=True)),
        (f"{{match: [{{port: 80}}, {{port: 81}}], {TO_V1}}}", TrafficRoute("http", V1, (80, 81), matched=True)),
        (
            f"{{match: [{{port: 80, method: {{exact: GET}}}}], {TO_V1}}}",
            TrafficRoute("http", V1, (80,), certain=False, matched=True),
        ),
        (f"{{match: [{{name: all}}, {{method: {{exact: GET}}}}], {TO_V1}}}", TrafficRoute("http", V1, matched=True)),
        (
            f"{{match: [{{port: 80}}, {{method: {{exact: GET}}}}], {TO_V1}}}",
            TrafficRoute("http", V1, certain=False, matched=True),
        ),
        (f"{{match: [{{gateways: [mesh]}}], {TO_V1}}}", TrafficRoute("http", V1, matched=True)),
        (f"{{match: [{{gateways: [gw]}}], {TO_V1}}}", None),
        (f"{{match: [{{gateways: [gw]}}, {{port: 80}}], {TO_V1}}}", TrafficRoute("http", V1, (80,), matched=True)),
        ("{redirect: {uri: /b}}", TrafficRoute("http")),
        ("{delegate: {name: other}}", TrafficRoute("http", delegated=True, delegate="shop/other")),
        ("{delegate: {name: b, namespace: far}}", TrafficRoute("http", delegated=True, delegate="far/b")),
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
    assert found == (TrafficRoute("tls", V1, certain=False, matched=True), TrafficRoute("tcp", V1, (1,), matched=True))


def test_what_gateways_alone_follow_is_in_no_mesh():
    text = f"{{hosts: [web], gateways: [gw], http: [{{{TO_V1}}}], exportTo: ['.']}}"
    (found,) = good(virtual(text)).virtual_services
    assert (found.hosts, found.gateways, found.in_mesh, found.export_to) == (("web",), ("gw",), False, (".",))


@pytest.mark.parametrize(
    ("gateways", "match", "sidecars", "gateway"),
    [
        ("[]", "", True, ()),
        ("[gw]", "", False, ("gw",)),
        ("[mesh, gw]", "", True, ("gw",)),
        ("[gw]", "match: [{uri: {prefix: /}}], ", False, ("gw",)),
        ("[mesh, gw]", "match: [{uri: {prefix: /}}], ", True, ("gw",)),
        ("[mesh, gw]", "match: [{gateways: [mesh]}], ", True, ()),
        ("[mesh, gw]", "match: [{gateways: [gw]}], ", False, ("gw",)),
        ("[a, b]", "match: [{gateways: [a]}], ", False, ("a",)),
        ("[a, b]", "match: [{gateways: [a]}, {port: 80}], ", False, ("a", "b")),
    ],
)
def test_who_follows_a_route(gateways, match, sidecars, gateway):
    (found,) = good(virtual(f"{{hosts: [web], gateways: {gateways}, http: [{{{match}{TO_V1}}}]}}")).virtual_services
    assert (bool(found.routes) and found.in_mesh) is sidecars
    assert [one.gateways for one in found.gateway_routes] == ([gateway] if gateway else [])
    assert all(not one.certain and one.destinations == V1 for one in found.gateway_routes)


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("{hosts: [web], http: [{delegate: {}}]}", "name: is missing"),
        ("{hosts: [web], http: [{delegate: {nam: a}}]}", "did you mean name?"),
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
