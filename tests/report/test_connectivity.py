"""Connectivity as JSON and as text: edges, groups, details, and what is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.engine.traffic import possible
from ringfence.model.addresses import AddressSet
from ringfence.report.connectivity import Result, Wanted, document, result, text
from ringfence.report.style import Style
from ringfence.topology.names import headers
from tests.checks.manifests import app, deployment, ingress, policy, service, view

WEB, DB, API = "shop/web[Deployment]", "shop/db[Deployment]", "shop/api[Deployment]"
CLUSTER = [
    deployment("web"),
    deployment("api"),
    deployment("db"),
    policy("closed", types="[Ingress, Egress]"),
    policy("out", "{matchExpressions: [{key: app, operator: In, values: [web, api]}]}", "[Egress]", egress="[{}]"),
    policy(
        "db",
        app("db"),
        ingress="[{from: [{podSelector: {}}, {ipBlock: {cidr: 198.18.0.0/24}}], ports: [{port: 5432}]}]",
    ),
]


def shown(
    wanted: Wanted | None = None, grouped: bool = False, detail: bool = False, more: tuple[str, ...] = ()
) -> Result:
    found = view(*CLUSTER, *more)
    return result(found.connectivity, found.witnesses, wanted or Wanted(), grouped, detail)


def edges(found: Result) -> list[tuple[str, str, Any]]:
    return [(one["src"], one["dst"], one["may"]) for one in document(found)["edges"]]


PORT = {"tcp": "5432"}
OUTSIDE = "0.0.0.0/0[External]"
ALL = [
    (WEB, DB, PORT),
    (WEB, OUTSIDE, "all"),
    (API, DB, PORT),
    (API, OUTSIDE, "all"),
    ("198.18.0.0/24[External]", DB, PORT),
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), ALL),
        (Wanted(sources=frozenset((WEB,))), ALL[:2]),
        (Wanted(targets=frozenset((DB,))), [ALL[0], ALL[2], ALL[4]]),
        (Wanted(sources=frozenset((DB,))), []),
        (Wanted(traffic=possible(headers("udp/53"))), [ALL[1], ALL[3]]),
        (Wanted(traffic=possible(headers("tcp/5432")), sources=frozenset((WEB,))), ALL[:2]),
        (
            Wanted(frozenset(("external",)), source_addresses=AddressSet.of("198.18.0.128/25")),
            [("198.18.0.128/25[External]", DB, PORT)],
        ),
        (Wanted(frozenset(("external",)), source_addresses=AddressSet.of("203.0.113.0/24")), []),
        (
            Wanted(frozenset((WEB,)), frozenset(("external",)), target_addresses=AddressSet.of("8.8.8.8")),
            [(WEB, "8.8.8.8[External]", "all")],
        ),
    ],
)
def test_edges(wanted, expected):
    assert edges(shown(wanted)) == expected


def test_the_document_has_the_keys_of_its_schema():
    found = document(shown())
    assert list(found) == ["schema", "assumed_open", "edges"]
    assert found["schema"] == "ringfence.connectivity/1"
    assert list(found["edges"][0]) == ["src", "dst", "may", "must", "mtls"]


def test_groups_say_the_same_with_fewer_edges():
    found = document(shown(grouped=True))
    members = found["groups"]
    assert list(members.values()) == [[WEB, API], [DB], ["external"]]
    assert len(found["edges"]) == 3
    spread = {
        (source, target, str(edge["may"]))
        for edge in found["edges"]
        for source in members.get(edge["src"], [edge["src"]])
        for target in members.get(edge["dst"], [edge["dst"]])
        if source != target
    }
    assert spread == {(source, target, str(may)) for source, target, may in edges(shown())}


def test_members_of_a_group_that_reach_each_other_are_an_edge_of_the_group_to_itself():
    found = view(deployment("a"), deployment("b"))
    grouped = result(found.connectivity, found.witnesses, Wanted(), grouped=True)
    assert ("group-1", "group-1", "all") in edges(grouped)


def test_details_name_the_rules_and_the_way():
    found = document(shown(Wanted(frozenset((WEB,)), frozenset((DB,))), detail=True))
    (flow,) = found["edges"][0]["flows"]
    assert list(flow) == ["traffic", "reading", "because", "via", "mtls", "identity", "condition"]
    assert (flow["traffic"], flow["reading"], flow["via"]) == (PORT, "must", ["pods", "fabric"])
    assert [one.partition(" (")[0].strip() for one in flow["because"]] == [
        "NetworkPolicy: shop/out egress[0]",
        "NetworkPolicy: shop/db ingress[0]",
    ]


def test_details_have_one_flow_for_each_protocol():
    (edge,) = document(shown(Wanted(frozenset((WEB,)), frozenset(("external",))), detail=True))["edges"]
    assert [list(one["traffic"]) for one in edge["flows"]] == [
        ["tcp"],
        ["udp"],
        ["sctp"],
        ["icmp"],
        ["icmpv6"],
        ["other"],
    ]


def test_the_text():
    found = shown(Wanted(targets=frozenset((DB,))), detail=True)
    assert text(found, Style()).partition("\nassumed")[0] == (
        "shop/web[Deployment]\n"
        "  -> shop/db[Deployment]   tcp 5432\n"
        "       tcp 5432\n"
        "         NetworkPolicy: shop/out egress[0]  (k8s.yaml:38:12)\n"
        "         NetworkPolicy: shop/db ingress[0]  (k8s.yaml:46:13)\n"
        "\n"
        "shop/api[Deployment]\n"
        "  -> shop/db[Deployment]   tcp 5432\n"
        "       tcp 5432\n"
        "         NetworkPolicy: shop/out egress[0]  (k8s.yaml:38:12)\n"
        "         NetworkPolicy: shop/db ingress[0]  (k8s.yaml:46:13)\n"
        "\n"
        "198.18.0.0/24[External]\n"
        "  -> shop/db[Deployment]   tcp 5432\n"
        "       tcp 5432\n"
        "         NetworkPolicy: shop/db ingress[0]  (k8s.yaml:46:13)\n"
    )


def test_what_is_not_certain_is_marked_and_placeholders_stay_hidden():
    entry = service("db", "[{port: 5433}]", "type: NodePort"), service("web"), ingress("web")
    lines = text(shown(more=entry), Style()).splitlines()
    assert not any("{node}" in line for line in lines)
    node = view(deployment("web"), policy(), deployment("agent", spec="hostNetwork: true, "))
    found = result(node.connectivity, node.witnesses, Wanted(targets=frozenset((WEB,))))
    assert "  -> shop/web[Deployment]   all   certain: nothing" in text(found, Style()).splitlines()


def test_nothing_to_show():
    assert text(shown(Wanted(sources=frozenset((DB,)))), Style()).startswith("nothing passes\n\nassumed: ")


def test_groups_in_text_name_their_members_once():
    assert text(shown(grouped=True), Style()).startswith(f"group-1: {WEB}, {API}\n\ngroup-1\n  -> {DB}   tcp 5432\n")
