"""Who may use a Server: ServerAuthorization (one object), or AuthorizationPolicy with authentications that it names."""

from __future__ import annotations

from dataclasses import dataclass, field

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import LabelSelector, ObjectMeta
from ringfence.resources.linkerd.networks import Network


@dataclass(frozen=True, slots=True)
class ServiceAccountReference:
    """A ServiceAccount; `namespace` is filled in with that of the object that refers to it."""

    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class MeshTLS:
    """Which identities; with `unauthenticated_tls` any client that speaks the mesh's TLS, with or without one."""

    unauthenticated_tls: bool = False
    identities: tuple[str, ...] = ()
    service_accounts: tuple[ServiceAccountReference, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """The clients of a ServerAuthorization. `networks` empty: the cluster's networks.

    With neither `unauthenticated` nor identities in `mesh_tls` the policy controller ignores the whole object.
    """

    networks: tuple[Network, ...] = ()
    unauthenticated: bool = False
    mesh_tls: MeshTLS | None = None


@dataclass(frozen=True, slots=True)
class ServerAuthorization:
    """Authorizes clients for Servers of its namespace: one by name, or those whose own labels `server_selector` takes.

    One of `server_name` and `server_selector` is set.
    """

    metadata: ObjectMeta
    client: Client
    server_name: str = ""
    server_selector: LabelSelector | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TargetReference:
    """Another object. `group` empty: Kubernetes' core. Linkerd compares group and kind without regard to case.

    `namespace` is filled in where the kind is namespaced; empty for a Namespace.
    """

    group: str
    kind: str
    name: str
    namespace: str = ""
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def is_a(self, group: str, kind: str) -> bool:
        """Whether it refers to an object of this group and kind."""
        return (self.group.lower(), self.kind.lower()) == (group.lower(), kind.lower())


@dataclass(frozen=True, slots=True)
class AuthorizationPolicy:
    """Authorizes, for its target, the clients that all of the required authentications hold for; without any, all."""

    metadata: ObjectMeta
    target_ref: TargetReference
    required_authentication_refs: tuple[TargetReference, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MeshTLSAuthentication:
    """Identities: as text (`*` in front is a suffix match), and of ServiceAccounts or all those of a Namespace."""

    metadata: ObjectMeta
    identities: tuple[str, ...] = ()
    identity_refs: tuple[TargetReference, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NetworkAuthentication:
    """Networks that a client's address must be in; never empty."""

    metadata: ObjectMeta
    networks: tuple[Network, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)
