"""Whom Linkerd's authorizations let in: a second, plain reading of its sources, for the tests alone.

In linkerd/linkerd2, under `policy-controller`: `k8s/index/src/defaults.rs::default_authzs`,
`k8s/index/src/inbound/server_authorization.rs::client_authz`, `inbound/index.rs::policy_client_authz`,
`inbound/meshtls_authentication.rs::try_from_resource`, `grpc/src/inbound.rs::to_authz` (no networks: those of the
cluster), `core/src/identity_match.rs`. In linkerd/linkerd2-proxy: `linkerd/app/inbound/src/policy.rs::is_authorized`,
`linkerd/server-policy/src/authz.rs`, `authz/network.rs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from tests.oracles.linkerd.injected import Manifest, service_account

EVERYWHERE: tuple[Mapping[str, Any], ...] = ({"cidr": "0.0.0.0/0"}, {"cidr": "::/0"})


@dataclass(frozen=True)
class Authorization:
    """Networks, and who: None everybody, () whoever speaks mutual TLS, else identities; `*`, `*.rest`: a suffix."""

    networks: Sequence[Mapping[str, Any]]
    identities: Sequence[str] | None = None

    def permits(self, address: str, identity: str | None) -> bool:
        if not any(_contains(one, address) for one in self.networks):
            return False
        if self.identities is None:
            return True
        if identity is None:
            return False
        return self.identities == () or any(_is(one, identity) for one in self.identities)


def of_policy(policy: str, cluster: Sequence[str]) -> list[Authorization]:
    """A default policy, or a Server's accessPolicy."""
    if policy == "deny":
        return []
    networks = tuple({"cidr": one} for one in cluster) if "cluster" in policy else EVERYWHERE
    return [Authorization(networks, ("*",) if policy.endswith("-authenticated") else None)]


def of_server_authorization(saz: Manifest, cluster: Sequence[str]) -> Authorization:
    """A ServerAuthorization."""
    client, space = saz["spec"]["client"], saz["metadata"]["namespace"]
    networks = client.get("networks") or tuple({"cidr": one} for one in cluster)
    if client.get("unauthenticated"):
        return Authorization(networks)
    tls = client["meshTLS"]
    if tls.get("unauthenticatedTLS"):
        return Authorization(networks, ())
    accounts = [service_account(one.get("namespace", space), one["name"]) for one in tls.get("serviceAccounts", ())]
    return Authorization(networks, (*tls.get("identities", ()), *accounts))


def of_references(
    space: str, references: Iterable[Mapping[str, Any]], of: Callable[[str, str], list[Manifest]]
) -> list[Authorization]:
    """All references of a policy together; one that is missing leaves nothing (policy_client_authz)."""
    networks: Sequence[Mapping[str, Any]] = EVERYWHERE
    identities: Sequence[str] | None = None
    for one in references:
        where = one.get("namespace", space)
        if one["kind"] == "ServiceAccount":
            identities = (service_account(where, one["name"]),)
            continue
        found = [each for each in of(one["kind"], where) if each["metadata"]["name"] == one["name"]]
        if not found:
            return []
        if one["kind"] == "NetworkAuthentication":
            networks = found[0]["spec"]["networks"]
        else:
            identities = _identities(found[0])
    return [Authorization(networks, identities)]


def _identities(authentication: Manifest) -> tuple[str, ...]:
    """meshtls_authentication.rs::try_from_resource."""
    spec, space = authentication["spec"], authentication["metadata"]["namespace"]
    found = list(spec.get("identities", ()))
    for one in spec.get("identityRefs", ()):
        if one["kind"] == "Namespace":
            found.append(service_account(one["name"], "*"))
        else:
            found.append(service_account(one.get("namespace", space), one["name"]))
    return tuple(found)


def _contains(network: Mapping[str, Any], address: str) -> bool:
    """server-policy/src/authz/network.rs::contains."""
    where = ip_address(address)
    excepted = network.get("except", ())
    return where in ip_network(network["cidr"]) and not any(where in ip_network(one) for one in excepted)


def _is(pattern: str, identity: str) -> bool:
    """core/src/identity_match.rs and authz.rs::Suffix."""
    if pattern == "*":
        return True
    return identity.endswith(pattern[1:]) if pattern.startswith("*.") else identity == pattern
