"""VirtualServices that others continue."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.layers.istio_delegates import merged
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import Destination, TrafficRoute, VirtualService
from ringfence.resources.kubernetes import ObjectMeta

PRIVATE = MeshConfig(default_virtual_service_export_to=(".",))


def to(host: str = "web", *ports: int, matched: bool = False, **more) -> TrafficRoute:
    return TrafficRoute("http", (Destination(host, more.pop("subset", "")),), ports, matched=matched, **more)


def root(*routes: TrafficRoute, gateway_routes: tuple[TrafficRoute, ...] = ()) -> VirtualService:
    return VirtualService(ObjectMeta("root", "shop"), ("a.example",), routes=routes, gateway_routes=gateway_routes)


def delegating(*ports: int, name: str = "far/rest", **more) -> TrafficRoute:
    return TrafficRoute("http", (), ports, delegated=True, delegate=name, **more)


def rest(*routes: TrafficRoute, exported: tuple[str, ...] = ()) -> VirtualService:
    return VirtualService(ObjectMeta("rest", "far"), routes=routes, export_to=exported)


FAR = "web.far.svc.cluster.local"
MISSING = delegating(name="far/none")
COND: dict[str, Any] = {"certain": False, "matched": True}


@pytest.mark.parametrize(
    ("routes", "delegate", "expected"),
    [
        ((to(),), rest(to()), (to(),)),
        ((delegating(),), rest(to()), (to(FAR),)),
        ((delegating(),), rest(to("a.b", subset="v1")), (to("a.b", subset="v1"),)),
        ((to("x", **COND), delegating()), rest(to("a.b"), to("c.d")), (to("x", **COND), to("a.b"), to("c.d"))),
        ((MISSING,), rest(to()), (MISSING,)),
        ((delegating(),), rest(MISSING), (MISSING,)),
        # Conditions of both.
        ((delegating(**COND),), rest(to("a.b")), (to("a.b", **COND),)),
        ((delegating(),), rest(to("a.b", **COND)), (to("a.b", **COND),)),
        ((delegating(sourced=True, **COND),), rest(to("a.b")), (to("a.b", sourced=True, **COND),)),
        ((delegating(),), rest(to("a.b", sourced=True, **COND)), (to("a.b", sourced=True, **COND),)),
        ((delegating(80, matched=True),), rest(to("a.b")), (to("a.b", 80, matched=True),)),
        ((delegating(),), rest(to("a.b", 80, matched=True)), (to("a.b", 80, matched=True),)),
        ((delegating(80, matched=True),), rest(to("a.b", 80, matched=True)), (to("a.b", 80, **COND),)),
        ((delegating(80, 81, matched=True),), rest(to("a.b", 81, matched=True)), (to("a.b", 81, **COND),)),
        ((delegating(80, matched=True),), rest(to("a.b", 81, matched=True)), ()),
        ((delegating(80, matched=True),), rest(to("a.b", 80, 81, matched=True)), ()),
        # Only HTTP is delegated.
        ((delegating(),), rest(TrafficRoute("tcp", (Destination("a.b"),)), to("c.d")), (to("c.d"),)),
        # Whom it is exported to.
        ((delegating(),), rest(to(), exported=("shop",)), (to(FAR),)),
        ((delegating(),), rest(to(), exported=("*",)), (to(FAR),)),
        ((delegating(), to("x")), rest(to(), exported=(".",)), (to("x"),)),
        ((delegating(),), rest(to(), exported=("other",)), ()),
    ],
)
def test_what_a_delegate_says(routes, delegate, expected):
    (found,) = merged((delegate, root(*routes)), MeshConfig())
    assert found.routes == expected
    assert merged((root(*routes), delegate), MeshConfig()) == (found,)


def test_gateways_follow_it_as_the_root_says():
    theirs = delegating(certain=False, gateways=("gw",))
    (found,) = merged((root(gateway_routes=(theirs,)), rest(to())), MeshConfig())
    assert found.gateway_routes == (to(FAR, certain=False, gateways=("gw",)),)


def test_the_mesh_says_whom_it_is_exported_to():
    (found,) = merged((root(delegating()), rest(to())), PRIVATE)
    assert found.routes == ()


def test_a_delegate_alone_is_no_route():
    assert merged((rest(to()),), MeshConfig()) == ()
