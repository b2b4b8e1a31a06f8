"""Pods and nodes as endpoints, and the places where they stand.

A workload has one endpoint for each of its pods that the files hold, or else one for each template: a pod that may come
is as much of an endpoint as one that runs. Where a pod's address is not known it is one of the pod network's, which
without configuration is any IPv4 address. IPv6 counts where the files give evidence of it: then every pod has an
endpoint of either family. A pod that has ended has no network; the Job that made it goes on as the pod it will make.

A pod of the host's network is its node (option `host_network`): it stands where nodes stand and has no `pod` facet, so
no policy selects it and no pod selector finds it. Which node a pod runs on, where that is known, decides whose traffic
passes its policies (`layers.own_node`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ringfence.layers.kubernetes_selectors import HOST_PORT, NAMESPACE, POD, PORT
from ringfence.layers.own_node import (
    HOST,
    HOST_LABELS,
    HOST_NAMESPACE,
    HOST_POD,
    HOST_POD_PORT,
    NODE,
    UNPLACED,
)
from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, AddressSet
from ringfence.model.networks import Endpoint
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import KubernetesObjects, Node, Pod, PodTemplate, Workload
from ringfence.topology.mesh.members import Mesh, place
from ringfence.topology.options import Options

PODS, NODES = "pods", "nodes"


@dataclass(frozen=True)
class Population:
    """Builds the endpoints of one cluster and its meshes."""

    objects: KubernetesObjects
    options: Options
    meshes: tuple[Mesh, ...] = ()

    @cached_property
    def dual_stack(self) -> bool:
        """Whether anything in the files speaks of IPv6."""
        return any(":" in text for text in self._addresses())

    def endpoints(self) -> Iterator[Endpoint]:
        """All pods, then all nodes."""
        for workload in self.objects.workloads:
            for name, template, pod in _standing(workload):
                yield from self._pod(workload, template, name, pod, template.span if pod is None else pod.span)
        for name, node in self.nodes().items():
            yield from self._node(name, node)

    def nodes(self) -> dict[str, Node | None]:
        """The nodes that are declared, and those that pods name."""
        found: dict[str, Node | None] = {node.metadata.name: node for node in self.objects.nodes}
        for _, template in self.objects.pod_templates():
            if template.node_name:
                found.setdefault(template.node_name, None)
        return found

    def _pod(
        self, workload: Workload, template: PodTemplate, name: str, pod: Pod | None, span: Span
    ) -> Iterator[Endpoint]:
        on_node = template.host_network and self.options.host_network == "node"
        namespace = workload.metadata.namespace
        facets = self._facets(template, namespace)
        meshed = place(self.meshes, namespace, template)
        facets |= meshed.facets
        if on_node:
            unseen = {HOST_POD: facets[POD], HOST_NAMESPACE: facets[NAMESPACE], HOST_POD_PORT: facets.get(PORT, {})}
            facets = self._on_host(template.node_name) | unseen
        known = (
            AddressSet.of(*(pod.pod_ips or (pod.host_ips if template.host_network else ()))) if pod else AddressSet()
        )
        pool = self._node_addresses(template) if template.host_network else self._pool()
        for suffix, addresses in self._families(known, pool):
            yield Endpoint(
                f"{name}{suffix}",
                NODES if on_node else PODS,
                addresses,
                workload=workload.title,
                namespace=namespace,
                facets=facets,
                unknown_facets=meshed.unknown,
                identity=meshed.identity,
                single=pod is not None,
                span=span,
            )

    def _facets(self, template: PodTemplate, namespace: str) -> dict[str, Mapping[str, str]]:
        facets: dict[str, Mapping[str, str]] = {POD: template.labels, NAMESPACE: self._namespaces.get(namespace, {})}
        named: dict[str, str] = {}
        for one in template.ports:
            if one.name:  # of several containers' ports with one name, the first counts, as for a Service
                named.setdefault(f"{one.protocol.lower()}/{one.name}", str(one.container_port))
        if named:
            facets[PORT] = named
        forwarded = {f"{one.protocol.lower()}/{one.container_port}": "" for one in template.ports if one.host_port}
        if forwarded:
            facets[HOST_PORT] = forwarded
        return facets | ({NODE: {"name": template.node_name}} if template.node_name else {UNPLACED: {}})

    @cached_property
    def _namespaces(self) -> dict[str, Mapping[str, str]]:
        return {one.metadata.name: one.metadata.labels for one in self.objects.namespaces}

    def _node(self, name: str, node: Node | None) -> Iterator[Endpoint]:
        for suffix, addresses in self._families(_known(node), ALL_IPV4 | ALL_IPV6):
            yield Endpoint(
                f"{name}[Node]{suffix}",
                NODES,
                addresses,
                workload=f"{name}[Node]",
                facets=self._on_host(name),
                single=True,
                span=node.span if node else Span(pointer=name),
            )

    def _on_host(self, name: str) -> dict[str, Mapping[str, str]]:
        node = self._declared.get(name)
        return on_host(name) | {HOST_LABELS: node.metadata.labels if node else {}}

    @cached_property
    def _declared(self) -> dict[str, Node]:
        return {node.metadata.name: node for node in self.objects.nodes}

    def _node_addresses(self, template: PodTemplate) -> AddressSet:
        if not template.node_name:
            return self._any_node
        return _known(self._declared.get(template.node_name)) or ALL_IPV4 | ALL_IPV6

    @cached_property
    def _any_node(self) -> AddressSet:
        known = [_known(node) for node in self.objects.nodes]
        return AddressSet.union(known) if known and all(known) else ALL_IPV4 | ALL_IPV6

    @cached_property
    def _pool_of_nodes(self) -> AddressSet:
        blocks = [block for node in self.objects.nodes for block in node.pod_cidrs]
        complete = all(node.pod_cidrs for node in self.objects.nodes)
        return AddressSet.of(*blocks) if blocks and complete else ALL_IPV4 | ALL_IPV6

    def _pool(self) -> AddressSet:
        """Where a pod's address is from when nobody knows it."""
        return self.options.pod_cidrs or self._pool_of_nodes

    def _families(self, known: AddressSet, pool: AddressSet) -> Iterator[tuple[str, AddressSet]]:
        """A part for each family: the known addresses, else those of the pool; IPv6 only on evidence."""
        chosen = known or (pool if self.dual_stack else pool & ALL_IPV4 or pool)
        four, six = chosen & ALL_IPV4, chosen & ALL_IPV6
        if four:
            yield "", four
        if six:
            yield (" IPv6" if four else ""), six

    def _addresses(self) -> Iterator[str]:
        """Every address that the files hold, as text."""
        for workload in self.objects.workloads:
            for pod in workload.pods:
                yield from pod.pod_ips
                yield from pod.host_ips
        for node in self.objects.nodes:
            yield from (address for _, address in node.addresses)
            yield from node.pod_cidrs
        for service in self.objects.services:
            yield from service.cluster_ips
            yield from service.external_ips
            yield from service.load_balancer_source_ranges
            yield from (":" for family in service.ip_families if family == "IPv6")
        yield from (":" for one in self.objects.endpoint_slices if one.address_type == "IPv6")
        for policy in self.objects.network_policies:
            for rule in policy.ingress + policy.egress:
                yield from (peer.ip_block.cidr for peer in rule.peers if peer.ip_block is not None)
        yield from map(str, self.options.pod_cidrs.networks())


def by_endpoint(objects: KubernetesObjects) -> dict[str, PodTemplate]:
    """What the pods are like, by the id of their endpoint without its family."""
    return {name: template for one in objects.workloads for name, template, _ in _standing(one)}


def _standing(workload: Workload) -> Iterator[tuple[str, PodTemplate, Pod | None]]:
    """A workload's pods, else one for each template, and what each is called."""
    running = [pod for pod in workload.pods if not pod.finished]
    if running:
        for pod in running:
            yield f"{pod.metadata.qualified_name}[Pod]", pod.template, pod
    elif workload.kind != "Pod" or not workload.pods:
        for place, template in enumerate(workload.templates):
            yield workload.title if place == 0 else f"{workload.title}#{place}", template, None


def on_host(node: str) -> dict[str, Mapping[str, str]]:
    """The facets of what runs on a node's own network; an empty name: nobody knows which node."""
    return {HOST: {"name": node}} if node else {HOST: {}, UNPLACED: {}}


def _known(node: Node | None) -> AddressSet:
    """The addresses that a node declares; host names are not addresses."""
    texts = [] if node is None else [text for kind, text in node.addresses if kind in ("InternalIP", "ExternalIP")]
    return AddressSet.of(*texts)
