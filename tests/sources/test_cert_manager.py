"""cert-manager's kinds from manifests, typed; wrong fields are diagnostics with their place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.diagnostics import Diagnostic, Severity
from ringfence.model.spans import Span
from ringfence.resources.cert_manager import CertManagerObjects, IssuerRef, Solver
from ringfence.resources.kubernetes import RawObject
from ringfence.resources.kubernetes.metadata import ObjectMeta
from ringfence.resources.kubernetes.objects import ConfigMap
from ringfence.sources import kubernetes
from ringfence.sources.cert_manager import bundles, read
from ringfence.sources.yaml_documents import documents
from tests.certificates.making import authority, leaf

ISSUER = {
    "kind": "ClusterIssuer",
    "metadata": {"name": "le"},
    "spec": {
        "acme": {
            "server": "https://acme.example.com/directory",
            "solvers": [
                {"http01": {"ingress": {}}},
                {"dns01": {"route53": {}}, "selector": {"dnsZones": ["example.com"], "matchLabels": {"a": "b"}}},
            ],
        }
    },
}
CERTIFICATE = {
    "kind": "Certificate",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "secretName": "web-tls",
        "dnsNames": ["www.example.com"],
        "ipAddresses": ["192.0.2.1"],
        "issuerRef": {"name": "le", "kind": "ClusterIssuer"},
        "duration": "2160h",
        "renewBefore": "360h30m",
    },
    "status": {
        "conditions": [
            {
                "type": "Ready",
                "status": "False",
                "reason": "Expired",
                "message": "m",
                "lastTransitionTime": "2026-01-02T03:04:05Z",
            }
        ],
        "notAfter": "2026-03-01T00:00:00Z",
        "failedIssuanceAttempts": 2,
    },
}


def raw(document: dict[str, Any]) -> RawObject:
    group = "acme.cert-manager.io" if document["kind"] in ("Order", "Challenge") else "cert-manager.io"
    metadata = document.get("metadata", {})
    meta = ObjectMeta(name=metadata.get("name", "x"), namespace=metadata.get("namespace", ""))
    version = "v1" if document["kind"] == "Secret" else f"{group}/v1"
    return RawObject(version, document["kind"], meta, {"apiVersion": version, **document}, Span("f"))


def objects(*given: dict[str, Any]) -> tuple[CertManagerObjects, list[Diagnostic]]:
    return read([raw(one) for one in given])


def test_a_certificate_is_read_whole() -> None:
    found, problems = objects(CERTIFICATE, ISSUER)
    assert problems == []
    (one,) = found.certificates
    assert (one.object.namespace, one.object.name, one.secret) == ("shop", "web", "web-tls")
    assert one.issuer == IssuerRef("le", "ClusterIssuer", "cert-manager.io")
    assert one.names == ("www.example.com", "192.0.2.1")
    assert (one.duration, one.renew_before) == (timedelta(hours=2160), timedelta(hours=360, minutes=30))
    assert one.not_after == datetime(2026, 3, 1, tzinfo=UTC)
    assert one.failed_attempts == 2
    ready = one.object.condition("Ready")
    assert ready is not None
    assert (ready.status, ready.reason, ready.message) == ("False", "Expired", "m")
    assert ready.since == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert one.object.condition("Issuing") is None
    (issuer,) = found.issuers
    assert (issuer.type, issuer.server) == ("acme", "https://acme.example.com/directory")
    assert issuer.solvers == (Solver("http01"), Solver("dns01", (), ("example.com",), True))


def test_requests_orders_and_challenges() -> None:
    owner = [{"kind": "Certificate", "name": "web"}]
    found, problems = objects(
        {
            "kind": "CertificateRequest",
            "metadata": {"name": "r", "namespace": "shop", "ownerReferences": owner},
            "spec": {"issuerRef": {"name": "le"}},
        },
        {"kind": "Order", "metadata": {"name": "o"}, "status": {"state": "pending", "reason": "why"}},
        {
            "kind": "Challenge",
            "metadata": {"name": "c"},
            "spec": {"type": "HTTP-01", "dnsName": "a.example"},
            "status": {"state": "pending", "presented": True, "processing": True, "reason": "waiting"},
        },
    )
    assert problems == []
    assert found.requests[0].object.owners == (("Certificate", "web"),)
    assert found.requests[0].issuer == IssuerRef("le")
    assert (found.orders[0].state, found.orders[0].reason) == ("pending", "why")
    challenge = found.challenges[0]
    assert (challenge.type, challenge.dns_name, challenge.state) == ("HTTP-01", "a.example", "pending")
    assert challenge.presented
    assert challenge.processing


def test_secrets_come_through_the_manifest_reader_without_their_key() -> None:
    made = leaf(authority("root"), "a.example")
    import base64

    text = f"""
apiVersion: v1
kind: Secret
metadata: {{name: web-tls, namespace: shop, annotations: {{cert-manager.io/issuer-name: le}}}}
type: kubernetes.io/tls
data:
  tls.crt: {base64.b64encode(made.pem).decode()}
  tls.key: {base64.b64encode(made.key_pem).decode()}
"""
    read_objects, problems = kubernetes.from_documents(documents(text, "s.yaml"))
    assert problems == []
    found, problems = read(read_objects.others)
    assert problems == []
    (secret,) = found.secrets
    assert secret.certificates == (("tls.crt", (made.der,)),)
    assert secret.under("tls.key") == ()
    assert secret.object.annotation("cert-manager.io/issuer-name") == "le"


def test_bundles_in_config_maps_count_once() -> None:
    root = authority("root").pem.decode()

    def config_map(namespace: str, **data: str) -> ConfigMap:
        return ConfigMap(ObjectMeta(name="roots", namespace=namespace), data, Span("f"))

    found, problems = bundles(
        [
            config_map("a", **{"ca.crt": root, "x": "y"}),
            config_map("b", **{"ca.crt": root}),
            config_map("c", k=root * 2),
        ]
    )
    assert problems == []
    assert [(one.name, len(one.certificates)) for one in found] == [
        ("a/roots[ConfigMap]/ca.crt", 1),
        ("c/roots[ConfigMap]/k", 2),
    ]
    assert bundles([config_map("a", k="-----BEGIN CERTIFICATE-----")])[1][0].span.file == "f"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"issuerRef": {"name": "le"}}, "spec.secretName: is required"),
        ({"secretName": "s"}, "spec.issuerRef.name: is required"),
        ({"secretName": "s", "issuerRef": {"name": "le"}, "duration": "90d"}, "no duration"),
        ({"secretName": "s", "issuerRef": {"name": "le"}, "duration": ""}, ""),
        ({"secretName": "s", "issuerRef": {"name": "le"}, "dnsNames": "a"}, "must be a list"),
        ({"secretName": "s", "issuerRef": "le"}, "must be a mapping"),
        ({"secretName": "s", "issuerRef": {"name": "le"}, "duration": "9" * 400 + "h"}, ""),
    ],
)
def test_wrong_fields_are_diagnostics(spec: dict[str, Any], said: str) -> None:
    found, problems = objects({"kind": "Certificate", "metadata": {"name": "x"}, "spec": spec})
    assert bool(problems) is bool(said)
    assert said in " ".join(one.message for one in problems)
    assert all(one.severity is Severity.ERROR for one in problems)
    assert len(found.certificates) == (0 if "required" in said or "mapping" in said else 1)


def test_a_time_that_is_none_is_a_warning() -> None:
    broken = CERTIFICATE | {"status": {"notAfter": "soon"}}
    found, problems = objects(broken)
    assert found.certificates[0].not_after is None
    assert [one.severity for one in problems] == [Severity.WARNING]


def test_other_groups_are_left_alone() -> None:
    other = RawObject("networking.gke.io/v1", "Certificate", ObjectMeta(name="x"), {"spec": 3}, Span("f"))
    assert read([other]) == (CertManagerObjects(), [])


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "kind", "acme", "solvers", "conditions", "type", "selector", "dnsNames"]), inner
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(["Certificate", "Issuer", "CertificateRequest", "Order", "Challenge", "Secret"]),
    PLAIN,
    PLAIN,
    PLAIN,
)
def test_any_shape_is_read_or_refused(kind: str, spec: Any, status: Any, data: Any) -> None:
    objects({"kind": kind, "metadata": {"name": "x"}, "spec": spec, "status": status, "data": data})
