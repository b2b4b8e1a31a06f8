"""Who an authorization lets in: ServerAuthorization, AuthorizationPolicy with its authentications, default policies.

Each comes to one `Authorization`: networks that the client's address must be in, and what its mutual TLS must prove.
Authorizations are alternatives; what one of them demands must all hold.

    nothing to prove    both transports
    TLS alone           mutual TLS, with or without an identity (`unauthenticatedTLS`)
    identities          exact ones, and suffixes (`*`, `*.shop.serviceaccount...`), which no SPIFFE id fits

A policy that names an authentication which is not there is ignored, and so is a ServerAuthorization that names no
client; where the missing object was refused by the reader, nobody knows what it says. An empty list of required
authentications lets everyone in.

Sources: linkerd2's `policy-controller`: `k8s/index/src/inbound` (`index.rs`, `server_authorization.rs`), `grpc/src`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.model.addresses import EVERYWHERE, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import ALWAYS, Condition
from ringfence.model.headers import HeaderSet
from ringfence.model.rules import Action, Pattern, Peer, Rule
from ringfence.model.selectors import ANYTHING, Selector, Unsure
from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes import RefusedObject
from ringfence.resources.linkerd import (
    AuthorizationPolicy,
    MeshTLSAuthentication,
    NetworkAuthentication,
    ServerAuthorization,
    TargetReference,
)
from ringfence.resources.linkerd.networks import addresses

GROUP = "policy.linkerd.io"
SPIFFE = Pattern("spiffe://", open_end=True)
ANY_IDENTITY = ("*",)


@dataclass(frozen=True, slots=True)
class Authorization:
    """Clients that are let in. `identities` None: nothing to prove; `tls`: mutual TLS, whoever it proves.

    `networks` None: any address. `doubt`: why nobody knows who they are; then it may be anyone or no one.
    """

    name: str
    networks: AddressSet | None = None
    identities: tuple[str, ...] | None = None
    tls: bool = False
    doubt: str = ""
    span: Span = NOWHERE

    def rule(self, headers: HeaderSet, condition: Condition = ALWAYS, subjects: Selector = ANYTHING) -> Rule:
        """The rule that lets them in on these headers."""
        wanted = headers
        if self.tls or self.identities is not None:
            wanted = HeaderSet(mtls=headers.mtls)
        name = self.name
        return Rule(Action.ALLOW, self._peers(), Bounds.exactly(wanted), condition, subjects, name, self.span)

    def _peers(self) -> tuple[Peer, ...]:
        if self.doubt:
            return (Peer(Unsure(self.doubt)),)
        where = None if self.networks is None else Bounds.exactly(self.networks)
        if self.identities is None:
            return (Peer(addresses=where),)
        exact = tuple(Pattern(one) for one in self.identities if not one.startswith("*"))
        suffixes = tuple(Pattern(one[1:], open_start=True) for one in self.identities if one.startswith("*"))
        found = [Peer(addresses=where, identities=exact)] if exact else []
        found += [Peer(addresses=where, identities=suffixes, excluded=(SPIFFE,))] if suffixes else []
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Ignored:
    """An object that the policy controller leaves out, and why."""

    because: str


def default_authorization(policy: str, installed: LinkerdValues, name: str) -> Authorization | None:
    """What a default policy lets in; None for `deny`."""
    if policy == "deny":
        return None
    networks = installed.cluster_networks if policy.startswith("cluster-") else None
    return Authorization(name, networks, ANY_IDENTITY if policy.endswith("-authenticated") else None)


def authenticated(one: Authorization) -> Authorization:
    """The same, for clients with an identity only."""
    return Authorization(one.name, one.networks, ANY_IDENTITY, doubt=one.doubt, span=one.span)


def of_server_authorization(one: ServerAuthorization, installed: LinkerdValues) -> Authorization | Ignored:
    """Who a ServerAuthorization lets in. Without networks these are the cluster's."""
    client, tls = one.client, one.client.mesh_tls
    name = f"ServerAuthorization {one.metadata.name}"
    networks = addresses(client.networks) if client.networks else installed.cluster_networks
    where = _everywhere(networks)
    if client.unauthenticated:
        return Authorization(name, where, span=one.span)
    if tls is None:
        return Ignored("it says neither unauthenticated nor meshTLS")
    if tls.unauthenticated_tls:
        return Authorization(name, where, tls=True, span=one.span)
    accounts = tuple(installed.identity(account.name, account.namespace) for account in tls.service_accounts)
    if not tls.identities and not accounts:
        return Ignored("its meshTLS names no identity")
    return Authorization(name, where, (*tls.identities, *accounts), span=one.span)


class Authentications:
    """The authentications of a cluster, by namespace and name, and those that were refused."""

    def __init__(
        self,
        mesh_tls: Iterable[MeshTLSAuthentication],
        networks: Iterable[NetworkAuthentication],
        refused: Iterable[RefusedObject],
        installed: LinkerdValues,
    ) -> None:
        self._mesh_tls = {(one.metadata.namespace, one.metadata.name): one for one in mesh_tls}
        self._networks = {(one.metadata.namespace, one.metadata.name): one for one in networks}
        self._refused = tuple(refused)
        self._installed = installed

    def of_policy(self, policy: AuthorizationPolicy) -> Authorization | Ignored:
        """Who an AuthorizationPolicy lets in at its target."""
        identities: tuple[str, ...] | None = None
        networks: AddressSet | None = None
        doubts: list[str] = []
        for reference in policy.required_authentication_refs:
            place = (reference.namespace, reference.name)
            if reference.is_a("", "ServiceAccount"):
                identities = (self._installed.identity(reference.name, reference.namespace),)
            elif reference.is_a(GROUP, "MeshTLSAuthentication") and place in self._mesh_tls:
                identities = self._identities(self._mesh_tls[place])
            elif reference.is_a(GROUP, "NetworkAuthentication") and place in self._networks:
                networks = addresses(self._networks[place].networks)
            elif self._may_be_refused(reference):
                doubts.append(f"{reference.kind} {'/'.join(place)} was refused")
            else:
                return Ignored(f"there is no {reference.kind} {'/'.join(place)}")
        name = f"AuthorizationPolicy {policy.metadata.name}"
        where = None if networks is None else _everywhere(networks)
        return Authorization(name, where, identities, doubt=", ".join(doubts), span=policy.span)

    def _identities(self, one: MeshTLSAuthentication) -> tuple[str, ...]:
        return (*one.identities, *(self._identity(reference) for reference in one.identity_refs))

    def _identity(self, reference: TargetReference) -> str:
        if reference.is_a("", "Namespace"):
            return self._installed.identity("*", reference.name)
        return self._installed.identity(reference.name, reference.namespace)

    def _may_be_refused(self, reference: TargetReference) -> bool:
        return any(
            gone.kind.lower() in (reference.kind.lower(), "")
            and gone.namespace in (reference.namespace, "")
            and gone.name in (reference.name, "")
            for gone in self._refused
        )


def _everywhere(networks: AddressSet) -> AddressSet | None:
    """None for all addresses there are."""
    return None if networks >= EVERYWHERE else networks
