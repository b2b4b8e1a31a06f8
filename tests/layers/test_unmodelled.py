"""What is there and has no layer makes unknown what it could select, and nothing else."""

from __future__ import annotations

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.layers.mesh_facets import MESH
from ringfence.layers.unmodelled import PASSIVE, STAGED, lower, unmodelled
from ringfence.resources.kubernetes import ENFORCING_KINDS, ObjectMeta, RawObject, RefusedObject
from ringfence.resources.kubernetes.kinds import REVISION
from ringfence.topology.options import Options
from tests.checks.manifests import deployment, service, view
from tests.layers.clusters import ask, cluster, node, pod, policy, raw

KNOWN, UNKNOWN, DENIED = Outcome.ALLOWED, Outcome.UNKNOWN, Outcome.DENIED

PODS = (pod("x/a", ip="10.0.0.1", node="n"), pod("y/b", ip="10.0.0.2", node="n"), node("n", "192.168.0.1"))

FLOWS = (("8.8.8.8", "x/a"), ("8.8.8.8", "y/b"), ("8.8.8.8", "n[Node]"))


@pytest.mark.parametrize(
    ("api_version", "kind", "name", "x", "y", "nodes"),
    [
        ("cilium.io/v2", "CiliumNetworkPolicy", "x/p", UNKNOWN, KNOWN, KNOWN),
        ("projectcalico.org/v3", "NetworkPolicy", "x/p", UNKNOWN, KNOWN, KNOWN),
        ("projectcalico.org/v3", "GlobalNetworkPolicy", "p", UNKNOWN, UNKNOWN, UNKNOWN),
        ("projectcalico.org/v3", "HostEndpoint", "p", KNOWN, KNOWN, UNKNOWN),
        ("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "p", UNKNOWN, UNKNOWN, UNKNOWN),
        ("network.openshift.io/v1", "NetNamespace", "p", UNKNOWN, UNKNOWN, KNOWN),
        ("security.istio.io/v1", "AuthorizationPolicy", "x/p", UNKNOWN, KNOWN, KNOWN),
        ("security.istio.io/v1", "AuthorizationPolicy", "istio-system/p", UNKNOWN, UNKNOWN, KNOWN),
        ("security.istio.io/v1", "PeerAuthentication", "istio-system/p", UNKNOWN, UNKNOWN, KNOWN),
        ("networking.istio.io/v1", "DestinationRule", "x/p", UNKNOWN, UNKNOWN, KNOWN),
        ("policy.linkerd.io/v1beta3", "Server", "x/p", UNKNOWN, KNOWN, KNOWN),
        # These alone do nothing.
        ("projectcalico.org/v3", "Tier", "p", KNOWN, KNOWN, KNOWN),
        ("projectcalico.org/v3", "NetworkSet", "x/p", KNOWN, KNOWN, KNOWN),
        ("projectcalico.org/v3", "StagedGlobalNetworkPolicy", "p", KNOWN, KNOWN, KNOWN),
        ("cilium.io/v2", "CiliumCIDRGroup", "p", KNOWN, KNOWN, KNOWN),
        # A kind that nobody enforces, and one of another group with an enforcing kind's name.
        ("example.com/v1", "NetworkPolicy", "x/p", KNOWN, KNOWN, KNOWN),
    ],
)
def test_what_an_object_could_select_is_unknown(api_version, kind, name, x, y, nodes):
    objects = cluster(*PODS, raw(api_version, kind, name))
    assert tuple(ask(objects, *flow) for flow in FLOWS) == (x, y, nodes)


@pytest.mark.parametrize(("source", "target"), [("x/a", "8.8.8.8"), ("x/a", "y/b"), ("y/b", "x/a"), ("n[Node]", "x/a")])
def test_both_directions_are_open(source, target):
    assert ask(cluster(*PODS, raw("cilium.io/v2", "CiliumNetworkPolicy", "x/p")), source, target) is UNKNOWN


def test_it_does_not_open_what_a_networkpolicy_refuses_for_certain():
    objects = cluster(*PODS, raw("cilium.io/v2", "CiliumNetworkPolicy", "x/p"), policy("y/closed", ingress=()))
    assert ask(objects, "8.8.8.8", "y/b") is Outcome.DENIED


def test_staged_policies_count_where_the_option_asks():
    objects = cluster(*PODS, raw("projectcalico.org/v3", "StagedGlobalNetworkPolicy", "p"))
    options = Options(calico_staged_as_enforced=True)
    assert [ask(objects, *flow, options=options) for flow in FLOWS] == [UNKNOWN] * 3


@pytest.mark.parametrize(
    ("refused", "x", "y"),
    [
        (RefusedObject("NetworkPolicy", "x", "p"), UNKNOWN, KNOWN),
        (RefusedObject("NetworkPolicy", "", ""), UNKNOWN, UNKNOWN),
        (RefusedObject("ClusterNetworkPolicy", "", "p"), UNKNOWN, UNKNOWN),
        (RefusedObject("Service", "x", "s"), KNOWN, KNOWN),
    ],
)
def test_a_refused_policy_could_have_been_anything(refused, x, y):
    objects = cluster(*PODS, refused)
    assert (ask(objects, "8.8.8.8", "x/a"), ask(objects, "8.8.8.8", "y/b")) == (x, y)


def test_a_refused_policy_means_nothing_where_none_is_enforced():
    objects = cluster(*PODS, RefusedObject("NetworkPolicy", "x", "p"))
    assert ask(objects, "8.8.8.8", "x/a", options=Options(network_policy_enforced=False)) is KNOWN


def test_each_object_is_named_once_with_its_reason():
    found = unmodelled([raw("cilium.io/v2", "CiliumNetworkPolicy", "x/p")], [])
    assert [(one.title, one.because) for one in found] == [
        ("CiliumNetworkPolicy x/p", "CiliumNetworkPolicy x/p is not modelled yet (Cilium policy of one namespace)")
    ]
    assert lower(()) == ()


def test_a_policy_of_one_revision_says_so():
    made = RawObject("security.istio.io/v1", "PeerAuthentication", ObjectMeta("p", "x", {REVISION: "canary"}), {})
    [found] = unmodelled([made], [])
    assert found.because.startswith("PeerAuthentication x/p counts for Istio's control planes of revision canary alone")


def test_the_tables_speak_of_kinds_that_enforce():
    assert set(ENFORCING_KINDS) | {("crd.projectcalico.org", "Profile")} >= PASSIVE | STAGED
    assert not PASSIVE & STAGED


@pytest.mark.parametrize("api_version", ["cilium.io/v2", "projectcalico.org/v3"])
def test_what_a_networkpolicy_refuses_another_policy_for_the_same_pods_may_let_in(api_version):
    kind = {"cilium.io/v2": "CiliumNetworkPolicy"}.get(api_version, "NetworkPolicy")
    closed = policy("x/closed", ingress=())
    assert ask(cluster(*PODS, raw(api_version, kind, "x/p"), closed), "8.8.8.8", "x/a") is UNKNOWN
    assert ask(cluster(*PODS, RefusedObject("NetworkPolicy", "x", "p"), closed), "8.8.8.8", "x/a") is UNKNOWN
    assert ask(cluster(*PODS, RefusedObject("PeerAuthentication", "x", "p"), closed), "8.8.8.8", "x/a") is DENIED


@pytest.mark.parametrize(
    ("kind", "namespace", "y"),
    [
        ("AuthorizationPolicy", "x", KNOWN),
        ("AuthorizationPolicy", "istio-system", UNKNOWN),  # counts for all namespaces
        ("AuthorizationPolicy", "linkerd-egress", UNKNOWN),
        ("PeerAuthentication", "istio-system", UNKNOWN),
        ("PeerAuthentication", "linkerd-egress", KNOWN),
        ("DestinationRule", "x", UNKNOWN),  # exported to all
        ("Server", "x", KNOWN),
    ],
)
def test_a_refused_policy_of_a_mesh_counts_where_it_could(kind, namespace, y):
    objects = cluster(*PODS, RefusedObject(kind, namespace, "p"))
    assert ask(objects, "8.8.8.8", "y/b") is y
    closed = Options(network_policy_enforced=False)
    assert ask(objects, "8.8.8.8", "y/b", options=closed) is y, "whatever the plugin does"


def test_the_root_namespace_may_be_another():
    (found,) = unmodelled([], [RefusedObject("PeerAuthentication", "mesh", "p")], istio_root="mesh")
    (usual,) = unmodelled([], [RefusedObject("PeerAuthentication", "mesh", "p")])
    assert found.subjects != usual.subjects


MESHED = "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {labels}}}}}"
SIDECARS = MESHED.format(labels="{istio-injection: enabled}")
AMBIENT = MESHED.format(labels="{istio.io/dataplane-mode: ambient}")
OUTSIDE = MESHED.format(labels="{}")
PERMISSIVE = "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: p, namespace: other}}"


def changed(kind: str, namespace: str = "shop", selector: str = "{}") -> str:
    group = "networking.istio.io/v1alpha3" if kind == "EnvoyFilter" else "extensions.istio.io/v1alpha1"
    return f"{{apiVersion: {group}, kind: {kind}, metadata: {{name: x, namespace: {namespace}}}, spec: {selector}}}"


@pytest.mark.parametrize("kind", ["EnvoyFilter", "WasmPlugin", "TrafficExtension"])
@pytest.mark.parametrize(
    ("place", "namespace", "app", "known"),
    [
        (SIDECARS, "shop", "", False),
        (SIDECARS, "shop", "db", False),
        (SIDECARS, "shop", "web", False),  # what a client sends goes through its own proxy, too
        (SIDECARS, "shop", "cart", True),
        (SIDECARS, "other", "", True),
        (SIDECARS, "istio-system", "", False),
        # ztunnel is no Envoy, and a pod without a proxy has none.
        (AMBIENT, "shop", "", True),
        (OUTSIDE, "shop", "", True),
    ],
)
def test_what_changes_an_envoy_makes_its_pods_unknown(kind, place, namespace, app, known):
    way = ("workloadSelector", "labels") if kind == "EnvoyFilter" else ("selector", "matchLabels")
    selector = f"{{{way[0]}: {{{way[1]}: {{app: {app}}}}}}}" if app else "{}"
    served = (deployment("web"), deployment("db"), service("db", "[{name: http, port: 80}]"))
    shown = view(place, PERMISSIVE, *served, changed(kind, namespace, selector))
    (relation,) = shown.connectivity.relations("shop/web[Deployment]", "shop/db[Deployment]")
    assert (80 in relation.must.tcp) is known
    assert 80 in relation.may.tcp


def from_namespaces(selector: str) -> str:
    return (
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: data}, spec:"
        f" {{podSelector: {{}}, ingress: [{{from: [{selector}]}}]}}}}"
    )


def settled(*labels: str) -> tuple[str, ...]:
    return tuple(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {one}}}}}" for one in labels)


TEAM = "{namespaceSelector: {matchLabels: {team: a}}}"
IN_CLUSTER = (
    "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: c},"
    " spec: {tier: Admin, priority: 1, subject: {namespaces: {matchLabels: {team: a}}},"
    " ingress: [{name: n, action: Deny, from: [{namespaces: {}}]}]}}"
)
TWICE = settled("{team: a}", "{team: b}")


@pytest.mark.parametrize(
    ("things", "source", "target", "must", "may"),
    [
        ((*settled("{team: a}"), from_namespaces(TEAM)), "shop/web", "data/db", True, True),
        ((*settled("{team: b}"), from_namespaces(TEAM)), "shop/web", "data/db", False, False),
        ((*TWICE, from_namespaces(TEAM)), "shop/web", "data/db", False, True),
        ((*TWICE, from_namespaces(TEAM)), "far/web", "data/db", False, False),
        ((*TWICE, from_namespaces("{podSelector: {}}")), "shop/web", "data/db", False, False),
        ((*TWICE, from_namespaces("{podSelector: {}}")), "data/db", "shop/web", True, True),
        ((*settled("[team]"), from_namespaces(TEAM)), "shop/web", "data/db", False, True),
        ((*settled("{team: b}"), IN_CLUSTER), "data/db", "shop/web", True, True),
        ((*settled("{team: a}"), IN_CLUSTER), "data/db", "shop/web", False, False),
        ((*TWICE, IN_CLUSTER), "data/db", "shop/web", False, True),
        ((*TWICE, IN_CLUSTER), "data/db", "far/web", True, True),
    ],
)
def test_a_namespace_that_does_not_stand_may_have_any_label(things, source, target, must, may):
    people = (deployment("web"), deployment("db", namespace="data"), deployment("web", namespace="far"))
    shown = view(*people, *things, readable=False)
    found = shown.connectivity.relations(f"{source}[Deployment]", f"{target}[Deployment]")
    assert any(80 in one.must.tcp for one in found) is must
    assert any(80 in one.may.tcp for one in found) is may


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("{istio-injection: enabled}",), "mtls"),
        (("{}",), "tcp"),
        (("{istio-injection: enabled}", "{}"), "unknown"),
        (("{}", "{istio-injection: enabled}"), "unknown"),
    ],
)
def test_whether_its_pods_are_in_the_mesh_is_not_known(labels, expected):
    served = (deployment("web"), deployment("db"), service("db", "[{name: http, port: 80}]"), PERMISSIVE)
    shown = view(*settled(*labels), *served, readable=False)
    web, db = (shown.topology.workloads[f"shop/{name}[Deployment]"][0] for name in ("web", "db"))
    assert (MESH in db.unknown_facets) is (expected == "unknown")
    sent = shown.connectivity.reach.sent(web, db)
    assert ((40000, 80) in sent.mtls, (40000, 80) in sent.tcp) == (expected != "tcp", expected != "mtls")
