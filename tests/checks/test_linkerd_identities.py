"""Identities in Linkerd's authentications: who proves them, and Servers at which nobody does."""

from __future__ import annotations

import pytest

from ringfence.checks.linkerd_identities import of_linkerd

from .manifests import namespace, view
from .meshes import annotated, linkerd_policy, mesh_tls, server, workload

SHOP = annotated(), workload("db", 5432), workload("web"), server("db", "db", 5432)
LEGACY = namespace("legacy"), workload("report", namespace="legacy")
DB = "shop/db[Deployment]"
ENDS = "serviceaccount.identity.linkerd.cluster.local"
BARE = "legacy/report[Deployment] has no proxy"
SKIPS = {"config.linkerd.io/skip-inbound-ports": "'5432'"}


def said(*manifests: str) -> list[str]:
    return [one.message for one in of_linkerd(view(*manifests))]


@pytest.mark.parametrize(
    ("identity", "why"),
    [
        (f"web.shop.{ENDS}", ""),
        ("'*'", ""),
        (f"'*.shop.{ENDS}'", ""),
        (f"'*.legacy.{ENDS}'", BARE),
        (f"report.legacy.{ENDS}", BARE),
        (f"wbe.shop.{ENDS}", "no pod uses service account shop/wbe"),
        (f"a.elsewhere.{ENDS}", ""),
        (
            "web.shop.serviceaccount.identity.linkerd.example.org",
            f"identities of this mesh end in {ENDS}",
        ),
        # Identities of other kinds are not read.
        ("spiffe://example.org/a", ""),
    ],
)
def test_identities(identity, why):
    shown = identity.strip("'")
    expected = [f"MeshTLSAuthentication shop/a names {shown}, which nobody proves: {why}"] if why else []
    assert said(*SHOP, *LEGACY, mesh_tls("a", f"[{identity}]")) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("{kind: ServiceAccount, name: web}", ""),
        (
            "{kind: ServiceAccount, name: wbe}",
            "names shop/wbe, which nobody proves: no pod uses service account shop/wbe",
        ),
        ("{kind: Namespace, name: shop}", ""),
        ("{kind: Namespace, name: legacy}", f"names namespace legacy, which nobody proves: {BARE}"),
    ],
)
def test_references(reference, expected):
    result = said(*SHOP, *LEGACY, mesh_tls("a", refs=f"[{reference}]"))
    assert result == ([f"MeshTLSAuthentication shop/a {expected}"] if expected else [])


def test_accounts_that_policies_name_themselves():
    policy = linkerd_policy("p", "db", "[{kind: ServiceAccount, name: report, namespace: legacy}]")
    assert said(*SHOP, *LEGACY, policy) == [
        f"AuthorizationPolicy shop/p names legacy/report, which nobody proves: {BARE}"
    ]
    old = """
apiVersion: policy.linkerd.io/v1beta1
kind: ServerAuthorization
metadata: {name: old, namespace: shop}
spec: {server: {name: db}, client: {meshTLS: {serviceAccounts: [{name: report, namespace: legacy}, {name: web}]}}}
"""
    (one,) = said(*SHOP, *LEGACY, old)
    assert one == f"ServerAuthorization shop/old names legacy/report, which nobody proves: {BARE}"


@pytest.mark.parametrize(
    ("annotations", "port", "expected"),
    [
        ({}, 5432, ""),
        (SKIPS, 5432, f": its port 5432 of {DB} goes past the proxy, so that nobody proves anything there"),
        (SKIPS, 9090, ""),
        ({"linkerd.io/inject": "disabled"}, 5432, f" is for {DB}, which has no proxy to ask for identities"),
    ],
)
def test_servers(annotations, port, expected):
    result = said(annotated(), workload("db", 5432, annotations=annotations), server("db", "db", port))
    assert result == ([f"Server shop/db{expected}"] if expected else [])


def test_an_annotation_of_the_namespace_counts():
    assert len(said(annotated("shop", SKIPS), *SHOP[1:])) == 1


def test_named_ports():
    named = workload("db", 5432).replace("containerPort: 5432", "containerPort: 5432, name: sql")
    skipping = workload("db", 5432, annotations=SKIPS).replace("containerPort: 5432", "containerPort: 5432, name: sql")
    assert said(annotated(), named, server("db", "db", "sql")) == []
    assert len(said(annotated(), skipping, server("db", "db", "sql"))) == 1


def test_a_server_that_selects_nothing_is_not_ours():
    assert said(annotated(), workload("db"), server("db", "other")) == []
