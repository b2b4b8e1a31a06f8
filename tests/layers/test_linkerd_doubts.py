"""What is in the files without effect, or open to everyone: each with a clean twin that says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.layers.linkerd_doubts import Doubt, doubts
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import (
    KubernetesObjects,
    LabelSelector,
    Namespace,
    ObjectMeta,
    ParentReference,
    PodTemplate,
    RawObject,
    RefusedObject,
    Workload,
)
from ringfence.resources.linkerd import Client, MeshTLS, ServerAuthorization
from tests.layers.linkerd_clusters import GROUP, INSTALLED, identities, meta, objects, policy, route, server

WEB = server("web")
ANY = identities("any", "*")


def found(things: KubernetesObjects) -> list[tuple[str, str]]:
    return [(one.title, one.happens) for one in doubts(things, INSTALLED)]


def test_a_cluster_without_linkerd() -> None:
    assert doubts(objects(), INSTALLED) == ()


@pytest.mark.parametrize(
    ("required", "to", "said"),
    [
        (("MeshTLSAuthentication/any",), "Server/web", []),
        (("MeshTLSAuthentication/any",), "Namespace/shop", []),
        (("MeshTLSAuthentication/any",), "HTTPRoute/r", []),
        (("MeshTLSAuthentication/no",), "Server/web", ["it is ignored: there is no MeshTLSAuthentication shop/no"]),
        ((), "Server/web", ["an empty list lets everyone in, with and without an identity"]),
        (("MeshTLSAuthentication/any",), "Server/db", ["it has no effect: there is no Server shop/db"]),
        (("MeshTLSAuthentication/any",), "HTTPRoute/s", ["it has no effect: there is no HTTPRoute shop/s"]),
        (("MeshTLSAuthentication/any",), "GRPCRoute/r", ["it has no effect: there is no GRPCRoute shop/r"]),
    ],
)
def test_policies(required: tuple[str, ...], to: str, said: list[str]) -> None:
    things = objects(
        servers=[WEB], mesh_tls_authentications=[ANY], authorization_policies=[policy("p", to, *required)],
        linkerd_http_routes=[route("r", "web", "/")],
    )  # fmt: skip
    assert found(things) == [("AuthorizationPolicy shop/p", one) for one in said]


def test_a_policy_for_a_namespace_without_servers() -> None:
    things = objects(
        servers=[server("data/web")], mesh_tls_authentications=[ANY],
        authorization_policies=[policy("p", "Namespace/shop", "MeshTLSAuthentication/any")],
    )  # fmt: skip
    [(title, happens)] = found(things)
    assert title == "AuthorizationPolicy shop/p"
    assert happens.startswith("it has no effect: it counts for ports with a Server")


def test_a_refused_server_may_be_the_one() -> None:
    things = objects(
        mesh_tls_authentications=[ANY], refused=[RefusedObject("Server", "shop", "web")],
        authorization_policies=[policy("p", "Server/web", "MeshTLSAuthentication/any")],
    )  # fmt: skip
    assert found(things) == []


@pytest.mark.parametrize(
    ("client", "said"),
    [
        (Client(unauthenticated=True), []),
        (Client(mesh_tls=MeshTLS(identities=("*",))), []),
        (Client(), ["it is ignored: it says neither unauthenticated nor meshTLS"]),
        (Client(mesh_tls=MeshTLS()), ["it is ignored: its meshTLS names no identity"]),
    ],
)
def test_server_authorizations(client: Client, said: list[str]) -> None:
    things = objects(servers=[WEB], server_authorizations=[ServerAuthorization(meta("a"), client, "web")])
    assert found(things) == [("ServerAuthorization shop/a", one) for one in said]


def test_routes() -> None:
    bad = replace(route("r", "web", "/"), parent_refs=(ParentReference("web", "shop", GROUP, "Server", port=80),))
    things = objects(servers=[WEB], linkerd_http_routes=[bad, route("s", "web", "/")])
    assert found(things) == [("HTTPRoute shop/r", "Linkerd leaves it out: a parentRef to a Server names a port")]


@pytest.mark.parametrize(
    ("other", "conflict"),
    [
        (server("z"), True),
        (server("z", selector=LabelSelector((("app", "web"),))), True),
        (server("z", 81), False),
        (server("data/z"), False),
        (replace(server("z"), pod_selector=None, external_workload_selector=LabelSelector()), False),
    ],
)
def test_two_servers_on_one_port(other: object, conflict: bool) -> None:
    said = found(objects(servers=[other, WEB]))
    happens = "Server shop/web has port 80 of the same pods, and only the older counts, which no file tells"
    assert said == ([("Server shop/z", happens)] if conflict else [])


def test_equal_selectors_conflict_and_the_older_counts() -> None:
    labels = LabelSelector((("app", "web"),))
    old, new = (
        server("z", selector=labels, created="2026-01-01T00:00:00Z"),
        server("a", selector=labels, created="2026-01-02T00:00:00Z"),
    )
    other = server("b", selector=LabelSelector((("app", "db"),)), created="2026-01-03T00:00:00Z")
    [(title, happens)] = found(objects(servers=[new, old, other]))
    assert (title, happens) == ("Server shop/a", "Server shop/z has port 80 of the same pods, and it alone counts")


@pytest.mark.parametrize(
    ("api_version", "kind", "document", "doubtful"),
    [
        ("policy.linkerd.io/v1alpha1", "GlobalMeshPolicy", {}, True),
        ("linkerd.io/v1", "GlobalMeshPolicy", {"spec": {"enableTLS": True}}, True),
        ("linkerd.io/v1alpha2", "ServiceProfile", {"spec": {"routes": [{"enableTLS": True}]}}, True),
        ("linkerd.io/v1alpha2", "ServiceProfile", {"spec": {"routes": []}}, False),
        ("example.org/v1", "Thing", {"spec": {"enableTLS": True}}, False),
    ],
)
def test_inventions(api_version: str, kind: str, document: dict[str, object], doubtful: bool) -> None:
    said = doubts(objects(others=[RawObject(api_version, kind, meta("x"), document)]), INSTALLED)
    assert bool(said) is doubtful
    if doubtful:
        assert "default-inbound-policy: all-authenticated" in said[0].instead


C = "config.linkerd.io/"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (f"{C}default-inbound-policy", "deny", ""),
        (f"{C}default-inbound-policy", "allow", "does not know config.linkerd.io/default-inbound-policy: 'allow'"),
        ("linkerd.io/inject", "enabled", ""),
        ("linkerd.io/inject", "", ""),
        ("linkerd.io/inject", "true", "no proxy is injected"),
        (f"{C}opaque-ports", "25,30-40", ""),
        (f"{C}opaque-ports", "http", "takes config.linkerd.io/opaque-ports for an empty list: 'http' is no port"),
        (f"{C}skip-inbound-ports", "9-1", "for an empty list"),
        (f"{C}skip-outbound-ports", "x", "for an empty list"),
        (f"{C}proxy-require-identity-inbound-ports", "x", "for an empty list"),
        ("example.org/opaque-ports", "x", ""),
    ],
)
def test_annotations(name: str, value: str, said: str) -> None:
    space = Namespace(ObjectMeta("shop", annotations={name: value}), span=Span("f"))
    owner = Workload("Deployment", meta("web"), (PodTemplate(annotations={name: value}, span=Span("g")),))
    answers = doubts(objects(namespaces=[space], workloads=[owner]), INSTALLED)
    assert [one.title for one in answers] == (["Namespace shop", "shop/web[Deployment]"] if said else [])
    assert all(said in one.happens for one in answers)
    pointer = f"/metadata/annotations/{name.replace('/', '~1')}"
    assert all(one.span.pointer == pointer for one in answers)


def test_a_doubt_says_what_to_write() -> None:
    things = objects(servers=[WEB], authorization_policies=[policy("p", "Server/web")])
    assert doubts(things, INSTALLED) == (
        Doubt(
            "AuthorizationPolicy shop/p",
            Span(pointer="/spec/requiredAuthenticationRefs"),
            "an empty list lets everyone in, with and without an identity",
            "require a MeshTLSAuthentication or a NetworkAuthentication",
        ),
    )
