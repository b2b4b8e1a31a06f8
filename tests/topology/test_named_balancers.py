"""Services and Ingress objects that name a load balancer of the cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from .registering import network, service, statuses

LED, NOT_KNOWN = ("proved", "violated"), ("unknown", "unknown")
NAMED = {"load-balancer-name": "front", "load-balancer-nlb-target-type": "ip"}
ALB = "alb.ingress.kubernetes.io"


def ingress(**annotations: str) -> str:
    written = ", ".join(f"{ALB}/{key.replace('_', '-')}: '{text}'" for key, text in annotations.items())
    return f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: web, namespace: shop, annotations: {{{written}}}}}
spec:
  ingressClassName: alb
  defaultBackend: {{service: {{name: web, port: {{name: http}}}}}}
"""


@pytest.mark.parametrize(
    ("kind", "annotations", "port", "expected"),
    [
        ("LoadBalancer", NAMED, 8080, LED),
        ("LoadBalancer", NAMED | {"load-balancer-ssl-cert": "arn:a"}, 8080, LED),
        ("LoadBalancer", {"load-balancer-name": "front", "load-balancer-type": "nlb-ip"}, 8080, LED),
        # The controller may open the nodes' group.
        ("LoadBalancer", NAMED, 9090, NOT_KNOWN),
        # Instances are the default, and of the node port nobody knows the number.
        ("LoadBalancer", {"load-balancer-name": "front"}, 8080, NOT_KNOWN),
        # Another balancer than the one in the files: it leads nowhere, and the other may lead to the pods.
        ("LoadBalancer", NAMED | {"load-balancer-name": "other"}, 8080, ("violated", "unknown")),
        ("ClusterIP", NAMED, 8080, ("violated", "proved")),
    ],
)
def test_services(tmp_path: Path, kind: str, annotations: dict[str, str], port: int, expected: tuple[str, str]):
    reached = service(kind, annotations)
    assert statuses(network(tmp_path, reached, listener="", kind="network", port=port, dialled=80)) == expected


@pytest.mark.parametrize(
    ("annotations", "dialled", "expected"),
    [
        ({"load_balancer_name": "front", "target_type": "ip"}, 80, LED),
        ({"load_balancer_name": "front", "target_type": "ip", "certificate_arn": "arn:a"}, 443, LED),
        ({"load_balancer_name": "front", "target_type": "ip", "listen_ports": '[{"HTTPS": 443}]'}, 443, LED),
        (
            {"load_balancer_name": "front", "target_type": "ip", "listen_ports": '[{"HTTPS": 443}]'},
            80,
            ("violated", "violated"),
        ),
        ({"load_balancer_name": "front", "target_type": "ip", "listen_ports": "rubbish"}, 80, LED),
        ({"load_balancer_name": "front", "target_type": "ip", "listen_ports": '[{"HTTP": 70000}, 5]'}, 80, LED),
        ({"load_balancer_name": "front", "target_type": "ip", "listen_ports": '[{"HTTP": true}]'}, 80, LED),
    ],
)
def test_ingresses(tmp_path: Path, annotations: dict[str, str], dialled: int, expected: tuple[str, str]):
    made = network(tmp_path, service(), ingress(**annotations), listener="", dialled=dialled)
    assert statuses(made) == expected


def test_a_listener_of_the_files_stays(tmp_path: Path):
    made = network(tmp_path, service(), ingress(load_balancer_name="front", target_type="ip", certificate_arn="arn:a"))
    (told,) = (one for one in made.diagnostics if "stays what it is" in one.message)
    assert told.message.startswith("Ingress shop/web: aws_lb.front has a listener on port 443")
    assert statuses(made) == NOT_KNOWN


def test_the_way_in_is_the_cloud_s_own(tmp_path: Path):
    made = network(tmp_path, service("LoadBalancer", NAMED), listener="", kind="network", dialled=80)
    assert {what for what, _ in made.exposed} == {
        "load balancer aws_lb.front -> aws_lb.front tcp/80",
        "LoadBalancer shop/web -> shop/web[Deployment] tcp/8080",
    }
