"""What leads from outside to Services: Ingress and IngressClass, and the Gateway API.

Only what decides *which Service is reachable, for whom, through which controller, by which requests* is typed; retries,
header rewrites and the like stay out. `networking.k8s.io/v1` and `gateway.networking.k8s.io` (v1, v1beta1, v1alpha2/3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import LabelSelector, ObjectMeta
from ringfence.resources.kubernetes.services import LoadBalancerIngress


@dataclass(frozen=True, slots=True)
class IngressBackend:
    """A Service of the Ingress's namespace and its port by number or name.

    `service_name` is empty for a `resource` backend, which leads to no Service.
    """

    service_name: str
    port: int | str | None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class IngressPath:
    """One path of a rule. `path_type`: Exact, Prefix, ImplementationSpecific. Empty `path`: all of the host."""

    path: str
    path_type: str
    backend: IngressBackend
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class IngressRule:
    """The paths of one host; an empty `host` is every host."""

    host: str
    paths: tuple[IngressPath, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class IngressTLS:
    """For which hosts the controller ends TLS, with which Secret; empty: the controller's default."""

    hosts: tuple[str, ...] = ()
    secret_name: str = ""


@dataclass(frozen=True, slots=True)
class Ingress:
    """An Ingress. `ingress_class_name` also comes from the old annotation; None: the default class, if there is one."""

    metadata: ObjectMeta
    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] = ()
    tls: tuple[IngressTLS, ...] = ()
    load_balancer_ingress: tuple[LoadBalancerIngress, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def backends(self) -> tuple[IngressBackend, ...]:
        """Every backend, the default one first."""
        first = (self.default_backend,) if self.default_backend else ()
        return first + tuple(path.backend for rule in self.rules for path in rule.paths)


@dataclass(frozen=True, slots=True)
class IngressClass:
    """Which controller serves a class, e.g. `k8s.io/ingress-nginx`."""

    metadata: ObjectMeta
    controller: str
    is_default: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class GatewayClass:
    """Which controller serves Gateways of a class."""

    metadata: ObjectMeta
    controller_name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Listener:
    """A port on which a Gateway listens.

    `protocol`: HTTP, HTTPS, TLS, TCP, UDP or a controller's own. `tls_mode`: Terminate, Passthrough, or empty.
    `routes_from`: Same (the default), All, Selector, None: the namespaces whose routes may attach;
    `routes_selector` says which for Selector. `route_kinds` empty: those that the protocol allows.
    `tls_options` are the controller's own.
    """

    name: str
    port: int
    protocol: str
    hostname: str = ""
    tls_mode: str = ""
    routes_from: str = "Same"
    routes_selector: LabelSelector | None = None
    route_kinds: tuple[str, ...] = ()
    tls_options: Mapping[str, str] = field(default_factory=dict, hash=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """An address that a Gateway asks for. `type`: IPAddress, Hostname, or a controller's own."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """What whatever is made for a Gateway gets. `labels`, `annotations` None: it does not say.

    `parameters`: the object that says more, as `Kind name`; empty without one.
    """

    labels: Mapping[str, str] | None = field(default=None, hash=False)
    annotations: Mapping[str, str] | None = field(default=None, hash=False)
    parameters: str = ""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A Gateway. `addresses`: what its spec asks for (`requested`) and its status says, host names included."""

    metadata: ObjectMeta
    gateway_class_name: str
    listeners: tuple[Listener, ...] = ()
    addresses: tuple[str, ...] = ()
    requested: tuple[GatewayAddress, ...] = ()
    infrastructure: Infrastructure = field(default_factory=Infrastructure)
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ParentReference:
    """What a route attaches to: a Gateway, or (mesh) a Service. `namespace` is filled in with the route's own."""

    name: str
    namespace: str
    group: str = "gateway.networking.k8s.io"
    kind: str = "Gateway"
    section_name: str = ""
    port: int | None = None


@dataclass(frozen=True, slots=True)
class BackendReference:
    """Where a rule sends traffic. `namespace` is filled in; another one than the route's needs a ReferenceGrant.

    `weight` 0: no traffic goes there.
    """

    name: str
    namespace: str
    group: str = ""
    kind: str = "Service"
    port: int | None = None
    weight: int = 1
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NamedMatch:
    """A header (name in lower case) or query parameter and its value: exact, or a regular expression for all of it."""

    name: str
    value: str
    is_pattern: bool = False


@dataclass(frozen=True, slots=True)
class MethodMatch:
    """A gRPC service and method; an empty one is any. `is_pattern`: both are regular expressions."""

    service: str = ""
    method: str = ""
    is_pattern: bool = False


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """A request that a rule takes; all parts must hold.

    `path_type`: Exact, PathPrefix (whole segments) or RegularExpression; without a path it is the prefix `/`, which is
    every request. `method` empty: any HTTP method. `grpc_method` is set in a GRPCRoute only; None: any.
    """

    path_type: str = "PathPrefix"
    path: str = "/"
    method: str = ""
    headers: tuple[NamedMatch, ...] = ()
    query_params: tuple[NamedMatch, ...] = ()
    grpc_method: MethodMatch | None = None


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One rule's backends; mirrors (`RequestMirror`) are backends too, because traffic reaches them.

    `matches` are alternatives; without any the rule takes every request (TLS-, TCP- and UDPRoutes have none).
    `redirects`: the request is answered with a redirect and goes no further.
    """

    backend_refs: tuple[BackendReference, ...] = ()
    matches: tuple[RouteMatch, ...] = ()
    redirects: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute (`kind`). `hostnames` empty: those of the listener.

    `group` is the Gateway API's, or Linkerd's own (an HTTPRoute of the same shape).
    """

    kind: str
    metadata: ObjectMeta
    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[RouteRule, ...] = ()
    group: str = "gateway.networking.k8s.io"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class GrantFrom:
    """Whose references a ReferenceGrant admits."""

    group: str
    kind: str
    namespace: str


@dataclass(frozen=True, slots=True)
class GrantTo:
    """What they may refer to in the grant's own namespace; an empty `name` is every object of the kind."""

    group: str
    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceGrant:
    """Lets each of `from_` refer to each of `to` in the grant's namespace."""

    metadata: ObjectMeta
    from_: tuple[GrantFrom, ...] = ()
    to: tuple[GrantTo, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)
