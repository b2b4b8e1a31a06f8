"""What belongs to which Server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.layers.linkerd_authorizations import Ignored
from ringfence.layers.linkerd_targets import Targets, refusal
from ringfence.resources.kubernetes import (
    KubernetesObjects,
    LabelSelector,
    MethodMatch,
    ParentReference,
    Route,
    RouteMatch,
    RouteRule,
)
from ringfence.resources.linkerd import Client, ServerAuthorization
from tests.layers.linkerd_clusters import GATEWAY, GROUP, INSTALLED, identities, meta, objects, policy, route, server

ANYONE = Client(unauthenticated=True)


def authorized(things: KubernetesObjects) -> dict[str, list[str]]:
    """The names of the authorizations of each Server."""
    return {
        one.server.metadata.qualified_name: [found.name for found in one.authorizations]
        for one in Targets(things, INSTALLED).served()
    }


def routed(things: KubernetesObjects) -> dict[str, dict[str, list[str]]]:
    """The routes of each Server, and the names of their own authorizations."""
    return {
        one.server.metadata.qualified_name: {
            had.metadata.name: [found.name for found in authorizations] for had, authorizations in one.routes
        }
        for one in Targets(things, INSTALLED).served()
    }


def test_policies_reach_their_server_or_all_of_the_namespace() -> None:
    things = objects(
        servers=[server("web"), server("db"), server("data/web")],
        authorization_policies=[
            policy("one", "Server/web"),
            policy("all", "Namespace/shop"),
            policy("data/other", "Server/data/web"),
            policy("route", "HTTPRoute/r"),
            policy("ignored", "Server/web", "MeshTLSAuthentication/none"),
        ],
    )
    assert authorized(things) == {
        "shop/web": ["AuthorizationPolicy one", "AuthorizationPolicy all"],
        "shop/db": ["AuthorizationPolicy all"],
        "data/web": ["AuthorizationPolicy other"],
    }


@pytest.mark.parametrize(
    ("name", "selector", "reaches"),
    [
        ("web", None, True),
        ("db", None, False),
        ("", LabelSelector(), True),
        ("", LabelSelector((("tier", "front"),)), True),
        ("", LabelSelector((("tier", "back"),)), False),
    ],
)
def test_server_authorizations_name_a_server_or_its_labels(
    name: str, selector: LabelSelector | None, reaches: bool
) -> None:
    labelled = replace(server("web"), metadata=meta("web", tier="front"))
    old = ServerAuthorization(meta("a"), ANYONE, name, selector)
    there = objects(servers=[labelled], server_authorizations=[old])
    elsewhere = objects(servers=[labelled], server_authorizations=[replace(old, metadata=meta("data/a"))])
    assert authorized(there) == {"shop/web": ["ServerAuthorization a"] if reaches else []}
    assert authorized(elsewhere) == {"shop/web": []}


@pytest.mark.parametrize(("policy_", "added"), [("deny", []), ("audit", ["accessPolicy audit"])])
def test_the_access_policy_is_added(policy_: str, added: list[str]) -> None:
    things = objects(servers=[server("web", access_policy=policy_)], authorization_policies=[policy("p", "Server/web")])
    assert authorized(things) == {"shop/web": ["AuthorizationPolicy p", *added]}


def test_routes_have_their_own_authorizations() -> None:
    things = objects(
        servers=[server("web"), server("db")],
        linkerd_http_routes=[route("a", "web", "/a"), route("b", "web", "/b"), route("c", "data/web", "/c")],
        routes=[route("g", "db", kind="GRPCRoute")],
        mesh_tls_authentications=[identities("any", "*")],
        authorization_policies=[
            policy("p", "HTTPRoute/A", "MeshTLSAuthentication/any"),
            policy("q", "HTTPRoute/b", "MeshTLSAuthentication/none"),
            policy("r", "GRPCRoute/g"),
            policy("s", "Server/web"),
        ],
    )
    assert routed(things) == {
        "shop/web": {"a": ["AuthorizationPolicy p"], "b": []},
        "shop/db": {"g": ["AuthorizationPolicy r"]},
    }


def parents(*more: ParentReference) -> Route:
    return replace(route("r", "web", "/"), parent_refs=(ParentReference("web", "shop", GROUP, "server"), *more))


@pytest.mark.parametrize(
    ("one", "refused"),
    [
        (parents(), False),
        (parents(ParentReference("g", "other")), False),  # a Gateway is none of Linkerd's affairs
        (parents(ParentReference("web", "other", GROUP, "Server")), True),
        (parents(ParentReference("db", "shop", GROUP, "Server", port=80)), True),
        (parents(ParentReference("db", "shop", GROUP, "Server", "section")), True),
        (
            Route(
                "GRPCRoute", meta("r"), (ParentReference("web", "shop", GROUP, "Server"),), (),
                (RouteRule(matches=(RouteMatch(grpc_method=MethodMatch("a", "", True)),)),), GATEWAY,
            ),
            True,
        ),
    ],
)  # fmt: skip
def test_a_route_is_left_out_as_a_whole(one: Route, refused: bool) -> None:
    things = objects(servers=[server("web"), server("db")], routes=[one])
    [(found, servers)] = Targets(things, INSTALLED).routes()
    assert bool(refusal(found, servers)) is refused
    assert routed(things)["shop/web"] == ({} if refused else {"r": []})


def test_other_routes_and_other_parents_do_not_count() -> None:
    gateway = replace(route("r", "web", "/"), parent_refs=(ParentReference("web", "shop"),))
    tcp = replace(route("t", "web", "/"), kind="TCPRoute")
    assert list(Targets(objects(servers=[server("web")], routes=[gateway, tcp]), INSTALLED).routes()) == []


def test_what_is_ignored_is_told() -> None:
    things = objects(
        authorization_policies=[policy("p", "Server/web", "NetworkAuthentication/none")],
        server_authorizations=[ServerAuthorization(meta("a"), Client(), "web")],
    )
    targets = Targets(things, INSTALLED)
    assert [found for _, found in targets.judged] == [Ignored("there is no NetworkAuthentication shop/none")]
    assert [found for _, found in targets.judged_old] == [Ignored("it says neither unauthenticated nor meshTLS")]
