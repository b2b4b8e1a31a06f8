"""The proxies that the mesh's pods have of their own: what each takes, what it is sent, and which Sidecar limits it.

A gateway's pod serves the ports of the Gateway servers that select it, each on the port that its Service leads to; of
the Gateway API those of its own Gateway. A listener takes Istio's mutual TLS by its option `tls-terminate-mode`. Of
several Sidecars one that selects the pod goes first, then the namespace's, then the root namespace's; at one level the
oldest, and where that is not known, what they disagree about is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from ringfence.layers import istio_facets, istio_listeners
from ringfence.layers.istio_facets import PROXIED, TLS, Proxy
from ringfence.layers.istio_injector import Injector, injector
from ringfence.layers.istio_modes import EVERY_PORT, Aged, Modes, oldest
from ringfence.layers.istio_waypoint import GATEWAY_NAME
from ringfence.layers.mesh_facets import SIDECAR
from ringfence.resources.istio.machines import Machine
from ringfence.resources.istio.networking import Sidecar
from ringfence.resources.kubernetes import KubernetesObjects, Namespace, PodTemplate, Service, ServicePort
from ringfence.topology.mesh import istio_machines, istio_membership
from ringfence.topology.mesh.istio_membership import Standing

ISTIO_MUTUAL, TERMINATE = "ISTIO_MUTUAL", "gateway.istio.io/tls-terminate-mode"

SSH = 22

A = TypeVar("A", bound=Aged)


@dataclass(frozen=True)
class Proxies:
    """The pods of one cluster, as the mesh sees them."""

    objects: KubernetesObjects
    root_namespace: str

    def all(self) -> tuple[Proxy, ...]:
        """The proxies of all kinds of pods."""
        found = (self.of(namespace, template) for namespace, template in self.objects.pod_templates())
        return tuple(one for one in found if one is not None)

    def standing(self, namespace: str, template: PodTemplate) -> Standing | None:
        """The place of a pod in the mesh; None where it has none."""
        return istio_membership.standing(template, namespace, self._namespaces.get(namespace), self._injector)

    def written(self, template: PodTemplate) -> PodTemplate:
        """A pod with the annotations that the injector gives it."""
        annotations = self._injector.annotations(template.annotations)
        return template if annotations is template.annotations else replace(template, annotations=annotations)

    def of(self, namespace: str, template: PodTemplate) -> Proxy | None:
        """The proxy of a pod's own, worked out once for each template; None where it has none."""
        key = namespace, id(template)
        if key not in self._known:  # the template is kept with it, so that its id stays its own
            self._known[key] = template, self._worked_out(namespace, template)
        return self._known[key][1]

    def address_keeping(self) -> dict[str, bool | None]:
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
        pods = [one for one in self._by_namespace.get(namespace, ()) if wanted and wanted <= one.labels.items()]
        answers = {self._proxied(namespace, template) for template in pods} or {False}
        return False if False in answers else None if None in answers else True

    def _proxied(self, namespace: str, template: PodTemplate) -> bool | None:
        """Whether clients know a pod as proxied."""
        proxy, found = self.of(namespace, template), self.standing(namespace, template)
        if proxy is None or found is None or proxy.own[TLS] != PROXIED:
            return False
        return True if found.sure else None

    @cached_property
    def modes(self) -> Modes:
        """In which modes ports take mutual TLS."""
        return Modes(self.objects.peer_authentications, self.root_namespace)

    @cached_property
    def _injector(self) -> Injector:
        return injector(self.objects.config_maps)

    @cached_property
    def services(self) -> Mapping[str, tuple[Service, ...]]:
        """The Services of each namespace."""
        return by_namespace(self.objects.services)

    @cached_property
    def _namespaces(self) -> Mapping[str, Namespace]:
        return {one.metadata.name: one for one in self.objects.namespaces if one.declared}

    @cached_property
    def _by_namespace(self) -> Mapping[str, list[PodTemplate]]:
        found: dict[str, list[PodTemplate]] = {}
        for namespace, template in self.objects.pod_templates():
            found.setdefault(namespace, []).append(template)
        return found

    @cached_property
    def _sidecars(self) -> Mapping[str, tuple[Sidecar, ...]]:
        return by_namespace(self.objects.sidecars)

    @cached_property
    def _known(self) -> dict[tuple[str, int], tuple[PodTemplate, Proxy | None]]:
        return {}

    def _worked_out(self, namespace: str, template: PodTemplate) -> Proxy | None:
        found = self.standing(namespace, template)
        if found is None or found.plane != SIDECAR:
            return None
        if found.gateway:
            return istio_facets.gateway(self._served(namespace, template))
        return self._sidecar(namespace, template)

    def _sidecar(self, namespace: str, template: PodTemplate) -> Proxy:
        choices = self.modes.of(namespace, template.labels)
        sidecars = self.sidecars(namespace, template)
        scopes = {one.metadata.qualified_name: (one.egress, one.outbound_traffic_policy) for one in sidecars}
        return istio_facets.sidecar(
            choices,
            template.labels,
            self.written(template).annotations,
            next(iter(scopes), ""),
            istio_listeners.of(sidecars),
            limits_known=len(set(scopes.values())) < 2,
        )

    def of_machine(self, machine: Machine) -> Proxy:
        """The proxy of a machine that is in the mesh."""
        namespace, template = machine.metadata.namespace, istio_machines.template(machine)
        found = self._sidecar(namespace, template)
        ssh = found.takes.get(SSH, found.takes[EVERY_PORT]) | istio_facets.NOT_SEEN
        sent = {**found.sent, SSH: found.sent.get(SSH, found.sent[EVERY_PORT])}
        return replace(found, takes={**found.takes, SSH: ssh}, sent=sent)

    def sidecars(self, namespace: str, template: PodTemplate) -> tuple[Sidecar, ...]:
        """The Sidecar that is for a pod: one that selects it, its namespace's, the root namespace's.

        Of several at one level those that may be the oldest.
        """
        own, root = (self._sidecars.get(place, ()) for place in (namespace, self.root_namespace))
        selecting = [one for one in own if _selects(one, template)]
        wide = ([one for one in place if one.workload_selector is None] for place in (own, root))
        return oldest(next((found for found in (selecting, *wide) if found), ()))

    def _served(self, namespace: str, template: PodTemplate) -> dict[int, frozenset[bool]]:
        """The ports of a gateway's pod, and whether the servers there ask for Istio's mutual TLS."""
        asked: dict[int, set[bool]] = {}
        for gateway in self.objects.istio_gateways:
            if all(template.labels.get(key) == value for key, value in gateway.selector):
                for server in gateway.servers:
                    for port in self._own_ports(namespace, template, server.port):
                        asked.setdefault(port, set()).add(server.tls_mode == ISTIO_MUTUAL)
        own = namespace, template.labels.get(GATEWAY_NAME)
        for one in self.objects.gateways:
            if (one.metadata.namespace, one.metadata.name) == own:
                for listener in one.listeners:
                    mutual = listener.tls_options.get(TERMINATE) == ISTIO_MUTUAL
                    asked.setdefault(listener.port, set()).add(mutual)
        return {port: frozenset(found) for port, found in asked.items()}

    def _own_ports(self, namespace: str, template: PodTemplate, port: int) -> frozenset[int]:
        """The pod's own ports behind a port of the Services that lead to it; without any, the same."""
        leading = (
            one
            for service in self.services.get(namespace, ())
            if service.selector and service.selector.items() <= template.labels.items()
            for one in service.ports
            if one.port == port and one.protocol == "TCP"
        )
        return frozenset(number for one in leading for number in _target(one, template)) or frozenset((port,))


def by_namespace(objects: Iterable[A]) -> Mapping[str, tuple[A, ...]]:
    """The objects of each namespace, in their order."""
    found: dict[str, list[A]] = {}
    for one in objects:
        found.setdefault(one.metadata.namespace, []).append(one)
    return {name: tuple(members) for name, members in found.items()}


def _selects(sidecar: Sidecar, template: PodTemplate) -> bool:
    wanted = sidecar.workload_selector
    return wanted is not None and all(template.labels.get(key) == value for key, value in wanted)


def _target(port: ServicePort, template: PodTemplate) -> Iterator[int]:
    if isinstance(port.target_port, int):
        yield port.target_port
    else:
        yield from (one.container_port for one in template.ports if one.name == port.target_port)
