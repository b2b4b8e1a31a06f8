"""A large cluster as model objects: the shape that the engine's figures are given for.

Namespaces of four pods, three policies each: a default deny of both directions, an ingress policy (own pods by label, a
namespace by label, an address block with an exception, two ports) and an egress policy (pods of another namespace, DNS,
an address block). Policies differ from namespace to namespace in labels, ports and blocks.
"""

from __future__ import annotations

from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Network
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, Comparison, Has, InNamespace, Label

PODS = 4
NAMES = ("web", "api", "db", "job")


def cluster(namespaces: int) -> Network:
    """The network of a cluster with this many namespaces."""
    outside = Endpoint("external", "outside", AddressSet.of("0.0.0.0/0"), every=True, workload="external")
    endpoints = (*_pods(namespaces), outside)
    ingress, egress = [], []
    for place in range(namespaces):
        name = f"team-{place}"
        here = AllOf((Has("pod"), InNamespace(name)))
        for scopes in (ingress, egress):
            scopes.append(Scope(f"{name}/default-deny", here))
        ingress.append(Scope(f"{name}/ingress", _labelled(name, "app", "api"), tuple(_ingress(place))))
        egress.append(Scope(f"{name}/egress", here, tuple(_egress(place, namespaces))))
    chains = tuple(
        Chain("NetworkPolicy", direction, (Stage("policies", tuple(scopes), Action.DENY),), Action.ALLOW)
        for direction, scopes in ((Direction.INGRESS, ingress), (Direction.EGRESS, egress))
    )
    locations = {
        "pods": Location("pods", chains),
        "fabric": Location("fabric", transit=True),
        "outside": Location("outside"),
    }
    links = (
        Link("leave", "pods", "fabric", exits=True),
        Link("enter", "fabric", "pods", enters=True),
        Link("out", "fabric", "outside"),
        Link("in", "outside", "fabric"),
    )
    return Network(endpoints, locations, links)


def document(namespaces: int) -> list[dict[str, object]]:
    """The same cluster as Kubernetes objects, for the parser that the solution is compared with."""
    found: list[dict[str, object]] = []
    for place in range(namespaces):
        name = f"team-{place}"
        found.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": _team(place)}})
        for pod in NAMES:
            found.append(_object("v1", "Pod", name, pod, {"containers": [{"name": "c", "image": "i"}]}, {"app": pod}))
        deny = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        found.append(_object("networking.k8s.io/v1", "NetworkPolicy", name, "default-deny", deny))
        found.append(_object("networking.k8s.io/v1", "NetworkPolicy", name, "ingress", _ingress_document(place)))
        found.append(
            _object("networking.k8s.io/v1", "NetworkPolicy", name, "egress", _egress_document(place, namespaces))
        )
    return found


def _pods(namespaces: int):
    for place in range(namespaces):
        name = f"team-{place}"
        labels = _team(place) | {"kubernetes.io/metadata.name": name}
        for number, pod in enumerate(NAMES):
            address = AddressSet.between(*[(10 << 24) + place * PODS + number] * 2)
            facets = {"pod": {"app": pod}, "namespace": labels}
            yield Endpoint(f"{name}/{pod}", "pods", address, workload=f"{name}/{pod}", namespace=name, facets=facets)


def _team(place: int) -> dict[str, str]:
    return {"group": str(place % 100), "stage": ("dev", "test", "prod")[place % 3]}


def _labelled(namespace: str, key: str, value: str) -> AllOf:
    return AllOf((Has("pod"), InNamespace(namespace), Label("pod", key, Comparison.IN, frozenset((value,)))))


def _block(place: int) -> Bounds[AddressSet]:
    block = AddressSet.of(f"172.{16 + place % 16}.{place // 16 % 256}.0/24")
    return Bounds.exactly(block - AddressSet.of(f"172.{16 + place % 16}.{place // 16 % 256}.16/28"))


def _ingress(place: int):
    port = 8000 + place % 500
    group = Label("namespace", "group", Comparison.IN, frozenset((str(place % 100),)))
    web = Label("pod", "app", Comparison.IN, frozenset(("web",)))
    peers = (Peer(_labelled(f"team-{place}", "app", "web")), Peer(AllOf((Has("pod"), group, web))))
    yield Rule(Action.ALLOW, peers, Bounds.exactly(ports("tcp", IntervalSet.of(port, 9090))))
    yield Rule(Action.ALLOW, (Peer(addresses=_block(place)),), Bounds.exactly(ports("tcp", IntervalSet.of(443))))


def _egress(place: int, namespaces: int):
    other = f"team-{(place + 7) % namespaces}"
    port = 8000 + (place + 7) % namespaces % 500
    yield Rule(
        Action.ALLOW, (Peer(_labelled(other, "app", "api")),), Bounds.exactly(ports("tcp", IntervalSet.of(port)))
    )
    yield Rule(Action.ALLOW, (Peer(Has("pod")),), Bounds.exactly(ports("udp", IntervalSet.of(53))))
    yield Rule(Action.ALLOW, (Peer(addresses=_block(place + 1)),))


def _object(
    version: str, kind: str, namespace: str, name: str, spec: object, labels: object = None
) -> dict[str, object]:
    metadata = {"name": name, "namespace": namespace} | ({"labels": labels} if labels else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _ingress_document(place: int) -> dict[str, object]:
    block = f"172.{16 + place % 16}.{place // 16 % 256}"
    web = {"matchLabels": {"app": "web"}}
    return {
        "podSelector": {"matchLabels": {"app": "api"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [
                    {"podSelector": web},
                    {"podSelector": web, "namespaceSelector": {"matchLabels": {"group": str(place % 100)}}},
                ],
                "ports": [{"port": 8000 + place % 500}, {"port": 9090}],
            },
            {
                "from": [{"ipBlock": {"cidr": f"{block}.0/24", "except": [f"{block}.16/28"]}}],
                "ports": [{"port": 443}],
            },
        ],
    }


def _egress_document(place: int, namespaces: int) -> dict[str, object]:
    other = (place + 7) % namespaces
    block = f"172.{16 + (place + 1) % 16}.{(place + 1) // 16 % 256}"
    return {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [
                    {
                        "podSelector": {"matchLabels": {"app": "api"}},
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": f"team-{other}"}},
                    }
                ],
                "ports": [{"port": 8000 + other % 500}],
            },
            {"to": [{"namespaceSelector": {}}], "ports": [{"protocol": "UDP", "port": 53}]},
            {"to": [{"ipBlock": {"cidr": f"{block}.0/24", "except": [f"{block}.16/28"]}}]},
        ],
    }
