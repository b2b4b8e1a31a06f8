"""Whether a route is attached to a Gateway, and whether it may lead to another namespace."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import (
    BackendReference,
    Gateway,
    GrantFrom,
    GrantTo,
    Listener,
    ParentReference,
    ReferenceGrant,
    Route,
)
from ringfence.topology.attachments import GROUP, attached, doubted, granted
from tests.layers.clusters import cluster, has, meta, namespace

HTTP = Listener("web", 80, "HTTP")


def listener(**fields):
    return Listener(**{"name": "web", "port": 80, "protocol": "HTTP", **fields})


@pytest.mark.parametrize(
    ("listeners", "place", "parent", "kind", "expected"),
    [
        ([HTTP], "x", {}, "HTTPRoute", True),
        ([HTTP], "y", {}, "HTTPRoute", False),
        ([listener(routes_from="All")], "y", {}, "HTTPRoute", True),
        ([listener(routes_from="None")], "x", {}, "HTTPRoute", False),
        ([listener(routes_from="Selector", routes_selector=has(team="red"))], "y", {}, "HTTPRoute", True),
        ([listener(routes_from="Selector", routes_selector=has(team="red"))], "x", {}, "HTTPRoute", False),
        ([listener(routes_from="Selector", routes_selector=has(team="red"))], "unseen", {}, "HTTPRoute", False),
        ([HTTP], "x", {"section_name": "web"}, "HTTPRoute", True),
        ([HTTP], "x", {"section_name": "admin"}, "HTTPRoute", False),
        ([HTTP], "x", {"port": 80}, "HTTPRoute", True),
        ([HTTP], "x", {"port": 443}, "HTTPRoute", False),
        ([HTTP], "x", {}, "GRPCRoute", True),
        ([HTTP], "x", {}, "TCPRoute", False),
        ([listener(protocol="TCP")], "x", {}, "TCPRoute", True),
        ([listener(protocol="UDP")], "x", {}, "UDPRoute", True),
        ([listener(protocol="TLS")], "x", {}, "TLSRoute", True),
        ([listener(protocol="example.com/own")], "x", {}, "TCPRoute", True),
        ([listener(route_kinds=("GRPCRoute",))], "x", {}, "HTTPRoute", False),
        ([HTTP, listener(name="all", routes_from="All")], "y", {}, "HTTPRoute", True),
        # A Gateway that is not in the files may admit it.
        ([], "x", {"name": "elsewhere"}, "HTTPRoute", True),
        # A mesh's route leads from no Gateway.
        ([HTTP], "x", {"kind": "Service", "group": ""}, "HTTPRoute", False),
    ],
)
def test_attached(listeners, place, parent, kind, expected):
    objects = cluster(namespace("x"), namespace("y", team="red"), Gateway(meta("x/g"), "c", tuple(listeners)))
    route = Route(kind, meta(f"{place}/r"), (ParentReference(**{"name": "g", "namespace": "x", **parent}),))
    assert bool(attached(route, objects)) is expected


NAMED = has(**{"kubernetes.io/metadata.name": "unseen"})


@pytest.mark.parametrize(
    ("listeners", "place", "doubt"),
    [
        ([listener(routes_from="Selector", routes_selector=has(team="red"))], "unseen", True),
        ([listener(routes_from="Selector", routes_selector=has(team="red"))], "x", False),
        ([listener(routes_from="Selector", routes_selector=NAMED)], "unseen", False),
        (
            [listener(routes_from="Selector", routes_selector=has(team="red")), listener(routes_from="All")],
            "unseen",
            False,
        ),
        ([listener(routes_from="Selector")], "unseen", False),
        ([HTTP], "unseen", False),
    ],
)
def test_doubted(listeners, place, doubt):
    objects = cluster(namespace("x"), Gateway(meta("x/g"), "c", tuple(listeners)))
    route = Route("HTTPRoute", meta(f"{place}/r"), (ParentReference("g", namespace="x"),))
    assert bool(doubted(route, objects)) is doubt
    if doubt:
        assert not attached(route, objects)


def grant(place="y", kind="HTTPRoute", of="x", to="Service", name=""):
    return ReferenceGrant(meta(f"{place}/grant"), (GrantFrom(GROUP, kind, of),), (GrantTo("", to, name),))


@pytest.mark.parametrize(
    ("grants", "place", "expected"),
    [
        ([], "x", True),
        ([], "y", False),
        ([grant()], "y", True),
        ([grant(name="s")], "y", True),
        ([grant(name="other")], "y", False),
        ([grant(place="x")], "y", False),
        ([grant(kind="TCPRoute")], "y", False),
        ([grant(of="z")], "y", False),
        ([grant(to="Secret")], "y", False),
    ],
)
def test_granted(grants, place, expected):
    route = Route("HTTPRoute", meta("x/r"))
    assert granted(route, BackendReference("s", place), cluster(*grants)) is expected
