"""Istio: who is a member, what its mutual TLS proves, and the chains of its data planes.

    membership      `istio_membership`; the pods' own proxies: `istio_proxies`; Services: `istio_registry`
    sidecars        `layers.istio_offer` sends, `layers.istio_mtls` takes, `layers.istio_authorization` decides
    ambient         `layers.ztunnel_*`, where any pod is of that plane

Waypoints, which do not stand at pods, are `topology.mesh.waypoints`, and which there are `waypoint_ways`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ringfence.layers import (
    istio_authorization,
    istio_delegates,
    istio_facets,
    istio_inbound,
    istio_listeners,
    istio_mtls,
    istio_offer,
    istio_waypoint,
    ztunnel_authorization,
    ztunnel_capture,
    ztunnel_offer,
    ztunnel_peer_authentication,
)
from ringfence.layers.istio_destination_rules import DestinationRules
from ringfence.layers.istio_facets import SKIPS, Proxy
from ringfence.layers.istio_listed import Clients, ListedPort
from ringfence.layers.istio_machines import ENTRY, MACHINE, TITLE
from ringfence.layers.istio_mesh_config import KEY, by_option, configuration, mesh_config
from ringfence.layers.istio_reached import Port
from ringfence.layers.istio_requests import request_subjects
from ringfence.layers.istio_routes import Routing
from ringfence.layers.istio_rules import asked_subjects
from ringfence.layers.istio_waypoint_authorization import AtWaypoints
from ringfence.layers.mesh_facets import AMBIENT, MESH, NO_PLANE, PLANE, SIDECAR, WAYPOINT
from ringfence.layers.network_policy import PortNumbers
from ringfence.layers.tunnels import HBONE, Tunnel
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Chain
from ringfence.resources.istio.authorization import AuthorizationPolicy, RequestAuthentication
from ringfence.resources.istio.machines import Machine
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import ServiceEntry
from ringfence.resources.kubernetes import ConfigMap, KubernetesObjects, PodTemplate, Service
from ringfence.topology.mesh import istio_machines, istio_membership, istio_registry
from ringfence.topology.mesh.istio_proxies import Proxies, by_namespace
from ringfence.topology.mesh.members import Member
from ringfence.topology.mesh.waypoint_ways import build as build_waypoints
from ringfence.topology.mesh.waypoint_ways import served
from ringfence.topology.mesh.waypoints import Waypoints
from ringfence.topology.options import Options
from ringfence.topology.services import port_numbers

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
            or objects.istio_machines
            or objects.istio_authorization_policies
            or objects.istio_request_authentications
            or any(istio_membership.asks(one.metadata.labels) for one in objects.namespaces)
            or any(
                istio_membership.proxy_container(template) or istio_membership.asks(template.labels)
                for _, template in self.objects.pod_templates()
            )
        )

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Values of the mesh configuration that nobody can read, and policies that Istio ignores."""
        found = []
        if self._configuration is not None:
            place = self._configuration.span.at("data", KEY)
            unsaid = [one for one in self.config.wrong if one.partition(":")[0] not in by_option(self.options.istio)]
            found += [warning(f"{one}: what holds instead is not known", place) for one in unsaid]
        for policy in self.objects.peer_authentications:
            if policy.selector and policy.metadata.namespace == self.config.root_namespace:
                found.append(warning(IN_ROOT.format(name=policy.metadata.qualified_name), policy.span))
        for one, span, what in self._at_waypoints.idle(served(self.objects)):
            found.append(warning(f"AuthorizationPolicy {one.metadata.qualified_name}: {what}", span))
        return tuple(found)

    @property
    def tunnels(self) -> tuple[Tunnel, ...]:
        """HBONE, where there is an ambient plane."""
        return (HBONE,) if self._ambient else ()

    def member(self, namespace: str, template: PodTemplate) -> Member | None:
        """A pod's place in this mesh; None where it has none."""
        found = self.pods.standing(namespace, template)
        if found is None:
            return None
        identity = f"spiffe://{self.config.trust_domain}/ns/{namespace}/sa/{template.service_account_name}"
        return Member(found.plane, identity, found.because, found.sure)

    def facets(self, namespace: str, template: PodTemplate) -> Mapping[str, Mapping[str, str]]:
        """What the chains ask about a pod with a proxy of its own; nothing about others."""
        proxy = self.pods.of(namespace, template)
        labels = self._labels.get(namespace, {})
        behind = istio_waypoint.pod_facet(self._gateways, namespace, template.labels, labels)
        if proxy is None:
            return {**ztunnel_capture.pod_facet(template.annotations), **behind}
        if proxy.own[istio_facets.KIND] == istio_facets.GATEWAY_KIND:
            behind = {}
        return {**proxy.facets, istio_inbound.FACET: self._kind(namespace, template).inbound.facet, **behind}

    def machines(self, location: str) -> Iterator[Endpoint]:
        """The machines outside of the cluster that are registered, at this location."""
        for one in self._machines:
            member = one in self._members
            facets: dict[str, Mapping[str, str]] = {MACHINE: dict(one.labels), ENTRY: {TITLE: one.title}}
            facets[MESH] = {PLANE: SIDECAR if member else NO_PLANE}
            if member:
                facets |= self.pods.of_machine(one).facets
                facets[istio_inbound.FACET] = self._machine_kind(one).inbound.facet
            yield Endpoint(
                one.title,
                location,
                istio_machines.addresses(one),
                workload=one.title,
                namespace=one.metadata.namespace,
                facets=facets,
                identity=istio_machines.identity(one, self.config.trust_domain),
                single=one.kind != istio_machines.GROUP,
                maybe=one.kind == istio_machines.GROUP,
                span=one.span,
            )

    @cached_property
    def _machines(self) -> tuple[Machine, ...]:
        return istio_machines.machines(self.objects)

    @cached_property
    def _members(self) -> tuple[Machine, ...]:
        return tuple(one for one in self._machines if istio_machines.in_mesh(one))

    def chains(self) -> tuple[Chain, ...]:
        """Transport, then authorization, of every plane that there is."""
        return (*self._transport(), *self._authorization())

    def waypoints(
        self, people: tuple[Endpoint, ...], numbers: PortNumbers, at_pods: tuple[Chain, ...], home: str
    ) -> Waypoints:
        """The waypoints that stand before Services."""
        return build_waypoints(self.objects, people, numbers, self._at_waypoints, at_pods, home)

    @cached_property
    def _at_waypoints(self) -> AtWaypoints:
        objects = self.objects
        return AtWaypoints(objects.istio_authorization_policies, objects.istio_request_authentications, self.settings)

    def request(self, http: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
        """A request as the rules see it, its path normalized."""
        return request_subjects(http, self.config.path_normalization, self._asked)

    @cached_property
    def _asked(self) -> frozenset[str]:
        return asked_subjects(rule for policy in self.objects.istio_authorization_policies for rule in policy.rules)

    @cached_property
    def _gateways(self) -> dict[str, istio_waypoint.Waypoint]:
        return istio_waypoint.waypoints(self.objects.gateways, self.objects.gateway_classes)

    @cached_property
    def _labels(self) -> dict[str, Mapping[str, str]]:
        return {one.metadata.name: one.metadata.labels for one in self.objects.namespaces}

    @cached_property
    def pods(self) -> Proxies:
        """The pods as the mesh sees them."""
        return Proxies(self.objects, self.config.root_namespace)

    @cached_property
    def config(self) -> MeshConfig:
        """What holds for the whole mesh."""
        return mesh_config(self._configuration, self.options.istio)

    @cached_property
    def _configuration(self) -> ConfigMap | None:
        return configuration(self.objects.config_maps)

    def _transport(self) -> Iterator[Chain]:
        objects, root = self.objects, self.config.root_namespace
        proxies = (*self.pods.all(), *(self.pods.of_machine(one) for one in self._members))
        yield istio_offer.offer(self._listed, self._clients(proxies))
        yield istio_mtls.acceptance(proxies)
        if self._ambient:
            yield ztunnel_offer.chain()
            yield ztunnel_peer_authentication.chain(objects.peer_authentications, root, self._nodes)

    def _authorization(self) -> Iterator[Chain]:
        objects, root = self.objects, self.config.root_namespace
        kinds = tuple(
            self._kind(namespace, template)
            for namespace, template in self.objects.pod_templates()
            if self.pods.of(namespace, template) is not None
        )
        kinds = (*kinds, *(self._machine_kind(one) for one in self._members))
        yield from istio_authorization.authorization(
            objects.istio_authorization_policies, objects.istio_request_authentications, kinds, self.settings
        )
        if any(one.traffic != istio_waypoint.SERVICE for one in self._gateways.values()):
            yield istio_waypoint.workload_chain()
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
        kept = self.pods.address_keeping()
        numbers = port_numbers(objects)
        services = istio_registry.of_services(objects, numbers, self.config, kept)
        return (*services, *istio_registry.of_entries(objects.service_entries, numbers, self._machines))

    def _clients(self, proxies: tuple[Proxy, ...]) -> Clients:
        objects = self.objects
        skipped = (key.removeprefix(SKIPS) for proxy in proxies for key in proxy.own if key.startswith(SKIPS))
        ports = (Port(one.host, one.port, one.protocol) for one in self._listed)
        return Clients(
            DestinationRules(objects.destination_rules, self.config),
            Routing(istio_delegates.merged(objects.virtual_services, self.config), ports, self.config),
            self.pods.modes,
            self.config,
            objects.sidecars,
            frozenset(int(one) for one in skipped if one.isdecimal()),
            any(proxy.own[istio_facets.KIND] == istio_facets.GATEWAY_KIND for proxy in proxies),
            self._ambient,
        )

    @cached_property
    def _ambient(self) -> bool:
        """Whether any pod is of the ambient plane, or stands before such pods."""
        found = (self.pods.standing(namespace, template) for namespace, template in self.objects.pod_templates())
        return any(one is not None and one.plane in (AMBIENT, WAYPOINT) for one in found)

    @cached_property
    def _nodes(self) -> tuple[str, ...]:
        named = (template.node_name for _, template in self.objects.pod_templates() if template.node_name)
        return tuple(dict.fromkeys((*(one.metadata.name for one in self.objects.nodes), *named)))

    def read_ports(self, namespace: str, template: PodTemplate) -> tuple[tuple[int, str], ...]:
        """How the proxy of such pods reads its ports (`layers.istio_inbound`); all others as their bytes look."""
        return self._kind(namespace, template).inbound.ports

    def _machine_kind(self, machine: Machine) -> istio_authorization.Kind:
        namespace = machine.metadata.namespace
        services = tuple(istio_machines.services(machine, self.pods.services.get(namespace, ())))
        found = self._kind(namespace, istio_machines.template(machine), services)
        return replace(found, inbound=istio_machines.seen(found.inbound))

    def _kind(
        self, namespace: str, template: PodTemplate, services: tuple[Service, ...] | None = None
    ) -> istio_authorization.Kind:
        root = self.config.root_namespace
        places = tuple(dict.fromkeys((root, namespace)))
        return istio_authorization.kind(
            namespace,
            self.pods.written(template),
            self.pods.services.get(namespace, ()) if services is None else services,
            (one for place in places for one in self._policies.get(place, ())),
            (one for place in places for one in self._requests.get(place, ())),
            root,
            self._entries.get(namespace, ()),
            istio_listeners.of(self.pods.sidecars(namespace, template)),
        )

    @cached_property
    def _entries(self) -> Mapping[str, tuple[ServiceEntry, ...]]:
        return by_namespace(self.objects.service_entries)

    @cached_property
    def _policies(self) -> Mapping[str, tuple[AuthorizationPolicy, ...]]:
        return by_namespace(self.objects.istio_authorization_policies)

    @cached_property
    def _requests(self) -> Mapping[str, tuple[RequestAuthentication, ...]]:
        return by_namespace(self.objects.istio_request_authentications)
