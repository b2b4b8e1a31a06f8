"""Proofs of intents: grids of proved, violated and unknown, and their soundness against single packets."""

from __future__ import annotations

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from ringfence.engine.outcomes import Outcome
from ringfence.engine.reference import Reference
from ringfence.model.addresses import number
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint, Packet
from ringfence.posture.proofs import PROVED, UNKNOWN, VIOLATED
from ringfence.topology.kubernetes import Topology
from ringfence.topology.names import headers
from tests.checks.manifests import app, deployment, ingress, node, pod, policy, service, view
from tests.checks.meshes import meshed, peer_authentication

from .clusters import proofs, resolved, status

WEB, DB = deployment("web"), deployment("db")
DENY = policy("deny", types="[Ingress, Egress]")
LOCK = policy("lock", app("db"))


def admit(source: str, ports: str = "[{port: 5432}]", name: str = "admit") -> str:
    """A policy at the database that admits a peer."""
    return policy(name, app("db"), ingress=f"[{{from: [{source}], ports: {ports}}}]")


FROM_WEB = admit("{podSelector: {matchLabels: {app: web}}}")
WEB_TO_DB = "from: shop/web, to: shop/db"


@pytest.mark.parametrize(
    ("manifests", "allow", "deny"),
    [
        ([], PROVED, VIOLATED),
        ([LOCK], VIOLATED, PROVED),
        ([DENY], VIOLATED, PROVED),
        ([FROM_WEB], PROVED, VIOLATED),
        ([FROM_WEB, DENY], VIOLATED, PROVED),
        ([admit("{podSelector: {matchLabels: {app: other}}}")], VIOLATED, PROVED),
        ([admit("{podSelector: {}}", "[{port: 5433}]")], VIOLATED, PROVED),
        ([admit("{podSelector: {}}", "[{port: 5000, endPort: 6000}]")], PROVED, VIOLATED),
        # The client may have an address in the block or not.
        ([admit("{ipBlock: {cidr: 10.0.0.0/8}}")], UNKNOWN, UNKNOWN),
        ([admit("{ipBlock: {cidr: 0.0.0.0/0}}")], PROVED, VIOLATED),
    ],
)
def test_allow_and_deny_of_one_port(manifests, allow, deny):
    cluster = [WEB, DB, *manifests]
    assert status(cluster, f"allow: {{{WEB_TO_DB}, ports: [tcp/5432]}}") == allow
    assert status(cluster, f"deny: {{{WEB_TO_DB}, ports: [tcp/5432]}}") == deny


@pytest.mark.parametrize(
    ("ports", "allow", "deny"),
    [
        ("[tcp/5432]", PROVED, VIOLATED),
        ("[tcp/5433]", VIOLATED, PROVED),
        ("[udp/5432]", VIOLATED, PROVED),
        ("[tcp/5432, tcp/5433]", VIOLATED, VIOLATED),
        ("[tcp]", VIOLATED, VIOLATED),
        ("[icmp]", VIOLATED, PROVED),
        ("[any]", VIOLATED, VIOLATED),
    ],
)
def test_ports(ports, allow, deny):
    assert status([WEB, DB, FROM_WEB], f"allow: {{{WEB_TO_DB}, ports: {ports}}}") == allow
    assert status([WEB, DB, FROM_WEB], f"deny: {{{WEB_TO_DB}, ports: {ports}}}") == deny


CIDR_FROM = "{ipBlock: {cidr: 203.0.113.0/24}}"


@pytest.mark.parametrize(
    ("source", "allow", "deny"),
    [
        ("203.0.113.7", PROVED, VIOLATED),
        ("203.0.113.0/24", PROVED, VIOLATED),
        ("203.0.113.0/23", VIOLATED, VIOLATED),
        ("198.18.0.0/24", VIOLATED, PROVED),
        ("internet", VIOLATED, PROVED),
        ("{cidr: [203.0.113.0/25, 203.0.113.128/25]}", PROVED, VIOLATED),
        ("{cidr: 203.0.113.0/24, not: 203.0.113.7}", PROVED, VIOLATED),
        ("everything", VIOLATED, VIOLATED),
    ],
)
def test_ranges_outside(source, allow, deny):
    cluster = [DB, admit(CIDR_FROM)]
    assert (
        status(
            cluster, f"allow: {{from: '{source}', to: shop/db, ports: [5432]}}".replace("'{", "{").replace("}'", "}")
        )
        == allow
    )
    assert (
        status(cluster, f"deny: {{from: '{source}', to: shop/db, ports: [5432]}}".replace("'{", "{").replace("}'", "}"))
        == deny
    )


def replicas(*labels: str) -> list[str]:
    """A ReplicaSet's pods that differ in a label."""
    owner = "ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: u, controller: true}]"
    return [
        pod(f"web-{place}", status=f"{{podIP: 10.0.0.{place + 1}}}", role=label).replace(
            "namespace: shop,", f"namespace: shop, {owner},"
        )
        for place, label in enumerate(labels)
    ]


@pytest.mark.parametrize(
    ("labels", "allow", "deny"),
    [
        (("a", "a"), PROVED, VIOLATED),
        (("b", "b"), VIOLATED, PROVED),
        # One that gets through is enough to break the deny, one that does not to break the allow.
        (("a", "b"), VIOLATED, VIOLATED),
    ],
)
def test_replicas_that_differ(labels, allow, deny):
    cluster = [*replicas(*labels), DB, admit("{podSelector: {matchLabels: {role: a}}}")]
    assert status(cluster, "allow: {from: 'shop/web*', to: shop/db, ports: [5432]}") == allow
    assert status(cluster, "deny: {from: 'shop/web*', to: shop/db, ports: [5432]}") == deny


@pytest.mark.parametrize(
    ("spec", "allow", "deny"),
    [("nodeName: n1, ", PROVED, VIOLATED), ("nodeName: n2, ", VIOLATED, PROVED), ("", UNKNOWN, UNKNOWN)],
)
def test_a_pod_s_own_node_always_reaches_it_where_that_is_known(spec, allow, deny):
    cluster = [node("n1", "10.9.0.1"), node("n2", "10.9.0.2"), deployment("db", spec=spec), LOCK]
    assert status(cluster, "allow: {from: n1, to: shop/db, ports: [5432]}") == allow
    assert status(cluster, "deny: {from: n1, to: shop/db, ports: [5432]}") == deny


CALICO = """
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: g}
spec: {selector: all(), types: [Ingress, Egress]}
"""


def test_a_kind_that_is_not_modelled_leaves_everything_unknown():
    cluster = [WEB, DB, CALICO]
    assert status(cluster, f"allow: {{{WEB_TO_DB}}}") == UNKNOWN
    assert status(cluster, f"deny: {{{WEB_TO_DB}}}") == UNKNOWN


ONLY = "only: {from: shop/web, to: shop/db, ports: [5432]}"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([FROM_WEB], PROVED),
        ([], VIOLATED),
        ([LOCK], VIOLATED),
        # More than the named port for the named source.
        ([FROM_WEB, admit("{podSelector: {matchLabels: {app: web}}}", "[{port: 80}]", "more")], VIOLATED),
        # Somebody else, inside or outside.
        ([FROM_WEB, admit("{podSelector: {matchLabels: {app: api}}}", name="more")], VIOLATED),
        ([FROM_WEB, admit(CIDR_FROM, "[{port: 1}]", "more")], VIOLATED),
        ([FROM_WEB, policy("other", app("api"), ingress="[{}]")], PROVED),
    ],
)
def test_only(manifests, expected):
    assert status([WEB, DB, deployment("api"), *manifests], ONLY) == expected


def test_only_does_not_count_nodes():
    on_node = deployment("agent", spec="hostNetwork: true, ")
    assert status([WEB, DB, on_node, FROM_WEB, node(), service("db")], ONLY) == PROVED


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([], VIOLATED),
        ([DENY], PROVED),
        ([LOCK], VIOLATED),
        ([LOCK, policy("web", app("web"))], PROVED),
    ],
)
def test_isolate_goes_both_ways(manifests, expected):
    assert status([WEB, DB, *manifests], "isolate: [shop/web, shop/db]") == expected


FROM_NODES = admit("{ipBlock: {cidr: 10.0.0.0/8}}")
LOCAL = "type: LoadBalancer; externalTrafficPolicy: Local"
RANGES = "type: LoadBalancer; loadBalancerSourceRanges: [198.51.100.0/24]"
NO_NODE_PORTS = f"{RANGES}; allocateLoadBalancerNodePorts: false"


@pytest.mark.parametrize(
    ("rules", "kind", "claim", "expected"),
    [
        # A node sends on with its own address, or is the pod's own, which no policy stops.
        (FROM_NODES, "type: LoadBalancer", "deny: {from: internet, to: shop/db}", UNKNOWN),
        (FROM_NODES, "type: NodePort", "deny: {from: internet, to: shop/db}", UNKNOWN),
        (FROM_NODES, "type: ClusterIP; externalIPs: [192.0.2.7]", "deny: {from: internet, to: shop/db}", UNKNOWN),
        (LOCK, "type: LoadBalancer", "deny: {from: internet, to: shop/db}", UNKNOWN),
        (FROM_WEB, "type: NodePort", ONLY, UNKNOWN),
        (DENY, "type: NodePort", "isolate: [internet, shop/db]", UNKNOWN),
        # On other ports, to other pods, for other clients and within the cluster it changes nothing.
        (LOCK, "type: LoadBalancer", "deny: {from: internet, to: shop/db, ports: [tcp/22]}", PROVED),
        (DENY, "type: LoadBalancer", "deny: {from: internet, to: shop/web}", PROVED),
        (LOCK, NO_NODE_PORTS, "deny: {from: {cidr: 203.0.113.0/24}, to: shop/db}", PROVED),
        (LOCK, NO_NODE_PORTS, "deny: {from: {cidr: 198.51.100.7}, to: shop/db}", UNKNOWN),
        # No node asks for the ranges at its own port or an external address.
        (LOCK, RANGES, "deny: {from: {cidr: 203.0.113.0/24}, to: shop/db}", UNKNOWN),
        (LOCK, f"{NO_NODE_PORTS}; externalIPs: [192.0.2.7]", "deny: {from: {cidr: 203.0.113.7}, to: shop/db}", UNKNOWN),
        (FROM_NODES, "type: ClusterIP", "deny: {from: internet, to: shop/db}", PROVED),
        (LOCK, "type: ClusterIP", "deny: {from: internet, to: shop/db}", PROVED),
        # The client's own address arrives.
        (LOCK, LOCAL, "deny: {from: internet, to: shop/db}", PROVED),
    ],
)
def test_a_deny_sees_what_nodes_send_on(rules, kind, claim, expected):
    reached = service("db", ports="[{port: 80, targetPort: 5432}]", more=kind.replace("; ", "\n  "))
    assert status([WEB, DB, rules, reached], claim) == expected


def leaving(to: str) -> str:
    """A policy at the web pods that lets out this alone."""
    return policy("out", app("web"), "[Egress]", egress=f"[{to}]")


AT_NODES = "type: NodePort"
BY_NODE_PORT = leaving("{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 30001}]}")
BY_TARGET_PORT = leaving("{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}")
BY_SERVICE_PORT = leaving("{to: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 80}]}")


@pytest.mark.parametrize(
    ("rules", "kind", "expected"),
    [
        # What pods dial at nodes comes from a node, as it does for clients outside.
        ([], AT_NODES, UNKNOWN),
        ([], "externalIPs: [192.0.2.7]", UNKNOWN),
        ([], "type: ClusterIP", PROVED),
        ([], f"{AT_NODES}; externalTrafficPolicy: Local", PROVED),
        # A balancer that the cluster makes may send from an address of its own.
        ([], LOCAL, PROVED),
        ([FROM_NODES], LOCAL, UNKNOWN),
        # A policy at the client sees the node, the address that it dials, or the pod: Kubernetes leaves that open.
        ([leaving("{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 443}]}")], AT_NODES, PROVED),
        ([leaving("{to: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 443}]}")], RANGES, PROVED),
        ([leaving("{ports: [{port: 53, protocol: UDP}]}")], AT_NODES, PROVED),
        ([BY_NODE_PORT], AT_NODES, UNKNOWN),
        ([BY_TARGET_PORT], AT_NODES, UNKNOWN),
        ([BY_SERVICE_PORT], AT_NODES, PROVED),
        ([BY_SERVICE_PORT], RANGES, UNKNOWN),
    ],
)
def test_a_pod_may_come_through_a_node_as_well(rules, kind, expected):
    reached = service("db", "[{port: 80, targetPort: 5432, nodePort: 30001}]", kind.replace("; ", "\n  "))
    if "externalIPs" in kind or "ClusterIP" in kind:
        reached = reached.replace(", nodePort: 30001", "")
    lock = [] if FROM_NODES in rules else [LOCK]
    own = leaving("{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}") if FROM_NODES in rules else ""
    cluster = [one for one in (WEB, DB, *lock, reached, *rules, own) if one]
    assert status(cluster, f"deny: {{{WEB_TO_DB}, ports: [tcp/5432]}}") == expected


@pytest.mark.parametrize(("mode", "expected"), [("STRICT", PROVED), ("PERMISSIVE", UNKNOWN)])
def test_what_a_node_sends_on_proves_no_identity_of_its_own(mode, expected):
    cluster = [meshed(), DB, LOCK, peer_authentication("ns", mode), service("db", more=AT_NODES)]
    assert status(cluster, "deny: {from: internet, to: shop/db, ports: [tcp/80]}") == expected
    assert status([*cluster, WEB], f"deny: {{{WEB_TO_DB}, ports: [tcp/80]}}") == UNKNOWN


def test_it_names_the_service_and_shows_the_packet_of_a_node():
    reached = service("db", ports="[{port: 80, targetPort: 5432}]", more="type: LoadBalancer")
    cluster, claim = [WEB, DB, FROM_NODES, reached], "deny: {from: internet, to: shop/db}"
    (found,), _ = proofs(cluster, f"intents: [{{name: n, reason: r, {claim}}}]")
    assert found.because == "outside may reach shop/db[Deployment] through LoadBalancer shop/db, by a node"
    assert found.witness is not None
    assert found.witness.packet.source == "{node}"
    assert found.witness.packet.header.y == 5432


LISTED = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: "", port: 5432}]
endpoints: [{addresses: [10.244.0.5]}]
"""


@pytest.mark.parametrize(("pod_cidr", "expected"), [("10.244.0.0/16", UNKNOWN), ("10.96.0.0/16", PROVED)])
def test_an_address_that_a_service_lists_may_be_a_pod_s(pod_cidr, expected):
    listing = service("db", more="type: LoadBalancer").replace("  selector: {app: db}\n", "")
    cluster = [WEB, DB, LOCK, listing, LISTED]
    assert status(cluster, "deny: {from: internet, to: shop/db, ports: [5432]}", pod_cidrs=pod_cidr) == expected


@pytest.mark.parametrize(("place", "expected"), [("shop", UNKNOWN), ("data", PROVED)])
def test_a_service_that_was_refused_may_have_led_anywhere_in_its_namespace(place, expected):
    broken = service("other", ports="[{port: banana}]", namespace=place)
    assert status([WEB, DB, LOCK, broken], "deny: {from: internet, to: shop/db}", readable=False) == expected
    assert status([WEB, DB, LOCK, broken], f"deny: {{{WEB_TO_DB}}}", readable=False) == expected


def test_a_workload_s_traffic_to_itself_is_nobody_s_business():
    assert status([WEB, DENY], "deny: {from: {namespace: shop}, to: {namespace: shop}}") == PROVED


def test_a_selection_by_label_is_not_broken_by_a_controller_that_no_file_shows():
    cluster = [WEB, DB, service("db"), ingress("db")]
    assert status(cluster, "allow: {from: {labels: {app: web}}, to: shop/db}") == PROVED
    assert status(cluster, "allow: {from: '{ingress-controller}', to: shop/db, ports: [80]}") == PROVED
    assert status([*cluster, LOCK], "deny: {from: '{ingress-controller}', to: shop/db}") == PROVED


def test_a_violation_shows_its_packet_and_where_it_was_decided():
    (allowed, denied), _ = proofs(
        [WEB, DB, LOCK],
        f"""
intents:
  - {{name: a, reason: r, allow: {{{WEB_TO_DB}, ports: [5432]}}}}
  - {{name: b, reason: r, deny: {{from: shop/db, to: shop/web, ports: [80]}}}}
""",
    )
    assert (allowed.because, str(allowed.span)) == (
        "shop/web[Deployment] does not reach shop/db[Deployment]",
        "k8s.yaml:17:1",
    )
    assert allowed.witness is not None
    assert allowed.witness.trace.outcome is Outcome.DENIED
    assert denied.because == "shop/db[Deployment] reaches shop/web[Deployment] on tcp 80"
    assert denied.witness is not None
    assert denied.witness.trace.outcome is Outcome.ALLOWED


def test_a_broken_selection_leaves_every_intent_that_uses_it_unknown():
    found, complaints = proofs(
        [WEB, DB],
        """
selections: {ghost: {labels: {app: ghost}}}
intents:
  - {name: a, reason: r, deny: {from: ghost, to: shop/db}}
  - {name: b, reason: r, deny: {from: ghost, to: shop/web}}
  - {name: c, reason: r, isolate: [shop/db, {any: [ghost]}]}
  - {name: d, reason: r, deny: {from: shop/web, to: shop/db, ports: [http]}}
  - {name: e, reason: r, allow: {from: shop/web, to: shop/db}}
""",
    )
    assert [one.status for one in found] == [UNKNOWN] * 4 + [PROVED]
    assert len([one for one in complaints if "'ghost' matches nothing" in one]) == 1
    assert [str(one.span) for one in found[:2]] == ["ringfence.yaml:4:5", "ringfence.yaml:5:5"]
    assert any("7:70: error: 'http' is not a port" in one for one in complaints), complaints


@pytest.mark.parametrize(
    "claim",
    [
        "deny: {from: shop/web, to: shop/web}",
        "allow: {from: shop/web, to: 'shop/web*'}",
        "encrypted: {from: shop/web, to: shop/web}",
        "isolate: [shop/web, 'shop/w*']",
        "isolate: [shop/web, shop/web, shop/web]",
        "deny: {from: internet, to: 0.0.0.0/0}",
    ],
)
def test_a_claim_about_one_alone_is_no_proof(claim):
    (proof,), complaints = proofs([WEB, DB], f"intents: [{{name: n, reason: r, {claim}}}]")
    assert (proof.status, complaints) == (UNKNOWN, [])
    assert proof.because.startswith("both sides are the same")


def test_a_selection_that_may_be_empty_proves_what_it_is_in():
    empty = "{labels: {app: none}, may_be_empty: true}"
    assert status([WEB], f"deny: {{from: {empty}, to: shop/web}}") == PROVED


# Soundness: whatever a proof says holds of every single packet.

PEERS = [
    "{podSelector: {}}",
    "{podSelector: {matchLabels: {app: a}}}",
    "{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [a]}]}}",
    "{namespaceSelector: {}}",
    "{ipBlock: {cidr: 10.0.0.0/24}}",
    "{ipBlock: {cidr: 203.0.113.0/24}}",
    "{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.1/32]}}",
]
PORTS = ["", "ports: [{port: 80}]", "ports: [{port: 80, endPort: 90}]", "ports: [{port: 53, protocol: UDP}]"]
SELECTORS = ["{}", app("a"), app("b")]
rules = st.lists(
    st.builds(
        lambda key, peers, ports: (
            "{" + ", ".join(part for part in (f"{key}: [{', '.join(peers)}]" if peers else "", ports) if part) + "}"
        ),
        st.just("KEY"),
        st.lists(st.sampled_from(PEERS), max_size=2),
        st.sampled_from(PORTS),
    ),
    max_size=2,
).map(lambda found: f"[{', '.join(found)}]")
policies = st.builds(
    lambda select, types, ingress, egress: (
        select,
        types,
        ingress.replace("KEY", "from") if "Ingress" in types else "[]",
        egress.replace("KEY", "to") if "Egress" in types else "[]",
    ),
    st.sampled_from(SELECTORS),
    st.sampled_from(["[Ingress]", "[Egress]", "[Ingress, Egress]"]),
    rules,
    rules,
)
places = st.lists(
    st.sampled_from(["", "nodeName: n1, ", "nodeName: n2, ", "hostNetwork: true, nodeName: n1, "]),
    min_size=3,
    max_size=3,
)
SIDES = [
    "shop/a",
    "shop/b",
    "{labels: {app: a}}",
    "{not: shop/a}",
    "203.0.113.0/24",
    "everything",
    "n1",
    "{cidr: 10.0.0.0/24}",
]
WANTED = ["any", "tcp/80", "tcp/80-90", "udp/53", "icmp"]
HEADERS = [Header("tcp", 40000, 80), Header("tcp", 40000, 90), Header("udp", 40000, 53), Header("icmp", 8, 0)]


def addresses(endpoint: Endpoint) -> list[int]:
    known = [number(text) for text in ("10.0.0.1", "10.0.0.2", "203.0.113.9", "198.18.0.1", "10.9.0.1")]
    return [one for one in known if one in endpoint.addresses]


def outcomes(topology: Topology, reference: Reference, source: Endpoint, target: Endpoint, header: Header):
    for here in addresses(source):
        for there in addresses(target):
            yield here, there, reference.trace(Packet(source.id, here, target.id, there, header)).outcomes


@given(
    places,
    st.lists(policies, max_size=3),
    st.sampled_from(SIDES),
    st.sampled_from(SIDES),
    st.sampled_from(WANTED),
    st.booleans(),
)
def test_a_proof_holds_of_every_packet(specs, drawn, source, target, wanted, with_addresses):
    cluster = [
        pod(name, spec=spec, status=f"{{podIP: 10.0.0.{place}}}" if with_addresses and "host" not in spec else "{}")
        for place, (name, spec) in enumerate(zip("abc", specs, strict=True), 1)
    ]
    cluster += [policy(f"p{place}", *one) for place, one in enumerate(drawn)]
    cluster.append(node("n1", "10.9.0.1"))
    posture = f"""
intents:
  - {{name: allow, reason: r, allow: {{from: {source}, to: {target}, ports: [{wanted}]}}}}
  - {{name: deny, reason: r, deny: {{from: {source}, to: {target}, ports: [{wanted}]}}}}
"""
    (allow, deny), complaints = proofs(cluster, posture)
    if complaints:
        assert {allow.status, deny.status} == {UNKNOWN}
        event("complaint")
        return
    event(f"allow {allow.status}, deny {deny.status}")
    assert not (allow.status == deny.status == PROVED) or allow.pairs == 0
    for proof, arrives in ((allow, False), (deny, True)):
        if proof.status == VIOLATED and proof.witness is not None:
            ends = proof.witness.trace.outcomes
            assert Outcome.ALLOWED in ends if arrives else ends != {Outcome.ALLOWED}
    if PROVED not in (allow.status, deny.status):
        return
    topology = view(*cluster).topology
    reference = Reference(topology.network)
    here, there = resolved(cluster, source)[0], resolved(cluster, target)[0]
    outside = [one for one in topology.network.endpoints if one.every]
    for one in (*here.endpoints, *(outside if here.outside else ())):
        for other in (*there.endpoints, *(outside if there.outside else ())):
            if (one.workload or one.id) == (other.workload or other.id):
                continue
            for header in HEADERS:
                if header not in headers(wanted):
                    continue
                for from_, to, found in outcomes(topology, reference, one, other, header):
                    if (one.every and from_ not in here.outside) or (other.every and to not in there.outside):
                        continue
                    if deny.status == PROVED:
                        assert Outcome.ALLOWED not in found
                    if allow.status == PROVED:
                        assert found == {Outcome.ALLOWED}
