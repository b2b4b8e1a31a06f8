"""Pods as Linkerd sees them: what its injector makes of a manifest, and what a client's proxy is told of a pod.

A second, plain reading of Linkerd's sources, for the tests alone; it shares nothing with `ringfence.layers`. Paths are
those of the repository linkerd/linkerd2; functions stand behind `::`.

    pkg/inject/report.go::disableByAnnotation, Injectable     who gets a proxy; one that has it already is left as it is
    pkg/inject/inject.go::AppendNamespaceAnnotations          a namespace's settings are copied where the pod has none
    controller/proxy-injector/webhook.go::Inject              default opaque ports that the pod exposes are written down
        for clients alone, here: Linkerd's own tests of the policy controller (and so the published cases) take a pod
        without the annotation as it is
    policy-controller/k8s/index/src/inbound/workload.rs       settings, named ports and probes of a pod
    policy-controller/k8s/index/src/ports.rs::parse_portset   a list of ports as the policy controller reads it
    controller/api/destination/watcher/endpoints_watcher.go::GetAnnotatedOpaquePorts   ... and as clients are told,
        by pkg/util/parsing.go::ParseContainerOpaquePorts, GetNamedPorts (of one name, the last)
    policy-controller/k8s/index/src/cluster_info.rs::service_account_identity          names of identities
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Manifest = Mapping[str, Any]

DEFAULT_OPAQUE = "25,587,3306,4444,5432,6379,9300,11211"
"""charts/linkerd-control-plane/values.yaml: proxy.opaquePorts."""

PROXY = "linkerd-proxy"
CONFIG = "config.linkerd.io/"
INJECT = "linkerd.io/inject"
OPAQUE = CONFIG + "opaque-ports"
SKIP_INBOUND, SKIP_OUTBOUND = CONFIG + "skip-inbound-ports", CONFIG + "skip-outbound-ports"
DEFAULT_POLICY = CONFIG + "default-inbound-policy"
REQUIRE_IDENTITY = CONFIG + "proxy-require-identity-inbound-ports"
COPIED = (OPAQUE, SKIP_INBOUND, SKIP_OUTBOUND, DEFAULT_POLICY, REQUIRE_IDENTITY)
"""pkg/inject/inject.go::ProxyAnnotations, those of them that policy and transport ask for."""


def service_account(namespace: str, name: str) -> str:
    """The identity of a ServiceAccount (cluster_info.rs::service_account_identity)."""
    return f"{name}.{namespace}.serviceaccount.identity.linkerd.cluster.local"


def parse_portset(text: str) -> frozenset[int] | None:
    """Ports and ranges between commas; None where one of them cannot be read (ports.rs::parse_portset)."""
    found: set[int] = set()
    for part in text.split(","):
        low, dash, high = part.partition("-")
        if not dash and not low.strip():
            continue
        try:
            floor = int(low)
            ceiling = int(high) if dash else floor
        except ValueError:
            return None
        if not 0 < floor <= ceiling < 65536:
            return None
        found.update(range(floor, ceiling + 1))
    return frozenset(found)


@dataclass(frozen=True)
class Injected:
    """A pod after admission. `annotations` are the ones that the control plane then sees."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: Mapping[str, Any]
    address: str
    meshed: bool
    fresh: bool = True
    """The injector was asked for it just now, and did not find a proxy in it."""

    @property
    def identity(self) -> str:
        """What its proxy proves."""
        return service_account(self.namespace, self.spec.get("serviceAccountName", "default"))

    def containers(self) -> Iterator[Mapping[str, Any]]:
        """Containers, then init containers (workload.rs::pod_tcp_ports_by_name)."""
        yield from self.spec["containers"]
        yield from self.spec.get("initContainers", ())

    def ports_named(self, name: str) -> set[int]:
        """TCP ports of that name, of all containers (workload.rs::pod_tcp_ports_by_name)."""
        return {number for one in self.containers() for found, number in _named(one) if found == name}

    def probes(self, port: int) -> set[str]:
        """The paths that HTTP probes ask for at a port (workload.rs::container_http_probe_paths)."""
        found = set()
        for container in self.containers():
            for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
                http = container.get(kind, {}).get("httpGet")
                if http is not None and _probe_port(container, http["port"]) == port:
                    found.add(urlsplit(http.get("path", "/")).path)
        return found

    def port_setting(self, annotation: str) -> frozenset[int]:
        """The policy controller's view; one part that cannot be read empties it (workload.rs::ports_annotation)."""
        return parse_portset(self.annotations.get(annotation, "")) or frozenset()

    def skips(self, annotation: str, port: int) -> bool:
        """Whether the pod's own rules lead a port around its proxy (linkerd2-proxy-init)."""
        return port in self.port_setting(annotation)

    def annotated_opaque(self, port: int) -> bool:
        """What clients are told by annotation: names count, and parts that are neither name nor port do not."""
        written = _exposed_by_default(self.spec) if self.fresh else ""
        text = self.annotations.get(OPAQUE, written or DEFAULT_OPAQUE)
        named = {each["name"]: each["containerPort"] for one in self.spec["containers"] for each in _ports(one)}
        parts = [part.strip() for part in text.split(",")]
        return any(port == named[part] if part in named else port in (parse_portset(part) or ()) for part in parts)


def admit(pod: Manifest, namespaces: Mapping[str, Manifest]) -> Injected:
    """What the webhook makes of a pod (webhook.go::Inject)."""
    metadata = pod["metadata"]
    inherited = namespaces[metadata["namespace"]]["metadata"].get("annotations", {})
    own = dict(metadata.get("annotations", {}))
    fresh = not any(one["name"] == PROXY for one in pod["spec"]["containers"])
    asked = _asks(inherited.get(INJECT, ""), own.get(INJECT, "")) and not pod["spec"].get("hostNetwork", False)
    if asked and fresh:
        own = {key: inherited[key] for key in COPIED if key in inherited} | own
    return Injected(
        metadata["name"],
        metadata["namespace"],
        metadata.get("labels", {}),
        own,
        pod["spec"],
        pod["status"]["podIP"],
        asked or not fresh,
        fresh,
    )


def _asks(namespace: str, own: str) -> bool:
    """The table of report.go::disableByAnnotation, for the webhook."""
    if namespace not in ("", "enabled", "disabled", "ingress") or own not in ("", "enabled", "disabled", "ingress"):
        return False
    if namespace in ("enabled", "ingress"):
        return own != "disabled"
    return own in ("enabled", "ingress")


def _exposed_by_default(spec: Mapping[str, Any]) -> str:
    """inject.go::FilterPodOpaquePorts: the default opaque ports among those of the containers."""
    declared = {port["containerPort"] for one in spec["containers"] for port in one.get("ports", ())}
    return ",".join(one for one in DEFAULT_OPAQUE.split(",") if int(one) in declared)


def _ports(container: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Ports with a name, of any protocol (pkg/util/parsing.go::GetNamedPorts)."""
    return (port for port in container.get("ports", ()) if "name" in port)


def _named(container: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """workload.rs::named_tcp_port."""
    for port in _ports(container):
        if port.get("protocol", "TCP").upper() == "TCP":
            yield port["name"], port["containerPort"]


def _probe_port(container: Mapping[str, Any], port: int | str) -> int | None:
    """A number, or a name of the same container, whatever its case."""
    if isinstance(port, int):
        return port
    return next((number for name, number in _named(container) if name.lower() == port.lower()), None)
