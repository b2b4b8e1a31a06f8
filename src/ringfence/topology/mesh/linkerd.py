"""Linkerd: which pods its injector gives a proxy, and the chains of its members.

A pod is a member where

    a container (or native sidecar) called `linkerd-proxy` is in its template already, or
    the injector adds one: `linkerd.io/inject: enabled` (or `ingress`) on the namespace or on the pod template

and the injector adds none to pods on the host network, of the control plane, with `disabled` on the template, with an
unknown value of the annotation in either place, with another mesh's sidecar, and in namespaces that its webhook leaves
out. For a namespace that no file declares nobody knows whether it asks for injection; a template that asks by itself is
a member there. Annotations of such a namespace count as absent but for the default policy, which is unknown.

The annotations decide when a pod is created: a pod that is older than its annotation is not seen here.

Sources: linkerd2's `pkg/inject/report.go`, `charts/linkerd-control-plane/values.yaml` (`proxyInjector`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

from ringfence.layers import linkerd_egress, linkerd_inbound, linkerd_transport, tunnels
from ringfence.layers.linkerd_options import TRANSPORT_HEADER
from ringfence.layers.linkerd_requests import asked_headers, request_subjects
from ringfence.layers.linkerd_settings import DISABLED, ENABLED, FACET, INGRESS, INJECT_ANNOTATION, Settings, settings
from ringfence.layers.linkerd_targets import Targets
from ringfence.layers.linkerd_transport import Mapped
from ringfence.layers.linkerd_values import KEY, LinkerdValues, configuration, values
from ringfence.layers.mesh_facets import LINKERD
from ringfence.layers.network_policy import PortNumbers
from ringfence.layers.tunnels import Tunnel
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Chain
from ringfence.resources.kubernetes import ConfigMap, KubernetesObjects, Namespace, PodTemplate
from ringfence.resources.linkerd import OPAQUE
from ringfence.topology.mesh.members import Member
from ringfence.topology.mesh.waypoints import NO_WAYPOINTS, Waypoints
from ringfence.topology.options import Options
from ringfence.topology.services import port_numbers

PROXY = "linkerd-proxy"
OTHER_PROXIES = ("istio-proxy",)
ASKING = (ENABLED, INGRESS)

WEBHOOKS = "config.linkerd.io/admission-webhooks"
LEFT_OUT = ("kube-system", "cert-manager")
"""Namespaces that the webhook does not look at, whatever their labels."""

NOT_INJECTED = ("linkerd.io/control-plane-component", "linkerd.io/cni-resource")
"""Labels of pods that the webhook does not look at."""


@dataclass(frozen=True)
class LinkerdMesh:
    """One cluster's Linkerd."""

    objects: KubernetesObjects
    options: Options

    @cached_property
    def present(self) -> bool:
        """Whether there is a policy, a control plane's configuration, or a pod or namespace that asks for a proxy."""
        objects = self.objects
        return bool(
            self._config
            or objects.linkerd_servers
            or objects.linkerd_server_authorizations
            or objects.linkerd_authorization_policies
            or objects.linkerd_mesh_tls_authentications
            or objects.linkerd_network_authentications
            or objects.linkerd_http_routes
            or objects.linkerd_egress_networks
            or any(one.metadata.annotations.get(INJECT_ANNOTATION) in ASKING for one in objects.namespaces)
            or any(
                _has(template, PROXY) or template.annotations.get(INJECT_ANNOTATION) in ASKING
                for _, template in self.objects.pod_templates()
            )
        )

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The values of the control plane's ConfigMap that nobody can read."""
        if self._config is None:
            return ()
        place = self._config.span.at("data", KEY)
        return tuple(warning(f"{one}: what holds instead is not known", place) for one in self.installed.wrong)

    @property
    def tunnels(self) -> tuple[Tunnel, ...]:
        """The way to the server's proxy: of all ports, or of those that some pod or Server says are opaque."""
        if self.installed.transport_mode == TRANSPORT_HEADER:
            return (tunnels.linkerd(PORTS, sure=True),)
        opaque = reduce(or_, (one.told_opaque for one in self._kinds), self._opaque_servers)
        return (tunnels.linkerd(opaque, sure=False),) if opaque else ()

    def member(self, namespace: str, template: PodTemplate) -> Member | None:
        """A pod's place in this mesh; None where it has none."""
        because, sure = self._membership(namespace, template)
        if not because:
            return None
        return Member(LINKERD, self.installed.identity(template.service_account_name, namespace), because, sure)

    def facets(self, namespace: str, template: PodTemplate) -> Mapping[str, Mapping[str, str]]:
        """The settings of a member's proxy."""
        if not self._membership(namespace, template)[0]:
            return {}
        return {FACET: self._settings(namespace, template).facet}

    def chains(self) -> tuple[Chain, ...]:
        """What members send and take, and what their proxies let in and out."""
        objects, installed, found = self.objects, self.installed, self._kinds
        routes = (*objects.linkerd_http_routes, *objects.routes)
        egress = linkerd_egress.chain(objects.linkerd_egress_networks, routes, found, installed)
        return (
            linkerd_transport.offer(found, self._mapped()),
            linkerd_transport.acceptance(found),
            linkerd_inbound.chain(Targets(objects, installed).served(), found, installed),
            *([egress] if egress else []),
        )

    def waypoints(
        self, people: tuple[Endpoint, ...], numbers: PortNumbers, at_pods: tuple[Chain, ...], home: str
    ) -> Waypoints:
        """None: Linkerd has no proxies but those of pods."""
        return NO_WAYPOINTS

    def request(self, http: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
        """A request as routes see it."""
        return request_subjects(http, self._asked)

    @cached_property
    def _asked(self) -> frozenset[str]:
        return asked_headers((*self.objects.linkerd_http_routes, *self.objects.routes))

    @property
    def _opaque_servers(self) -> IntervalSet:
        """The numbers of the ports of opaque Servers, on whatever pod."""
        numbers = port_numbers(self.objects)
        found = (one.port for one in self.objects.linkerd_servers if one.proxy_protocol == OPAQUE)
        sets = ((port,) if isinstance(port, int) else numbers.get(("tcp", port), ()) for port in found)
        return IntervalSet.of(*(number for one in sets for number in one))

    @cached_property
    def _kinds(self) -> tuple[Settings, ...]:
        """The distinct proxies of members."""
        return tuple(
            dict.fromkeys(
                self._settings(namespace, template)
                for namespace, template in self.objects.pod_templates()
                if self._membership(namespace, template)[0]
            )
        )

    @cached_property
    def installed(self) -> LinkerdValues:
        """What holds for the whole installation."""
        return values(self._config, self.options.linkerd)

    @cached_property
    def _config(self) -> ConfigMap | None:
        return configuration(self.objects.config_maps)

    @cached_property
    def _namespaces(self) -> Mapping[str, Namespace]:
        return {one.metadata.name: one for one in self.objects.namespaces}

    def _settings(self, namespace: str, template: PodTemplate) -> Settings:
        place = self._namespaces.get(namespace)
        if _has(template, PROXY):  # what the namespace said was copied when the proxy was injected
            return settings(template, {}, self.installed, injected=True)
        return settings(template, place.metadata.annotations if place and place.declared else None, self.installed)

    def _membership(self, namespace: str, template: PodTemplate) -> tuple[str, bool]:
        """Why a pod is a member, and whether that is sure; an empty reason: it is none."""
        if _has(template, PROXY):
            return f"it has a container {PROXY}", True
        own = template.annotations.get(INJECT_ANNOTATION, "")
        if (
            template.host_network
            or any(_has(template, other) for other in OTHER_PROXIES)
            or any(label in template.labels for label in NOT_INJECTED)
            or namespace in LEFT_OUT
            or own == DISABLED
            or (own and own not in ASKING)
        ):
            return "", True
        place = self._namespaces.get(namespace)
        if place is None or not place.declared:
            if own:
                return f"its template says {INJECT_ANNOTATION}: {own}", True
            return f"what namespace {namespace} says is not known; it may be {INJECT_ANNOTATION}", False
        inherited = place.metadata.annotations.get(INJECT_ANNOTATION, "")
        if place.metadata.labels.get(WEBHOOKS) == "disabled" or inherited not in ("", DISABLED, *ASKING):
            return "", True
        if own:
            return f"its template says {INJECT_ANNOTATION}: {own}", True
        return (f"its namespace says {INJECT_ANNOTATION}: {inherited}" if inherited in ASKING else ""), True

    def _mapped(self) -> Iterator[Mapped]:
        """The Service ports that lead to another port of a pod."""
        numbers = port_numbers(self.objects)
        for service in self.objects.services:
            for port in service.ports if not service.headless else ():
                target = port.target_port
                found = (target,) if isinstance(target, int) else numbers.get((port.protocol.lower(), target), ())
                yield from (Mapped(port.port, number) for number in sorted(found) if number != port.port)


def _has(template: PodTemplate, name: str) -> bool:
    """Whether a container of this name runs while the pod does."""
    return any(one.name == name and (one.sidecar or not one.init) for one in template.containers)
