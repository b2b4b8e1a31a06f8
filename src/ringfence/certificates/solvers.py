"""Which of an ACME issuer's solvers proves a name, and whether it can (cert-manager; RFC 8555, 8.3, 8.4).

A solver is chosen for each name: one whose `dnsNames` hold it before one whose `dnsZones` do (the longest zone first),
before one without a selector; among equals the first. An authority offers a wildcard DNS-01 only, so HTTP-01 solvers
are passed over for it. A public authority cannot reach a name that is not public; one with a private name of its own
may.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from ringfence.certificates.inventory import Trouble
from ringfence.certificates.names import is_address, is_public
from ringfence.resources.cert_manager import CertIssuer, ManagedCertificate, Solver


def challenge_troubles(certificate: ManagedCertificate, issuer: CertIssuer) -> Iterator[Trouble]:
    """The names of a Certificate that its ACME issuer cannot prove."""
    host = urlsplit(issuer.server).hostname or ""
    public = not host or is_public(host)
    for name in certificate.names:
        if "://" in name or "@" in name:
            yield Trouble("challenge-impossible", f"an ACME issuer certifies host names, and {name} is none")
            continue
        solver = solver_for(name, issuer)
        if solver is None:
            if name.startswith("*.") and solver_for(name, issuer, any_kind=True) is not None:
                text = f"{name} is a wildcard, which HTTP-01 cannot prove, and no DNS-01 solver takes it"
                yield Trouble("http01-wildcard", text)
            else:
                yield Trouble("no-solver", f"none of the issuer's solvers takes {name}")
        elif solver.kind == "http01" and public and not is_public(name):
            yield Trouble("http01-private-name", f"{name} is not public: the authority cannot reach it for HTTP-01")


def solver_for(name: str, issuer: CertIssuer, *, any_kind: bool = False) -> Solver | None:
    """The solver that cert-manager takes for a name; `any_kind` looks past what the kind can do."""
    wildcard = name.startswith("*.")
    ranked = [
        (rank, -at, solver)
        for at, solver in enumerate(issuer.solvers)
        if (rank := _rank(solver, name)) is not None and (any_kind or not wildcard or solver.kind != "http01")
    ]
    return max(ranked, key=lambda one: one[:2])[2] if ranked else None


def _rank(solver: Solver, name: str) -> tuple[int, int] | None:
    """How well a solver's selector fits a name; None where it does not."""
    if solver.dns_names:
        return (2, 0) if name in solver.dns_names else None
    if solver.dns_zones:
        bare = name.removeprefix("*.")
        fitting = [zone for zone in solver.dns_zones if bare == zone or bare.endswith(f".{zone}")]
        return (1, max(map(len, fitting))) if fitting and not is_address(name) else None
    return (0, 0)
