"""What is there, enforces, and has no layer here: the verdicts of what it could select are unknown.

Two things end up here: kinds of the closed list `ENFORCING_KINDS` that no layer lowers, and objects of enforcing kinds
that the reader refused. For the pods that such an object could select, this layer may allow, may deny, and may leave
the decision to the next: *must* is empty and *may* is everything. Guessing either way would make a false proof.

Objects of one family decide together: what one policy does not let in, another one may (`opened`). The families are
packet filters, whose plugins weigh NetworkPolicies against policies of their own, and meshes.

A Namespace of which no document counts (refused, or two that differ) may have any label: what policies that ask for
labels of namespaces say about its pods is open (`of_namespaces`). A Gateway that was refused, of whichever kind, leaves
open what gateways' pods take, and what a waypoint refuses.

What an object could select:

    of a namespace                        the pods of that namespace
    of the cluster                        every pod; for kinds that also select hosts (`OF_HOSTS`), every node too
    Istio's, in the mesh's root namespace every pod, and so what is exported to all namespaces (`EXPORTED`)

An object of Istio's for the control planes of one revision (the label `istio.io/rev`) is one of these, too.

Kinds that decide nothing by themselves (`PASSIVE`) make nothing unknown; staged policies do where the option
`calico_staged_as_enforced` asks what they would do. A refused NetworkPolicy counts where NetworkPolicy is enforced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ringfence.layers.istio_facets import GATEWAY_KIND, KIND, PROXY
from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.mesh_facets import AMBIENT, SIDECAR, WAYPOINT, of_planes
from ringfence.layers.own_node import HOST
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, HeaderSet
from ringfence.model.rules import Action, Chain, Direction, Peer, Purpose, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, AnyOf, Comparison, Has, InNamespace, Label, Selector, Unsure
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import (
    ENFORCING_KINDS,
    NETWORK_POLICY,
    GroupKind,
    NetworkPolicy,
    RawObject,
    RefusedObject,
)
from ringfence.resources.kubernetes.cluster_policies import ClusterPolicy
from ringfence.resources.kubernetes.kinds import NAMESPACE, REVISION, revised

LAYER = "not modelled"
NAME = "(what it says is not known)"
REVISED = "{title} counts for Istio's control planes of revision {revision} alone, and which those are is not known"

PASSIVE: frozenset[GroupKind] = frozenset(
    {
        ("projectcalico.org", "NetworkSet"),
        ("projectcalico.org", "GlobalNetworkSet"),
        ("projectcalico.org", "Tier"),
        ("crd.projectcalico.org", "NetworkSet"),
        ("crd.projectcalico.org", "GlobalNetworkSet"),
        ("crd.projectcalico.org", "Tier"),
        ("cilium.io", "CiliumCIDRGroup"),
        ("crd.antrea.io", "Tier"),
        ("crd.antrea.io", "Group"),
        ("crd.antrea.io", "ClusterGroup"),
        ("policy.linkerd.io", "MeshTLSAuthentication"),
        ("policy.linkerd.io", "NetworkAuthentication"),
    }
)
"""Kinds that other kinds refer to: alone they change nothing."""

CALICO = ("projectcalico.org", "crd.projectcalico.org")

STAGED: frozenset[GroupKind] = frozenset(
    (group, kind)
    for group in CALICO
    for kind in ("StagedNetworkPolicy", "StagedGlobalNetworkPolicy", "StagedKubernetesNetworkPolicy")
)
"""Policies that are only watched, not enforced."""

OF_HOSTS: frozenset[GroupKind] = frozenset(
    {
        *((group, kind) for group in CALICO for kind in ("GlobalNetworkPolicy", "StagedGlobalNetworkPolicy")),
        ("cilium.io", "CiliumClusterwideNetworkPolicy"),
        ("crd.antrea.io", "ClusterNetworkPolicy"),
    }
)
"""Kinds of the cluster that select nodes as well as pods."""

HOSTS_ALONE: frozenset[GroupKind] = frozenset((group, "HostEndpoint") for group in CALICO)

EXPORTED: frozenset[GroupKind] = frozenset(
    ("networking.istio.io", kind)
    for kind in ("DestinationRule", "ServiceEntry", "VirtualService", "WorkloadEntry", "WorkloadGroup")
)
"""Kinds of a namespace that decide for clients in all namespaces unless they say otherwise."""

ISTIO = ("security.istio.io", "networking.istio.io", "extensions.istio.io")
ISTIO_ROOT = "istio-system"
MESHES = (*ISTIO, "policy.linkerd.io")
"""The API groups of meshes."""

_POLICY = frozenset((Purpose.POLICY,))
OF_TRANSPORT = {
    "PeerAuthentication": frozenset((Purpose.ACCEPTANCE, Purpose.OFFER)),
    **dict.fromkeys(
        ("DestinationRule", "ServiceEntry", "Sidecar", "VirtualService", "WorkloadEntry", "WorkloadGroup"),
        frozenset((Purpose.OFFER,)),
    ),
    "EnvoyFilter": frozenset(Purpose),
}
"""Kinds of meshes that decide in which transport a flow travels; all others say who may."""

ROOT_NAMESPACES = {**dict.fromkeys(ISTIO, ISTIO_ROOT), "policy.linkerd.io": "linkerd-egress"}
"""By API group: the namespace (the product's default) whose objects count for all namespaces."""


OF_ENVOY: Mapping[GroupKind, tuple[str, str]] = {
    ("networking.istio.io", "EnvoyFilter"): ("workloadSelector", "labels"),
    ("extensions.istio.io", "WasmPlugin"): ("selector", "matchLabels"),
    ("extensions.istio.io", "TrafficExtension"): ("selector", "matchLabels"),
}
"""Kinds that change Istio's Envoys, which ztunnel is none of, and where each says whose."""


POLICIES = {NETWORK_POLICY, *ENFORCING_KINDS}
"""Kinds of which one that was refused leaves verdicts open."""


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """One object whose effect is not known, and the endpoints that it could have one on.

    `filters`: whether it may be of the packet filters; `meshes`: which of a mesh's chains it may have a say in.
    `peers`: whose traffic with them it is about; None: everybody's. `direction` None: both. `headers`: of what packets.
    """

    title: str
    because: str
    subjects: Selector
    span: Span
    filters: bool = True
    meshes: frozenset[Purpose] = frozenset()
    peers: Selector | None = None
    direction: Direction | None = None
    headers: HeaderSet = ALL_HEADERS


def unmodelled(
    others: Iterable[RawObject], refused: Iterable[RefusedObject], staged: bool = False, istio_root: str = ISTIO_ROOT
) -> tuple[Unmodelled, ...]:
    """Everything that makes verdicts unknown, in the order of reading; with `staged`, staged policies as well."""
    roots = {**ROOT_NAMESPACES, **dict.fromkeys(ISTIO, istio_root)}
    found = []
    for one in others:
        kind = (one.group, one.kind)
        if kind in ENFORCING_KINDS and kind not in PASSIVE and (staged or kind not in STAGED):
            title = f"{one.kind} {one.metadata.qualified_name}"
            because = f"{title} is not modelled yet ({ENFORCING_KINDS[kind]})"
            if revised(kind, one.metadata.labels):
                because = REVISED.format(title=title, revision=one.metadata.labels[REVISION])
            where = _selectable(kind, one.metadata.namespace, roots)
            if kind in OF_ENVOY:
                where = AllOf((where, of_planes(SIDECAR, WAYPOINT), *_chosen(one.document, *OF_ENVOY[kind])))
            found.append(Unmodelled(title, because, where, one.span, kind[0] not in MESHES, _purposes((kind,))))
    for gone in refused:
        kinds = _kinds(gone)
        if not gone.kind or kinds:
            title = f"{gone.kind or 'an unreadable document'} {gone.namespace}/{gone.name}".removesuffix(" /")
            places = dict.fromkeys(_selectable(kind, gone.namespace, roots) for kind in kinds)
            where = AnyOf(tuple(places)) if len(places) > 1 else next(iter(places), _pods(gone.namespace))
            filters = not kinds or any(group not in MESHES for group, _ in kinds)
            purposes = _purposes(kinds or tuple(POLICIES))
            found.append(Unmodelled(title, f"{title} was refused", where, gone.span, filters, purposes))
    return tuple(found)


def of_namespaces(
    refused: Iterable[RefusedObject], policies: Iterable[NetworkPolicy], of_cluster: Iterable[ClusterPolicy]
) -> tuple[Unmodelled, ...]:
    """What these policies may say about the pods of Namespaces that were refused, as far as they ask for labels."""
    selecting = any(of_cluster)
    rules = (rule for one in policies for rule in one.ingress + one.egress)
    asking = selecting or any(peer.namespace_selector is not None for rule in rules for peer in rule.peers)
    found = []
    for gone in refused:
        if gone.kind == NAMESPACE and asking:
            because = f"the labels of namespace {gone.name} are not known"
            its = _pods(gone.name)
            found.append(Unmodelled(f"Namespace {gone.name}", because, Has(POD), gone.span, peers=its))
            if selecting:
                found.append(Unmodelled(f"Namespace {gone.name}", because, its, gone.span))
    return tuple(found)


def of_gateways(refused: Iterable[RefusedObject]) -> Iterator[Unmodelled]:
    """What Gateways that were refused could have said of a mesh's pods: their group was not kept."""
    gateways = Label(PROXY, KIND, Comparison.IN, frozenset((GATEWAY_KIND,)))
    for gone in refused:
        if gone.kind == "Gateway":
            title = f"Gateway {gone.namespace}/{gone.name}"
            for where, purpose in ((gateways, Purpose.ACCEPTANCE), (of_planes(AMBIENT, WAYPOINT), Purpose.POLICY)):
                meant = AllOf((Has(POD), where))
                yield Unmodelled(title, f"{title} was refused", meant, gone.span, False, frozenset((purpose,)))


def _chosen(document: Mapping[str, Any], selector: str, labels: str) -> Iterator[Selector]:
    """The labels that an object's selector asks for; none where it has no selector, or none that can be read."""
    spec = document.get("spec")
    found = spec.get(selector) if isinstance(spec, Mapping) else None
    wanted = found.get(labels) if isinstance(found, Mapping) else None
    for key, value in wanted.items() if isinstance(wanted, Mapping) else ():
        if isinstance(key, str) and isinstance(value, str):
            yield Label(POD, key, Comparison.IN, frozenset((value,)))


def may_be_of_a_mesh(refused: RefusedObject) -> bool:
    """Whether a refused object may be a mesh's; one that does not say its kind may be anything."""
    return not refused.kind or any(group in MESHES for group, _ in _kinds(refused))


def opened(chain: Chain, objects: Iterable[Unmodelled], *, of_mesh: bool) -> Chain:
    """A chain of the packet filters, or of a mesh, where objects that may have a say in it may decide otherwise."""
    concerned = (one for one in objects if (chain.purpose in one.meshes if of_mesh else one.filters))
    scopes = _scopes(concerned, chain.direction)
    return replace(chain, stages=(Stage("not modelled", scopes, Action.PASS), *chain.stages)) if scopes else chain


def lower(objects: Iterable[Unmodelled]) -> tuple[Chain, ...]:
    """An egress and an ingress chain that leave open what these objects do; none where there is nothing to say."""
    found = tuple(objects)
    stages = ((one, Stage("not modelled", _scopes(found, one), Action.PASS)) for one in Direction)
    return tuple(Chain(LAYER, direction, (stage,), Action.ALLOW) for direction, stage in stages if stage.scopes)


def _kinds(refused: RefusedObject) -> tuple[GroupKind, ...]:
    """What a refused object may be, of the kinds that decide something: its group was not kept."""
    return tuple(one for one in sorted(POLICIES) if one[1] == refused.kind)


def _purposes(kinds: Iterable[GroupKind]) -> frozenset[Purpose]:
    """The chains of a mesh in which one of these kinds has a say."""
    return frozenset(purpose for group, kind in kinds if group in MESHES for purpose in OF_TRANSPORT.get(kind, _POLICY))


def _scopes(objects: Iterable[Unmodelled], direction: Direction) -> tuple[Scope, ...]:
    found = (one for one in objects if one.direction in (None, direction))
    return tuple(Scope(one.title, one.subjects, _open(one), span=one.span) for one in found)


def _open(one: Unmodelled) -> tuple[Rule, ...]:
    unsure = Unsure(one.because)
    peers = (Peer(unsure if one.peers is None else AllOf((one.peers, unsure))),)
    headers = Bounds.exactly(one.headers)
    return tuple(Rule(action, peers, headers, name=NAME, span=one.span) for action in (Action.ALLOW, Action.DENY))


def _selectable(kind: GroupKind, namespace: str, roots: Mapping[str, str]) -> Selector:
    """What an object of this kind and namespace (empty: of the cluster) could select."""
    if kind in HOSTS_ALONE:
        return Has(HOST)
    if kind in OF_HOSTS:
        return AnyOf((Has(POD), Has(HOST)))
    everywhere = kind in EXPORTED or roots.get(kind[0]) == namespace
    return _pods("" if everywhere else namespace)


def _pods(namespace: str) -> Selector:
    return AllOf((Has(POD), InNamespace(namespace))) if namespace else Has(POD)
