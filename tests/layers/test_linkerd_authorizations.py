"""Whom an authorization lets in: grids over transports, addresses and identities."""

from __future__ import annotations

import pytest

from ringfence.layers.linkerd_authorizations import (
    Authentications,
    Authorization,
    Ignored,
    authenticated,
    default_authorization,
    of_server_authorization,
)
from ringfence.layers.mesh_facets import NO_PLANE
from ringfence.model.addresses import AddressSet
from ringfence.model.headers import ALL_TCP
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Chain, Direction, Scope, Stage
from ringfence.model.selectors import ANYTHING
from ringfence.resources.kubernetes import RefusedObject
from ringfence.resources.linkerd import (
    Client,
    MeshTLS,
    MeshTLSAuthentication,
    Network,
    ServerAuthorization,
    ServiceAccountReference,
)
from tests.layers.linkerd_clusters import (
    ALLOWED,
    DENIED,
    INSTALLED,
    OPEN,
    identities,
    meta,
    networks,
    pod,
    policy,
    says,
    target,
)

WEB = pod("shop/web")
DB = pod("data/db", ip="192.0.2.1")
PLAIN = pod("shop/plain", plane=NO_PLANE)


def lets_in(found: Authorization | Ignored | None, peer: Endpoint | str, plane: str) -> frozenset[Action]:
    rules = () if found is None or isinstance(found, Ignored) else (found.rule(ALL_TCP),)
    stage = Stage("s", (Scope("s", ANYTHING, rules),), Action.DENY)
    return says(Chain("l", Direction.INGRESS, (stage,), Action.DENY), WEB, peer, f"{plane}/80")


@pytest.mark.parametrize(
    ("default", "member", "member_outside", "plain", "plain_outside"),
    [
        ("all-unauthenticated", 1, 1, 1, 1),
        ("all-authenticated", 1, 1, 0, 0),
        ("cluster-unauthenticated", 1, 0, 1, 0),
        ("cluster-authenticated", 1, 0, 0, 0),
        ("deny", 0, 0, 0, 0),
        ("audit", 1, 1, 1, 1),
    ],
)
def test_default_policies(default: str, member: int, member_outside: int, plain: int, plain_outside: int) -> None:
    found = default_authorization(default, INSTALLED, default)
    answers = [
        lets_in(found, WEB, "mtls"),
        lets_in(found, DB, "mtls"),
        lets_in(found, PLAIN, "tcp"),
        lets_in(found, "192.0.2.9", "tcp"),
    ]
    assert answers == [ALLOWED if one else DENIED for one in (member, member_outside, plain, plain_outside)]


def test_authenticated_only_asks_for_an_identity_more() -> None:
    found = default_authorization("cluster-unauthenticated", INSTALLED, "x")
    assert found is not None
    tightened = authenticated(found)
    assert lets_in(tightened, WEB, "mtls") == ALLOWED
    assert lets_in(tightened, WEB, "tcp") == DENIED
    assert lets_in(tightened, DB, "mtls") == DENIED


def old(client: Client) -> Authorization | Ignored:
    return of_server_authorization(ServerAuthorization(meta("a"), client, "web"), INSTALLED)


EVERYWHERE = (Network("0.0.0.0/0"), Network("::/0"))
NS = "serviceaccount.identity.linkerd.cluster.local"


@pytest.mark.parametrize(
    ("client", "peer", "plane", "expected"),
    [
        (Client(unauthenticated=True), PLAIN, "tcp", ALLOWED),
        (Client(unauthenticated=True), WEB, "mtls", ALLOWED),
        (Client(unauthenticated=True), DB, "mtls", DENIED),  # without networks: the cluster's
        (Client(EVERYWHERE, True), DB, "mtls", ALLOWED),
        (Client((Network("10.0.0.0/8", ("10.0.0.1/32",)),), True), PLAIN, "tcp", DENIED),
        (Client(EVERYWHERE, mesh_tls=MeshTLS(True)), PLAIN, "tcp", DENIED),
        (Client(EVERYWHERE, mesh_tls=MeshTLS(True)), PLAIN, "mtls", ALLOWED),  # mutual TLS that proves nothing
        (Client(EVERYWHERE, mesh_tls=MeshTLS(identities=("*",))), PLAIN, "mtls", DENIED),
        (Client(EVERYWHERE, mesh_tls=MeshTLS(identities=("*",))), DB, "mtls", ALLOWED),
        (Client(EVERYWHERE, mesh_tls=MeshTLS(identities=("*",))), DB, "tcp", DENIED),
        (Client(EVERYWHERE, mesh_tls=MeshTLS(identities=(f"*.shop.{NS}",))), WEB, "mtls", ALLOWED),
        (Client(EVERYWHERE, mesh_tls=MeshTLS(identities=(f"*.shop.{NS}",))), DB, "mtls", DENIED),
        (Client(EVERYWHERE, mesh_tls=MeshTLS(identities=(f"db.data.{NS}",))), DB, "mtls", ALLOWED),
        (Client(EVERYWHERE, mesh_tls=MeshTLS(identities=(f"db.data.{NS}",))), WEB, "mtls", DENIED),
        (
            Client(EVERYWHERE, mesh_tls=MeshTLS(service_accounts=(ServiceAccountReference("db", "data"),))),
            DB,
            "mtls",
            ALLOWED,
        ),
        (
            Client(EVERYWHERE, mesh_tls=MeshTLS(service_accounts=(ServiceAccountReference("db", "shop"),))),
            DB,
            "mtls",
            DENIED,
        ),
        (Client(EVERYWHERE, mesh_tls=MeshTLS(identities=("*",))), pod(plane=None), "mtls", OPEN),
    ],
)
def test_server_authorizations(client: Client, peer: Endpoint, plane: str, expected: frozenset[Action]) -> None:
    assert lets_in(old(client), peer, plane) == expected


@pytest.mark.parametrize("client", [Client(), Client(EVERYWHERE), Client(mesh_tls=MeshTLS())])
def test_an_authorization_without_clients_is_ignored(client: Client) -> None:
    assert isinstance(old(client), Ignored)


def test_a_star_is_no_spiffe_id() -> None:
    spiffe = Endpoint("x", "pods", AddressSet.of("10.0.0.9"), identity="spiffe://td/ns/shop/sa/web")
    star = Authorization("a", identities=("*",))
    exact = Authorization("a", identities=("*", "spiffe://td/ns/shop/sa/web"))
    assert (lets_in(star, spiffe, "mtls"), lets_in(exact, spiffe, "mtls")) == (DENIED, ALLOWED)


KNOWN = Authentications(
    (
        identities("any", "*"),
        MeshTLSAuthentication(
            meta("data/refs"), identity_refs=(target("ServiceAccount/data/db"), target("Namespace/other"))
        ),
    ),
    (networks("cluster", "10.0.0.0/8"),),
    (RefusedObject("NetworkAuthentication", "lost", "nets"), RefusedObject("MeshTLSAuthentication", "lost", "")),
    INSTALLED,
)


@pytest.mark.parametrize(
    ("required", "peer", "plane", "expected"),
    [
        ((), PLAIN, "tcp", ALLOWED),
        (("MeshTLSAuthentication/any",), WEB, "mtls", ALLOWED),
        (("MeshTLSAuthentication/any",), PLAIN, "tcp", DENIED),
        (("MeshTLSAuthentication/any", "NetworkAuthentication/cluster"), WEB, "mtls", ALLOWED),
        (("MeshTLSAuthentication/any", "NetworkAuthentication/cluster"), DB, "mtls", DENIED),
        (("NetworkAuthentication/cluster",), PLAIN, "tcp", ALLOWED),
        (("NetworkAuthentication/cluster",), DB, "mtls", DENIED),
        (("ServiceAccount/data/db",), DB, "mtls", ALLOWED),
        (("ServiceAccount/db",), DB, "mtls", DENIED),
        (("MeshTLSAuthentication/data/refs",), DB, "mtls", ALLOWED),
        (("MeshTLSAuthentication/data/refs",), WEB, "mtls", DENIED),
        (("MeshTLSAuthentication/data/refs",), pod("other/x"), "mtls", ALLOWED),
        (("NetworkAuthentication/lost/nets",), PLAIN, "tcp", OPEN),
        (("MeshTLSAuthentication/lost/anything",), WEB, "mtls", OPEN),
    ],
)
def test_policies(required: tuple[str, ...], peer: Endpoint, plane: str, expected: frozenset[Action]) -> None:
    assert lets_in(KNOWN.of_policy(policy("p", "Server/web", *required)), peer, plane) == expected


@pytest.mark.parametrize(
    "required",
    [
        ("MeshTLSAuthentication/none",),
        ("NetworkAuthentication/none",),
        ("NetworkAuthentication/lost/others",),
        ("MeshTLSAuthentication/any", "NetworkAuthentication/none"),
        ("MeshTLSAuthentication/refs",),
    ],
)
def test_a_policy_with_a_missing_reference_is_ignored(required: tuple[str, ...]) -> None:
    assert isinstance(KNOWN.of_policy(policy("p", "Server/web", *required)), Ignored)
