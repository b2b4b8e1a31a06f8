"""What Ringfence says of the ways that Services open, held against Kubernetes' own kube-proxy: real connections.

Whether a client gets through at a node's port, an external address or a load balancer's, and whether the pod then sees
the client or a node, is asked of both, for clients outside, on another node, and pods of this node and the other.

What is said here is what *may* be: a Service with `Local` is served by the nodes that have a pod of it alone, and
kube-proxy holds source ranges against pods as well. Everything else has to be the same.

`RINGFENCE_SOAK=minutes` goes on with other Services each time for so long.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from ringfence.model.addresses import AddressSet
from ringfence.model.spans import Span
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from ringfence.topology.entries import SOME_NODE
from ringfence.topology.kubernetes import build
from ringfence.topology.relays import relays
from tests.servers.batches import batches
from tests.servers.manifests import Manifest
from tests.servers.service_proxy import (
    NODE,
    NODES,
    OTHER,
    OUTSIDE,
    PODS,
    PORT,
    SPACE,
    Answer,
    Proxied,
    proxied,
)

CLIENTS = {**OUTSIDE, OTHER: NODES[OTHER], "near": PODS["near"][0], "away": PODS["away"][0]}
WAYS = ("node port", "external address", "balancer")
LOCAL = {"externalTrafficPolicy": "Local"}
RANGES = {"loadBalancerSourceRanges": ["198.51.100.0/24"]}
LISTED: dict[str, Any] = {"externalIPs": []}
"""Filled with an address of the Service's own."""

SPECS: tuple[dict[str, Any], ...] = (
    {"type": "NodePort"},
    {"type": "NodePort", **LOCAL},
    {"type": "LoadBalancer"},
    {"type": "LoadBalancer", **LOCAL},
    {"type": "LoadBalancer", **RANGES},
    {"type": "LoadBalancer", **LOCAL, **RANGES},
    {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False},
    {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False, **RANGES},
    {"type": "LoadBalancer", **RANGES, **LISTED},
    {"type": "LoadBalancer", **LOCAL, **LISTED},
    {"type": "ClusterIP"},
    {"type": "ClusterIP", **LISTED},
    {"type": "ClusterIP", **LISTED, **LOCAL},
)
BEHIND = (("here",), ("far",), ("here", "far"))
Seen = dict[tuple[str, str], set[str]]
"""By client and way: whom the pods see, nobody where nothing arrives."""


@dataclass(frozen=True, slots=True)
class Case:
    """A Service by what it asks for, the pods behind it, and addresses of its own."""

    spec: Mapping[str, Any]
    behind: Sequence[str]
    number: int

    @property
    def name(self) -> str:
        return f"web-{self.number}"

    @property
    def external(self) -> str:
        return f"192.0.2.{self.number + 1}"

    @property
    def balancer(self) -> str:
        return f"192.0.3.{self.number + 1}"

    def manifest(self) -> Manifest:
        """The Service, with a load balancer's answer where it asks for one."""
        spec = {"ports": [{"port": 80, "targetPort": PORT}], "selector": {"app": "web"}, **self.spec}
        spec |= {"externalIPs": [self.external]} if "externalIPs" in spec else {}
        status = {"loadBalancer": {"ingress": [{"ip": self.balancer, "ipMode": "VIP"}]}}
        found = {"metadata": {"name": self.name}, "spec": spec}
        return found | ({"status": status} if spec["type"] == "LoadBalancer" else {})


FIXED = tuple(Case(spec, behind, at) for at, (spec, behind) in enumerate(product(SPECS, BEHIND)))


@pytest.fixture(scope="module", params=["iptables", "nftables"])
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    with proxied(tmp_path_factory.mktemp("proxy"), request.param) as running:
        yield running


def ours(case: Case, service: Manifest) -> Seen:
    """What Ringfence says of a Service, as the API server has it."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "here", "namespace": SPACE, "labels": {"app": "web"}},
        "spec": {"nodeName": NODE, "containers": [{"name": "main", "image": "none"}]},
    }
    read = {"apiVersion": "v1", "kind": "Service", **service}
    objects, wrong = from_documents(Document(one, Span("k8s.yaml")) for one in (pod, read))
    assert not wrong, wrong
    topology = build(objects)
    known = [one for some in relays(topology, False).values() for one in some]
    found: Seen = {pair: set() for pair in product(CLIENTS, WAYS)}
    for entry in topology.entries:
        for client, way in found:
            admitted = entry.source_ranges is None or AddressSet.of(CLIENTS[client]) <= entry.source_ranges
            open_ways = {
                "node port": bool(entry.node_ports),
                "external address": "externalIPs" in case.spec,
                "balancer": entry.kind == "LoadBalancer" and (client in PODS or admitted),
            }
            if open_ways[way]:
                masked = any(one.nodes for one in known) if client in PODS else SOME_NODE in entry.sources
                found[client, way].add("node" if masked or client == OTHER else client)
    return found


def theirs(proxy: Proxied, offered: Sequence[tuple[Case, Manifest]]) -> list[Seen]:
    """What kube-proxy does."""

    def ask(one: tuple[Case, Manifest, str, str]) -> Answer | None:
        case, service, client, way = one
        port = service["spec"]["ports"][0].get("nodePort", 0)
        where = {"node port": (NODES[NODE], port), "external address": (case.external, 80)}
        address, number = where.get(way, (case.balancer, 80))
        return proxy.dial(client, address, number) if number else None

    asked = [(*one, *pair) for one in offered for pair in product(CLIENTS, WAYS)] * 2
    with ThreadPoolExecutor(24) as together:
        answers = list(together.map(ask, asked))
    found: list[Seen] = [{pair: set() for pair in product(CLIENTS, WAYS)} for _ in offered]
    places = {case.number: place for place, (case, _) in enumerate(offered)}
    for (case, _, client, way), answer in zip(asked, answers, strict=True):
        found[places[case.number]][client, way] |= {answer.seen} if answer else set()
    return found


def differences(proxy: Proxied, cases: Sequence[Case]) -> list[str]:
    """Where the two say different things."""
    stored = proxy.offer([one.manifest() for one in cases], {one.name: one.behind for one in cases})
    offered = [(one, stored[one.name]) for one in cases]
    found = []
    for (case, service), done in zip(offered, theirs(proxy, offered), strict=True):
        said = ours(case, service)
        local = "externalTrafficPolicy" in case.spec and "here" not in case.behind
        for (client, way), seen in done.items():
            pod, ranged = client in PODS, "loadBalancerSourceRanges" in case.spec
            narrower = (local and not pod) or (pod and way == "balancer" and ranged)
            if not (seen <= said[client, way] if narrower else seen == said[client, way]):
                found.append(f"{case}: {client} by its {way}: {seen}, and not {said[client, way]}")
    return found


def test_who_gets_in_and_whom_pods_see(proxy: Proxied) -> None:
    assert differences(proxy, FIXED) == []


def test_random_services(proxy: Proxied) -> None:
    for seeds in batches(range(12), 12):
        assert differences(proxy, [_random(seed, at) for at, seed in enumerate(seeds)]) == []


def _random(seed: int, number: int) -> Case:
    chance = random.Random(seed)
    spec: dict[str, Any] = {"type": chance.choice(["ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer"])}
    spec |= LISTED if chance.random() < 0.5 else {}
    if spec["type"] != "ClusterIP" or "externalIPs" in spec:
        spec |= LOCAL if chance.random() < 0.4 else {}
    if spec["type"] == "LoadBalancer":
        spec |= RANGES if chance.random() < 0.5 else {}
        spec |= {"allocateLoadBalancerNodePorts": False} if chance.random() < 0.4 else {}
    return Case(spec, chance.sample(["here", "far"], chance.randint(1, 2)), number)
