"""From documents to `KubernetesObjects`: lists expanded, kinds dispatched, what is refused kept apart and named.

Nothing is dropped silently. An object that the API server would refuse is reported with all that is wrong with it and
stands in `refused`; a second object of the same kind and name is refused as well; kinds without a type are kept as they
are; a document that is no Kubernetes object is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error, warning
from ringfence.resources.kubernetes import (
    WORKLOAD_KINDS,
    ConfigMap,
    KubernetesObjects,
    Namespace,
    ObjectMeta,
    RawObject,
    RefusedObject,
)
from ringfence.sources.kubernetes import ingresses, services, workloads
from ringfence.sources.kubernetes.fields import Item
from ringfence.sources.kubernetes.metadata import metadata
from ringfence.sources.kubernetes.owners import workloads as owned
from ringfence.sources.kubernetes.policies import network_policy
from ringfence.sources.yaml_documents import Document

NETWORKING, GATEWAY, DISCOVERY = "networking.k8s.io", "gateway.networking.k8s.io", "discovery.k8s.io"

ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")

GROUPS = {
    "Deployment": ("apps", "extensions"),
    "StatefulSet": ("apps",),
    "DaemonSet": ("apps", "extensions"),
    "ReplicaSet": ("apps", "extensions"),
    "Job": ("batch",),
    "CronJob": ("batch",),
    "ReplicationController": ("",),
    "Rollout": ("argoproj.io",),
}

Reader = Callable[[Item], Any]


def _readers() -> dict[tuple[str, str], Reader]:
    found: dict[tuple[str, str], Reader] = {
        ("", "Namespace"): workloads.namespace,
        ("", "Node"): workloads.node,
        ("", "Pod"): workloads.pod,
        ("", "Service"): services.service,
        ("", "Endpoints"): services.endpoints,
        ("", "ConfigMap"): _config_map,
        (DISCOVERY, "EndpointSlice"): services.endpoint_slice,
        (NETWORKING, "NetworkPolicy"): network_policy,
        ("extensions", "NetworkPolicy"): network_policy,
        (NETWORKING, "Ingress"): ingresses.ingress,
        ("extensions", "Ingress"): ingresses.ingress,
        (NETWORKING, "IngressClass"): ingresses.ingress_class,
        (GATEWAY, "GatewayClass"): ingresses.gateway_class,
        (GATEWAY, "Gateway"): ingresses.gateway,
        (GATEWAY, "ReferenceGrant"): ingresses.reference_grant,
    }
    for kind in ROUTES:
        found[GATEWAY, kind] = lambda item, kind=kind: ingresses.route(item, kind)  # type: ignore[misc]
    for kind, groups in GROUPS.items():
        for group in groups:
            found[group, kind] = lambda item, kind=kind: workloads.controller(item, kind)  # type: ignore[misc]
    return found


def _config_map(document: Item) -> ConfigMap:
    return ConfigMap(metadata(document, namespaced=True), document.text_map("data"), document.span)


READERS = _readers()

CLUSTER_SCOPED = {"Namespace", "Node", "IngressClass", "GatewayClass"}

GONE = {"extensions/v1beta1", "networking.k8s.io/v1beta1", "apps/v1beta1", "apps/v1beta2", "batch/v1beta1"}
"""Versions that no API server serves any more."""


def collect(documents: Iterable[Document], diagnostics: list[Diagnostic]) -> KubernetesObjects:
    """All objects of the documents."""
    collector = _Collector(diagnostics)
    for document in documents:
        collector.add(document)
    return collector.objects()


class _Collector:
    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self._diagnostics = diagnostics
        self._found: dict[str, list[Any]] = {}
        self._places: dict[tuple[str, str, str, str], Any] = {}
        self._refused: list[RefusedObject] = []
        self._others: list[RawObject] = []
        self._counts: Counter[str] = Counter()

    def add(self, document: Document) -> None:
        """One document: an object, or a list of objects."""
        for item in _objects(Item(document.value, document.span), self._diagnostics):
            self._one(item)

    def _one(self, item: Item) -> None:
        version, kind = item.value.get("apiVersion"), item.value.get("kind")
        if not isinstance(version, str) or not isinstance(kind, str) or not kind:
            message = "is not a Kubernetes object: it has no apiVersion and kind; it is left out"
            self._diagnostics.append(warning(message, item.span))
            return
        group = version.rpartition("/")[0]
        self._counts[f"{group}/{kind}" if group else kind] += 1
        read = READERS.get((group, kind))
        if version in GONE and read is not None:
            message = f"{kind} of {version} is not served by any current API server"
            self._diagnostics.append(warning(message, item.span.at("apiVersion"), "it is read as the current version"))
        value = read(item) if read else _raw(item, version, kind)
        self._diagnostics += item.problems + item.slips
        name = value.metadata.qualified_name
        key = (group, kind, value.metadata.namespace, value.metadata.name)
        if key in self._places and value.metadata.name:
            message = f"{kind} {name} is also at {self._places[key]}"
            self._diagnostics.append(error(message, item.span, "remove or rename one; this one is left out"))
        elif not item.problems:
            self._places[key] = item.span
            self._keep(kind, read is not None, value)
            return
        self._refused.append(RefusedObject(kind, value.metadata.namespace, value.metadata.name, item.span))

    def _keep(self, kind: str, typed: bool, value: Any) -> None:
        if not typed:
            self._others.append(value)
        else:
            group = "controllers" if kind in WORKLOAD_KINDS and kind != "Pod" else "Route" if kind in ROUTES else kind
            self._found.setdefault(group, []).append(value)

    def objects(self) -> KubernetesObjects:
        """Everything that was added."""
        made = owned(self._all("controllers"), self._all("Pod"))
        return KubernetesObjects(
            self._namespaces(),
            self._all("Node"),
            made,
            self._all("NetworkPolicy"),
            self._all("Service"),
            self._all("Endpoints"),
            self._all("EndpointSlice"),
            self._all("Ingress"),
            self._all("IngressClass"),
            self._all("GatewayClass"),
            self._all("Gateway"),
            self._all("Route"),
            self._all("ReferenceGrant"),
            self._all("ConfigMap"),
            tuple(self._others),
            tuple(self._refused),
            dict(self._counts),
        )

    def _all(self, kind: str) -> tuple[Any, ...]:
        return tuple(self._found.get(kind, ()))

    def _namespaces(self) -> tuple[Namespace, ...]:
        """Those that are declared, and one for every other that an object lives in."""
        declared = {one.metadata.name: one for one in self._all("Namespace")}
        lived_in = (key[2] for key in self._places)
        for name in lived_in:
            if name and name not in declared:
                meta = ObjectMeta(name, "", {workloads.NAMESPACE_NAME: name})
                declared[name] = Namespace(meta, declared=False)
        return tuple(declared.values())


def _objects(item: Item, diagnostics: list[Diagnostic]) -> Iterator[Item]:
    """The objects of a document, those of lists one by one with problems of their own."""
    if not isinstance(item.value, Mapping):
        diagnostics.append(warning("is not a Kubernetes object; it is left out", item.span))
        return
    kind = item.value.get("kind")
    members = item.value.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(members, list):
        inner = kind.removesuffix("List")
        for place, member in enumerate(members):
            if isinstance(member, Mapping) and inner:
                # The members of a typed list (PodList) may leave out what the list says.
                member = {"apiVersion": item.value.get("apiVersion"), "kind": inner, **member}
            yield from _objects(Item(member, item.span.at("items", place)), diagnostics)
        return
    yield item


def _raw(item: Item, version: str, kind: str) -> RawObject:
    """An object without a type; of a Secret only what is public stays."""
    inner = item.part("metadata")
    meta = ObjectMeta(
        inner.text("name"), inner.text("namespace"), inner.text_map("labels"), inner.text_map("annotations")
    )
    document = item.value
    if kind == "Secret":
        data = item.part("data")
        public = {key: data.value[key] for key in ("tls.crt", "ca.crt") if key in data.value}
        document = {key: value for key, value in item.value.items() if key not in ("data", "stringData")} | {
            "data": public
        }
    return RawObject(version, kind, meta, document, item.span)
