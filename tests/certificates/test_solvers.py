"""Which solver proves a name, and what none can."""

from __future__ import annotations

import pytest

from ringfence.certificates.solvers import challenge_troubles, solver_for
from ringfence.resources.cert_manager import CertIssuer, IssuerRef, ManagedCertificate, Object, Solver

HTTP, DNS = Solver("http01"), Solver("dns01")
PUBLIC, PRIVATE = "https://acme-v02.api.letsencrypt.org/directory", "https://ca.corp:9000/acme/acme/directory"


def issuer(*solvers: Solver, server: str = PUBLIC) -> CertIssuer:
    return CertIssuer(Object("Issuer", "shop", "le"), "acme", server, solvers)


@pytest.mark.parametrize(
    ("name", "solvers", "expected"),
    [
        ("a.example", (HTTP, DNS), HTTP),
        ("a.example", (DNS, HTTP), DNS),
        ("*.a.example", (HTTP, DNS), DNS),
        ("*.a.example", (HTTP,), None),
        ("b.a.example", (HTTP, Solver("dns01", dns_zones=("a.example",))), Solver("dns01", dns_zones=("a.example",))),
        ("a.example", (Solver("dns01", dns_zones=("b.example",)),), None),
        ("xa.example", (Solver("dns01", dns_zones=("a.example",)),), None),
        (
            "b.a.example",
            (Solver("dns01", dns_zones=("example",)), Solver("http01", dns_zones=("a.example",))),
            Solver("http01", dns_zones=("a.example",)),
        ),
        (
            "a.example",
            (Solver("dns01", dns_zones=("a.example",)), Solver("http01", dns_names=("a.example",))),
            Solver("http01", dns_names=("a.example",)),
        ),
        ("a.example", (), None),
    ],
)
def test_selection(name: str, solvers: tuple[Solver, ...], expected: Solver | None) -> None:
    assert solver_for(name, issuer(*solvers)) == expected


@pytest.mark.parametrize(
    ("names", "given", "expected"),
    [
        (("a.example",), issuer(HTTP), []),
        (("*.a.example",), issuer(HTTP), ["http01-wildcard"]),
        (("*.a.example", "a.example"), issuer(HTTP, DNS), []),
        (("db.internal",), issuer(HTTP), ["http01-private-name"]),
        (("10.0.0.1",), issuer(HTTP), ["http01-private-name"]),
        (("db.internal",), issuer(DNS), []),
        (("db.internal",), issuer(HTTP, server=PRIVATE), []),
        (("a.example",), issuer(), ["no-solver"]),
        (("spiffe://td/a",), issuer(HTTP), ["challenge-impossible"]),
    ],
)
def test_troubles(names: tuple[str, ...], given: CertIssuer, expected: list[str]) -> None:
    certificate = ManagedCertificate(Object("Certificate", "shop", "web"), "web-tls", IssuerRef("le"), names)
    assert [one.rule for one in challenge_troubles(certificate, given)] == expected
