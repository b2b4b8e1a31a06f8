"""A pod's way through the cloud and back: policies, the node's groups, edges, routes, the other side's groups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ringfence.resources.aws import (
    AutoScalingGroup,
    AwsObjects,
    FargateProfile,
    FargateSelector,
    LaunchTemplate,
    NodeGroup,
    RouteTable,
    Taint,
    TargetKind,
    Unknown,
)
from ringfence.resources.kubernetes import (
    Gateway,
    Listener,
    Node,
    ObjectMeta,
    Pod,
    PodTemplate,
    RawObject,
    Service,
    ServicePort,
    Toleration,
)
from ringfence.topology import kubernetes
from ringfence.topology.aws import build
from ringfence.topology.bindings import Binding
from ringfence.topology.composition import compose
from ringfence.topology.kubernetes import NO_CLOUD
from tests.layers.clusters import block, cluster, has, meta, namespace, pods, policy, workload
from tests.layers.clusters import rule as policy_rule
from tests.topology.aws.clouds import (
    ALLOW_ALL,
    NO,
    OUT,
    PERHAPS,
    TO_IGW,
    TO_NAT,
    YES,
    acl,
    cloud,
    entry,
    group,
    host,
    route,
    rule,
    verdict,
)

BOUND = Binding("shop", nodes=("nodes",))
WEB, API = "x/web[Deployment]", "x/api[Deployment]"


def shop(binding: Binding | None = BOUND, *policies: Any, **changes: Any) -> kubernetes.Topology:
    """Two workloads on a node group in two subnets, and a database in a third that admits the nodes' group."""
    given: dict[str, Any] = {
        "launch_templates": (LaunchTemplate(id="lt", security_groups=("nodes",)),),
        "node_groups": (NodeGroup(id="nodes", cluster="c", subnets=("private", "public"), launch_template="lt"),),
        "network_interfaces": (host("database", "data", "10.0.2.10", "db"),),
        "security_groups": (
            group("default"),
            group("nodes", rule("nodes", None, "-1")),
            group("db", rule("nodes", 5432)),
        ),
    }
    objects: AwsObjects = cloud(**{**given, **changes})
    manifests = cluster(workload("x/web"), workload("x/api"), *policies)
    return compose(kubernetes.build(manifests), build(objects), binding)


def passing(topology: kubernetes.Topology, source: str, target: str, port: int = 5432) -> tuple[bool, bool]:
    return verdict(topology.network, source, target, port)


BARE = (RouteTable(id="main", vpc="vpc"),)
BY_ADDRESS = {"security_groups": (group("default"), group("nodes"), group("db", rule("10.0.0.0/23", 5432)))}
ONE_ZONE = {"security_groups": (group("default"), group("nodes"), group("db", rule("10.0.1.0/24", 5432)))}
CLOSED = policy("x/closed", has(app="web"), egress=())
OPENED = policy("x/opened", has(app="web"), egress=(policy_rule(block("10.0.2.0/24")),))


@pytest.mark.parametrize(
    ("policies", "changes", "expected"),
    [
        pytest.param((), {}, YES, id="the nodes' group is the pods'"),
        pytest.param((CLOSED,), {}, NO, id="a policy refuses"),
        pytest.param((CLOSED, OPENED), {}, YES, id="a policy admits"),
        pytest.param((), BY_ADDRESS, YES, id="by the subnets' addresses"),
        pytest.param((), ONE_ZONE, PERHAPS, id="one subnet of two is admitted"),
        pytest.param(
            (),
            {"network_acls": (acl("open", *ALLOW_ALL), acl("edge", entry(100, "allow"), subnets=("data",)))},
            NO,
            id="the database's edge lacks the return",
        ),
        pytest.param(
            (),
            {
                "network_acls": (
                    acl("open", *ALLOW_ALL),
                    acl(
                        "edge",
                        entry(100, "allow", cidr="10.0.1.0/24"),
                        entry(100, "allow", None, True),
                        subnets=("data",),
                    ),
                )
            },
            PERHAPS,
            id="the database's edge admits one zone",
        ),
        pytest.param(
            (),
            {"security_groups": (group("default"), replace(group("nodes"), rules=()), group("db", *OUT))},
            NO,
            id="the nodes' group lets nothing out",
        ),
        pytest.param(
            (),
            {"security_groups": (group("default"), group("nodes"), group("db", rule("db", 5432)))},
            NO,
            id="other group",
        ),
    ],
)
def test_a_pods_way_to_the_database(policies: Any, changes: dict[str, Any], expected: tuple[bool, bool]):
    assert passing(shop(BOUND, *policies, **changes), WEB, "database") == expected


@pytest.mark.parametrize("binding", [BOUND, replace(BOUND, source_nat=False), replace(BOUND, data_path="overlay")])
def test_the_database_never_opens_connections_into_the_cluster(binding: Binding):
    assert passing(shop(binding), "database", WEB) == NO


@pytest.mark.parametrize(
    ("binding", "pod", "node"),
    [(BOUND, YES, YES), (replace(BOUND, data_path="overlay"), NO, YES)],
)
def test_only_with_vpc_addresses_pods_are_reached_from_the_cloud(binding: Binding, pod: Any, node: Any):
    opened = (group("default"), group("nodes", rule("db", 8080)), group("db"))
    found = shop(binding, security_groups=opened)
    assert (passing(found, "database", WEB, 8080), passing(found, "database", "nodes", 8080)) == (pod, node)


@pytest.mark.parametrize("binding", [BOUND, replace(BOUND, data_path="overlay")])
def test_the_overlays_and_the_cnis_pods_reach_the_database_alike(binding: Binding):
    assert passing(shop(binding), WEB, "database") == YES
    assert passing(shop(binding), WEB, "database", 5433) == NO


def test_an_overlays_database_sees_the_nodes_address():
    found = shop(replace(BOUND, data_path="overlay"), **BY_ADDRESS)
    assert passing(found, WEB, "database") == YES


NODES_PUBLIC = (LaunchTemplate(id="lt", security_groups=("nodes",), public_ip=True),)
THROUGH_IGW = (
    RouteTable(id="main", vpc="vpc"),
    RouteTable(id="out", vpc="vpc", routes=(TO_IGW,), subnets=("public", "private")),
)
THROUGH_NAT = (
    RouteTable(id="out", vpc="vpc", routes=(TO_IGW,), subnets=("data",)),
    RouteTable(id="inner", vpc="vpc", routes=(TO_NAT,), subnets=("private", "public")),
)


@pytest.mark.parametrize(
    ("binding", "changes", "expected"),
    [
        pytest.param(BOUND, {"route_tables": BARE}, NO, id="no way out"),
        pytest.param(BOUND, {"route_tables": THROUGH_IGW}, NO, id="nodes without public addresses"),
        pytest.param(
            BOUND, {"route_tables": THROUGH_IGW, "launch_templates": NODES_PUBLIC}, YES, id="the node's address"
        ),
        pytest.param(
            replace(BOUND, source_nat=False),
            {"route_tables": THROUGH_IGW, "launch_templates": NODES_PUBLIC},
            NO,
            id="without source NAT a pod has no public address",
        ),
        pytest.param(
            BOUND,
            {"route_tables": THROUGH_NAT, "nat_gateways": (replace(cloud().nat_gateways[0], subnet="data"),)},
            YES,
            id="through a NAT gateway",
        ),
        pytest.param(
            replace(BOUND, source_nat=False),
            {"route_tables": THROUGH_NAT, "nat_gateways": (replace(cloud().nat_gateways[0], subnet="data"),)},
            YES,
            id="through a NAT gateway without source NAT",
        ),
        pytest.param(
            BOUND,
            {
                "route_tables": (
                    RouteTable(id="main", vpc="vpc", routes=(route("0.0.0.0/0", TargetKind.OTHER, "tgw"),)),
                )
            },
            PERHAPS,
            id="through what is not modelled",
        ),
    ],
)
def test_a_pods_way_to_the_internet(binding: Binding, changes: dict[str, Any], expected: tuple[bool, bool]):
    assert passing(shop(binding, **changes), WEB, "internet", 443) == expected


@pytest.mark.parametrize(
    ("binding", "groups", "expected"),
    [
        (BOUND, (group("nodes", rule("nodes", None, "-1")),), YES),
        (BOUND, (group("nodes"),), PERHAPS),
        (replace(BOUND, data_path="overlay"), (group("nodes"),), YES),
    ],
)
def test_pods_of_one_subnet_may_share_a_node_or_not(binding: Binding, groups: Any, expected: tuple[bool, bool]):
    """On one node no group judges them; between nodes, and between subnets, the nodes' groups do."""
    assert passing(shop(binding, security_groups=(group("default"), *groups, group("db"))), WEB, API, 80) == expected


@pytest.mark.parametrize("binding", [BOUND, replace(BOUND, data_path="overlay")])
def test_policies_between_pods_still_decide(binding: Binding):
    closed = policy("x/api", has(app="api"), ingress=(policy_rule(pods(has(app="other"))),))
    assert passing(shop(binding, closed), WEB, API, 80) == NO
    opened = policy("x/api", has(app="api"), ingress=(policy_rule(pods(has(app="web"))),))
    assert passing(shop(binding, opened), WEB, API, 80) == YES


def test_subnets_alone_leave_the_nodes_groups_open():
    found = shop(Binding("shop", subnets=("private",)))
    assert passing(found, WEB, "database") == PERHAPS
    assert NO_CLOUD not in found.network.assumed_open


@pytest.mark.parametrize(
    "binding",
    [Binding("shop", nodes=("gone",)), Binding("shop", subnets=("private", "gone"))],
)
def test_a_binding_that_names_nothing_is_complained_about(binding: Binding):
    found = shop(binding)
    assert any("gone" in one.message for one in found.diagnostics)
    assert passing(found, WEB, "database") == PERHAPS


def test_without_a_binding_nobody_knows_what_passes_between_the_two():
    found = shop(None)
    assert passing(found, WEB, API) == YES
    assert passing(found, WEB, "database") == PERHAPS
    assert not any("not in the files" in one.message for one in found.diagnostics)
    unknown = Unknown("after apply")
    nodes = (NodeGroup(id="nodes", cluster="c", subnets=unknown),)
    assert any("not known" in one.message for one in shop(BOUND, node_groups=nodes).diagnostics)


def test_pods_have_an_endpoint_in_each_subnet():
    names = {one.id: str(one.addresses) for one in shop().network.endpoints if one.workload == WEB}
    assert names == {f"{WEB} in private": "10.0.1.4-10.0.1.254", f"{WEB} in public": "10.0.0.4-10.0.0.254"}


WAYPOINT = Gateway(meta("x/wp"), "istio-waypoint", (Listener("mesh", 15008, "HBONE"),))
AMBIENT = namespace("x", **{"istio.io/dataplane-mode": "ambient"})
USED = Service(
    ObjectMeta("api", "x", {"istio.io/use-waypoint": "wp"}), selector={"app": "api"}, ports=(ServicePort(80, 8080),)
)
BEHIND = (AMBIENT, WAYPOINT, USED)
TO_WAYPOINT = {"gateway.networking.k8s.io/gateway-name": "wp"}
ONLY_GROUP = {"security_groups": (group("default"), replace(group("nodes"), rules=()), group("db"))}


def by_waypoint(topology: kubernetes.Topology) -> tuple[bool, bool]:
    """Whether the Service may and must be reached through its waypoint, from wherever to wherever."""
    found = [verdict(topology.network, WEB, one.id, 80) for one in topology.waypoints.dialled("x/api")]
    assert found
    return any(may for may, _ in found), all(must for _, must in found)


@pytest.mark.parametrize("binding", [BOUND, replace(BOUND, source_nat=False), replace(BOUND, data_path="overlay")])
@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        pytest.param((), YES, id="nothing stops it"),
        pytest.param((policy("x/p", has(app="api"), ingress=()),), NO, id="the pod admits nobody"),
        pytest.param(
            (policy("x/p", has(app="api"), ingress=(policy_rule(pods(has(app="web"))),)),), NO, id="only the client"
        ),
        pytest.param(
            (policy("x/p", has(app="api"), ingress=(policy_rule(pods(has(**TO_WAYPOINT))),)),), YES, id="the waypoint"
        ),
        pytest.param((policy("x/p", has(**TO_WAYPOINT), ingress=()),), NO, id="the waypoint admits nobody"),
        pytest.param((policy("x/p", has(**TO_WAYPOINT), egress=()),), NO, id="the waypoint sends nothing"),
    ],
)
def test_a_waypoints_pods_live_on_nodes_as_others_do(binding: Binding, policies: Any, expected: tuple[bool, bool]):
    assert by_waypoint(shop(binding, *BEHIND, *policies)) == expected


def test_a_waypoint_has_a_place_in_each_subnet():
    dialled = shop(BOUND, *BEHIND).waypoints.dialled("x/api")
    assert sorted(one.facets["aws"]["subnet"] for one in dialled) == ["private", "public"]
    assert all(one.groups == frozenset(("nodes",)) for one in dialled)


@pytest.mark.parametrize(("data_path", "expected"), [("vpc-cni", PERHAPS), ("overlay", YES)])
def test_what_leaves_a_node_for_a_waypoint_crosses_its_groups(data_path: str, expected: tuple[bool, bool]):
    """Without any rule, only what stays on one node passes; an overlay's packets are wrapped."""
    found = by_waypoint(shop(replace(BOUND, data_path=data_path), *BEHIND, **ONLY_GROUP))
    assert found == expected


DB_TAINT = Taint("dedicated", "db", "NoSchedule")
TOLERANT = (Toleration("dedicated", "Equal", "db"),)
BOTH = Binding("shop", nodes=("nodes", "data"))
ON_DATA, ANYWHERE = "x/ondata[Deployment]", "x/anywhere[Deployment]"


def two_groups(*more: Any, binding: Binding = BOTH, data: Any = None, **changes: Any) -> kubernetes.Topology:
    """Nodes for everybody in `private` and `public`, tainted and labelled ones with another group in `private`."""
    given: dict[str, Any] = {
        "launch_templates": (
            LaunchTemplate(id="lt", security_groups=("nodes",)),
            LaunchTemplate(id="lt-data", security_groups=("data",)),
        ),
        "node_groups": (
            NodeGroup(id="nodes", cluster="c", name="nodes", subnets=("private", "public"), launch_template="lt"),
            data
            or NodeGroup(
                id="data",
                cluster="c",
                name="data",
                subnets=("private",),
                launch_template="lt-data",
                labels={"role": "data"},
                taints=(DB_TAINT,),
            ),
        ),
        "network_interfaces": (host("database", "data", "10.0.2.10", "db"),),
        "security_groups": (
            group("default"),
            group("nodes", rule("nodes", None, "-1")),
            group("data", rule("nodes", 6379)),
            group("db", rule("data", 5432)),
        ),
    }
    manifests = cluster(
        workload("x/web"),
        workload("x/ondata", PodTemplate({"app": "ondata"}, node_selector={"role": "data"}, tolerations=TOLERANT)),
        workload("x/anywhere", PodTemplate({"app": "anywhere"}, tolerations=TOLERANT)),
        *more,
    )
    return compose(kubernetes.build(manifests), build(cloud(**{**given, **changes})), binding)


@pytest.mark.parametrize("path", ["vpc-cni", "overlay"])
def test_a_pods_groups_are_those_of_the_nodes_that_take_it(path: str):
    found = two_groups(binding=replace(BOTH, data_path=path))
    assert passing(found, WEB, "database") == NO
    assert passing(found, ON_DATA, "database") == YES
    assert passing(found, ANYWHERE, "database") == PERHAPS


def test_between_groups_there_is_no_common_node_and_in_one_subnet_no_edge():
    shut = (acl("open", *ALLOW_ALL), acl("shut", subnets=("private",)))
    found = two_groups()
    assert passing(found, WEB, ON_DATA, 6379) == YES
    assert passing(found, WEB, ON_DATA, 6380) == NO
    assert passing(found, ON_DATA, WEB, 8080) == NO
    assert passing(two_groups(network_acls=shut), WEB, ON_DATA, 6379) == PERHAPS  # from `private` alone


def test_an_overlays_pods_reach_each_other_across_groups():
    assert passing(two_groups(binding=replace(BOTH, data_path="overlay")), ON_DATA, WEB, 8080) == YES


def test_each_place_has_its_own_endpoint_and_node():
    found = two_groups().network
    places: dict[str, set[str]] = {one.workload: set() for one in found.endpoints}
    for one in found.endpoints:
        places[one.workload].add(one.location)
    assert places[WEB] == {"pods in private (nodes)", "pods in public (nodes)"}
    assert places[ON_DATA] == {"pods in private (data)"}
    assert places[ANYWHERE] == places[WEB] | places[ON_DATA]
    assert [one.id for one in found.endpoints if one.workload == ON_DATA] == [ON_DATA]


def test_a_pod_that_no_node_takes_may_be_anywhere_and_is_told_of():
    lost = workload("x/lost", PodTemplate({"app": "lost"}, node_selector={"role": "gone"}, tolerations=TOLERANT))
    found = two_groups(lost)
    assert passing(found, "x/lost[Deployment]", "database") == PERHAPS
    (said,) = [one.message for one in found.diagnostics if "takes the pods" in one.message]
    assert "x/lost[Deployment]" in said


def test_a_running_pod_is_where_its_node_is():
    node = Node(ObjectMeta("n", labels={"eks.amazonaws.com/nodegroup": "data"}))
    there = Pod(ObjectMeta("p", "x"), PodTemplate({"app": "p"}, node_name="n"), "Running")
    elsewhere = Pod(ObjectMeta("q", "x"), PodTemplate({"app": "q"}, node_name="m"), "Running", ("10.0.0.77",))
    found = two_groups(
        node,
        workload("x/p", there.template, kind="Pod", pods=(there,)),
        workload("x/q", elsewhere.template, kind="Pod", pods=(elsewhere,)),
    ).network
    locations = {one.id: one.location for one in found.endpoints}
    assert locations["x/p[Pod]"] == "pods in private (data)"
    assert locations["x/q[Pod]"] == "pods in public (nodes)"
    assert locations["n[Node]"] == "nodes in private (data)"


def test_groups_are_named_with_wildcards_and_forgotten_ones_are_told_of():
    everywhere = two_groups(binding=Binding("shop", nodes=("*",))).network
    assert {one.id for one in everywhere.endpoints} == {one.id for one in two_groups().network.endpoints}
    forgotten = two_groups(binding=Binding("shop", nodes=("nodes",)))
    assert any("data is not among its nodes" in one.message for one in forgotten.diagnostics)
    assert not any("among its nodes" in one.message for one in two_groups().diagnostics)


def test_where_one_of_a_groups_subnets_is_not_known_nothing_is_bound():
    doubtful = NodeGroup(id="data", cluster="c", subnets=("private", Unknown("later")), launch_template="lt-data")
    found = two_groups(data=doubtful)
    assert any("subnets of data are not known" in one.message for one in found.diagnostics)
    assert passing(found, WEB, "database") == PERHAPS


def test_scaling_groups_are_nodes_too_and_take_anybody():
    scaled = {"autoscaling_groups": (AutoScalingGroup(id="own", subnets=("data",), launch_template="lt-data"),)}
    found = two_groups(binding=Binding("shop", nodes=("nodes", "own")), **scaled)
    assert passing(found, WEB, "database") == PERHAPS


def group_policy(name: str, spec: Any) -> RawObject:
    return RawObject("vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy", meta(name), {"spec": spec})


ADMITTED = (group("default"), group("nodes", rule("nodes", None, "-1")), group("db", rule("10.0.0.0/16", 5432)))


@pytest.mark.parametrize(
    ("policy_of", "spec", "expected"),
    [
        ("x", {"podSelector": {"matchLabels": {"app": "web"}}, "securityGroups": {"groupIds": ["sg-1"]}}, PERHAPS),
        ("x", {"podSelector": {"matchLabels": {"app": "api"}}}, YES),
        ("x", {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}, PERHAPS),
        ("x", {"serviceAccountSelector": {"matchLabels": {"a": "b"}}}, PERHAPS),
        ("x", None, PERHAPS),
        ("y", {"podSelector": {}}, YES),
    ],
)
def test_what_a_security_group_policy_may_select_is_left_open(policy_of: str, spec: Any, expected: Any):
    found = shop(BOUND, group_policy(f"{policy_of}/p", spec), security_groups=ADMITTED)
    assert passing(found, WEB, "database") == expected
    assert any("SecurityGroupPolicy" in one.message for one in found.diagnostics)


def test_with_groups_of_its_own_a_pod_is_open_where_its_nodes_are_shut():
    """A policy or a node's group that refuses proves nothing of it; a subnet's edge does."""
    shut = (group("default"), replace(group("nodes"), rules=()), group("db", rule("10.0.0.0/16", 5432)))
    mine = group_policy("x/p", {"podSelector": {"matchLabels": {"app": "web"}}})
    found = shop(BOUND, mine, CLOSED, security_groups=shut)
    assert passing(found, WEB, "database") == PERHAPS
    assert passing(found, API, "database") == NO
    assert passing(found, API, WEB, 80) == PERHAPS
    assert passing(found, WEB, API, 80) == PERHAPS
    assert passing(found, WEB, "internet", 443) == PERHAPS
    edge = (acl("open", *ALLOW_ALL), acl("edge", subnets=("data",)))
    assert passing(shop(BOUND, mine, security_groups=shut, network_acls=edge), WEB, "database") == NO
    assert passing(shop(replace(BOUND, data_path="overlay"), mine), WEB, "database") == YES


def profile(namespace: str, **changes: Any) -> FargateProfile:
    given: dict[str, Any] = {"id": "fargate", "cluster": "c", "subnets": ("data",)}
    return FargateProfile(**{**given, **changes}, selectors=(FargateSelector(namespace),))


def test_what_runs_on_fargate_is_left_open_and_in_the_profiles_subnets():
    refusing = policy("x/web", has(app="web"), egress=())
    found = shop(BOUND, refusing, fargate_profiles=(profile("x"),))
    assert {one.location for one in found.network.endpoints if one.workload == WEB} == {
        "pods with interfaces in data (fargate)"
    }
    assert passing(found, WEB, "database") == PERHAPS
    assert passing(found, "database", WEB, 8080) == PERHAPS
    assert passing(found, WEB, API, 80) == PERHAPS
    assert any("Fargate is not modelled" in one.message for one in found.diagnostics)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (profile("y"), YES),
        (profile("x", cluster="other"), YES),
        (profile("x", cluster=Unknown("later")), PERHAPS),
        (profile("x", exists=Unknown("count")), PERHAPS),
        (profile("x", subnets=("data", Unknown("later"))), PERHAPS),
    ],
)
def test_whose_pods_run_on_fargate(one: FargateProfile, expected: Any):
    assert passing(shop(BOUND, fargate_profiles=(one,)), WEB, "database") == expected


def test_daemons_and_hosts_are_not_on_fargate_for_certain():
    agent = workload("x/agent", kind="DaemonSet")
    host_pod = workload("x/host", PodTemplate({"app": "host"}, host_network=True))
    found = shop(BOUND, agent, host_pod, fargate_profiles=(profile("x"),)).network
    places: dict[str, set[str]] = {}
    for one in found.endpoints:
        places.setdefault(one.workload, set()).add(one.location)
    assert places["x/agent[DaemonSet]"] == {
        "pods in private",
        "pods in public",
        "pods with interfaces in data (fargate)",
    }
    assert places["x/host[Deployment]"] == {"nodes in private", "nodes in public"}


@pytest.mark.parametrize(
    ("name", "template", "expected"),
    [
        ("x/web", PodTemplate({"app": "web"}), {"nodes": False}),
        ("x/any", PodTemplate({"app": "any"}, tolerations=TOLERANT), {"nodes": False, "data": False}),
        ("x/arm", PodTemplate({}, node_selector={"kubernetes.io/arch": "arm64"}), {"nodes": False}),
        (
            "x/arms",
            PodTemplate({}, node_selector={"kubernetes.io/arch": "arm64"}, tolerations=TOLERANT),
            {"nodes": True, "data": True},
        ),
        ("x/lost", PodTemplate({}, node_selector={"role": "gone"}), {"nodes": True, "data": True}),
    ],
)
def test_where_a_pod_may_never_be_it_proves_nothing(name: str, template: PodTemplate, expected: dict[str, bool]):
    found = two_groups(workload(name, template) if name != "x/web" else workload("x/more")).network
    title = f"{name}[Deployment]"
    assert {
        one.location.rpartition("(")[2].rstrip(")"): one.perhaps for one in found.endpoints if one.workload == title
    } == expected
