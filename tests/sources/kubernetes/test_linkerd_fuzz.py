"""Whatever stands in Linkerd's objects: they are read whole, or refused with a word; never an exception."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.model.spans import Span
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from tests.sources.damage import damaged

GROUP = "policy.linkerd.io"
NETWORKS = [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.3.4"]}, {"cidr": "::/0"}]
SPECS: dict[str, tuple[str, Any]] = {
    "Server": (
        "v1beta3",
        {
            "podSelector": {"matchLabels": {"app": "web"}},
            "port": "http",
            "proxyProtocol": "gRPC",
            "accessPolicy": "audit",
        },
    ),
    "ServerAuthorization": (
        "v1beta1",
        {
            "server": {"selector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}},
            "client": {
                "networks": NETWORKS,
                "meshTLS": {"identities": ["*", "a.b"], "serviceAccounts": [{"name": "x", "namespace": "y"}]},
            },
        },
    ),
    "AuthorizationPolicy": (
        "v1alpha1",
        {
            "targetRef": {"group": GROUP, "kind": "Server", "name": "web"},
            "requiredAuthenticationRefs": [
                {"group": GROUP, "kind": "NetworkAuthentication", "name": "n", "namespace": "z"},
                {"kind": "ServiceAccount", "name": "a"},
            ],
        },
    ),
    "MeshTLSAuthentication": (
        "v1alpha1",
        {"identityRefs": [{"kind": "ServiceAccount", "name": "a"}, {"kind": "Namespace", "name": "b"}]},
    ),
    "NetworkAuthentication": ("v1alpha1", {"networks": NETWORKS}),
    "EgressNetwork": ("v1alpha1", {"trafficPolicy": "Deny", "networks": NETWORKS}),
    "HTTPRoute": (
        "v1beta3",
        {
            "parentRefs": [{"group": GROUP, "kind": "Server", "name": "web"}],
            "hostnames": ["*.example"],
            "rules": [
                {
                    "matches": [
                        {
                            "path": {"type": "RegularExpression", "value": "/a.*"},
                            "headers": [{"name": "X", "value": "y", "type": "Exact"}],
                            "queryParams": [{"name": "q", "value": "z"}],
                            "method": "GET",
                        }
                    ],
                    "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.example"}}],
                    "backendRefs": [{"name": "web", "port": 80}],
                }
            ],
        },
    ),
}


def document(kind: str, spec: Any = None) -> dict[str, Any]:
    version, whole = SPECS[kind]
    metadata = {"name": "x", "namespace": "shop", "creationTimestamp": "2026-03-01T10:00:00Z"}
    return {"apiVersion": f"{GROUP}/{version}", "kind": kind, "metadata": metadata, "spec": spec or whole}


def test_the_whole_ones_are_read() -> None:
    objects, diagnostics = from_documents([Document(document(kind), Span("f")) for kind in SPECS])
    assert diagnostics == []
    assert objects.counts == {f"{GROUP}/{kind}": 1 for kind in SPECS}
    assert objects.others == ()


@pytest.mark.parametrize("kind", SPECS)
@given(data=st.data())
@settings(max_examples=150)
def test_damage(kind: str, data: st.DataObject) -> None:
    broken = data.draw(damaged(document(kind)))
    objects, diagnostics = from_documents([Document(broken, Span("f"))])
    for one in diagnostics:
        str(one)
    read_ = sum(objects.counts.values())
    assert read_ + len(objects.refused) == 1 or diagnostics or not broken
    assert bool(objects.refused) <= any(one.severity == "error" for one in diagnostics)
