"""Pods and their templates, nodes and namespaces (`v1`).

Of a pod spec only the part that decides about the network is read and checked. A pod on the host network gets its
ports as host ports, as the API server fills them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ringfence.resources.kubernetes import (
    NODE_OPERATORS,
    Container,
    ContainerPort,
    Namespace,
    Node,
    NodeRequirement,
    NodeTerm,
    ObjectMeta,
    Pod,
    PodTemplate,
    Toleration,
)
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.metadata import FIELDS, object_meta
from ringfence.sources.kubernetes.parts import Part

NAME_LABEL = "kubernetes.io/metadata.name"
"""The label that the API server gives every namespace."""
NODE_ADDRESSES = ("InternalIP", "ExternalIP")
VARIABLE = re.compile(r"[ -<>-~]+")
"""The name of an environment variable: printable, without `=`."""
DEFAULT_SERVICE_ACCOUNT = "default"
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def namespace(part: Part) -> Namespace:
    """A `v1` Namespace with the label that the API server adds."""
    metadata = object_meta(part["metadata"], namespaced=False, rule=syntax.DNS_LABEL)
    return Namespace(_named(metadata), declared=True, span=part.span)


def undeclared_namespace(name: str) -> Namespace:
    """The namespace that an object lives in and that no file declares."""
    return Namespace(_named(ObjectMeta(name)), declared=False)


def _named(metadata: ObjectMeta) -> ObjectMeta:
    return replace(metadata, labels={**metadata.labels, NAME_LABEL: metadata.name})


def node(part: Part) -> Node:
    """A `v1` Node; host names among its addresses are left out."""
    addresses = []
    for item in part["status"]["addresses"].items():
        kind = item["type"].text()
        if kind in NODE_ADDRESSES:
            addresses.append((kind, syntax.address(item["address"])))
    spec = part["spec"]
    listed = spec["podCIDRs"].items() or ([spec["podCIDR"]] if spec["podCIDR"].value else [])
    blocks = [syntax.cidr(item) for item in listed]
    return Node(
        metadata=object_meta(part["metadata"], namespaced=False),
        addresses=tuple(pair for pair in addresses if pair[1]),
        pod_cidrs=tuple(str(block) for block in blocks if block is not None),
        span=part.span,
    )


def pod(part: Part) -> Pod:
    """A `v1` Pod."""
    metadata = object_meta(part["metadata"], namespaced=True)
    status = part["status"]
    spec = _spec(part["spec"])
    return Pod(
        metadata=metadata,
        template=replace(spec, labels=metadata.labels, annotations=metadata.annotations, span=part.span),
        phase=status["phase"].text(),
        pod_ips=_addresses(status["podIPs"], status["podIP"]),
        host_ips=_addresses(status["hostIPs"], status["hostIP"]),
        span=part.span,
    )


def _addresses(listed: Part, single: Part) -> tuple[str, ...]:
    parts = [item["ip"] for item in listed.items()] or [single]
    return tuple(filter(None, (syntax.address(part) for part in parts if part.value != "")))


def template(part: Part) -> PodTemplate:
    """The pod template of a controller."""
    metadata = part["metadata"]
    metadata.only(*FIELDS)
    labels, annotations = syntax.labels(metadata["labels"]), syntax.annotated(metadata["annotations"])
    return replace(_spec(part["spec"]), labels=labels, annotations=annotations, span=part.span)


def _spec(part: Part) -> PodTemplate:
    host_network = part["hostNetwork"].boolean()
    init = [_container(item, host_network, init=True) for item in part["initContainers"].items()]
    main = [_container(item, host_network, init=False) for item in part["containers"].items()]
    if not main:
        part["containers"].refuse("is empty", "a pod has at least one container")
    names: set[str] = set()
    for place, container in zip(
        [*part["initContainers"].items(), *part["containers"].items()], init + main, strict=True
    ):
        if container.name and container.name in names:
            place["name"].slip(f"{container.name!r} is the name of two containers")
        names.add(container.name)
    _host_ports_differ(part["containers"], main)
    account = part["serviceAccountName"].text() or part["serviceAccount"].text()
    return PodTemplate(
        containers=tuple(init + main),
        host_network=host_network,
        node_name=part["nodeName"].text(),
        node_selector=syntax.labels(part["nodeSelector"]),
        node_terms=_node_terms(part["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]),
        tolerations=tuple(_toleration(item) for item in part["tolerations"].items()),
        service_account_name=account or DEFAULT_SERVICE_ACCOUNT,
    )


def _node_terms(part: Part) -> tuple[NodeTerm, ...] | None:
    if not part.present:
        return None
    terms = part["nodeSelectorTerms"].items()
    if not terms:
        part["nodeSelectorTerms"].refuse("is empty", "a required affinity has at least one term")
    return tuple(
        (
            *(_node_requirement(item, False) for item in term["matchExpressions"].items()),
            *(_node_requirement(item, True) for item in term["matchFields"].items()),
        )
        for term in terms
    )


def _node_requirement(part: Part, field: bool) -> NodeRequirement:
    operator = part["operator"].one_of(NODE_OPERATORS)
    return NodeRequirement(part["key"].text(), operator, part["values"].texts(), field)


def _toleration(part: Part) -> Toleration:
    operator = part["operator"].text() or "Equal"
    return Toleration(part["key"].text(), operator, part["value"].text(), part["effect"].text())


def _container(part: Part, host_network: bool, *, init: bool) -> Container:
    name = syntax.optional_name(part["name"], syntax.DNS_LABEL)
    image = part["image"].text()
    for needed in (part["name"], part["image"]):
        if needed.value in (None, ""):
            needed.slip("is missing")
    environment: dict[str, str | None] = {}
    for variable in part["env"].items():
        value = None if variable["valueFrom"].present else variable["value"].text()
        called = variable["name"].text()
        if not VARIABLE.fullmatch(called):
            variable["name"].slip("is missing" if not called else "holds a character that is not printable ASCII")
        environment[called] = value
    ports = tuple(_port(item, host_network) for item in part["ports"].items())
    seen: set[str] = set()
    for place, port in zip(part["ports"].items(), ports, strict=True):
        if port.name and port.name in seen:
            place["name"].refuse(f"{port.name!r} is the name of two ports of this container")
        seen.add(port.name)
    return Container(
        name=name,
        image=image,
        command=part["command"].texts(),
        args=part["args"].texts(),
        env=environment,
        ports=ports,
        http_probes=tuple(_http_probes(part)),
        limits=frozenset(part["resources"]["limits"].entries()),
        init=init,
        sidecar=init and part["restartPolicy"].text() == "Always",
        span=part.span,
    )


def _http_probes(part: Part) -> Iterator[tuple[int | str, str]]:
    for name in PROBES:
        probe = part[name]["httpGet"]
        if probe.present:
            port = probe["port"]
            yield (port.text() if isinstance(port.value, str) else port.integer()), probe["path"].text() or "/"


def _port(part: Part, host_network: bool) -> ContainerPort:
    number = syntax.port_number(part["containerPort"])
    on_host = syntax.port_number(part["hostPort"], required=False)
    if host_network and on_host not in (0, number):
        part["hostPort"].refuse(f"{on_host} differs from containerPort {number} on the host network")
    return ContainerPort(
        container_port=number,
        name=syntax.port_name(part["name"]) if part["name"].present and part["name"].value != "" else "",
        protocol=syntax.protocol(part["protocol"]),
        host_port=number if host_network else on_host,
        host_ip=part["hostIP"].text(),
    )


def _host_ports_differ(part: Part, containers: list[Container]) -> None:
    """No two containers may take the same port of the node."""
    seen: set[tuple[str, str, int]] = set()
    for place, container in zip(part.items(), containers, strict=True):
        for item, port in zip(place["ports"].items(), container.ports, strict=True):
            if port.host_port and (port.host_ip, port.protocol, port.host_port) in seen:
                item.refuse(f"{port.protocol} {port.host_port} of the node is taken twice")
            seen.add((port.host_ip, port.protocol, port.host_port))
