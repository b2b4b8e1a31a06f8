"""Namespaces, nodes, pods and the controllers that make pods, before owners and pods are put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ringfence.resources.kubernetes import (
    Container,
    ContainerPort,
    Namespace,
    Node,
    Pod,
    PodTemplate,
    Workload,
)
from ringfence.sources.kubernetes.fields import Item
from ringfence.sources.kubernetes.metadata import metadata, selector
from ringfence.sources.kubernetes.policies import PROTOCOLS
from ringfence.sources.kubernetes.syntax import address, network, port_name_problem

NAMESPACE_NAME = "kubernetes.io/metadata.name"

WITHOUT_REPLICAS = ("DaemonSet", "CronJob", "Job")
WITH_TEMPLATE_SELECTOR = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout")


def namespace(document: Item) -> Namespace:
    """A namespace, with the label of its name that the API server adds."""
    meta = metadata(document, namespaced=False, label_names=True)
    labels = {**meta.labels, NAMESPACE_NAME: meta.name}
    return Namespace(replace(meta, labels=labels), span=document.span)


def node(document: Item) -> Node:
    """A node."""
    meta = metadata(document, namespaced=False)
    listed = ((one.text("type"), one.text("address")) for one in document.part("status").items("addresses"))
    spec = document.part("spec")
    cidrs = spec.texts("podCIDRs") or ((spec.text("podCIDR"),) if spec.text("podCIDR") else ())
    found = tuple((kind, _canonical(text) if kind.endswith("IP") else text) for kind, text in listed)
    return Node(meta, found, tuple(_block(spec, cidr) for cidr in cidrs), document.span)


def pod(document: Item) -> Pod:
    """A pod, with the addresses of its status."""
    meta = metadata(document, namespaced=True)
    status = document.part("status")
    template = _template(document, meta.labels, meta.annotations)
    ips = [one.text("ip") for one in status.items("podIPs")] or [status.text("podIP")]
    hosts = [one.text("ip") for one in status.items("hostIPs")] or [status.text("hostIP")]
    return Pod(meta, template, status.text("phase"), _addresses(ips), _addresses(hosts), document.span)


def controller(document: Item, kind: str) -> Workload:
    """A controller with the template of its pods; none where it refers to another object's (a Rollout)."""
    meta = metadata(document, namespaced=True)
    spec = document.part("spec")
    holder = spec.part("jobTemplate").part("spec") if kind == "CronJob" else spec
    item = holder.item("template")
    templates: tuple[PodTemplate, ...] = ()
    if item is not None:
        inner = item.part("metadata")
        templates = (_template(item, inner.labels("labels"), inner.text_map("annotations")),)
    elif kind != "Rollout":
        holder.problem("template", "is missing")
    chosen = selector(spec, "selector") if kind in WITH_TEMPLATE_SELECTOR else None
    if kind in WITH_TEMPLATE_SELECTOR and chosen is not None and templates and not chosen.matches(templates[0].labels):
        holder.problem("template", "its labels do not match the selector")
    replicas = None
    if kind not in WITHOUT_REPLICAS:
        given = spec.integer("replicas")
        replicas = 1 if given is None else given
        if replicas < 0:
            spec.problem("replicas", f"{replicas} is negative")
    return Workload(kind, meta, templates, replicas, (), chosen, document.span)


def _template(item: Item, labels: Mapping[str, str], annotations: Mapping[str, str]) -> PodTemplate:
    spec = item.part("spec")
    found = [_container(one, init=True) for one in spec.items("initContainers")]
    found += [_container(one, init=False) for one in spec.items("containers")]
    named = [(port.name, port.protocol) for one in found for port in one.ports if port.name]
    for name, protocol in named:
        if named.count((name, protocol)) > 1:
            spec.slip("containers", f"port name {name!r} ({protocol}) stands twice in the pod")
            break
    return PodTemplate(
        labels,
        annotations,
        tuple(found),
        spec.flag("hostNetwork"),
        spec.text("nodeName"),
        spec.text_map("nodeSelector"),
        spec.text("serviceAccountName") or spec.text("serviceAccount") or "default",
        item.span,
    )


def _container(item: Item, init: bool) -> Container:
    environment = {
        one.text("name"): one.text("value") if "valueFrom" not in one.value else None for one in item.items("env")
    }
    return Container(
        item.text("name"),
        item.text("image"),
        item.texts("command"),
        item.texts("args"),
        environment,
        tuple(_container_port(one) for one in item.items("ports")),
        init,
        init and item.text("restartPolicy") == "Always",
        item.span,
    )


def _container_port(item: Item) -> ContainerPort:
    name, protocol = item.text("name"), item.text("protocol") or "TCP"
    if name and port_name_problem(name):
        item.problem("name", f"{name!r} {port_name_problem(name)}")
    if protocol not in PROTOCOLS:
        item.problem("protocol", f"{protocol!r} is not one of {', '.join(PROTOCOLS)}")
    number = item.port("containerPort")
    if number is None and not item.has("containerPort"):
        item.problem("containerPort", "is missing")
    host = item.port("hostPort", lowest=0)
    return ContainerPort(number or 0, name, protocol, host or 0, item.text("hostIP"))


def _addresses(texts: list[str]) -> tuple[str, ...]:
    """Addresses of a status in canonical form; what is no address was not written by a cluster and is left out."""
    return tuple(dict.fromkeys(found for text in texts if (found := _canonical(text))))


def _canonical(text: str) -> str:
    try:
        return address(text) if text else ""
    except ValueError:
        return ""


def _block(spec: Item, text: str) -> str:
    try:
        return str(network(text))
    except ValueError as wrong:
        spec.problem("podCIDR", str(wrong))
        return "0.0.0.0/0"
