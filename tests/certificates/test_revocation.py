"""Revocation lists: what is read of them, and why one does not count."""

from __future__ import annotations

import pytest
from cryptography import x509 as library
from hypothesis import given
from hypothesis import strategies as st

from ringfence.certificates import revocation
from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.certificates import Encoded
from ringfence.sources.pem import blocks
from tests.certificates.making import DAY, NOON, authority, key, leaf, revocation_list

ROOT = authority("root")
URI = "http://crl.example/1"
POINT = library.CRLDistributionPoints(
    [library.DistributionPoint([library.UniformResourceIdentifier(URI)], None, None, None)]
)
LEAF = leaf(ROOT, "a.example", extra=[(POINT, False)])


def der(pem: bytes) -> bytes:
    return blocks(pem)[0][0].der


def load(pem: bytes) -> revocation.RevocationList:
    found = revocation.load(Encoded(der(pem)))
    assert isinstance(found, revocation.RevocationList)
    return found


def scope(
    *names: library.GeneralName,
    users: bool = False,
    authorities: bool = False,
    attributes: bool = False,
    indirect: bool = False,
    reasons: frozenset[library.ReasonFlags] | None = None,
    relative: library.RelativeDistinguishedName | None = None,
) -> library.IssuingDistributionPoint:
    return library.IssuingDistributionPoint(
        list(names) or None, relative, users, authorities, reasons, indirect, attributes
    )


def test_what_a_list_says() -> None:
    found = load(revocation_list(ROOT, 5, 6))
    assert found.issuer == "CN=root"
    assert (found.this_update, found.next_update) == (NOON - DAY, NOON + 7 * DAY)
    assert set(found.serials) == {5, 6}
    assert found.faults == ()
    assert revocation.signed_by(found, ROOT.record)
    assert not revocation.signed_by(found, authority("other").record)
    assert not revocation.signed_by(found, authority("root", own_key=key("x")).record)


U = library.UniformResourceIdentifier


@pytest.mark.parametrize(
    ("extension", "reason"),
    [
        (scope(U(URI)), ""),
        (scope(users=True), ""),
        (scope(U("http://crl.example/2")), "does not name its distribution point"),
        (scope(U(URI), library.DNSName("a.example")), "no URI"),
        (scope(authorities=True), "authorities only"),
        (scope(attributes=True), "attribute certificates"),
        (scope(U(URI), indirect=True), "indirect"),
        (scope(U(URI), reasons=frozenset([library.ReasonFlags.key_compromise])), "some reasons"),
        (
            scope(
                relative=library.RelativeDistinguishedName([library.NameAttribute(library.NameOID.COMMON_NAME, "part")])
            ),
            "relative name",
        ),
        (library.DeltaCRLIndicator(1), "delta"),
    ],
)
def test_scopes(extension: library.ExtensionType, reason: str) -> None:
    found = load(revocation_list(ROOT, extra=[(extension, True)]))
    objections = revocation.objections(found, LEAF.record, ROOT.record, NOON)
    assert bool(objections) is bool(reason), objections
    assert reason in " ".join(objections)


def test_a_serial_named_twice_is_a_fault() -> None:
    assert "twice" in load(revocation_list(ROOT, 5, 5)).faults[0]


def test_summaries_name_the_keys_that_signed() -> None:
    found = load(revocation_list(ROOT, 5))
    other = authority("root", own_key=key("x")).record
    (summary,) = revocation.summaries([found], {"CN=root": (ROOT.record, other)})
    assert summary.signers == {ROOT.record.fingerprint}


@given(st.data())
def test_mutated_lists_never_raise(data: st.DataObject) -> None:
    content = bytearray(der(revocation_list(ROOT, 5, extra=[(scope(U(URI)), True)])))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found = revocation.load(Encoded(bytes(content)))
    if not isinstance(found, Diagnostic):
        revocation.objections(found, LEAF.record, ROOT.record, NOON)
