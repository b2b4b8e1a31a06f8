"""What the mesh's registry lists, as clients' proxies see it: the ports of Services and of ServiceEntries.

A ServiceEntry's backends are the pods that its workloadSelector selects, the addresses of its endpoints, or, with
resolution NONE, its own addresses. A pod's port is its container's of the entry port's name, else what the entry says.
Backends with a name only are outside of what is known here, and hosts with a star are taken as they are. Endpoints that
are written down count as proxied if their label `security.istio.io/tlsMode` says so; without it, if they have a service
account.

Source: istio `pilot/pkg/serviceregistry/serviceentry/conversion.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from ringfence.layers import istio_inbound
from ringfence.layers.istio_destination_rules import EVERYBODY
from ringfence.layers.istio_facets import BARE, PROXIED, TLS_LABEL
from ringfence.layers.istio_hosts import full, of_service
from ringfence.layers.istio_listed import Backend, ListedPort
from ringfence.layers.istio_reached import DETECTED, HTTP, TCP, TLS
from ringfence.layers.kubernetes_selectors import POD, PORT, labels, named_port
from ringfence.layers.network_policy import PortNumbers
from ringfence.model.addresses import AddressSet
from ringfence.model.selectors import ANYTHING, AllOf, Has, InNamespace, Label, Not, Selector
from ringfence.resources.istio.machines import Machine
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import EntryPort, ServiceEntry
from ringfence.resources.kubernetes import KubernetesObjects, LabelSelector, ServicePort
from ringfence.topology.mesh import istio_machines
from ringfence.topology.services import targets

EXPORT_TO = "networking.istio.io/exportTo"
OWN, NOBODY = ".", "~"
TLS_NAMES = ("tls", "https")


def of_services(
    objects: KubernetesObjects, numbers: PortNumbers, config: MeshConfig, proxied: dict[str, bool | None]
) -> Iterator[ListedPort]:
    """The TCP ports of all Services. `proxied`: by `namespace/name` of a headless one, whether all its pods are."""
    machines = istio_machines.machines(objects)
    for service in objects.services:
        metadata = service.metadata
        written = metadata.annotations.get(EXPORT_TO, "")
        exported = written.split(",") if written else config.default_service_export_to
        for port in service.ports:
            if port.protocol != "TCP" or service.type == "ExternalName":
                continue
            backends = tuple(
                Backend(one.selector, one.port, one.addresses) for one in targets(service, port, objects, numbers)
            )
            outside = tuple(istio_machines.of_service(service, port, machines))
            yield ListedPort(
                of_service(metadata.name, metadata.namespace),
                metadata.namespace,
                port.port,
                _protocol(port),
                (*backends, *outside),
                service.headless,
                None if outside else proxied.get(metadata.qualified_name),
                _exported(exported, metadata.namespace),
            )


def _protocol(port: ServicePort) -> str:
    """How clients read a port: as its pods do, but for TLS, whose routes go by SNI."""
    name = (port.app_protocol or port.name).lower().partition("-")[0]
    found = istio_inbound.protocol(port)
    if found == istio_inbound.HTTP:
        return HTTP
    return TLS if name in TLS_NAMES else DETECTED if found == istio_inbound.DETECTED else TCP


def of_entries(
    entries: Iterable[ServiceEntry], numbers: PortNumbers, machines: tuple[Machine, ...] = ()
) -> Iterator[ListedPort]:
    """The ports of all ServiceEntries, as far as their backends are known."""
    for entry in entries:
        namespace = entry.metadata.namespace
        for host in entry.hosts:
            for port in entry.ports:
                if port.protocol.upper() == "UDP":
                    continue
                for backends, internal in _backends(entry, port, numbers, machines):
                    yield ListedPort(
                        full(host, namespace),
                        namespace,
                        port.number,
                        _entry_protocol(port),
                        backends,
                        entry.resolution == "NONE",
                        None if entry.workload_selector else entry.resolution != "NONE",
                        _exported(entry.export_to or (EVERYBODY,), namespace),
                        not internal or entry.location == "MESH_EXTERNAL",
                        internal and entry.workload_selector is None,
                    )


def _backends(
    entry: ServiceEntry, port: EntryPort, numbers: PortNumbers, machines: tuple[Machine, ...]
) -> Iterator[tuple[tuple[Backend, ...], bool]]:
    """The backends of one port, and whether auto-mTLS looks at them."""
    number = port.target_port or port.number
    if entry.workload_selector is not None:
        place = InNamespace(entry.metadata.namespace)
        chosen = AllOf((Has(POD), place, *labels(POD, LabelSelector(entry.workload_selector))))
        if entry.resolution == "NONE":  # the client dials the pod itself
            yield (Backend(chosen, number), *istio_machines.of_entry(entry, port, machines)), True
        elif entry.workload_selector:  # one without labels selects nothing
            outside = istio_machines.of_entry(entry, port, machines)
            yield (*_of_pods(chosen, port, number, numbers), *outside), True
    elif entry.resolution == "NONE":
        if entry.addresses:
            yield (Backend(ANYTHING, port.number, AddressSet.of(*entry.addresses)),), False
    else:
        for endpoint in entry.endpoints:
            if _is_address(endpoint.address):
                own = dict(endpoint.ports).get(port.name, number)
                own_account = PROXIED if endpoint.service_account else BARE
                internal = dict(endpoint.labels).get(TLS_LABEL, own_account) == PROXIED
                yield (Backend(ANYTHING, own, AddressSet.of(endpoint.address)),), internal


def _of_pods(chosen: Selector, port: EntryPort, number: int, numbers: PortNumbers) -> Iterator[Backend]:
    """The selected pods, each on its container's port of that name; without one on this number."""
    for named in sorted(numbers.get(("tcp", port.name), ())):
        yield Backend(AllOf((chosen, named_port("tcp", port.name, named))), named)
    yield Backend(AllOf((chosen, Not(Label(PORT, f"tcp/{port.name}")))), number)


def _entry_protocol(port: EntryPort) -> str:
    name = port.protocol.lower()
    if name in TLS_NAMES:
        return TLS
    return HTTP if name in istio_inbound.HTTP_NAMES else DETECTED if not name else TCP


def _exported(names: Iterable[str], namespace: str) -> frozenset[str]:
    found = {one.strip() for one in names}
    if NOBODY in found and EVERYBODY not in found:
        return frozenset()  # whomever else they name
    return frozenset(namespace if one == OWN else one for one in found if one and one != NOBODY)


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
