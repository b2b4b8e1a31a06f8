"""RF105: entries whose traffic a policy refuses, and entries that only look like it."""

from __future__ import annotations

import pytest

from ringfence.checks import entry_cut_off
from ringfence.engine.outcomes import Outcome

from .manifests import app, deployment, found, ingress, messages, pod, policy, service

FROM_CONTROLLER = "[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]}]"
CONTROLLER = deployment("ctl", namespace="ingress-nginx", image="registry.k8s.io/ingress-nginx/controller:v1.11")
NODE_PORT = service("web", "[{port: 80, nodePort: 30000}]", "type: NodePort")
LOCAL = service("web", "[{port: 80, nodePort: 30000}]", "type: NodePort\n  externalTrafficPolicy: Local")
INGRESS = "Ingress shop/front leads to shop/web[Deployment] on tcp/80, and its traffic is refused there"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([service(), ingress()], []),
        ([service(), ingress(), policy()], [INGRESS]),
        ([service(), ingress(), policy(select=app("other"))], []),
        ([service(), ingress(), policy(namespace="other")], []),
        # No file holds the controller: it may be in the namespace that the policy admits.
        ([service(), ingress(), policy(ingress=FROM_CONTROLLER)], []),
        ([service(), ingress(), policy(ingress=FROM_CONTROLLER), CONTROLLER], []),
        ([service(), ingress(), policy(), CONTROLLER], [INGRESS]),
        ([service(), ingress(), policy(ingress=FROM_CONTROLLER.replace("nginx", "other")), CONTROLLER], [INGRESS]),
        ([service(), ingress(), policy(ingress="[{ports: [{port: 8080}]}]")], [INGRESS]),
        ([service(), ingress(), policy(ingress="[{ports: [{port: 80}]}]")], []),
        # The policy sees the target port, never the Service's.
        (
            [service(ports="[{port: 80, targetPort: 8080}]"), ingress(), policy(ingress="[{ports: [{port: 80}]}]")],
            [INGRESS.replace("tcp/80", "tcp/8080")],
        ),
        ([NODE_PORT], []),
        # The node that took the packet may be the pod's own.
        ([NODE_PORT, policy()], []),
        ([LOCAL, policy()], [INGRESS.replace("Ingress shop/front", "NodePort shop/web")]),
        ([LOCAL, policy(ingress="[{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]")], []),
        (
            [LOCAL, policy(ingress="[{from: [{podSelector: {}}]}]")],
            [INGRESS.replace("Ingress shop/front", "NodePort shop/web")],
        ),
    ],
)
def test_what_is_cut_off(manifests, expected):
    assert messages(entry_cut_off, deployment(), *manifests) == expected


def test_the_finding_stands_at_the_backend_and_names_the_policy():
    (one,) = found(entry_cut_off, deployment(), service(), ingress(), policy("lock"))
    assert str(one.span) == "k8s.yaml:21:3"
    assert [(what, str(span)) for what, span in one.because] == [
        ("NetworkPolicy: no rule of shop/lock matches", "k8s.yaml:23:1")
    ]
    assert one.witness is not None
    assert one.witness.trace.outcome is Outcome.DENIED


def test_pods_of_another_family_than_the_source_say_nothing():
    six = pod("web", status='{podIP: "fd00::1", podIPs: [{ip: "fd00::1"}]}')
    assert messages(entry_cut_off, six, NODE_PORT, policy()) == []
