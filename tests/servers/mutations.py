"""Valid manifests of the kinds that decide about the network, and ways to break them.

A manifest is broken at a random place in a random way: a part goes, is doubled, is renamed, or becomes something that
stood elsewhere.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from tests.servers.manifests import Manifest, deployment, ingress, pod, policy, service

BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
SELECTOR = {
    "matchLabels": {"app": "x", "example.org/tier": ""},
    "matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}, {"key": "d", "operator": "Exists"}],
}
VALID = {
    "policy": policy(
        podSelector=SELECTOR,
        policyTypes=["Ingress", "Egress"],
        ingress=[
            {
                "from": [{"podSelector": SELECTOR, "namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}],
                "ports": [{"port": 80, "endPort": 90, "protocol": "UDP"}, {"port": "http"}],
            }
        ],
        egress=[{"to": [{"ipBlock": {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]}}]}, {}],
    ),
    "service": service(
        type="NodePort",
        selector={"app": "x"},
        ports=[
            {"name": "a", "port": 80, "targetPort": "http", "protocol": "TCP"},
            {"name": "b", "port": 81, "targetPort": 8081, "nodePort": 30081},
        ],
        externalIPs=["192.0.2.1"],
        externalTrafficPolicy="Local",
        internalTrafficPolicy="Cluster",
        publishNotReadyAddresses=True,
    ),
    "load balancer": service(
        type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0/8"], allocateLoadBalancerNodePorts=False
    ),
    "external name": service(type="ExternalName", externalName="db.example.org"),
    "pod": pod(
        {
            "name": "a",
            "image": "a",
            "command": ["run"],
            "args": ["now"],
            "env": [{"name": "A", "value": "b"}],
            "ports": [
                {"name": "http", "containerPort": 80, "hostPort": 8080},
                {"containerPort": 53, "protocol": "UDP"},
            ],
        },
        {"name": "b", "image": "b"},
        hostNetwork=False,
        nodeSelector={"disk": "fast"},
    ),
    "deployment": deployment({"app": "x", "b": "c"}, {"matchLabels": {"app": "x"}}, replicas=2),
    "ingress": ingress(
        {"host": "*.shop.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": BACKEND}]}},
        defaultBackend={"service": {"name": "web", "port": {"name": "http"}}},
        ingressClassName="nginx",
        tls=[{"hosts": ["shop.example"], "secretName": "shop"}],
    ),
}
SAMPLES: tuple[Any, ...] = (
    *(None, "", "x", "X", "a b", "80", "http", "tcp", "TCP", "SCTP", "Ingress", "In", "Exists", "None", "/", "/a//b"),
    *(0, 1, 80, 65535, 65536, -1, 2**31, 80.5, True, False, [], {}, [None], [{}], ["x"], ["x", "x"], {"a": "b"}),
    *(
        "10.0.0.0/8",
        "127.0.0.1",
        "169.254.0.1",
        "10.0.0.0/16",
        "10.0.0.1",
        "::/0",
        "2001:db8::1",
        "a" * 64,
        "a" * 16,
        "*.x.y",
        "*",
        "ä",
        "{{ x }}",
    ),
    *(
        "Local",
        "Cluster",
        "ClusterIP",
        "LoadBalancer",
        {"app": "x"},
        {"a": None},
        {"a": 1},
        {"": ""},
        {"matchLabels": {}},
    ),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys or indices."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def broken(manifest: Manifest, chance: random.Random) -> Manifest:
    """The manifest with one thing changed, or two."""
    manifest = copy.deepcopy(manifest)
    manifest["metadata"] |= {"labels": {"app": "x"}, "annotations": {"example.org/a": "b"}}
    for _ in range(chance.choice((1, 1, 1, 2))):
        metadata = {key: value for key, value in manifest["metadata"].items() if key != "namespace"}  # is in the URL
        holder, key = chance.choice([*places(manifest.get("spec") or {}), *places(metadata)])
        match chance.randrange(6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[key]))
            case 2 if isinstance(holder, dict) and manifest["kind"] == "NetworkPolicy":
                holder[chance.choice((key + "s", key.upper(), key[:-1]))] = holder.pop(key)
            case 3:
                other, place = chance.choice(list(places(manifest["spec"])) or [(holder, key)])
                holder[key] = copy.deepcopy(other[place])
            case _:
                holder[key] = copy.deepcopy(chance.choice(SAMPLES))
        manifest["metadata"] = {**metadata, "namespace": "shop"}
    return manifest
