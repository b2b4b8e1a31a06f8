"""Other clusters, machines that are not modelled and namespaces left aside leave open what a mesh refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.model.spans import Span
from ringfence.network import Network
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from ringfence.topology.kubernetes import build
from tests.layers.istio_worlds import NETWORKING, PEOPLE, namespace, peer, pod, service, thing

LINKERD = {"linkerd.io/inject": "enabled", "config.linkerd.io/default-inbound-policy": "all-authenticated"}
LINKED = namespace("linked")
MEMBERS = (LINKED, *(pod(name, annotations=LINKERD) for name in ("linked/web", "linked/gate")))
STRICT = (*PEOPLE, pod("web"), pod("other/x"), pod("plain/p"), service("web"), peer("istio-system/default", "STRICT"))
INSIDE, OUTSIDE = "plain/p", "198.51.100.7"


def outcome(source: str, target: str, *things: dict[str, Any]) -> str:
    """What becomes of a flow to port 8080."""
    documents = [Document(one, Span(f"{index}.yaml")) for index, one in enumerate(things)]
    objects, _ = from_documents(documents)
    return str(Network(build(objects)).reach(source, target, "tcp/8080").explain().outcome)


def labelled(made: dict[str, Any], **labels: str) -> dict[str, Any]:
    return made | {"metadata": made["metadata"] | {"labels": labels}}


def external(*addresses: Any) -> dict[str, Any]:
    spec = {"workloadIPs": [{"ip": one} for one in addresses]}
    return thing("workload.linkerd.io/v1beta1", "ExternalWorkload", "linked/vm", spec)


EXPORTED = service("linked/web")
EXPORTED["metadata"]["labels"] = {"mirror.linkerd.io/exported": "remote-discovery"}
GATE = pod("linked/gate", annotations={**LINKERD, "config.linkerd.io/enable-gateway": "true"})


@pytest.mark.parametrize(
    ("things", "web", "gate"),
    [
        ((), "denied", "denied"),
        ((external(OUTSIDE),), "unknown", "unknown"),
        ((EXPORTED,), "unknown", "denied"),
        ((service("linked/web"),), "denied", "denied"),
    ],
)
def test_who_may_prove_an_identity_to_linkerd(things, web, gate):
    cluster = (*PEOPLE, pod("plain/p"), *MEMBERS, *things)
    assert (outcome(OUTSIDE, "linked/web", *cluster), outcome(OUTSIDE, "linked/gate", *cluster)) == (web, gate)
    assert outcome(INSIDE, "linked/web", *cluster) == "denied"


def test_a_gateway_of_linkerds_takes_other_clusters():
    assert outcome(OUTSIDE, "linked/gate", *PEOPLE, LINKED, GATE) == "unknown"


PASSING = {"port": {"number": 15443, "name": "tls", "protocol": "TLS"}, "tls": {"mode": "AUTO_PASSTHROUGH"}}
ORDINARY = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "istio-system"}}


def gateway(server: dict[str, Any]) -> dict[str, Any]:
    return thing(NETWORKING, "Gateway", "g", {"selector": {"app": "g"}, "servers": [{**server, "hosts": ["*.local"]}]})


def of_class(name: str) -> dict[str, Any]:
    listener = {"name": "mesh", "port": 15008, "protocol": "HBONE"}
    spec = {"gatewayClassName": name, "listeners": [listener]}
    return thing("gateway.networking.k8s.io/v1", "Gateway", "plain/g", spec)


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((), "denied"),
        ((gateway(PASSING),), "unknown"),
        ((gateway(ORDINARY),), "denied"),
        ((of_class("istio-east-west"),), "unknown"),
        ((of_class("istio-remote"),), "unknown"),
        ((labelled(SECRET, **{"istio/multiCluster": "true"}),), "unknown"),
        ((SECRET,), "denied"),
    ],
)
def test_clusters_of_one_istio_mesh(things, expected):
    assert outcome(OUTSIDE, "shop/web", *STRICT, *things) == expected
    assert outcome(INSIDE, "shop/web", *STRICT, *things) == "denied"


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ({}, "denied"),
        ({"serviceAccount": "vm"}, "unknown"),
        ({"labels": {"security.istio.io/tlsMode": "istio"}}, "unknown"),
        ({"labels": {"app": "vm"}}, "denied"),
    ],
)
def test_endpoints_of_a_service_entry_may_be_machines_of_the_mesh(endpoint, expected):
    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    spec = {"hosts": ["vm.example"], "location": "MESH_INTERNAL", "resolution": "STATIC", "ports": [port]}
    entry = thing(NETWORKING, "ServiceEntry", "vm", {**spec, "endpoints": [{"address": OUTSIDE, **endpoint}]})
    assert outcome(OUTSIDE, "shop/web", *STRICT, entry) == expected


def mesh(text: str) -> dict[str, Any]:
    return thing("v1", "ConfigMap", "istio-system/istio", {}) | {"data": {"mesh": text}}


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        ("[]", "denied"),
        ("[{matchLabels: {istio-injection: enabled}}]", "denied"),
        ("[{matchLabels: {a: b}}, {matchExpressions: [{key: istio-injection, operator: Exists}]}]", "denied"),
        ("[{matchLabels: {a: b}}]", "unknown"),
        ("[what]", "unknown"),
    ],
)
def test_namespaces_that_no_discovery_selector_selects(selectors, expected):
    assert outcome(INSIDE, "shop/web", *STRICT, mesh(f"discoverySelectors: {selectors}")) == expected
