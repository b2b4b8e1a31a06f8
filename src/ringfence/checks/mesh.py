"""What several checks ask of a mesh: which pods are members, which ports they serve, who comes without an identity.

Everything here is worked out once for a view, and is empty where no mesh is in the files. *Without an identity* are
workloads outside every mesh and the sources of entries; nodes are not counted, because the kubelet always gets in, nor
is the placeholder of an ingress controller, of which nobody knows whether it is a member.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from functools import lru_cache

from ringfence.checks.entry_targets import ways
from ringfence.checks.finding import View
from ringfence.checks.namespaces import by_namespace
from ringfence.engine.witness import Field, Witness
from ringfence.layers.istio_captured import OWN_PORTS
from ringfence.layers.istio_modes import EVERY_PORT
from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.mesh_facets import MESH, PLANE
from ringfence.model.headers import PORTS, HeaderSet
from ringfence.model.intervals import IntervalSet
from ringfence.model.regions import Region
from ringfence.model.rules import NO_IDENTITY
from ringfence.model.spans import Span
from ringfence.resources.istio.authentication import MutualTlsMode, PeerAuthentication
from ringfence.resources.istio.authorization import AuthorizationPolicy
from ringfence.resources.kubernetes import PodTemplate, Service, Workload
from ringfence.topology.entries import CONTROLLER, PLACEHOLDERS
from ringfence.topology.mesh.istio import IstioMesh
from ringfence.topology.mesh.istio_membership import SYSTEM_NAMESPACES
from ringfence.topology.mesh.linkerd import LinkerdMesh
from ringfence.topology.mesh.members import Member

SHOWN = 3
"""How many names a message lists."""

STRICT = frozenset((MutualTlsMode.STRICT,))


@dataclass(frozen=True, slots=True, eq=False)
class Pods:
    """The pods of one template of a workload. `member` None: outside of every mesh. `gateway`: a proxy and no more."""

    workload: Workload
    template: PodTemplate
    member: Member | None
    gateway: bool = False

    @property
    def namespace(self) -> str:
        """Their namespace."""
        return self.workload.metadata.namespace

    @property
    def title(self) -> str:
        """What reports call them."""
        return self.workload.title

    def on(self, *planes: str) -> bool:
        """Whether they are certainly of one of these planes, and no gateway."""
        return self.member is not None and self.member.sure and self.member.plane in planes and not self.gateway


def istio(view: View) -> IstioMesh | None:
    """Istio, where anything of it is in the files."""
    return next((one for one in view.topology.meshes if isinstance(one, IstioMesh)), None)


def linkerd(view: View) -> LinkerdMesh | None:
    """Linkerd, where anything of it is in the files."""
    return next((one for one in view.topology.meshes if isinstance(one, LinkerdMesh)), None)


@lru_cache(maxsize=2)
def pods(view: View) -> tuple[Pods, ...]:
    """Every kind of pod, in the order of reading; none without a mesh."""
    return tuple(_pods(view)) if view.topology.meshes else ()


def _pods(view: View) -> Iterator[Pods]:
    sidecars = istio(view)
    for workload in view.topology.objects.workloads:
        namespace = workload.metadata.namespace
        for template in workload.templates:
            found = (one.member(namespace, template) for one in view.topology.meshes)
            member = next((one for one in found if one is not None), None)
            standing = sidecars.pods.standing(namespace, template) if sidecars else None
            yield Pods(workload, template, member, standing is not None and standing.gateway)


def selected(view: View, policy: AuthorizationPolicy | PeerAuthentication, *planes: str) -> tuple[Pods, ...]:
    """The pods of these planes that a policy of Istio selects by their labels; gateways are left out."""
    mesh = istio(view)
    everywhere = mesh is not None and policy.metadata.namespace == mesh.config.root_namespace
    wanted = dict(policy.selector or ())
    candidates = _posted(view).get((None if everywhere else policy.metadata.namespace, *next(iter(wanted.items()), ())))
    return tuple(one for one in candidates or () if one.on(*planes) and wanted.items() <= one.template.labels.items())


@lru_cache(maxsize=2)
def _posted(view: View) -> dict[tuple[str | None, ...], list[Pods]]:
    """The pods by namespace (None: any), and by namespace and label."""
    found: dict[tuple[str | None, ...], list[Pods]] = {}
    for one in pods(view):
        for namespace in (None, one.namespace):
            for label in ((), *one.template.labels.items()):
                found.setdefault((namespace, *label), []).append(one)
    return found


@lru_cache(maxsize=8)
def of_plane(view: View, *planes: str) -> tuple[tuple[str, ...], ...]:
    """The workloads all of whose pods are certainly of these planes, by behaviour."""
    found = (tuple(name for name in kind if _all_on(view, name, planes)) for kind in view.connectivity.kinds)
    return tuple(names for names in found if names)


@lru_cache(maxsize=8)
def on_plane(view: View, *planes: str) -> frozenset[str]:
    """The same workloads, whatever their behaviour."""
    return frozenset(name for kind in of_plane(view, *planes) for name in kind)


def _all_on(view: View, name: str, planes: tuple[str, ...]) -> bool:
    return all(
        MESH not in one.unknown_facets and one.facets.get(MESH, {}).get(PLANE) in planes
        for one in view.connectivity.workloads[name]
    )


@lru_cache(maxsize=2)
def listening(view: View) -> Mapping[str, IntervalSet]:
    """The TCP ports of each workload (by title) that its containers declare or a Service leads to."""
    services = by_namespace(view.topology.objects.services)
    found: dict[str, IntervalSet] = {}
    for workload in view.topology.objects.workloads:
        for template in workload.templates:
            here = services.get(workload.metadata.namespace, ())
            numbers = IntervalSet.of(*_declared(template), *_led_to(template, here))
            found[workload.title] = found.get(workload.title, IntervalSet()) | numbers
    return found


def _declared(template: PodTemplate) -> Iterator[int]:
    return (one.container_port for one in template.ports if one.protocol == "TCP")


def _led_to(template: PodTemplate, services: Iterable[Service]) -> Iterator[int]:
    for service in services:
        if service.selector and service.selector.items() <= template.labels.items():
            yield from (
                one.target_port for one in service.ports if one.protocol == "TCP" and isinstance(one.target_port, int)
            )


@lru_cache(maxsize=2)
def outsiders(view: View) -> tuple[tuple[str, ...], ...]:
    """The workloads that are certainly outside every mesh, by behaviour; those of system namespaces are left out."""
    if not view.topology.meshes:
        return ()
    left_out = control_plane(view)
    kinds = (tuple(name for name in kind if _outside(view, name, left_out)) for kind in view.connectivity.kinds)
    return tuple(kind for kind in kinds if kind)


def control_plane(view: View) -> frozenset[str]:
    """The namespaces of Kubernetes' own workloads and of the meshes' control planes."""
    sidecars, proxies = istio(view), linkerd(view)
    own = {sidecars.config.root_namespace} if sidecars else set()
    return frozenset((*own, *({proxies.installed.namespace} if proxies else ()), *SYSTEM_NAMESPACES))


def _outside(view: View, name: str, left_out: frozenset[str]) -> bool:
    endpoints = view.connectivity.workloads[name]
    known = name not in PLACEHOLDERS and all(POD in one.facets and one.namespace not in left_out for one in endpoints)
    return known and all(one.identity == NO_IDENTITY for one in endpoints)


def plaintext_ports(view: View, one: Pods) -> IntervalSet:
    """The TCP ports on which members of Istio's mesh may take plaintext, whoever sends it."""
    mesh = istio(view)
    if mesh is None or one.member is None:
        return IntervalSet()
    proxy = mesh.pods.of(one.namespace, one.template)
    choices = proxy.takes if proxy else mesh.pods.modes.of(one.namespace, one.template.labels)
    refused = {port: choice.modes == STRICT for port, choice in choices.items()}
    named_ports = IntervalSet.of(*(port for port in refused if port != EVERY_PORT))
    taken = IntervalSet.of(*(port for port, strict in refused.items() if port != EVERY_PORT and not strict))
    taken -= IntervalSet.of(*OWN_PORTS)
    return taken if refused[EVERY_PORT] else taken | (PORTS - named_ports)


def modes_of(view: View, one: Pods) -> tuple[str, Span]:
    """What says in which mode the pods of Istio's mesh take mutual TLS, as a reason."""
    mesh = istio(view)
    choices = mesh.pods.modes.of(one.namespace, one.template.labels) if mesh else {}
    found = [policy for choice in choices.values() for policy in choice.policies]
    if not found:
        return f"no PeerAuthentication is for {one.title}: it takes plaintext and mutual TLS", one.template.span
    names = dict.fromkeys(f"PeerAuthentication {policy.metadata.qualified_name}" for policy in found)
    return f"{named(names)} is for {one.title}", found[-1].span


def plaintext(ports: IntervalSet) -> HeaderSet:
    """Plaintext TCP to these ports."""
    return HeaderSet(tcp=Region.of(PORTS, ports))


def encrypted(ports: IntervalSet) -> HeaderSet:
    """Mutual TLS to these ports."""
    return HeaderSet(mtls=Region.of(PORTS, ports))


def stranger(view: View, target: str, ports: IntervalSet) -> Witness | None:
    """A plaintext packet from somebody without an identity that may arrive at the workload; None where there is none.

    Of the ports those that the workload is known to serve, where it serves any of them.
    """
    wanted = ports & listening(view).get(target, IntervalSet()) or ports
    for way in ways(view):
        wanted_here = way.target.protocol == "tcp" and way.target.port in wanted
        if way.workload == target and way.may and wanted_here and CONTROLLER not in way.entry.sources:
            found = view.witnesses.passing(way.field, plaintext(IntervalSet.of(way.target.port)))
            if found is not None:
                return found
    for source, *_ in outsiders(view):
        found = passing(view, source, target, wanted) if source != target else None
        if found is not None:
            return found
    return None


def passing(view: View, source: str, target: str, ports: IntervalSet) -> Witness | None:
    """A plaintext packet from one workload that may arrive at another, whatever the first one's proxy would choose."""
    ends = view.connectivity.workloads
    if source not in ends or target not in ends:
        return None
    for one in view.connectivity.relations(source, target):
        if one.headers.may.tcp.some() & ports:
            return view.witnesses.passing(Field(ends[source], ends[target]), plaintext(ports))
    return None


def named(names: Iterable[str]) -> str:
    """A few names, and how many more there are."""
    known = list(dict.fromkeys(names))
    shown, rest = known[:SHOWN], len(known) - SHOWN
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def plural(names: Sized, one: str, many: str) -> str:
    """The verb for a subject of these names."""
    return one if len(names) == 1 else many


def numbers(ports: IntervalSet) -> str:
    """Ports as a message shows them: `every port`, `port 80`, `ports 80, 8000-8100`."""
    if not PORTS - IntervalSet.of(0) - ports:
        return "every port"
    parts = [str(low) if low == high else f"{low}-{high}" for low, high in ports.pairs]
    many = len(parts) > 1 or "-" in parts[0]
    shown = ", ".join(parts[:SHOWN]) + (" ..." if len(parts) > SHOWN else "")
    return f"port{'s' if many else ''} {shown}"
