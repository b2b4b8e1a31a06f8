"""Machines of the mesh (WorkloadEntry, WorkloadGroup): what stands for them, and what Services lead to them.

A machine is an endpoint at its address, outside of the cluster: NetworkPolicies know it by its address alone. It has a
sidecar where it has a service account, or where its label `security.istio.io/tlsMode` is `istio`; what that proves is
known by the account. Its proxy is taken to see all ports but its own, and 22, of which nobody knows: `istioctl` leaves
SSH out, and what a machine's own configuration says is in no file. The labels that policies select it by are taken to
be those of its entry. Of a WorkloadGroup's machines nobody knows whether they are there, and where.

    Services        select entries of their namespace with an IP address; their port is the entry's of the target
                    port's name, or of the Service port's, else the target port
    ServiceEntries  the same by their `workloadSelector`; those of a DNS resolution also entries with a name

Not followed: an entry at a socket (`unix://`), whose clients are on the same machine.

Sources: istio `pilot/pkg/serviceregistry/serviceentry` (`convertEndpoint`, `convertWorkloadEntryToWorkloadInstance`),
`pilot/pkg/serviceregistry/kube/controller` (`serviceInstanceFromWorkloadInstance`), `pilot/pkg/model/context.go`
(`SetWorkloadLabels`); istio.io's notes on port 22.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import ip_address

from ringfence.layers.istio_facets import BARE, PROXIED, TLS_LABEL
from ringfence.layers.istio_inbound import Inbound
from ringfence.layers.istio_listed import Backend
from ringfence.layers.istio_machines import called
from ringfence.model.addresses import ALL_IPV4, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY
from ringfence.resources.istio.machines import Machine
from ringfence.resources.istio.networking import EntryPort, ServiceEntry
from ringfence.resources.kubernetes import (
    Container,
    ContainerPort,
    KubernetesObjects,
    PodTemplate,
    Service,
    ServicePort,
)

GROUP = "WorkloadGroup"
UNIX = "unix://"
SSH = IntervalSet.of(22)
OF_MACHINES = "whether a machine's proxy sees port 22 is not known"
TAKEN = "machines of the mesh have the proxies and the labels that their WorkloadEntries say"


def machines(objects: KubernetesObjects) -> tuple[Machine, ...]:
    """The machines that have addresses."""
    return tuple(one for one in objects.istio_machines if not one.address.startswith(UNIX))


def tls_label(machine: Machine) -> str:
    """How clients know its endpoints: as proxied, or not."""
    return dict(machine.labels).get(TLS_LABEL, PROXIED if machine.account else BARE)


def in_mesh(machine: Machine) -> bool:
    """Whether it has a proxy of the mesh."""
    return bool(machine.account) or tls_label(machine) == PROXIED


def identity(machine: Machine, trust_domain: str) -> str:
    """What its mutual TLS proves."""
    if not machine.account:
        return UNKNOWN_IDENTITY if in_mesh(machine) else NO_IDENTITY
    return f"spiffe://{trust_domain}/ns/{machine.metadata.namespace}/sa/{machine.account}"


def addresses(machine: Machine) -> AddressSet:
    """Its address, or any where it is not known."""
    return AddressSet.of(machine.address) if _is_address(machine.address) else ALL_IPV4


def template(machine: Machine) -> PodTemplate:
    """A machine as the pod that its proxy is to istiod."""
    ports = tuple(ContainerPort(number, name) for name, number in machine.ports)
    labels = dict(machine.labels) | {TLS_LABEL: tls_label(machine)}
    return PodTemplate(labels, containers=(Container(machine.kind, ports=ports),), span=machine.span)


def services(machine: Machine, found: Iterable[Service]) -> Iterator[Service]:
    """Services with the target ports that they have at a machine; those that do not reach it are left out."""
    for service in found:
        if _selects(service, machine):
            ports = ((one, target_port(one, machine)) for one in service.ports)
            yield replace(service, ports=tuple(replace(one, target_port=number) for one, number in ports if number))


def seen(inbound: Inbound) -> Inbound:
    """What a machine's proxy makes of its ports, of which nobody knows whether it sees 22."""
    past = inbound.past
    return replace(inbound, past=Bounds(past.must - SSH, past.may | SSH, past.because or OF_MACHINES))


def of_service(service: Service, port: ServicePort, found: Iterable[Machine]) -> Iterator[Backend]:
    """The machines that proxies reach by a Service's port."""
    for machine in found:
        number = target_port(port, machine)
        if number and _selects(service, machine):
            yield Backend(called(machine.title, machine.metadata.namespace), number)


def of_entry(entry: ServiceEntry, port: EntryPort, found: Iterable[Machine]) -> Iterator[Backend]:
    """The machines that a ServiceEntry selects."""
    wanted = dict(entry.workload_selector or ()).items()
    for machine in found:
        namespace = machine.metadata.namespace
        followed = not _by_name(machine) or entry.resolution.startswith("DNS")
        if wanted and namespace == entry.metadata.namespace and wanted <= dict(machine.labels).items() and followed:
            number = dict(machine.ports).get(port.name) or port.target_port or port.number
            yield Backend(called(machine.title, namespace), number)


def selected_by(service: Service, objects: KubernetesObjects) -> bool:
    """Whether a Service selects a machine."""
    return any(_selects(service, one) for one in machines(objects))


def target_port(port: ServicePort, machine: Machine) -> int:
    """A machine's own port behind a Service's; 0: none."""
    ports = dict(machine.ports)
    if isinstance(port.target_port, str):
        return ports.get(port.target_port, 0)
    return ports.get(port.name) or port.target_port


def _selects(service: Service, machine: Machine) -> bool:
    wanted = (service.selector or {}).items()
    here = service.metadata.namespace == machine.metadata.namespace
    return here and bool(wanted) and wanted <= dict(machine.labels).items() and not _by_name(machine)


def _by_name(machine: Machine) -> bool:
    return bool(machine.address) and not _is_address(machine.address)


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
