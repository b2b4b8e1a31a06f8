"""Machines outside of the cluster: their identities, who selects them, what their proxies take and are sent."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.model.rules import UNKNOWN_IDENTITY
from ringfence.model.spans import Span
from ringfence.network import Network
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from ringfence.topology.kubernetes import build
from tests.layers.istio_worlds import NETWORKING, PEOPLE, SECURITY, World, destination, peer, pod, service, thing

VM = "shop/vm[WorkloadEntry]"
DB = "spiffe://cluster.local/ns/shop/sa/db"


def entry(name: str = "vm", labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """A WorkloadEntry with the label `app: db`."""
    return thing(NETWORKING, "WorkloadEntry", name, {"labels": {"app": "db", **(labels or {})}, **spec})


MEMBER = entry(address="10.9.0.4", serviceAccount="db")
FAR = entry("other/vm", address="10.9.0.4", serviceAccount="db")
BARE = entry(address="10.9.0.4")
TO_DB = service("db", port_name="http")
TLS = "security.istio.io/tlsMode"


def world(*things: dict[str, Any]) -> World:
    return World(*PEOPLE, pod("web"), pod("plain/p"), *things)


def found(made: World, name: str = VM) -> Any:
    return next(one for one in made.topology.network.endpoints if one.id == name)


def explained(made: World, source: str, target: str, port: int = 8080, **more: Any) -> tuple[str, str]:
    answer = Network(made.topology).reach(source, target, f"tcp/{port}", **more).explain()
    return str(answer.outcome), str(answer.transport)


@pytest.mark.parametrize(
    ("made", "plane", "identity"),
    [
        (MEMBER, "sidecar", DB),
        (BARE, "none", ""),
        (entry(address="10.9.0.4", labels={TLS: "istio"}), "sidecar", UNKNOWN_IDENTITY),
        (entry(address="10.9.0.4", labels={TLS: "disabled"}, serviceAccount="db"), "sidecar", DB),
    ],
)
def test_who_it_is(made, plane, identity):
    one = found(world(made))
    assert (one.facets["mesh"], one.identity) == ({"plane": plane}, identity)
    assert (str(next(iter(one.addresses.networks()))), one.location, one.single, one.maybe) == (
        "10.9.0.4/32", "machines", True, False,
    )  # fmt: skip


def test_machines_of_a_group_may_be_there():
    spec = {"metadata": {"labels": {"app": "db"}}, "template": {"serviceAccount": "db"}}
    made = world(thing(NETWORKING, "WorkloadGroup", "vm", spec), TO_DB)
    one = found(made, "shop/vm[WorkloadGroup]")
    assert (one.identity, one.maybe, one.single, one.facets["machine"]) == (DB, True, False, {"app": "db"})


def test_a_socket_is_no_machine():
    assert "machines" not in world(entry(address="unix:///run/x")).topology.network.locations


@pytest.mark.parametrize(
    ("things", "source", "port", "expected"),
    [
        # What clients send: by the registry, and by what the entry says.
        ((MEMBER, TO_DB), "shop/web", 8080, ("allowed", "permissive")),
        ((MEMBER, TO_DB), "shop/web", 9090, ("allowed", "plaintext")),
        ((MEMBER,), "shop/web", 8080, ("allowed", "plaintext")),
        ((BARE, TO_DB), "shop/web", 8080, ("allowed", "plaintext")),
        ((MEMBER, TO_DB), "plain/p", 8080, ("allowed", "plaintext")),
        ((FAR, TO_DB), "shop/web", 8080, ("allowed", "plaintext")),
        # PeerAuthentication is asked of its labels and namespace.
        ((MEMBER, TO_DB, peer("default", "STRICT")), "shop/web", 8080, ("allowed", "strict")),
        ((MEMBER, TO_DB, peer("default", "STRICT")), "plain/p", 8080, ("denied", "refused")),
        ((MEMBER, TO_DB, peer("p", "STRICT", "db")), "plain/p", 8080, ("denied", "refused")),
        ((MEMBER, TO_DB, peer("p", "STRICT", "web")), "plain/p", 8080, ("allowed", "plaintext")),
        ((BARE, TO_DB, peer("default", "STRICT")), "plain/p", 8080, ("allowed", "plaintext")),
        ((MEMBER, TO_DB, peer("p", "DISABLE", "db")), "shop/web", 8080, ("allowed", "plaintext")),
        # Nobody knows whether its proxy sees SSH.
        ((MEMBER, peer("default", "STRICT")), "plain/p", 22, ("unknown", "plaintext")),
        ((MEMBER,), "plain/p", 22, ("allowed", "plaintext")),
    ],
)
def test_what_it_is_sent_and_takes(things, source, port, expected):
    name = next(one["metadata"]["namespace"] for one in things if one["kind"] == "WorkloadEntry")
    assert explained(world(*things), source, f"{name}/vm", port) == expected


ENTRY = {
    "hosts": ["db.example"], "location": "MESH_INTERNAL", "resolution": "STATIC",
    "ports": [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080}],
    "workloadSelector": {"labels": {"app": "db"}},
}  # fmt: skip
BY_NAME = entry(address="db.example", serviceAccount="db")


@pytest.mark.parametrize(
    ("machine", "thing_", "port", "sent"),
    [
        (MEMBER, thing(NETWORKING, "ServiceEntry", "e", ENTRY), 8080, "mtls"),
        (MEMBER, thing(NETWORKING, "ServiceEntry", "other/e", ENTRY), 8080, "plaintext"),
        (MEMBER, thing(NETWORKING, "ServiceEntry", "e", ENTRY | {"location": "MESH_EXTERNAL"}), 8080, "plaintext"),
        (entry(address="10.9.0.4", serviceAccount="db", ports={"http": 81}),
         thing(NETWORKING, "ServiceEntry", "e", ENTRY), 81, "mtls"),
        (entry(address="10.9.0.4", serviceAccount="db", ports={"http-80": 81}), TO_DB, 81, "mtls"),
        (entry(address="10.9.0.4", serviceAccount="db", ports={"http-80": 81}), TO_DB, 8080, "plaintext"),
        (BY_NAME, TO_DB, 8080, "plaintext"),
        (BY_NAME, thing(NETWORKING, "ServiceEntry", "e", ENTRY), 8080, "plaintext"),
        (BY_NAME, thing(NETWORKING, "ServiceEntry", "e", ENTRY | {"resolution": "DNS"}), 8080, "mtls"),
    ],
)  # fmt: skip
def test_who_selects_it(machine, thing_, port, sent):
    made = world(machine, thing_)
    headers = made.reach.sent(made.pod("web"), found(made))
    assert ((40000, port) in headers.mtls, (40000, port) in headers.tcp) == (sent == "mtls", sent == "plaintext")


def policy(app: str, *rules: dict[str, Any]) -> dict[str, Any]:
    spec = {"selector": {"matchLabels": {"app": app}}, "rules": list(rules)}
    return thing(SECURITY, "AuthorizationPolicy", app, spec)


def by(account: str, **operation: list[str]) -> dict[str, Any]:
    to = {"to": [{"operation": operation}]} if operation else {}
    return {"from": [{"source": {"principals": [f"cluster.local/ns/shop/sa/{account}"]}}], **to}


@pytest.mark.parametrize(
    ("policies", "source", "target", "outcome"),
    [
        ((policy("db", by("default")),), "shop/web", "shop/vm", "allowed"),
        ((policy("db", by("other")),), "shop/web", "shop/vm", "denied"),
        ((policy("db", by("default")),), "plain/p", "shop/vm", "denied"),
        ((policy("db", by("default", methods=["GET"])),), "shop/web", "shop/vm", "conditional"),
        ((policy("cart", by("other")),), "shop/web", "shop/vm", "allowed"),
        ((policy("web", by("db")),), "shop/vm", "shop/web", "allowed"),
        ((policy("web", by("other")),), "shop/vm", "shop/web", "denied"),
    ],
)
def test_authorization(policies, source, target, outcome):
    made = world(MEMBER, TO_DB, service("web", port_name="http"), *policies)
    assert explained(made, source, target)[0] == outcome


def test_a_policy_that_was_refused_leaves_it_open():
    bad = thing(SECURITY, "AuthorizationPolicy", "x", {"ruels": []})
    things = (*PEOPLE, pod("web"), MEMBER, TO_DB, bad)
    objects, _ = from_documents([Document(one, Span(f"{place}.yaml")) for place, one in enumerate(things)])
    assert str(Network(build(objects)).reach("shop/web", "shop/vm", "tcp/8080").explain().outcome) == "unknown"


def egress(*to: dict[str, Any]) -> dict[str, Any]:
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": list(to)}]}
    return thing("networking.k8s.io/v1", "NetworkPolicy", "n", spec)


@pytest.mark.parametrize(
    ("peer_", "outcome"),
    [
        ({"ipBlock": {"cidr": "10.9.0.0/24"}}, "allowed"),
        ({"ipBlock": {"cidr": "10.8.0.0/24"}}, "denied"),
        ({"podSelector": {}}, "denied"),
        ({"namespaceSelector": {}}, "denied"),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}, "denied"),
    ],
)
def test_to_network_policies_it_is_an_address(peer_, outcome):
    assert explained(world(MEMBER, TO_DB, egress(peer_)), "shop/web", "shop/vm")[0] == outcome


def test_a_service_of_machines_alone_is_no_mistake():
    assert not [one for one in world(MEMBER, TO_DB).topology.diagnostics if "selects no pod" in one.message]
    assert [one for one in world(TO_DB).topology.diagnostics if "selects no pod" in one.message]


def test_a_subset_holds_machines_by_their_labels():
    chosen = {"name": "v", "labels": {"app": "db"}, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}
    route = {"http": [{"route": [{"destination": {"host": "db", "subset": "v"}}]}]}
    made = world(
        MEMBER, TO_DB, destination("d", "db", subsets=[chosen]),
        thing(NETWORKING, "VirtualService", "v", {"hosts": ["db"], **route}),
    )  # fmt: skip
    assert (40000, 8080) in made.reach.sent(made.pod("web"), found(made)).mtls


def test_what_is_assumed_of_it_is_listed():
    assert [one for one in world(MEMBER).topology.network.assumed_open if "WorkloadEntries" in one]
    assert not [one for one in world().topology.network.assumed_open if "WorkloadEntries" in one]
