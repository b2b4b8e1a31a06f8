"""A Certificate's whole chain of causes, from objects of a cluster."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ringfence.certificates.cert_manager import backoff, entries
from ringfence.certificates.inventory import Entry, Source
from ringfence.certificates.status import State, judge
from ringfence.resources.cert_manager import (
    CertIssuer,
    CertManagerObjects,
    Challenge,
    Condition,
    IssuerRef,
    ManagedCertificate,
    Object,
    Order,
    Request,
    Solver,
    TlsSecret,
)
from tests.certificates.making import DAY, NOON, START, authority, leaf

ROOT = authority("root")
LEAF = leaf(ROOT, "www.example.com", end=START + 90 * DAY)
HOUR = timedelta(hours=1)


def thing(kind: str, name: str, owner: tuple[str, str] | None = None, **changes: Any) -> Object:
    return Object(kind, "shop", name, owners=(owner,) if owner else (), **changes)


READY, NOT_READY = Condition("Ready", "True", "Ready"), Condition("Ready", "False", "Failed", "it failed", START)
ISSUER = CertIssuer(
    thing("Issuer", "le", conditions=(READY,)), "acme", "https://acme.example.com/", (Solver("http01"),)
)
CERTIFICATE = ManagedCertificate(
    thing("Certificate", "web", conditions=(READY,)), "web-tls", IssuerRef("le"), ("www.example.com",)
)
SECRET = TlsSecret(thing("Secret", "web-tls"), "kubernetes.io/tls", (("tls.crt", (LEAF.der, ROOT.der)),))


def one(certificate: ManagedCertificate = CERTIFICATE, **objects: Any) -> Entry:
    given = {"issuers": (ISSUER,), "secrets": (SECRET,)} | objects
    found, problems = entries(CertManagerObjects(certificates=(certificate,), **given), NOON)
    assert problems == []
    return found[0]


def rules(entry: Entry) -> list[str]:
    return [trouble.rule for trouble in entry.troubles]


def test_a_good_one() -> None:
    entry = one()
    assert (entry.id, entry.source) == ("shop/web[Certificate]", Source.CERT_MANAGER)
    assert entry.chain == (LEAF.record, ROOT.record)
    assert rules(entry) == []
    assert entry.ready is True
    assert entry.renewal is not None
    assert entry.renewal.due == START + 60 * DAY
    status = judge(entry, START + DAY)
    assert (status.state, status.alerts) == (State.OK, ())
    assert "next: cert-manager renews it 2026-03-02 00:00 UTC" in entry.notes[-1]


def test_what_is_late_says_so() -> None:
    status = judge(one(), START + 85 * DAY)
    assert [alert.rule for alert in status.alerts] == ["slack-warn", "slack-page", "slack-critical"]
    assert any("is the controller running?" in line for line in status.because)


def test_a_stored_certificate_for_other_names() -> None:
    status = judge(one(replace(CERTIFICATE, names=("www.example.com", "new.example.com"))), START + DAY)
    assert status.state is State.INVALID
    assert "name-mismatch" in [alert.rule for alert in status.alerts]


@pytest.mark.parametrize(
    ("certificate", "objects", "expected"),
    [
        (CERTIFICATE, {"issuers": ()}, ["issuer-missing"]),
        (replace(CERTIFICATE, issuer=IssuerRef("x", "AWSPCAIssuer", "awspca.cert-manager.io")), {"issuers": ()}, []),
        (replace(CERTIFICATE, issuer=IssuerRef("le", "ClusterIssuer")), {}, ["issuer-missing"]),
        (
            CERTIFICATE,
            {"issuers": (replace(ISSUER, object=thing("Issuer", "le", conditions=(NOT_READY,))),)},
            ["issuer-not-ready"],
        ),
        (replace(CERTIFICATE, duration=24 * HOUR, renew_before=24 * HOUR), {}, ["renew-before"]),
        (replace(CERTIFICATE, renew_before=90 * DAY), {}, ["renew-before"]),
        (replace(CERTIFICATE, renew_before=89 * DAY), {}, []),
        (replace(CERTIFICATE, renew_before_percentage=100), {}, ["renew-before"]),
        (replace(CERTIFICATE, renew_before_percentage=50), {}, []),
        (replace(CERTIFICATE, names=("*.example.com",)), {}, ["http01-wildcard"]),
        (replace(CERTIFICATE, names=("db.internal",)), {}, ["http01-private-name"]),
        (CERTIFICATE, {"secrets": (replace(SECRET, certificates=()),)}, ["secret-empty"]),
        (
            CERTIFICATE,
            {
                "secrets": (
                    replace(
                        SECRET,
                        object=thing("Secret", "web-tls", annotations=(("cert-manager.io/issuer-name", "old"),)),
                    ),
                )
            },
            ["issuer-mismatch"],
        ),
        (replace(CERTIFICATE, object=thing("Certificate", "web", conditions=(NOT_READY,))), {}, ["not-ready"]),
    ],
)
def test_troubles(certificate: ManagedCertificate, objects: dict[str, Any], expected: list[str]) -> None:
    assert rules(one(certificate, **objects)) == expected


def test_without_its_secret_the_status_stands_in() -> None:
    timed = replace(CERTIFICATE, not_before=START, not_after=START + 90 * DAY, renewal_time=START + 50 * DAY)
    entry = one(timed, secrets=())
    assert entry.end == START + 90 * DAY
    assert entry.renewal is not None
    assert entry.renewal.because == "status.renewalTime"
    assert judge(entry, START + 51 * DAY).state is State.DUE
    assert judge(entry, START + 91 * DAY).state is State.EXPIRED


def test_a_manifest_alone_says_that_nothing_is_known() -> None:
    entry = one(replace(CERTIFICATE, object=thing("Certificate", "web")), secrets=())
    status = judge(entry, NOON)
    assert (status.state, status.alerts) == (State.NOT_READY, ())
    assert "nothing is known" in status.because[0]


def test_the_chain_of_causes_goes_down_to_the_challenge() -> None:
    waiting = (NOT_READY, Condition("Issuing", "True", "DoesNotExist", "the secret does not exist"))
    certificate = replace(
        CERTIFICATE,
        object=thing("Certificate", "web", conditions=waiting),
        failed_attempts=3,
        last_failure=NOON,
    )
    approved = Condition("Approved", "True", "cert-manager.io")
    pending = Condition("Ready", "False", "Pending", "waiting for the order")

    def request(name: str, revision: str) -> Request:
        annotations = (("cert-manager.io/certificate-revision", revision),)
        owner = ("Certificate", "web")
        conditions = (approved, pending)
        made = thing("CertificateRequest", name, owner, annotations=annotations, conditions=conditions)
        return Request(made, IssuerRef("le"))

    order = Order(thing("Order", "web-2-o", ("CertificateRequest", "web-2")), "pending", "")
    stray = Order(thing("Order", "other", ("CertificateRequest", "web-1")), "errored", "x")
    challenge = Challenge(
        thing("Challenge", "c", ("Order", "web-2-o")), "HTTP-01", "www.example.com", "pending", "wrong status 404", True
    )
    entry = one(
        certificate,
        secrets=(),
        requests=(request("web-1", "1"), request("web-2", "2")),
        orders=(stray, order),
        challenges=(challenge,),
    )
    assert entry.notes == (
        "Issuing is True: DoesNotExist: the secret does not exist",
        "shop/web-2[CertificateRequest]: Approved is True: cert-manager.io",
        "shop/web-2[CertificateRequest]: Ready is False: Pending: waiting for the order",
        "shop/web-2-o[Order] is pending",
        "shop/c[Challenge]: HTTP-01 for www.example.com is pending, presented: wrong status 404",
        "issuance failed 3 times in a row; cert-manager tries again 2026-06-01 16:00 UTC",
    )
    status = judge(entry, NOON)
    assert status.state is State.NOT_READY
    assert status.because[0] == "not Ready: Failed: it failed"
    assert status.alerts[0].since == START


def test_a_request_that_waits_for_approval() -> None:
    certificate = replace(CERTIFICATE, object=thing("Certificate", "web", conditions=(NOT_READY,)))
    request = Request(thing("CertificateRequest", "r", ("Certificate", "web")), IssuerRef("le"))
    assert "shop/r[CertificateRequest] waits for approval" in one(certificate, requests=(request,)).notes
    assert "there is no CertificateRequest for it" in one(certificate).notes


def test_other_tls_secrets_are_entries_of_their_own() -> None:
    found, _ = entries(CertManagerObjects(secrets=(SECRET,)), NOON)
    assert [(entry.id, entry.source) for entry in found] == [("shop/web-tls[Secret]", Source.SECRET)]


def test_a_secret_that_names_its_certificate_is_renewed() -> None:
    annotated = thing("Secret", "web-tls", annotations=(("cert-manager.io/certificate-name", "web"),))
    found, _ = entries(CertManagerObjects(secrets=(replace(SECRET, object=annotated),)), NOON)
    assert found[0].renewal is not None
    assert found[0].renewal.due == START + 60 * DAY


@pytest.mark.parametrize(("failures", "hours"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 32), (10**9, 32)])
def test_backoff(failures: int, hours: int) -> None:
    assert backoff(failures) == hours * HOUR
