"""Manifests as istiod's registry sees them once they run: pods with their sidecars' marks and addresses, and endpoints.

What the injector and the controllers of Kubernetes add is added here: `security.istio.io/tlsMode` on pods with a
sidecar, virtual addresses of Services, an EndpointSlice for each port of a Service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.servers.istio import Dial, Manifest

INJECT, TLS_MODE = "sidecar.istio.io/inject", "security.istio.io/tlsMode"
TUNNEL, REDIRECTED = "networking.istio.io/tunnel", "ambient.istio.io/redirection"
SPEAKS = {"http": "http", "https": "tcp", "tcp": "tcp"}
KUBERNETES = ("Namespace", "Pod", "Service")


class Registry:
    """The Kubernetes objects among manifests, and what clients may dial."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        known = [one for one in manifests if one["kind"] in KUBERNETES]
        self._namespaces = {one["metadata"]["name"]: one for one in known if one["kind"] == "Namespace"}
        self.pods = [self._running(one) for one in known if one["kind"] == "Pod"]
        self.services = [_placed(one, index) for index, one in enumerate(known) if one["kind"] == "Service"]

    @property
    def objects(self) -> list[Manifest]:
        """Everything that the registry reads."""
        slices = (one for service in self.services for one in self._slices(service))
        return [*self._namespaces.values(), *self.pods, *self.services, *slices]

    def dials(self) -> Iterator[Dial]:
        """All ports of all Services by their names; a headless one by the addresses of its pods."""
        for service in self.services:
            name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
            for port in service["spec"]["ports"]:
                address = service["spec"]["clusterIP"]
                behind = [one["status"]["podIP"] for one in self._behind(service)]
                speaks = SPEAKS.get(port["name"].partition("-")[0], "")
                for one in behind if address == "None" else [address]:
                    yield Dial(f"{name}.{namespace}.svc.cluster.local", one, port["port"], speaks)

    def behind(self, address: str, port: int) -> list[tuple[str, int]]:
        """Where a connection comes out that no proxy leads elsewhere: virtual addresses stand for pods."""
        for service in self.services:
            if service["spec"]["clusterIP"] == address:
                pods = [one["status"]["podIP"] for one in self._behind(service)]
                ports = [one for one in service["spec"]["ports"] if one["port"] == port]
                return [(pod, one.get("targetPort", port)) for one in ports for pod in pods]
        return [(address, port)]

    def injected(self, pod: Manifest) -> bool:
        """Whether the pod has a sidecar: its own label goes before its namespace's."""
        labels = self._namespaces[pod["metadata"]["namespace"]]["metadata"].get("labels", {})
        wanted = "true" if labels.get("istio-injection") == "enabled" else "false"
        return bool(pod["metadata"].get("labels", {}).get(INJECT, wanted) == "true")

    def _running(self, pod: Manifest) -> dict[str, Any]:
        metadata = pod["metadata"]
        if self.injected(pod):
            metadata = metadata | {"labels": {TLS_MODE: "istio", **metadata["labels"]}}
        address = pod["status"]["podIP"]
        ready = [{"type": "Ready", "status": "True"}]
        status = {"podIP": address, "podIPs": [{"ip": address}], "phase": "Running", "conditions": ready}
        return {**pod, "metadata": metadata, "status": status}

    def _behind(self, service: Manifest) -> list[Manifest]:
        wanted, namespace = service["spec"]["selector"].items(), service["metadata"]["namespace"]
        return [
            one
            for one in self.pods
            if one["metadata"]["namespace"] == namespace and wanted <= one["metadata"]["labels"].items()
        ]

    def _slices(self, service: Manifest) -> Iterator[Manifest]:
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        for port in service["spec"]["ports"]:
            endpoints = [
                {
                    "addresses": [one["status"]["podIP"]],
                    "conditions": {"ready": True},
                    "targetRef": {"kind": "Pod", "name": one["metadata"]["name"], "namespace": namespace},
                }
                for one in self._behind(service)
            ]
            labels = {"kubernetes.io/service-name": name}
            yield {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {"name": f"{name}-{port['port']}", "namespace": namespace, "labels": labels},
                "addressType": "IPv4",
                "ports": [{"name": port["name"], "port": port.get("targetPort", port["port"]), "protocol": "TCP"}],
                "endpoints": endpoints,
            }


def _placed(service: Manifest, index: int) -> dict[str, Any]:
    address = service["spec"].get("clusterIP", f"172.16.0.{index + 1}")
    return {**service, "spec": {**service["spec"], "clusterIP": address, "clusterIPs": [address]}}
