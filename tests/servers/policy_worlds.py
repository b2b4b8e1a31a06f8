"""Random NetworkPolicies and admin policies for one small cluster, drawn so that they often meet its pods and flows.

    x, y, z         namespaces; the labels of their pods and the names of their ports overlap
    y/agent         runs on the network of node-b, where no other pod is: it is its node, in the eyes of policies
    near, far       hosts outside

Left out of admin policies is what the agent takes otherwise than their documentation (`test_kernel` shows each).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from tests.servers.manifests import Manifest
from tests.servers.policy_agent import GROUP, NODE

Labels = dict[str, str]

SPACES: dict[str, Labels] = {"x": {"team": "a", "env": "e"}, "y": {"team": "b"}, "z": {}}
PODS: dict[str, tuple[Labels, str]] = {
    "x/web": ({"app": "web", "tier": "front"}, "TCP/http=80 UDP/dns=53"),
    "x/db": ({"app": "db"}, "TCP/http=81 SCTP/http=80"),
    "x/bare": ({}, ""),
    "y/web": ({"app": "web"}, "TCP/http=80 UDP/http=80"),
    "y/job": ({"app": "job", "tier": "back", "env": "e"}, "TCP/http=90"),
    "z/db": ({"app": "db", "tier": "front"}, "TCP/dns=90 UDP/dns=53"),
    "z/web": ({"app": "web", "env": "e"}, "SCTP/http=80"),
}
ADDRESSES = {name: [f"10.0.0.{place}", f"fd00::{place}"] for place, name in enumerate(PODS, 1)}
ON_HOST = "y/agent"
OUTSIDE = {
    ON_HOST: ["192.168.0.2", "fd01::2"],
    "near": ["8.8.8.8", "2001:db8::8"],
    "far": ["8.8.4.4", "2001:db9::4"],
}
"""Who is not behind a pod's wire."""

PORTS = {"tcp": (80, 81, 90), "udp": (53, 80)}
WHATS = ("tcp/80", "tcp/81", "tcp/90", "udp/53", "udp/80", "sctp/80", "icmp")
BLOCKS = (
    ("0.0.0.0/0",),
    ("0.0.0.0/0", "10.0.0.0/8"),
    ("10.0.0.0/30",),
    ("10.0.0.0/29", "10.0.0.2/32", "10.0.0.4/31"),
    ("8.8.0.0/16", "8.8.8.0/24"),
    ("192.168.0.0/24",),
    ("::/0",),
    ("fd00::/125", "fd00::4/127"),
    ("2001:db8::/31", "2001:db8::/32"),
)


def population() -> Iterator[Manifest]:
    """Namespaces, nodes and pods."""
    for name, labels in SPACES.items():
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
    for name, addresses in ((NODE, ["192.168.0.1", "fd01::1"]), ("node-b", OUTSIDE[ON_HOST])):
        internal = [{"type": "InternalIP", "address": one} for one in addresses]
        yield {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"addresses": internal}}
    for name, (labels, ports) in PODS.items():
        yield _pod(name, labels, ports, ADDRESSES[name], nodeName=NODE)
    yield _pod(ON_HOST, {"app": "web"}, "TCP/http=80", OUTSIDE[ON_HOST], nodeName="node-b", hostNetwork=True)


def _pod(name: str, labels: Labels, ports: str, addresses: list[str], **spec: Any) -> Manifest:
    namespace, _, short = name.partition("/")
    container: dict[str, Any] = {"name": "main", "image": "none", "ports": []}
    for text in ports.split():
        protocol, _, rest = text.partition("/")
        named, _, number = rest.partition("=")
        one = {"name": named, "containerPort": int(number), "protocol": protocol}
        container["ports"].append(one | ({"hostPort": int(number)} if spec.get("hostNetwork") else {}))
    # A name may stand once in a container.
    containers = [{**container, "name": f"c{place}", "ports": [one]} for place, one in enumerate(container["ports"])]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": short, "namespace": namespace, "labels": labels},
        "spec": {"containers": containers or [container], **spec},
        "status": {"phase": "Running", "podIP": addresses[0], "podIPs": [{"ip": one} for one in addresses]},
    }


def network_policy(name: str, **spec: Any) -> Manifest:
    """From `namespace/name`; for all pods of the namespace unless told otherwise."""
    namespace, _, short = name.partition("/")
    metadata = {"name": short, "namespace": namespace}
    spec = {"podSelector": {}, **spec}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def admin_policy(name: str, priority: int, **spec: Any) -> Manifest:
    """For all pods unless told otherwise."""
    spec = {"subject": {"namespaces": {}}, "priority": priority, **spec}
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": "AdminNetworkPolicy", "metadata": {"name": name}, "spec": spec}


def baseline(**spec: Any) -> Manifest:
    """For all pods unless told otherwise."""
    spec = {"subject": {"namespaces": {}}, **spec}
    kind = "BaselineAdminNetworkPolicy"
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": kind, "metadata": {"name": "default"}, "spec": spec}


def world(seed: int) -> list[Manifest]:
    """The policies of a seed: the same each time. Every other world has admin policies as well."""
    made = _Maker(random.Random(seed))
    policies = [made.network_policy(f"p{place}") for place in range(made.chance.choice((1, 2, 2, 3, 4, 5)))]
    if seed % 2:
        priorities = made.chance.sample(range(1, 1000), made.chance.choice((0, 1, 1, 2, 3)))
        policies += [made.admin_policy(f"a{place}", number) for place, number in enumerate(priorities)]
        if made.one_in(2):
            policies.append(baseline(**made.tier(("Allow", "Deny"))))
        if made.one_in(3):  # the tiers alone
            policies = [one for one in policies if one["kind"] != "NetworkPolicy"]
    return policies


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def one_in(self, number: int) -> bool:
        return self.chance.randrange(number) == 0

    def few(self, *numbers: int) -> range:
        return range(self.chance.choice(numbers))

    def selector(self, values: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Of labels as they are, and of one key that nothing has."""
        key, value = self.chance.choice(values)
        other = self.chance.choice([one for of, one in values if of == key] + ["none"])
        match self.chance.randrange(8):
            case 0:
                return {}
            case 1 | 2 | 3:
                return {"matchLabels": {key: value}}
            case 4:
                second = {"key": self.chance.choice((key, "none")), "operator": "DoesNotExist"}
                return {"matchLabels": dict([self.chance.choice(values)]), "matchExpressions": [second]}
            case 5:
                operator = self.chance.choice(("In", "NotIn"))
                return {"matchExpressions": [{"key": key, "operator": operator, "values": sorted({value, other})}]}
            case 6:
                return {"matchExpressions": [{"key": key, "operator": "NotIn", "values": [value]}]}
            case _:
                operator = self.chance.choice(("Exists", "DoesNotExist"))
                return {"matchExpressions": [{"key": key, "operator": operator}]}

    def pods(self) -> dict[str, Any]:
        return self.selector([pair for labels, _ in PODS.values() for pair in labels.items()])

    def namespaces(self) -> dict[str, Any]:
        names = [("kubernetes.io/metadata.name", name) for name in SPACES]
        return self.selector([*names, *(pair for labels in SPACES.values() for pair in labels.items())])

    def peer(self) -> dict[str, Any]:
        match self.chance.randrange(5):
            case 0:
                return {"podSelector": self.pods()}
            case 1:
                return {"namespaceSelector": self.namespaces()}
            case 2:
                return {"podSelector": self.pods(), "namespaceSelector": self.namespaces()}
            case _:
                cidr, *excepts = self.chance.choice(BLOCKS)
                return {"ipBlock": {"cidr": cidr, **({"except": excepts} if excepts else {})}}

    def port(self) -> dict[str, Any]:
        protocol = self.chance.choice(({}, {"protocol": "TCP"}, {"protocol": "UDP"}, {"protocol": "SCTP"}))
        match self.chance.randrange(6):
            case 0:
                return protocol or {"protocol": "TCP"}
            case 1 | 2:
                return {**protocol, "port": self.chance.choice(("http", "http", "dns"))}
            case 3:
                return {**protocol, "port": self.chance.choice((50, 80)), "endPort": self.chance.choice((80, 81, 90))}
            case _:
                return {**protocol, "port": self.chance.choice((80, 80, 81, 90, 53))}

    def rule(self, peers: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if not self.one_in(4):
            made[peers] = [self.peer() for _ in self.few(0, 1, 1, 2)]
        if not self.one_in(3):
            made["ports"] = [self.port() for _ in self.few(0, 1, 1, 2)]
        return made

    def network_policy(self, name: str) -> Manifest:
        spec: dict[str, Any] = {"podSelector": {} if self.one_in(2) else self.pods()}
        if not self.one_in(4):
            types = self.chance.choice((["Ingress"], ["Egress"], ["Ingress", "Egress"], ["Ingress", "Egress"]))
            spec["policyTypes"] = types
        for key, peers in (("ingress", "from"), ("egress", "to")):
            if not self.one_in(4):
                spec[key] = [self.rule(peers) for _ in self.few(0, 1, 1, 2)]
        return network_policy(f"{self.chance.choice(list(SPACES))}/{name}", **spec)

    def pods_of(self) -> dict[str, Any]:
        if self.one_in(2):
            return {"namespaces": self.namespaces()}
        return {"pods": {"namespaceSelector": self.namespaces(), "podSelector": self.pods()}}

    def admin_port(self) -> dict[str, Any]:
        protocol = self.chance.choice(("TCP", "TCP", "UDP", "SCTP"))
        if self.one_in(3):
            return {"portRange": {"protocol": protocol, "start": self.chance.choice((50, 80)), "end": 81}}
        return {"portNumber": {"protocol": protocol, "port": self.chance.choice((80, 80, 81, 90, 53))}}

    def tier(self, actions: Sequence[str]) -> dict[str, Any]:
        """Subject and rules of an admin or baseline policy."""
        made: dict[str, Any] = {"subject": self.pods_of()}
        for key, peers in (("ingress", "from"), ("egress", "to")):
            if not self.one_in(3):
                made[key] = [self.admin_rule(peers, actions) for _ in self.few(1, 1, 2, 3)]
        return made

    def admin_rule(self, peers: str, actions: Sequence[str]) -> dict[str, Any]:
        found = [self.pods_of() for _ in self.few(1, 1, 2)]
        if peers == "to" and self.one_in(3):
            found.append({"networks": [self.chance.choice(BLOCKS)[0]]})
        made: dict[str, Any] = {"action": self.chance.choice(actions), peers: found}
        if not self.one_in(3):
            made["ports"] = [self.admin_port() for _ in self.few(1, 1, 2)]
        return made

    def admin_policy(self, name: str, priority: int) -> Manifest:
        return admin_policy(name, priority, **self.tier(("Allow", "Deny", "Pass")))
