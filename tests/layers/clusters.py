"""Terse builders of clusters, and one question about one packet: for the tests of layers and topology."""

from __future__ import annotations

from typing import Any

from ringfence.engine.outcomes import Outcome
from ringfence.engine.reference import Reference
from ringfence.model.addresses import number
from ringfence.model.headers import Header
from ringfence.model.networks import Network, Packet
from ringfence.resources.kubernetes import (
    ConfigMap,
    Container,
    ContainerPort,
    Gateway,
    GatewayClass,
    Ingress,
    IngressClass,
    IPBlock,
    KubernetesObjects,
    LabelSelector,
    LabelSelectorRequirement,
    Namespace,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    Node,
    ObjectMeta,
    Pod,
    PodTemplate,
    PolicyType,
    RawObject,
    ReferenceGrant,
    RefusedObject,
    Route,
    SelectorOperator,
    Service,
    ServicePort,
    Workload,
)
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options

NAME = "kubernetes.io/metadata.name"

ROOMS: dict[type, str] = {
    Namespace: "namespaces",
    Node: "nodes",
    Workload: "workloads",
    NetworkPolicy: "network_policies",
    Service: "services",
    Ingress: "ingresses",
    IngressClass: "ingress_classes",
    Gateway: "gateways",
    GatewayClass: "gateway_classes",
    Route: "routes",
    ReferenceGrant: "reference_grants",
    ConfigMap: "config_maps",
    RawObject: "others",
    RefusedObject: "refused",
}


def meta(name: str, **labels: str) -> ObjectMeta:
    """From `namespace/name`, or a name alone for what lives in no namespace."""
    namespace, _, short = name.rpartition("/")
    return ObjectMeta(short, namespace, labels)


def cluster(*things: Any) -> KubernetesObjects:
    """The objects, and a namespace that no file declares for each that is only named."""
    rooms: dict[str, list[Any]] = {}
    for thing in things:
        rooms.setdefault(ROOMS[type(thing)], []).append(thing)
    named = {one.metadata.name for one in rooms.get("namespaces", [])}
    missing = sorted({thing.metadata.namespace for thing in things if hasattr(thing, "metadata")} - named - {""})
    rooms["namespaces"] = rooms.get("namespaces", []) + [
        Namespace(ObjectMeta(name, labels={NAME: name}), declared=False) for name in missing
    ]
    filled: dict[str, Any] = {room: tuple(members) for room, members in rooms.items()}
    return KubernetesObjects(**filled)


def namespace(name: str, **labels: str) -> Namespace:
    return Namespace(ObjectMeta(name, labels={NAME: name, **labels}))


def template(
    *ports: str, node: str = "", host: bool = False, image: str = "", host_port: int = 0, **labels: str
) -> PodTemplate:
    """`ports` as `tcp/http=8080`."""
    found = []
    for text in ports:
        protocol, _, rest = text.partition("/")
        name, _, digits = rest.partition("=")
        found.append(ContainerPort(int(digits), name, protocol.upper(), host_port))
    container = Container("main", image=image, ports=tuple(found))
    return PodTemplate(labels, containers=(container,), host_network=host, node_name=node)


def pod(name: str, *ports: str, ip: str = "", phase: str = "", **rest: Any) -> Workload:
    """A bare pod; `rest` as for `template`."""
    made = template(*ports, **rest)
    own = Pod(meta(name), made, phase, tuple(ip.split()))
    return Workload("Pod", meta(name), (made,), pods=(own,))


def workload(name: str, *templates: PodTemplate, kind: str = "Deployment", pods: tuple[Pod, ...] = ()) -> Workload:
    return Workload(kind, meta(name), templates or (template(app=name.rpartition("/")[2]),), pods=pods)


def node(name: str, *addresses: str, pod_cidrs: tuple[str, ...] = ()) -> Node:
    return Node(meta(name), tuple(("InternalIP", address) for address in addresses), pod_cidrs)


def has(*expressions: str, **exact: str) -> LabelSelector:
    """Exact labels, and expressions: `app in a,b`, `app notin a`, `app`, `!app`."""
    found = []
    for text in expressions:
        key, _, rest = text.partition(" ")
        word, _, values = rest.partition(" ")
        if word:
            operator = SelectorOperator.IN if word == "in" else SelectorOperator.NOT_IN
            found.append(LabelSelectorRequirement(key, operator, tuple(sorted(values.split(",")))))
        elif key.startswith("!"):
            found.append(LabelSelectorRequirement(key[1:], SelectorOperator.DOES_NOT_EXIST))
        else:
            found.append(LabelSelectorRequirement(key, SelectorOperator.EXISTS))
    return LabelSelector(tuple(sorted(exact.items())), tuple(found))


def pods(selector: LabelSelector, namespaces: LabelSelector | None = None) -> NetworkPolicyPeer:
    return NetworkPolicyPeer(pod_selector=selector, namespace_selector=namespaces)


def namespaces(selector: LabelSelector) -> NetworkPolicyPeer:
    return NetworkPolicyPeer(namespace_selector=selector)


def block(text: str) -> NetworkPolicyPeer:
    """`10.0.0.0/8 !10.1.0.0/16`: a CIDR and what it leaves out."""
    cidr, *excepts = text.split()
    return NetworkPolicyPeer(ip_block=IPBlock(cidr, tuple(one[1:] for one in excepts)))


def port(text: str) -> NetworkPolicyPort:
    """`tcp/80`, `tcp/80-90`, `tcp/http`, `tcp`."""
    protocol, _, rest = text.partition("/")
    low, _, high = rest.partition("-")
    number = int(low) if low.isdigit() else (low or None)
    return NetworkPolicyPort(protocol.upper(), number, int(high) if high else None)


def rule(*parts: NetworkPolicyPeer | str) -> NetworkPolicyRule:
    """Peers, and ports as text."""
    peers = tuple(part for part in parts if isinstance(part, NetworkPolicyPeer))
    return NetworkPolicyRule(peers, tuple(port(part) for part in parts if isinstance(part, str)))


def policy(
    name: str,
    selector: LabelSelector | None = None,
    ingress: tuple[NetworkPolicyRule, ...] | None = None,
    egress: tuple[NetworkPolicyRule, ...] | None = None,
) -> NetworkPolicy:
    """Isolates in the directions that are given."""
    found = ((PolicyType.INGRESS, ingress), (PolicyType.EGRESS, egress))
    types = tuple(kind for kind, rules in found if rules is not None)
    return NetworkPolicy(meta(name), selector or LabelSelector(), types, ingress or (), egress or ())


def service(name: str, *ports: str, kind: str = "ClusterIP", selector: dict[str, str] | None = None, **rest: Any):
    """`ports` as `tcp/80=8080` or `tcp/80=http`; selects `app=NAME` unless told otherwise."""
    found = []
    for text in ports:
        protocol, _, rest_of = text.partition("/")
        own, _, target = rest_of.partition("=")
        found.append(ServicePort(int(own), int(target) if target.isdigit() else target, protocol=protocol.upper()))
    chosen = {"app": name.rpartition("/")[2]} if selector is None else selector
    return Service(meta(name), kind, chosen, tuple(found), **rest)


def raw(api_version: str, kind: str, name: str) -> RawObject:
    return RawObject(api_version, kind, meta(name), {})


def ask(
    objects: KubernetesObjects, source: str, target: str, what: str = "tcp/80", options: Options | None = None
) -> Outcome:
    """What the reference evaluator says of one packet. Ends as `found` reads them; `what` as `tcp/80`, `icmp`, `47`."""
    network = build(objects, options).network
    origin, here = found(network, source)
    destination, there = found(network, target)
    return Reference(network).trace(Packet(origin, here, destination, there, header(what))).outcome


def found(network: Network, name: str) -> tuple[str, int]:
    """`ns/pod`, `ns/workload[Kind]`, `NAME[Node]`, an address outside; `NAME@ADDRESS` chooses the address."""
    if name[0].isdigit() or name.startswith("::") or name.startswith("fd"):
        return ("external-ipv6" if ":" in name else "external-ipv4"), number(name)
    title, _, address = name.partition("@")
    wanted = title if title.endswith(("]", "}", " IPv6")) else f"{title}[Pod]"
    (endpoint,) = (one for one in network.endpoints if one.id == wanted)
    return endpoint.id, number(address) if address else endpoint.addresses.first()


def header(what: str) -> Header:
    plane, _, number = what.partition("/")
    if plane.isdigit():
        return Header("other", protocol=int(plane))
    return Header(plane, 8, 0) if plane == "icmp" else Header(plane, 40000, int(number))
