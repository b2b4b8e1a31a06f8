"""Load balancers of the cloud and the Services that are registered with their target groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ringfence import load
from tests.checks.manifests import policy

from .registering import network, service, statuses

LED, LOCKED, NOT_KNOWN = ("proved", "violated"), ("violated", "proved"), ("unknown", "unknown")
ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
FROM_BALANCER = policy("in", ingress="[{from: [{ipBlock: {cidr: 10.0.0.0/24}}], ports: [{port: http}]}]")
NOBODY = policy("in")
HERE = "{aws_lb_target_group.web: shop/web}"


def binding(group: str = f"targetGroupARN: {ARN}", service: str = "{name: web, port: http}", more: str = "") -> str:
    return f"""
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {{name: web, namespace: shop}}
spec:
  serviceRef: {service}
  {group}
{more}"""


@pytest.mark.parametrize(
    ("manifests", "changes", "expected"),
    [
        pytest.param([], {"targets": HERE}, LED, id="the posture file says so"),
        pytest.param([], {"targets": "{aws_lb_target_group.web: shop/web:http}"}, LED, id="by the port's name"),
        pytest.param([], {"targets": "{aws_lb_target_group.web: 'shop/web:80'}"}, LED, id="by its number"),
        pytest.param([binding()], {}, LED, id="a binding by ARN"),
        pytest.param([binding("targetGroupName: web")], {}, LED, id="a binding by name"),
        pytest.param([binding(service="{name: web, port: 80}")], {}, LED, id="a binding by number"),
        pytest.param([binding(), FROM_BALANCER], {}, LED, id="pods see the balancer's address"),
        pytest.param([binding(), NOBODY], {}, LOCKED, id="a policy keeps it out"),
        pytest.param([binding()], {"port": 80}, LOCKED, id="the nodes' group keeps it out"),
        pytest.param([], {}, NOT_KNOWN, id="nothing says what is registered"),
        pytest.param([NOBODY], {}, ("unknown", "proved"), id="whoever is registered, these are closed"),
        pytest.param(
            [binding(more="  networking: {ingress: [{from: [], ports: []}]}\n")],
            {"port": 80},
            NOT_KNOWN,
            id="the controller may open the nodes' group",
        ),
        pytest.param([], {"targets": HERE, "target_type": "instance"}, NOT_KNOWN, id="a node port that nobody knows"),
    ],
)
def test_pods_behind_a_balancer(
    tmp_path: Path, manifests: list[str], changes: dict[str, Any], expected: tuple[str, str]
):
    assert statuses(network(tmp_path, service(), *manifests, **changes)) == expected


@pytest.mark.parametrize(("port", "expected"), [(30080, LED), (8080, LOCKED)])
def test_nodes_behind_a_balancer(tmp_path: Path, port: int, expected: tuple[str, str]):
    reached = service("NodePort", node_port=30080)
    assert statuses(network(tmp_path, reached, targets=HERE, target_type="instance", port=port)) == expected


@pytest.mark.parametrize(
    ("manifest", "targets", "complaint"),
    [
        ("", "{aws_lb_target_group.web: shop/gone}", "cluster main: Service shop/gone is not in the files"),
        ("", "{aws_lb_target_group.gone: shop/web}", "target group aws_lb_target_group.gone is not in the files"),
        (binding(service="{name: gone}"), "{}", "TargetGroupBinding shop/web: Service shop/gone is not in the files"),
        (binding("targetGroupName: gone"), "{}", "shop/web: its target group (gone) is not in the files"),
        (binding(""), "{}", "shop/web: its target group (no name) is not in the files"),
    ],
)
def test_what_means_nothing_is_complained_about(tmp_path: Path, manifest: str, targets: str, complaint: str):
    made = network(tmp_path, service(), *([manifest] if manifest else []), targets=targets)
    assert any(complaint in one.message for one in made.diagnostics)
    assert statuses(made) == NOT_KNOWN


def test_what_is_registered_may_be_a_pod_whose_place_nobody_knows(tmp_path: Path):
    network(tmp_path, service(), FROM_BALANCER)
    unbound = (tmp_path / "ringfence.yaml").read_text().partition("\n")[2]
    (tmp_path / "ringfence.yaml").write_text(unbound)
    assert statuses(load(tmp_path)) == NOT_KNOWN
