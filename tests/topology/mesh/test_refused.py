"""What a mesh refuses may be open where a policy of the mesh could not be read: nothing is proved about its pods."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.model.spans import Span
from ringfence.network import Network
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from ringfence.topology.kubernetes import build
from tests.layers.istio_worlds import NETWORKING, PEOPLE, SECURITY, peer, pod, service, thing

STRICT = (*PEOPLE, pod("web"), pod("a"), pod("plain/p"), service("web"), peer("default", "STRICT"))
CLOSED = (*STRICT, thing(SECURITY, "AuthorizationPolicy", "closed", {}))
MODE = {"selector": {"matchLabels": {"app": "web"}}, "mtls": {"mode": "DISABEL"}}
RULES: dict[str, Any] = {"ruels": [{}]}


def outcome(source: str, *things: dict[str, Any]) -> str:
    """What becomes of a flow to `shop/web`; the last object is refused."""
    documents = [Document(one, Span(f"{index}.yaml")) for index, one in enumerate(things)]
    objects, diagnostics = from_documents(documents)
    assert {one.span.file for one in diagnostics if one.severity == "error"} == {f"{len(things) - 1}.yaml"}
    return str(Network(build(objects)).reach(source, "shop/web", "tcp/8080").explain().outcome)


@pytest.mark.parametrize(
    ("things", "kind", "name", "spec", "expected"),
    [
        (STRICT, "PeerAuthentication", "w", MODE, "unknown"),
        (STRICT, "PeerAuthentication", "other/w", MODE, "denied"),
        (STRICT, "PeerAuthentication", "istio-system/w", MODE, "unknown"),
        (CLOSED, "AuthorizationPolicy", "w", RULES, "denied"),  # in plaintext, which STRICT refuses
    ],
)
def test_from_outside_the_mesh(things, kind, name, spec, expected):
    found = outcome("plain/p", *things, thing(SECURITY, kind, name, spec))
    assert found == expected


def test_a_route_that_nobody_can_read_leaves_the_transport_open():
    bad = {"hosts": ["web"], "http": [{"rout": []}]}
    assert outcome("shop/a", *STRICT, thing(NETWORKING, "VirtualService", "v", bad)) == "unknown"
    assert outcome("plain/p", *STRICT, thing(NETWORKING, "VirtualService", "v", bad)) == "denied"


@pytest.mark.parametrize(
    ("kind", "name", "spec", "expected"),
    [
        ("AuthorizationPolicy", "w", RULES, "unknown"),
        ("AuthorizationPolicy", "istio-system/w", RULES, "unknown"),
        ("AuthorizationPolicy", "other/w", RULES, "denied"),
    ],
)
def test_from_inside(kind, name, spec, expected):
    assert outcome("shop/a", *CLOSED, thing(SECURITY, kind, name, spec)) == expected
