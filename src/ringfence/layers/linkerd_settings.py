"""What annotations say about one pod's proxy, and the facet by which the chains ask for it.

A pod's own annotation (`config.linkerd.io/...`) goes before its namespace's, whatever either says: the injector copies
the namespace's only where the pod has none. An annotation with a list of ports replaces the installation's list. The
policy controller takes a list that it cannot read for an empty one, and a default policy that it does not know for the
installation's.

Opaque ports are told to two. The server's own proxy takes the annotation as it is in the files. Clients do, too, but to
them names of ports count, and of a list that nobody can read the rest. Where neither pod nor namespace has one, clients
take those of the installation's `opaquePorts` that the containers declare, which the injector writes down; else all.

The facet `linkerd` of a member's pod:

    default             the inbound policy of ports without a Server; `?` where nobody knows it
    identity            ports that require an identity, as text: `80,443-445`
    opaque              ports without protocol detection
    told opaque         ports that clients of the mesh take for opaque
    skip inbound        ports at which nothing passes the proxy
    skip outbound       ports to which nothing passes the client's proxy
    mode                `ingress` where the client's proxy meshes HTTP alone; else empty
    probe/<port>        paths that probes of the pod's containers ask for by HTTP, one a line
    named/<name>        the numbers of that TCP port: containers may give several ports one name, and all of them count

Sources: `policy-controller/k8s/index/src/inbound/workload.rs`, `pkg/inject`, `controller/proxy-injector/webhook.go` and
`controller/api/destination/watcher/endpoints_watcher.go` (`GetAnnotatedOpaquePorts`) of linkerd2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.model.intervals import IntervalSet
from ringfence.model.selectors import Comparison, Label, Selector
from ringfence.resources.kubernetes import Container, PodTemplate
from ringfence.resources.linkerd import DEFAULT_POLICIES

FACET = "linkerd"
DEFAULT, IDENTITY, OPAQUE = "default", "identity", "opaque"
SKIP_INBOUND, SKIP_OUTBOUND, MODE, PROBE = "skip inbound", "skip outbound", "mode", "probe"
TOLD_OPAQUE, NAMED = "told opaque", "named"
NOT_KNOWN = "?"

PREFIX = "config.linkerd.io/"
DEFAULT_ANNOTATION = f"{PREFIX}default-inbound-policy"
IDENTITY_ANNOTATION = f"{PREFIX}proxy-require-identity-inbound-ports"
OPAQUE_ANNOTATION = f"{PREFIX}opaque-ports"
SKIP_INBOUND_ANNOTATION = f"{PREFIX}skip-inbound-ports"
SKIP_OUTBOUND_ANNOTATION = f"{PREFIX}skip-outbound-ports"

INJECT_ANNOTATION = "linkerd.io/inject"
ENABLED, INGRESS, DISABLED = "enabled", "ingress", "disabled"

ADMIN_PORT = 4191
PROXY_PROBES = ((ADMIN_PORT, ("/live", "/ready")),)
"""What the injector adds: the proxy has probes of its own."""

NO_PORTS = IntervalSet()


@dataclass(frozen=True, slots=True)
class Settings:
    """One pod's proxy. `default_policy` None: nobody knows it. `probes`: paths by port, both ascending.

    `opaque_ports` is what the proxy itself is told, `told_opaque` what clients are. `named_ports`: TCP ports by name.
    `ingress`: what the pod sends is meshed where it is HTTP, and passed on as it is where it is not.
    """

    default_policy: str | None
    identity_ports: IntervalSet = NO_PORTS
    opaque_ports: IntervalSet = NO_PORTS
    skip_inbound: IntervalSet = NO_PORTS
    skip_outbound: IntervalSet = NO_PORTS
    ingress: bool = False
    probes: tuple[tuple[int, tuple[str, ...]], ...] = ()
    told_opaque: IntervalSet = NO_PORTS
    named_ports: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @property
    def facet(self) -> Mapping[str, str]:
        """What the chains ask about."""
        return {
            DEFAULT: self.default_policy or NOT_KNOWN,
            IDENTITY: str(self.identity_ports),
            OPAQUE: str(self.opaque_ports),
            TOLD_OPAQUE: str(self.told_opaque),
            SKIP_INBOUND: str(self.skip_inbound),
            SKIP_OUTBOUND: str(self.skip_outbound),
            MODE: INGRESS if self.ingress else "",
            **{f"{PROBE}/{port}": "\n".join(paths) for port, paths in self.probes},
            **{f"{NAMED}/{name}": listed(numbers) for name, numbers in self.named_ports},
        }


def listed(numbers: Iterable[int]) -> str:
    """The numbers of a named port as the facet has them."""
    return ",".join(map(str, numbers))


def having(key: str, *values: str) -> Selector:
    """The pods whose setting is one of these."""
    return Label(FACET, key, Comparison.IN, frozenset(values))


def settings(
    template: PodTemplate, namespace: Mapping[str, str] | None, installed: LinkerdValues, *, injected: bool = False
) -> Settings:
    """The settings of a pod; `namespace`: the annotations of its namespace, None where they are not known.

    `injected`: the injector has been there, so that its annotations are all there are.
    """
    own, inherited = template.annotations, namespace or {}

    def ports(annotation: str, default: IntervalSet) -> IntervalSet:
        return _readable(own.get(annotation, inherited.get(annotation)), default)

    opaque = own.get(OPAQUE_ANNOTATION, inherited.get(OPAQUE_ANNOTATION))
    written = NO_PORTS if injected else installed.opaque_ports & _declared(template)
    return Settings(
        _default_policy(own.get(DEFAULT_ANNOTATION, inherited.get(DEFAULT_ANNOTATION)), namespace, installed),
        ports(IDENTITY_ANNOTATION, NO_PORTS),
        ports(OPAQUE_ANNOTATION, NO_PORTS),
        ports(SKIP_INBOUND_ANNOTATION, installed.ignored_inbound),
        ports(SKIP_OUTBOUND_ANNOTATION, installed.ignored_outbound),
        own.get(INJECT_ANNOTATION, inherited.get(INJECT_ANNOTATION)) == INGRESS,
        _probes(template),
        _told(opaque, template) if opaque is not None else written or installed.opaque_ports,
        _named(template),
    )


def _readable(text: str | None, default: IntervalSet) -> IntervalSet:
    """A list of ports as the policy controller takes it; the default where there is none."""
    if text is None:
        return default
    try:
        return port_set(text)
    except ValueError:
        return NO_PORTS


def _declared(template: PodTemplate) -> IntervalSet:
    """What the containers say that they listen on."""
    numbers = (port.container_port for one in template.containers if not one.init for port in one.ports)
    return IntervalSet.of(*numbers)


def _told(text: str, template: PodTemplate) -> IntervalSet:
    """The ports of a list as clients are told: each entry by itself; of several ports with one name, the last."""
    named = {port.name: port.container_port for one in template.containers if not one.init for port in one.ports}
    entries = (entry.strip() for entry in text.split(","))
    found = (_readable(str(named.get(entry, entry)) if entry else None, NO_PORTS) for entry in entries)
    return reduce(or_, found, NO_PORTS)


def _named(template: PodTemplate) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The TCP ports of all containers, of those too that have ended, by name."""
    found: dict[str, set[int]] = {}
    for port in (port for container in template.containers for port in container.ports):
        if port.name and port.protocol == "TCP":
            found.setdefault(port.name, set()).add(port.container_port)
    return tuple((name, tuple(sorted(numbers))) for name, numbers in sorted(found.items()))


def _default_policy(written: str | None, namespace: Mapping[str, str] | None, installed: LinkerdValues) -> str | None:
    if written is None:
        return None if namespace is None else installed.default_policy
    return written if written in DEFAULT_POLICIES else installed.default_policy


def _probes(template: PodTemplate) -> tuple[tuple[int, tuple[str, ...]], ...]:
    found: dict[int, set[str]] = {port: set(paths) for port, paths in PROXY_PROBES}
    for container in template.containers:
        for port, path in _probes_of(container):
            found.setdefault(port, set()).add(path)
    return tuple((port, tuple(sorted(paths))) for port, paths in sorted(found.items()))


def _probes_of(container: Container) -> Iterator[tuple[int, str]]:
    """Port and path of each HTTP probe; a named port is one of the container's own."""
    for port, path in container.http_probes:
        number = port if isinstance(port, int) else _number(container, port)
        bare = path.partition("#")[0].partition("?")[0]
        if 1 <= number <= 65535 and bare.startswith("/"):
            yield number, bare


def _number(container: Container, name: str) -> int:
    """The container's TCP port of a name; 0 where there is none."""
    named = (one for one in container.ports if one.protocol == "TCP" and one.name.lower() == name.lower())
    return next((one.container_port for one in named), 0)
