"""What annotations say about one pod's proxy, and the facet by which the chains ask for it.

A pod's own annotation (`config.linkerd.io/...`) goes before its namespace's, whatever either says: the injector copies
the namespace's only where the pod has none. An annotation with a list of ports replaces the installation's list. The
policy controller takes a list that it cannot read for an empty one, and a default policy that it does not know for the
installation's. It reads opaque ports from annotations alone: the injector writes the installation's `opaquePorts` into
those of a new pod, and before that only what is in the files counts here.

The facet `linkerd` of a member's pod:

    default             the inbound policy of ports without a Server; `?` where nobody knows it
    identity            ports that require an identity, as text: `80,443-445`
    opaque              ports without protocol detection
    skip inbound        ports at which nothing passes the proxy
    skip outbound       ports to which nothing passes the client's proxy
    mode                `ingress` where the client's proxy meshes HTTP alone; else empty
    probe/<port>        paths that probes of the pod's containers ask for by HTTP, one a line

Sources: `policy-controller/k8s/index/src/inbound/workload.rs` and `pkg/inject` of linkerd2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.model.intervals import IntervalSet
from ringfence.model.selectors import Comparison, Label, Selector
from ringfence.resources.kubernetes import Container, PodTemplate
from ringfence.resources.linkerd import DEFAULT_POLICIES

FACET = "linkerd"
DEFAULT, IDENTITY, OPAQUE = "default", "identity", "opaque"
SKIP_INBOUND, SKIP_OUTBOUND, MODE, PROBE = "skip inbound", "skip outbound", "mode", "probe"
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

    `ingress`: what the pod sends is meshed where it is HTTP, and passed on as it is where it is not.
    """

    default_policy: str | None
    identity_ports: IntervalSet = NO_PORTS
    opaque_ports: IntervalSet = NO_PORTS
    skip_inbound: IntervalSet = NO_PORTS
    skip_outbound: IntervalSet = NO_PORTS
    ingress: bool = False
    probes: tuple[tuple[int, tuple[str, ...]], ...] = ()

    @property
    def facet(self) -> Mapping[str, str]:
        """What the chains ask about."""
        return {
            DEFAULT: self.default_policy or NOT_KNOWN,
            IDENTITY: str(self.identity_ports),
            OPAQUE: str(self.opaque_ports),
            SKIP_INBOUND: str(self.skip_inbound),
            SKIP_OUTBOUND: str(self.skip_outbound),
            MODE: INGRESS if self.ingress else "",
            **{f"{PROBE}/{port}": "\n".join(paths) for port, paths in self.probes},
        }


def having(key: str, *values: str) -> Selector:
    """The pods whose setting is one of these."""
    return Label(FACET, key, Comparison.IN, frozenset(values))


def settings(template: PodTemplate, namespace: Mapping[str, str] | None, installed: LinkerdValues) -> Settings:
    """The settings of a pod; `namespace`: the annotations of its namespace, None where they are not known."""
    own, inherited = template.annotations, namespace or {}

    def ports(annotation: str, default: IntervalSet) -> IntervalSet:
        text = own.get(annotation, inherited.get(annotation))
        if text is None:
            return default
        try:
            return port_set(text)
        except ValueError:
            return NO_PORTS

    return Settings(
        _default_policy(own.get(DEFAULT_ANNOTATION, inherited.get(DEFAULT_ANNOTATION)), namespace, installed),
        ports(IDENTITY_ANNOTATION, NO_PORTS),
        ports(OPAQUE_ANNOTATION, NO_PORTS),
        ports(SKIP_INBOUND_ANNOTATION, installed.ignored_inbound),
        ports(SKIP_OUTBOUND_ANNOTATION, installed.ignored_outbound),
        own.get(INJECT_ANNOTATION, inherited.get(INJECT_ANNOTATION)) == INGRESS,
        _probes(template),
    )


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
