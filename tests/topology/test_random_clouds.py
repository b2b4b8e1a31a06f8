"""Engine and reference on random clouds with a cluster in them: whatever one says for certain, the other says too.

Where every address on the way is one, both say the same of every header. Where an address is one of several and nobody
knows which (a placeholder, a pod, a balancer's node), the engine may be less certain than a packet with an address of
its own, never more.
(An interface whose subnet is not known multiplies the ways, so it meets no cluster here: the time would go there.)
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.engine.reach import Reachability
from ringfence.engine.reference import Reference
from ringfence.model.addresses import AddressSet
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint, Network, Packet
from ringfence.resources.aws import (
    AwsObjects,
    BalancerKind,
    BlockMode,
    EndpointKind,
    ExclusionMode,
    FargateProfile,
    FargateSelector,
    LaunchTemplate,
    Listener,
    LoadBalancer,
    NatGateway,
    NodeGroup,
    PrefixList,
    PrefixListPeer,
    PublicAccessBlock,
    PublicAccessExclusion,
    Route,
    RouteTable,
    SecurityGroup,
    Taint,
    Target,
    TargetGroup,
    TargetKind,
    Unknown,
    VpcEndpoint,
)
from ringfence.resources.kubernetes import PodTemplate, RawObject, Toleration
from ringfence.topology import kubernetes
from ringfence.topology.aws import build
from ringfence.topology.bindings import Binding
from ringfence.topology.composition import compose
from tests.layers.clusters import block, cluster, has, meta, policy, workload
from tests.layers.clusters import rule as policy_rule
from tests.topology.aws.clouds import (
    ALLOW_ALL,
    OUT,
    TO_IGW,
    TO_NAT,
    acl,
    cloud,
    entry,
    group,
    host,
    route,
    rule,
    verdict,
)

HEADERS = [
    Header("tcp", 40000, 22),
    Header("tcp", 1500, 443),
    Header("tcp", 61000, 8080),
    Header("mtls", 40000, 443),
    Header("udp", 40000, 53),
    Header("icmp", 8, 0),
    Header("other", protocol=47),
]
BLOCKS = ["0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "198.51.100.0/24", "0.0.0.0/1"]
UNKNOWN = Unknown("not known")
LABELS: list[Mapping[str, str | Unknown] | Unknown] = [{}, {"role": "data"}, UNKNOWN]
TAINTS: list[tuple[Taint, ...] | Unknown] = [(), (Taint("dedicated", "data", "NoSchedule"),), UNKNOWN]
APPS: list[str | Unknown] = ["web", "api", UNKNOWN]


def some_acl(draw: random.Random, name: str, subnets: Any) -> Any:
    """Some entries of either direction, and mostly one that lets everything out."""
    entries = [
        entry(
            draw.randint(1, 5),
            draw.choice(["allow", "allow", "deny"]),
            draw.choice([None, (22, 22), (443, 443), (1024, 65535), (32768, 60999), (22, 8080)]),
            draw.random() < 0.5,
            draw.choice(BLOCKS),
        )
        for _ in range(draw.randint(1, 4))
    ]
    return acl(name, *entries, *(ALLOW_ALL if draw.random() < 0.7 else ()), subnets=subnets)


def some_group(draw: random.Random, name: str) -> SecurityGroup:
    def one() -> Any:
        peer: Any = draw.choice([*BLOCKS, "a", "b", "nodes", PrefixListPeer("list"), PrefixListPeer("gone")])
        port, protocol = draw.choice(
            [(22, "tcp"), (443, "tcp"), (8080, "tcp"), (53, "udp"), (None, "-1"), (None, "47")]
        )
        return rule(peer, port, protocol, exists=UNKNOWN if draw.random() < 0.1 else None)

    made = group(name, *(one() for _ in range(draw.randint(1, 3))))
    return made if draw.random() < 0.8 else SecurityGroup(id=name, vpc="vpc", rules=made.rules[: -len(OUT)])


def some_routes(draw: random.Random) -> tuple[Route, ...]:
    ways = [
        TO_IGW,
        TO_NAT,
        route("0.0.0.0/0", TargetKind.OTHER, "tgw"),
        route("198.51.0.0/16", TargetKind.INTERNET_GATEWAY, "igw"),
        route("198.51.100.0/25", TargetKind.NAT_GATEWAY, "nat"),
        route("198.51.100.0/24", TargetKind.OTHER, "vgw", propagated=True),
        route("203.0.113.0/24", TargetKind.INTERNET_GATEWAY, "igw", blackhole=True),
        route("198.51.100.0/26", TargetKind.INTERNET_GATEWAY, "igw", exists=UNKNOWN),
    ]
    return tuple(draw.sample(ways, draw.randint(0, 4)))


def some_cloud(draw: random.Random, clustered: bool) -> AwsObjects:
    groups = ("a", "b")
    changes: dict[str, Any] = {
        "security_groups": (group("default"), *(some_group(draw, name) for name in (*groups, "nodes"))),
        "network_acls": (
            acl("open", *ALLOW_ALL),
            *(some_acl(draw, f"acl {one}", (one,)) for one in ("public", "private", "data") if draw.random() < 0.4),
        ),
        "prefix_lists": (PrefixList(id="list", cidrs=("198.51.100.0/24", "10.0.2.0/24")),),
        "network_interfaces": tuple(
            host(
                name,
                draw.choice(["public", "private", "data"]) if clustered or draw.random() < 0.95 else UNKNOWN,
                address,
                *draw.sample(groups, draw.randint(0, 2)),
                public=draw.choice([None, "203.0.113.10", "203.0.113.10", UNKNOWN]),
            )
            for name, address in (("one", "10.0.0.10"), ("two", "10.0.1.10"), ("three", "10.0.2.10"))
        ),
        "route_tables": (
            RouteTable(id="main", vpc="vpc", routes=some_routes(draw)),
            RouteTable(id="out", vpc="vpc", routes=(TO_IGW,), subnets=("public",)),
            RouteTable(id="inner", vpc="vpc", routes=some_routes(draw), subnets=("private",)),
        ),
        "nat_gateways": (NatGateway(id="nat", subnet=draw.choice(["public", "data"]), private_ip="10.0.0.250"),),
        "launch_templates": (
            LaunchTemplate(id="lt", security_groups=("nodes",), public_ip=draw.random() < 0.5),
            LaunchTemplate(id="lt-more", security_groups=("a",), user_data=draw.random() < 0.3),
        ),
        "node_groups": (
            NodeGroup(id="nodes", cluster="c", name="nodes", subnets=("private", "public"), launch_template="lt"),
            NodeGroup(
                id="more",
                cluster="c",
                name="more",
                subnets=draw.choice([("private",), ("data",), ("private", "data")]),
                launch_template="lt-more",
                labels=draw.choice(LABELS),
                taints=draw.choice(TAINTS),
            ),
        ),
    }
    if clustered and draw.random() < 0.2:
        selectors = (FargateSelector("x", {"app": draw.choice(APPS)}),)
        changes["fargate_profiles"] = (FargateProfile(id="f", cluster="c", subnets=("data",), selectors=selectors),)
    if draw.random() < 0.3:
        gateway = VpcEndpoint(
            id="s3",
            vpc="vpc",
            service="s3",
            kind=EndpointKind.GATEWAY,
            route_tables=("inner", "main"),
            prefix_list=draw.choice(["list", "gone"]),
        )
        changes["vpc_endpoints"] = (gateway,)
    if clustered and draw.random() < 0.7:
        kind = draw.choice([BalancerKind.APPLICATION, BalancerKind.NETWORK])
        balancer = LoadBalancer(
            id="lb", kind=kind, subnets=("public", "data"), security_groups=draw.choice([("a",), ("a", "b")])
        )
        targets = TargetGroup(
            id="tg",
            port=8080,
            protocol="TCP",
            target_type="ip",
            preserve_client_ip=draw.choice([True, False, None]),
            targets=(Target(id="t", target="10.0.1.10"), Target(id="u", target="10.0.2.10")),
        )
        listener = Listener(id="l", load_balancer="lb", port=443, protocol="TCP", target_groups=("tg",))
        changes |= {"load_balancers": (balancer,), "target_groups": (targets,), "listeners": (listener,)}
    if draw.random() < 0.3:
        changes["public_access_blocks"] = (PublicAccessBlock(id="block", mode=draw.choice([*BlockMode, UNKNOWN])),)
        places: list[dict[str, Any]] = [{"vpc": "vpc"}, {"subnet": "public"}, {"subnet": "data"}, {"subnet": UNKNOWN}]
        left_out = (
            PublicAccessExclusion(id=f"exclusion {n}", mode=draw.choice([*ExclusionMode]), **place)
            for n, place in enumerate(draw.sample(places, draw.randint(0, 2)))
        )
        changes["public_access_exclusions"] = tuple(left_out)
    return cloud(**changes)


def some_network(draw: random.Random, clustered: bool) -> Network:
    topology = build(some_cloud(draw, clustered))
    if not clustered:
        return topology.network
    policies = [policy("x/web", has(app="web"), egress=(policy_rule(block(draw.choice(BLOCKS))),))]
    choosy = PodTemplate(
        {"app": "web"},
        node_selector=draw.choice([{}, {"role": "data"}, {"role": "other"}]),
        tolerations=draw.choice([(), (Toleration("dedicated", "Exists"),)]),
    )
    document = {"spec": {"podSelector": {"matchLabels": {"app": draw.choice(["web", "api"])}}}}
    groups = RawObject("vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy", meta("x/groups"), document)
    manifests = cluster(
        workload("x/web", choosy),
        workload("x/api"),
        *draw.sample(policies, draw.randint(0, 1)),
        *((groups,) if draw.random() < 0.2 else ()),
    )
    named = draw.choice([("nodes",), ("nodes", "more"), ("*",)])
    binding = Binding(
        "shop", nodes=named, data_path=draw.choice(["vpc-cni", "overlay"]), source_nat=draw.random() < 0.7
    )
    return compose(kubernetes.build(manifests), topology, binding).network


def an_address(draw: random.Random, addresses: AddressSet) -> int:
    low, high = draw.choice(addresses.pairs)
    return draw.choice([low, high, draw.randint(low, high)])


def limits(endpoint: Endpoint) -> AddressSet | None:
    """Those of the internet's addresses that the routes and rules here tell apart."""
    return AddressSet.of("198.51.100.0/24", "203.0.113.0/24", "8.8.8.8") if endpoint.every else None


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("clustered", [False, True])
def test_both_evaluators_agree(seed: int, clustered: bool):
    draw = random.Random(f"{seed} {clustered}")
    network = some_network(draw, clustered)
    reach, reference = Reachability(network), Reference(network)
    four = [one for one in network.endpoints if one.addresses <= AddressSet.of("0.0.0.0/0")]
    single = not any(
        link.rewrite and link.rewrite.source.addresses for link in network.links if link.id != "source NAT"
    )
    for _ in range(8 if clustered else 25):
        source, target = draw.choice(four), draw.choice(four)
        within = limits(source), limits(target)
        exact = single and all(one.every or one.addresses.count() == 1 for one in (source, target)) and not clustered
        for one in reach.between(source, target, *within):
            here, there = an_address(draw, one.sources), an_address(draw, one.destinations)
            for header in HEADERS:
                outcomes = reference.trace(Packet(source.id, here, target.id, there, header)).outcomes
                must, may = outcomes == {Outcome.ALLOWED}, Outcome.ALLOWED in outcomes
                found = header in one.headers.must, header in one.headers.may
                if exact:
                    assert found == (must, may), (source.id, target.id, header)
                assert must or not found[0], (source.id, target.id, header)
                assert found[1] or not may, (source.id, target.id, header)


def test_the_random_clouds_let_some_packets_through_and_refuse_some():
    seen = set()
    for seed in range(12):
        draw = random.Random(seed)
        network = some_network(draw, clustered=False)
        reach = Reachability(network)
        one, internet = (next(e for e in network.endpoints if e.id == name) for name in ("one", "external-ipv4"))
        for pair in ((one, internet), (internet, one)):
            for part in reach.between(*pair):
                seen |= {(header in part.headers.must, header in part.headers.may) for header in HEADERS}
    assert seen == {(True, True), (False, True), (False, False)}


@pytest.mark.parametrize("seed", range(12))
def test_a_pod_of_two_groups_may_what_either_may_and_must_what_both_must(seed: int):
    objects = some_cloud(random.Random(f"groups {seed}"), clustered=True)
    topology = build(replace(objects, fargate_profiles=()))
    anywhere = PodTemplate({"app": "web"}, tolerations=(Toleration("", "Exists"),))
    manifests = kubernetes.build(cluster(workload("x/web", anywhere)))

    def answers(*groups: str) -> list[tuple[bool, bool]]:
        network = compose(manifests, topology, Binding("shop", nodes=groups)).network
        pairs = [("x/web[Deployment]", one) for one in ("one", "two", "three")]
        return [
            verdict(network, *way, port) for pair in pairs for way in (pair, pair[::-1]) for port in (22, 443, 8080)
        ]

    both, *single = answers("nodes", "more"), answers("nodes"), answers("more")
    assert both == [
        (any(may), all(must)) for may, must in (zip(*each, strict=True) for each in zip(*single, strict=True))
    ]
