"""The posture file's certificates as cert-manager's manifests, read back by the reader of those."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from ringfence.certificates.configuration import (
    AcmeIssuer,
    AnyIssuer,
    AwsIssuer,
    Challenge,
    Configuration,
    PrivateIssuer,
    Secret,
    Wanted,
)
from ringfence.certificates.emitting import Emitted, emit
from ringfence.sources import cert_manager
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import documents

ISSUERS: dict[str, AnyIssuer] = {
    "public": AcmeIssuer("public", "https://acme.example/dir", ("mailto:ops@shop.example",), True, "shortlived"),
    "bound": AcmeIssuer("bound", "https://ca.example/dir", eab_key_id="shop", eab_key=Secret(variable="EAB")),
    "mesh": PrivateIssuer("mesh", Path("/ca")),
    "aws": AwsIssuer("aws", "arn:aws:acm-pca:eu-west-1:1:certificate-authority/x", "eu-west-1"),
}
TSIG = Challenge("dns-01", provider="rfc2136", server=("ns.example", 53), key_name="k", key=Secret(variable="TSIG"))


def emitted(*wanted: Wanted) -> Emitted:
    return emit(Configuration(issuers=ISSUERS, wanted={one.name: one for one in wanted}), namespace="shop")


def test_what_is_emitted_is_read_back():
    found = emitted(
        Wanted("web", ("shop.example", "www.shop.example"), ("public", "bound"), renew_before=timedelta(days=20)),
        Wanted("orders", ("spiffe://shop/orders", "10.0.0.1"), ("mesh",), key="rsa-3072", lifetime=timedelta(hours=36)),
    )
    objects, problems = from_documents(documents(yaml.safe_dump_all(found.manifests), "emitted.yaml"))
    read, wrong = cert_manager.read(objects.others)
    assert not problems
    assert not wrong
    assert [(one.object.name, one.names, one.issuer.name) for one in read.certificates] == [
        ("web", ("shop.example", "www.shop.example"), "public"),
        ("orders", ("10.0.0.1", "spiffe://shop/orders"), "mesh"),
    ]
    web, orders = read.certificates
    assert (web.object.namespace, web.secret, web.renew_before) == ("shop", "web-tls", timedelta(days=20))
    assert orders.duration == timedelta(hours=36)
    assert [(one.object.name, one.type, one.server) for one in read.issuers] == [
        ("public", "acme", "https://acme.example/dir"),
        ("mesh", "ca", ""),
    ]
    assert [solver.dns_names for solver in read.issuers[0].solvers] == [("shop.example", "www.shop.example")]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("ecdsa-p384", {"algorithm": "ECDSA", "size": 384, "rotationPolicy": "Always"}),
        ("rsa-4096", {"algorithm": "RSA", "size": 4096, "rotationPolicy": "Always"}),
        ("ed25519", {"algorithm": "Ed25519", "rotationPolicy": "Always"}),
    ],
)
def test_keys(key, expected):
    assert emitted(Wanted("a", ("a.example",), ("mesh",), key=key)).manifests[-1]["spec"]["privateKey"] == expected


@pytest.mark.parametrize(
    ("challenge", "solver"),
    [
        (None, {"http01": {"ingress": {}}}),
        (Challenge("dns-01", provider="route53", zone="Z1"), {"dns01": {"route53": {"hostedZoneID": "Z1"}}}),
        (
            TSIG,
            {
                "dns01": {
                    "rfc2136": {
                        "nameserver": "ns.example:53",
                        "tsigKeyName": "k",
                        "tsigAlgorithm": "HMACSHA256",
                        "tsigSecretSecretRef": {"name": "public-tsig", "key": "secret"},
                    }
                }
            },
        ),
    ],
)
def test_solvers(challenge, solver):
    issuer = emitted(Wanted("a", ("a.example",), ("public",), challenge=challenge)).manifests[0]
    assert issuer["spec"]["acme"]["solvers"] == [{"selector": {"dnsNames": ["a.example"]}, **solver}]


def test_what_cert_manager_cannot_do_is_said():
    hook = Challenge("dns-01", provider="hook", hook=("x",))
    found = emitted(
        Wanted("a", ("a.example",), ("bound", "public"), challenge=hook), Wanted("b", ("b.example",), ("aws",))
    )
    assert found.remarks == (
        "bound: put the EAB key into Secret bound-eab, key secret",
        "a: cert-manager cannot prove names by hook; add a solver to bound",
        "aws: needs cert-manager's AWS PCA issuer in the cluster",
        "a: cert-manager has no fallback; only bound will sign",
    )
    assert found.manifests[-1]["spec"]["issuerRef"]["group"] == "awspca.cert-manager.io"


def test_no_secret_is_emitted():
    text = yaml.safe_dump_all(emitted(Wanted("a", ("a.example",), ("bound",), challenge=TSIG)).manifests)
    assert "EAB" not in text
    assert "TSIG" not in text.replace("tsigKeyName", "")
