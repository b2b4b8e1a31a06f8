"""The library's interface: load, ask, explain; and what comes from where."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import ringfence
from ringfence import load
from ringfence.engine.outcomes import Outcome
from ringfence.model.diagnostics import InputError

from .checks.manifests import deployment, ingress, pod, policy, service
from .checks.terraform import OUT, VPC, block, group
from .cli.commands.shop import MANIFESTS, POSTURE
from .topology.registering import NODES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(MANIFESTS)
    return tmp_path


def test_the_example_of_the_documentation(folder: Path):
    flow = ringfence.load(folder).reach("shop/web", "shop/db", port="tcp/5432")
    assert flow.outcome is Outcome.ALLOWED
    assert flow.explain().witness.packet.header.y == 5432


@pytest.mark.parametrize(
    ("source", "target", "port", "outcome"),
    [
        ("shop/web", "shop/db", "tcp/5432", Outcome.ALLOWED),
        ("shop/web", "shop/db", "tcp/5433", Outcome.DENIED),
        ("shop/db", "shop/web", "any", Outcome.DENIED),
        ("198.18.0.7", "shop/db", "5432", Outcome.ALLOWED),
        ("198.18.0.0/23", "shop/db", "5432", Outcome.INTERMITTENT),
        ("internet", "shop/db", "5432", Outcome.DENIED),
        ("shop/web", "internet", "udp/53", Outcome.ALLOWED),
    ],
)
def test_outcomes(folder: Path, source: str, target: str, port: str, outcome: Outcome):
    assert load(folder).reach(source, target, port).outcome is outcome


def test_a_request_and_a_source_port_go_with_the_packet(folder: Path):
    net = load(folder)
    request = {"method": "GET", "headers": {"x": ["1", "2"]}}
    packet = net.reach("shop/web", "shop/db", "tcp/5432", request, 40000).explain().witness.packet
    assert packet.header.x == 40000
    assert packet.request is not None
    assert packet.request.subjects == {}, "nothing here looks at requests"


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_source_port_is_one(folder: Path, port: int):
    with pytest.raises(InputError, match="is not a source port"):
        load(folder).reach("shop/web", "shop/db", "tcp/80", src_port=port)


def test_families_that_never_meet_are_an_input_error(tmp_path: Path):
    parts = [pod("four", status="{podIP: 10.0.0.1}"), pod("six", status='{podIP: "fd00::1"}')]
    (tmp_path / "a.yaml").write_text("---".join(parts))
    with pytest.raises(InputError, match="they share no address family"):
        load(tmp_path).reach("shop/four", "shop/six").explain()


def test_who_has_no_certificate_sends_no_mutual_tls(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("---".join([pod("one"), pod("two")]))
    with pytest.raises(InputError, match="it is in no mesh"):
        load(tmp_path).reach("shop/one", "shop/two", "tcp/80", client_tls="mtls").explain()


def test_a_service_leads_to_its_pods(folder: Path):
    net = load(folder)
    assert net.via_service("shop/web", "shop/db", "tcp", 5000).outcome is Outcome.ALLOWED
    assert net.via_service("shop/db", "shop/db", "tcp", None).outcome is Outcome.DENIED
    with pytest.raises(InputError, match="no pod stands behind Service shop/db on udp/5000"):
        net.via_service("shop/web", "shop/db", "udp", 5000)


def test_a_posture_file_in_the_folder_is_found_and_proved(folder: Path):
    assert load(folder).proofs == ([], [])
    (folder / "ringfence.yaml").write_text(POSTURE)
    net = load(folder)
    proofs, complaints = net.proofs
    assert ([one.status for one in proofs], complaints, net.diagnostics) == (["proved", "proved"], [], ())


def test_sources_are_beside_the_posture_file_and_add_to_other_paths(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "web.yaml").write_text(deployment("web"))
    (tmp_path / "b.yaml").write_text(deployment("db"))
    (tmp_path / "ringfence.yaml").write_text("sources: [a]\n")
    titles = [
        {one.title for one in net.topology.objects.workloads}
        for net in (load(tmp_path), load(tmp_path, tmp_path / "b.yaml"))
    ]
    assert titles == [{"shop/web[Deployment]"}, {"shop/web[Deployment]", "shop/db[Deployment]"}]


def test_without_sources_the_folder_of_the_posture_file_is_read(folder: Path):
    (folder / "ringfence.yaml").write_text("intents:\n")
    assert len(load(posture=folder / "ringfence.yaml").topology.objects.workloads) == 2


def test_options_given_go_before_those_of_the_file(folder: Path):
    (folder / "ringfence.yaml").write_text("options: {cni: flannel, host_network: nod}\n")
    net = load(folder, options={"cni": "calico"})
    assert net.topology.enforcement.cni == "calico"
    (wrong,) = net.diagnostics
    assert str(wrong).startswith(f"{folder}/ringfence.yaml:1:25: error: option host_network: 'nod' is not one of")


def test_standard_input():
    net = load("-", stdin=io.BytesIO(MANIFESTS.encode()))
    assert len(net.topology.objects.workloads) == 2


def test_progress_is_told(folder: Path):
    seen: list[tuple[int, int | None]] = []
    load(folder, progress=lambda done, total: seen.append((done, total)))
    assert seen


def test_the_ways_in_are_sentences(tmp_path: Path):
    node_port = service("db", "[{port: 80, nodePort: 30000}]", "type: NodePort")
    parts = [deployment(), service(), ingress(), deployment("db"), node_port, policy(select="{matchLabels: {app: db}}")]
    (tmp_path / "a.yaml").write_text("---".join(parts))
    assert [what for what, _ in load(tmp_path).exposed] == [
        "Ingress shop/front -> shop/web[Deployment] tcp/80",
        "NodePort shop/db -> shop/db[Deployment] tcp/80 (not certain)",
    ]


LED = """
intents:
  - name: led
    reason: r
    allow: {from: internet, to: backoffice/admin, via: aws_lb.front, ports: [tcp/443]}
"""


@pytest.mark.parametrize(
    ("clusters", "expected"),
    [
        ("{shop: {node_group: aws_eks_node_group.shop}}", "violated"),
        ("{}", "unknown"),
    ],
)
def test_without_its_place_in_the_cloud_nothing_is_known_of_ways_in(tmp_path: Path, clusters: str, expected: str):
    shop = Path(__file__).parent.parent / "examples" / "storefront"
    sources = f"sources: ['{shop / 'k8s'}', '{shop / 'infra'}']\n"
    (tmp_path / "ringfence.yaml").write_text(f"{sources}clusters: {clusters}\n{LED}")
    (found,), _ = load(tmp_path).proofs
    assert found.status == expected


@pytest.mark.parametrize(
    ("clusters", "complaint"),
    [
        ("{shop: {node_group: aws_eks_node_group.shop}}", ""),
        ("{shop: {node_group: aws_eks_node_group.other}}", "node group aws_eks_node_group.other is not in the files"),
        ("{shop: {}}", "give either nodes, node_group or subnets"),
        ("{a: {subnets: [s]}, b: {subnets: [t]}}", "one cluster has a place"),
    ],
)
def test_a_cluster_runs_where_the_posture_file_says(tmp_path: Path, clusters: str, complaint: str):
    shop = Path(__file__).parent.parent / "examples" / "storefront"
    sources = f"['{shop / 'k8s'}', '{shop / 'infra'}']"
    posture = f"sources: {sources}\noptions: {{pod_cidrs: [10.0.64.0/18]}}\nclusters: {clusters}\n"
    (tmp_path / "ringfence.yaml").write_text(posture)
    net = load(tmp_path)
    found = [one.message for one in net.diagnostics]
    assert len(found) == bool(complaint)
    assert all(complaint in one for one in found)
    outcome = net.reach("orders/payment", "aws_db_instance.ledger", port="tcp/5432").outcome
    assert outcome is (Outcome.UNKNOWN if complaint else Outcome.ALLOWED)


SELF = block("ingress", "-1", 0, self="true")
CLOUD = VPC + group("nodes", SELF).replace(OUT, "") + NODES
APART = """
clusters: {main: {node_group: aws_eks_node_group.nodes}}
options: {cni: calico}
intents:
  - {name: outside, reason: r, deny: {from: internet, to: shop/web}}
  - {name: inside, reason: r, deny: {from: shop/other, to: shop/web}}
"""


NOBODY, PRIVATE = "[]", "[{from: [{ipBlock: {cidr: 10.0.0.0/16}}]}]"


@pytest.mark.parametrize(
    ("kind", "admitted", "outside", "inside"),
    [
        ("type: ClusterIP", NOBODY, "proved", "proved"),
        # Nobody outside gets to a node of a private subnet, and every pod does.
        ("type: NodePort", NOBODY, "proved", "unknown"),
        ("type: NodePort\n  externalTrafficPolicy: Local", NOBODY, "proved", "proved"),
        # The cluster makes a balancer that no file of the cloud holds, and opens the nodes' groups for it.
        ("type: LoadBalancer", NOBODY, "unknown", "unknown"),
        ("type: LoadBalancer\n  externalTrafficPolicy: Local", NOBODY, "proved", "proved"),
        ("type: LoadBalancer\n  externalTrafficPolicy: Local", PRIVATE, "unknown", "unknown"),
    ],
)
def test_ways_through_the_nodes_of_a_cloud(tmp_path: Path, kind: str, admitted: str, outside: str, inside: str):
    reached = service(more=kind).replace("port: 80", "port: 80" if "ClusterIP" in kind else "port: 80, nodePort: 30080")
    closed = policy("in", "{matchLabels: {app: web}}", ingress=admitted)
    (tmp_path / "k8s.yaml").write_text("---".join([deployment(), deployment("other"), reached, closed]))
    (tmp_path / "main.tf").write_text(CLOUD)
    (tmp_path / "ringfence.yaml").write_text(APART)
    found, complaints = load(tmp_path).proofs
    assert not complaints
    assert [one.status for one in found] == [outside, inside]


PUBLIC = (
    VPC.replace('"10.0.1.0/24"', '"10.0.1.0/24"\n  map_public_ip_on_launch = true')
    + group("nodes", SELF, block("ingress", port=30000, to=32767, cidr_blocks='["0.0.0.0/0"]'))
    + NODES
    + """
resource "aws_route" "out" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
"""
)
PLACED = "clusters: {main: {node_group: aws_eks_node_group.nodes}}"


@pytest.mark.parametrize(
    ("cloud", "admitted", "expected"),
    [
        (PUBLIC, "", "unknown"),
        (PUBLIC, "[{from: [{ipBlock: {cidr: 93.184.216.0/24}}]}]", "unknown"),
        (PUBLIC, NOBODY, "proved"),
        (CLOUD, "", "proved"),
    ],
)
def test_a_host_port_is_a_node_s(tmp_path: Path, cloud: str, admitted: str, expected: str):
    closed = [policy("in", "{matchLabels: {app: web}}", ingress=admitted)] if admitted else []
    pods = deployment(ports="[{containerPort: 8080, hostPort: 30080}]")
    (tmp_path / "k8s.yaml").write_text("---".join([pods, deployment("other"), *closed]))
    (tmp_path / "main.tf").write_text(cloud)
    (tmp_path / "ringfence.yaml").write_text(APART)
    assert load(tmp_path).proofs[0][0].status == expected


@pytest.mark.parametrize(
    ("kind", "cloud", "posture", "expected", "severe"),
    [
        ("NodePort", CLOUD, PLACED, " (nobody outside gets to the nodes)", ""),
        ("NodePort\n  externalTrafficPolicy: Local", CLOUD, PLACED, " (nobody outside gets to the nodes)", ""),
        ("NodePort", PUBLIC, PLACED, "", "is open"),
        ("NodePort\n  externalTrafficPolicy: Local", PUBLIC, PLACED, "", "is open"),
        ("NodePort", CLOUD, "", " (not certain)", "may be open"),
        ("NodePort", "", "", "", "is open"),
        # The cluster makes the balancer, inside or outside.
        ("LoadBalancer", CLOUD, PLACED, " (not certain)", "may be open"),
        ("LoadBalancer", "", "", "", "is open"),
    ],
)
def test_a_node_s_port_is_a_way_in_if_somebody_gets_to_the_node(
    tmp_path: Path, kind: str, cloud: str, posture: str, expected: str, severe: str
):
    reached = service(ports="[{port: 5432, nodePort: 30080}]", more=f"type: {kind}")
    (tmp_path / "k8s.yaml").write_text("---".join([deployment(), reached]))
    if cloud:
        (tmp_path / "main.tf").write_text(cloud)
    (tmp_path / "ringfence.yaml").write_text(f"version: 1\n{posture}\n")
    net = load(tmp_path)
    (way,) = (what for what, _ in net.exposed)
    assert way.partition("tcp/5432")[2] == expected
    found = [one.message for one in net.findings if one.check.id == "RF101"]
    assert len(found) == bool(severe)
    assert not found or f"(tcp/5432) {severe} to the outside" in found[0]
