"""Istio: who is a member, what its mutual TLS proves, and the chains of its data planes.

    membership      `istio_membership`
    sidecars        `layers.istio_offer` sends, `layers.istio_mtls` takes, `layers.istio_authorization` decides
    ambient         `layers.ztunnel_*`, where anything asks for that plane

Gateway objects say what a gateway's pods serve: a server's port is the Service's that leads to the pod.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ringfence.layers import (
    istio_authorization,
    istio_facets,
    istio_inbound,
    istio_mtls,
    istio_offer,
    ztunnel_authorization,
    ztunnel_offer,
    ztunnel_peer_authentication,
)
from ringfence.layers.istio_destination_rules import DestinationRules
from ringfence.layers.istio_facets import PROXIED, SKIPS, TLS, Proxy
from ringfence.layers.istio_mesh_config import KEY, configuration, mesh_config
from ringfence.layers.istio_modes import Modes, by_age
from ringfence.layers.istio_offer import Clients, ListedPort
from ringfence.layers.istio_requests import request_subjects
from ringfence.layers.istio_routes import Port, Routing
from ringfence.layers.istio_rules import asked_subjects
from ringfence.layers.mesh_facets import AMBIENT, SIDECAR, WAYPOINT
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.rules import Chain
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import Sidecar
from ringfence.resources.kubernetes import ConfigMap, KubernetesObjects, Namespace, PodTemplate, Service, ServicePort
from ringfence.topology.mesh import istio_membership, istio_registry
from ringfence.topology.mesh.istio_membership import Standing
from ringfence.topology.mesh.members import Member
from ringfence.topology.options import Options
from ringfence.topology.services import port_numbers

ISTIO_MUTUAL = "ISTIO_MUTUAL"
IN_ROOT = "PeerAuthentication {name} has a selector and lives in the root namespace: Istio ignores it"


@dataclass(frozen=True)
class IstioMesh:
    """One cluster's Istio."""

    objects: KubernetesObjects
    options: Options

    @cached_property
    def present(self) -> bool:
        """Whether there is an object of Istio's, a control plane's configuration, or a pod that asks for its planes."""
        objects = self.objects
        return bool(
            self._configuration
            or objects.peer_authentications
            or objects.destination_rules
            or objects.virtual_services
            or objects.service_entries
            or objects.sidecars
            or objects.istio_gateways
            or objects.istio_authorization_policies
            or objects.istio_request_authentications
            or any(istio_membership.asks(one.metadata.labels) for one in objects.namespaces)
            or any(
                istio_membership.proxy_container(template) or istio_membership.asks(template.labels)
                for _, template in self._templates()
            )
        )

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Values of the mesh configuration that nobody can read, and policies that Istio ignores."""
        found = []
        if self._configuration is not None:
            place = self._configuration.span.at("data", KEY)
            found += [warning(f"{one}: Istio's default is taken", place) for one in self.config.wrong]
        for policy in self.objects.peer_authentications:
            if policy.selector and policy.metadata.namespace == self.config.root_namespace:
                found.append(warning(IN_ROOT.format(name=policy.metadata.qualified_name), policy.span))
        return tuple(found)

    def member(self, namespace: str, template: PodTemplate) -> Member | None:
        """A pod's place in this mesh; None where it has none."""
        found = self._standing(namespace, template)
        if found is None:
            return None
        identity = f"spiffe://{self.config.trust_domain}/ns/{namespace}/sa/{template.service_account_name}"
        return Member(found.plane, identity, found.because, found.sure)

    def facets(self, namespace: str, template: PodTemplate) -> Mapping[str, Mapping[str, str]]:
        """What the chains ask about a pod with a proxy of its own; nothing about others."""
        proxy = self._proxy(namespace, template)
        if proxy is None:
            return {}
        return {**proxy.facets, istio_inbound.FACET: self._kind(namespace, template).inbound.facet}

    def chains(self) -> tuple[Chain, ...]:
        """Transport, then authorization, of every plane that there is."""
        return (*self._transport(), *self._authorization())

    def request(self, http: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
        """A request as the rules see it, its path normalized."""
        return request_subjects(http, self.config.path_normalization, self._asked)

    @cached_property
    def _asked(self) -> frozenset[str]:
        return asked_subjects(rule for policy in self.objects.istio_authorization_policies for rule in policy.rules)

    @cached_property
    def config(self) -> MeshConfig:
        """What holds for the whole mesh."""
        return mesh_config(self._configuration, self.options.istio)

    @cached_property
    def _configuration(self) -> ConfigMap | None:
        return configuration(self.objects.config_maps)

    def _transport(self) -> Iterator[Chain]:
        objects, root = self.objects, self.config.root_namespace
        found = (self._proxy(namespace, template) for namespace, template in self._templates())
        proxies = tuple(one for one in found if one is not None)
        yield istio_offer.offer(self._listed, self._clients(proxies))
        yield istio_mtls.acceptance(proxies)
        if self._ambient:
            yield ztunnel_offer.chain()
            yield ztunnel_peer_authentication.chain(objects.peer_authentications, root, self._nodes)

    def _authorization(self) -> Iterator[Chain]:
        objects, root = self.objects, self.config.root_namespace
        kinds = tuple(
            self._kind(namespace, template)
            for namespace, template in self._templates()
            if self._proxy(namespace, template) is not None
        )
        yield from istio_authorization.authorization(
            objects.istio_authorization_policies, objects.istio_request_authentications, kinds, self.settings
        )
        if self._ambient and objects.istio_authorization_policies:
            yield ztunnel_authorization.chain(objects.istio_authorization_policies, root, self._nodes)

    @cached_property
    def settings(self) -> istio_authorization.Settings:
        """What authorization asks of the whole mesh."""
        chosen = self.options.istio
        known = self._configuration is not None
        return istio_authorization.settings(self.config, chosen.ext_authz, chosen.multiple_custom_providers, known)

    @cached_property
    def _listed(self) -> tuple[ListedPort, ...]:
        objects = self.objects
        kept = self._address_keeping
        services = istio_registry.of_services(objects, port_numbers(objects), self.config, kept)
        return (*services, *istio_registry.of_entries(objects.service_entries))

    @cached_property
    def _address_keeping(self) -> dict[str, bool | None]:
        """Whether all pods of a Service are proxied, where its clients' own destination address may be kept."""
        rules = self.objects.destination_rules
        passing = any(
            policy is not None and (policy.passthrough or any(port.passthrough for port in policy.ports))
            for rule in rules
            for policy in (rule.policy, *(subset.policy for subset in rule.subsets))
        )
        return {
            service.metadata.qualified_name: self._all_proxied(service)
            for service in self.objects.services
            if service.headless or passing
        }

    def _all_proxied(self, service: Service) -> bool | None:
        wanted = (service.selector or {}).items()
        namespace = service.metadata.namespace
        pods = [
            template
            for place, template in self._templates()
            if wanted and place == namespace and wanted <= template.labels.items()
        ]
        answers = {self._proxied(namespace, template) for template in pods} or {False}
        return False if False in answers else None if None in answers else True

    def _proxied(self, namespace: str, template: PodTemplate) -> bool | None:
        """Whether clients know a pod as proxied."""
        proxy, found = self._proxy(namespace, template), self._standing(namespace, template)
        if proxy is None or found is None or proxy.own[TLS] != PROXIED:
            return False
        return True if found.sure else None

    def _clients(self, proxies: tuple[Proxy, ...]) -> Clients:
        objects = self.objects
        skipped = (key.removeprefix(SKIPS) for proxy in proxies for key in proxy.own if key.startswith(SKIPS))
        ports = (Port(one.host, one.port, one.protocol) for one in self._listed)
        return Clients(
            DestinationRules(objects.destination_rules, self.config),
            Routing(objects.virtual_services, ports, self.config),
            self._modes,
            self.config,
            objects.sidecars,
            frozenset(int(one) for one in skipped if one.isdecimal()),
            any(proxy.own[istio_facets.KIND] == istio_facets.GATEWAY_KIND for proxy in proxies),
            self._ambient,
        )

    @cached_property
    def _modes(self) -> Modes:
        return Modes(self.objects.peer_authentications, self.config.root_namespace)

    @cached_property
    def _ambient(self) -> bool:
        """Whether any pod is of the ambient plane, or stands before such pods."""
        found = (self._standing(namespace, template) for namespace, template in self._templates())
        return any(one is not None and one.plane in (AMBIENT, WAYPOINT) for one in found)

    @cached_property
    def _nodes(self) -> tuple[str, ...]:
        named = (template.node_name for _, template in self._templates() if template.node_name)
        return tuple(dict.fromkeys((*(one.metadata.name for one in self.objects.nodes), *named)))

    @cached_property
    def _namespaces(self) -> Mapping[str, Namespace]:
        return {one.metadata.name: one for one in self.objects.namespaces if one.declared}

    @cached_property
    def _services(self) -> Mapping[str, tuple[Service, ...]]:
        found: dict[str, list[Service]] = {}
        for one in self.objects.services:
            found.setdefault(one.metadata.namespace, []).append(one)
        return {name: tuple(services) for name, services in found.items()}

    def _templates(self) -> Iterator[tuple[str, PodTemplate]]:
        """Every kind of pod with its namespace."""
        for workload in self.objects.workloads:
            for template in (*workload.templates, *(pod.template for pod in workload.pods)):
                yield workload.metadata.namespace, template

    def _standing(self, namespace: str, template: PodTemplate) -> Standing | None:
        return istio_membership.standing(template, namespace, self._namespaces.get(namespace))

    @cached_property
    def _known_proxies(self) -> dict[tuple[str, int], Proxy | None]:
        return {}

    def _proxy(self, namespace: str, template: PodTemplate) -> Proxy | None:
        """The proxy of a pod's own, worked out once for each template; None where it has none."""
        key = namespace, id(template)  # templates live as long as the objects that hold them
        if key not in self._known_proxies:
            self._known_proxies[key] = self._worked_out(namespace, template)
        return self._known_proxies[key]

    def _worked_out(self, namespace: str, template: PodTemplate) -> Proxy | None:
        found = self._standing(namespace, template)
        if found is None or found.plane != SIDECAR:
            return None
        if found.gateway:
            return istio_facets.gateway(self._served(namespace, template))
        choices = self._modes.of(namespace, template.labels)
        return istio_facets.sidecar(choices, template.labels, template.annotations, self._scope(namespace, template))

    def _scope(self, namespace: str, template: PodTemplate) -> str:
        """The Sidecar that is for a pod: one that selects it, its namespace's, the root namespace's."""
        found = by_age(self.objects.sidecars)
        own = [one for one in found if one.metadata.namespace == namespace]
        root = [one for one in found if one.metadata.namespace == self.config.root_namespace]
        selecting = [one for one in own if _selects(one, template)]
        wide = [one for one in (*own, *root) if one.workload_selector is None]
        chosen = next(iter((*selecting, *wide)), None)
        return chosen.metadata.qualified_name if chosen else ""

    def _served(self, namespace: str, template: PodTemplate) -> dict[int, frozenset[bool]]:
        """The ports of a gateway's pod, and whether the servers there ask for Istio's mutual TLS."""
        asked: dict[int, set[bool]] = {}
        for gateway in self.objects.istio_gateways:
            if all(template.labels.get(key) == value for key, value in gateway.selector):
                for server in gateway.servers:
                    for port in self._own_ports(namespace, template, server.port):
                        asked.setdefault(port, set()).add(server.tls_mode == ISTIO_MUTUAL)
        return {port: frozenset(found) for port, found in asked.items()}

    def _own_ports(self, namespace: str, template: PodTemplate, port: int) -> frozenset[int]:
        """The pod's own ports behind a port of the Services that lead to it; without any, the same."""
        leading = (
            one
            for service in self._services.get(namespace, ())
            if service.selector and service.selector.items() <= template.labels.items()
            for one in service.ports
            if one.port == port and one.protocol == "TCP"
        )
        return frozenset(number for one in leading for number in _target(one, template)) or frozenset((port,))

    def _kind(self, namespace: str, template: PodTemplate) -> istio_authorization.Kind:
        objects = self.objects
        return istio_authorization.kind(
            namespace,
            template,
            self._services.get(namespace, ()),
            objects.istio_authorization_policies,
            objects.istio_request_authentications,
            self.config.root_namespace,
        )


def _selects(sidecar: Sidecar, template: PodTemplate) -> bool:
    wanted = sidecar.workload_selector
    return wanted is not None and all(template.labels.get(key) == value for key, value in wanted)


def _target(port: ServicePort, template: PodTemplate) -> Iterator[int]:
    if isinstance(port.target_port, int):
        yield port.target_port
    else:
        yield from (one.container_port for one in template.ports if one.name == port.target_port)
