"""A cluster in a VPC whose load balancer sends on to what the cluster registers, as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ringfence import Network, load
from tests.checks.terraform import ROUTES, VPC, block, group

NOTHING: Mapping[str, str] = MappingProxyType({})

NODES = """
resource "aws_launch_template" "nodes" { vpc_security_group_ids = [aws_security_group.nodes.id] }
resource "aws_eks_node_group" "nodes" {
  cluster_name = "main"
  subnet_ids   = [aws_subnet.private.id]
  launch_template { id = aws_launch_template.nodes.id }
}
"""
"""Nodes in the private subnet, with the group `nodes`."""

BALANCER = """
resource "aws_lb" "front" {
  name               = "front"
  load_balancer_type = "KIND"
  subnets            = [aws_subnet.public.id]
  security_groups    = [aws_security_group.front.id]
}
"""

LISTENER = """
resource "aws_lb_target_group" "web" {
  name        = "web"
  target_type = "TYPE"
  port        = 80
  protocol    = "HTTP"
  vpc_id      = aws_vpc.main.id
}
resource "aws_lb_listener" "front" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}
"""

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}
"""

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, annotations: {ANNOTATIONS}}
spec: {type: TYPE, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
"""

INTENTS = """
options: {cni: calico}
intents:
  - {name: in, reason: r, allow: {from: internet, to: shop/web, via: aws_lb.front, ports: [tcp/DIALLED]}}
  - {name: closed, reason: r, deny: {from: internet, to: shop/web}}
"""


def service(kind: str = "ClusterIP", annotations: Mapping[str, str] = NOTHING, node_port: int = 0) -> str:
    """The Service of the web pods. Its annotations are named by what follows `service.beta.kubernetes.io/aws-`."""
    written = ", ".join(f'service.beta.kubernetes.io/aws-{key}: "{text}"' for key, text in annotations.items())
    made = SERVICE.replace("ANNOTATIONS", written).replace("TYPE", kind)
    return made.replace("targetPort: http", f"targetPort: http, nodePort: {node_port}") if node_port else made


def network(
    folder: Path,
    *manifests: str,
    listener: str = LISTENER,
    target_type: str = "ip",
    kind: str = "application",
    port: int = 8080,
    targets: str = "{}",
    dialled: int = 443,
) -> Network:
    """The network. `port`: the one that the nodes' group lets the balancer dial."""
    customers = block("ingress", port=80, to=443, cidr_blocks='["0.0.0.0/0"]')
    balancer = block("ingress", port=port, security_groups="[aws_security_group.front.id]")
    groups = group("front", customers) + group("nodes", balancer)
    leading = BALANCER.replace("KIND", kind) + listener.replace("TYPE", target_type)
    (folder / "main.tf").write_text(VPC + ROUTES + groups + NODES + leading)
    (folder / "k8s.yaml").write_text("---".join([WEB, *manifests]))
    bound = f"clusters: {{main: {{node_group: aws_eks_node_group.nodes, targets: {targets}}}}}\n"
    (folder / "ringfence.yaml").write_text(bound + INTENTS.replace("DIALLED", str(dialled)))
    return load(folder)


def statuses(made: Network) -> tuple[str, ...]:
    """What became of the two intents: that the internet is led to the pods, and that it is kept away from them."""
    found, complaints = made.proofs
    assert not complaints
    return tuple(one.status for one in found)
