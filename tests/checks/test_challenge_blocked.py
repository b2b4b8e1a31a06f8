"""RF301: challenges that a policy cuts off, and those that come through."""

from __future__ import annotations

import pytest

from ringfence.checks import challenge_blocked
from ringfence.engine.outcomes import Outcome

from .manifests import app, deployment, found, messages, policy

CONTROLLER = deployment("ctl", namespace="ingress-nginx", image="registry.k8s.io/ingress-nginx/controller:v1.11")
CERT_MANAGER = deployment("cm", namespace="cert-manager", image="quay.io/jetstack/cert-manager-controller:v1.16.0")

CERTIFICATE = """
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: site, namespace: shop}
spec: {secretName: site-tls, dnsNames: [shop.example.com], issuerRef: {name: letsencrypt, kind: ClusterIssuer}}
"""


def issuer(solver: str = "http01: {ingress: {class: nginx}}", type: str = "acme") -> str:
    return f"""
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {{name: letsencrypt}}
spec: {{{type}: {{server: "https://acme.example", solvers: [{{{solver}}}]}}}}
"""


SOLVER = '{matchLabels: {acme.cert-manager.io/http01-solver: "true"}}'
FROM_CONTROLLER = "[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]%s}]"
ADMITTED = policy("solver", select=SOLVER, ingress=FROM_CONTROLLER % ", ports: [{port: 8089}]")
CUT_OFF = "the HTTP-01 challenge of Certificate shop/site is cut off"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([CERTIFICATE, issuer(), CONTROLLER], []),
        ([CERTIFICATE, issuer(), CONTROLLER, policy()], [CUT_OFF]),
        ([CERTIFICATE, issuer(), CONTROLLER, policy(), ADMITTED], []),
        # Another port, another label, another namespace.
        ([CERTIFICATE, issuer(), CONTROLLER, policy(), ADMITTED.replace("8089", "8080")], [CUT_OFF]),
        ([CERTIFICATE, issuer(), CONTROLLER, policy(), ADMITTED.replace('"true"', '"false"')], [CUT_OFF]),
        ([CERTIFICATE, issuer(), CONTROLLER, policy(), ADMITTED.replace("ingress-nginx", "other")], [CUT_OFF]),
        # A policy that selects other pods, or stands elsewhere, is none of it.
        ([CERTIFICATE, issuer(), CONTROLLER, policy(select=app("web"))], []),
        ([CERTIFICATE, issuer(), CONTROLLER, policy(namespace="other")], []),
        # DNS-01 and private authorities need no way in.
        ([CERTIFICATE, issuer("dns01: {route53: {}}"), CONTROLLER, policy()], []),
        ([CERTIFICATE, issuer(type="ca"), CONTROLLER, policy()], []),
        ([CERTIFICATE, CONTROLLER, policy()], []),
        # No file holds the controller: it may be whom the policy admits, but nobody is admitted by a bare deny.
        ([CERTIFICATE, issuer(), policy(), ADMITTED], []),
        ([CERTIFICATE, issuer(), policy()], [CUT_OFF]),
    ],
)
def test_challenges(manifests, expected):
    assert messages(challenge_blocked, *manifests) == expected


def test_the_reason_names_the_policy_and_its_place():
    (finding,) = found(challenge_blocked, CERTIFICATE, issuer(), CONTROLLER, policy())
    ((text, span),) = finding.because
    assert text.startswith("NetworkPolicy ingress: no rule of shop/")
    assert span.position() is not None
    assert str(finding.span).startswith("k8s.yaml:")


def test_cert_manager_must_get_out():
    locked = policy(namespace="cert-manager", types="[Egress]")
    (finding,) = found(challenge_blocked, issuer(), CERT_MANAGER, locked)
    assert "cannot reach any ACME authority" in finding.message
    assert finding.witness is not None
    assert finding.witness.trace.outcome is Outcome.DENIED
    assert messages(challenge_blocked, issuer(), CERT_MANAGER) == []
    assert messages(challenge_blocked, issuer(type="ca"), CERT_MANAGER, locked) == []
