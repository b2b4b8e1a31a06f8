"""The rules about what a certificate says: one grid per rule, each with what must not fire it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509 as library

from ringfence.certificates.alerts import Policy, Revocations, Surroundings, View, stand
from ringfence.certificates.inventory import Certificate, Effect, Entry, Source, Trouble
from ringfence.certificates.soundness import RULES, remarks
from tests.certificates import making
from tests.certificates.records import DAY, START, authority, certificate, entry

NOW = START + 10 * DAY
ROOT = making.authority("root")
MIDDLE = making.authority("middle", ROOT)
LEAF = making.leaf(MIDDLE, "a.example")
ALTERNATIVE = (library.SubjectAlternativeName([making.general("a.example")]), False)


def rules(one: Entry, policy: Policy = Policy(), now: datetime = NOW, **around: Any) -> list[str]:  # noqa: B008
    return [alert.rule for alert in stand(View(one, now, policy, Surroundings(**around)), RULES)]


def known(*certificates: Certificate) -> dict[str, tuple[Certificate, ...]]:
    found: dict[str, tuple[Certificate, ...]] = {}
    for one in certificates:
        found[one.subject] = (*found.get(one.subject, ()), one)
    return found


def test_a_sound_chain_is_silent() -> None:
    assert rules(entry(LEAF.record, MIDDLE.record)) == []
    assert rules(entry(LEAF.record, MIDDLE.record, ROOT.record, source=Source.ENDPOINT, wanted=("a.example",))) == []


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ((LEAF, MIDDLE), []),
        ((LEAF,), []),
        ((LEAF, ROOT), ["chain-broken"]),
        ((LEAF, making.authority("middle", ROOT, own_key=making.key("else"))), ["chain-broken"]),
        ((LEAF, MIDDLE, LEAF), ["chain-broken", "usage"]),
    ],
)
def test_chain_order(chain: tuple[making.Made, ...], expected: list[str]) -> None:
    assert rules(entry(*(one.record for one in chain))) == expected


@pytest.mark.parametrize(
    ("source", "chain", "expected"),
    [
        (Source.ENDPOINT, (LEAF,), ["chain-incomplete"]),
        (Source.SECRET, (LEAF,), ["chain-incomplete"]),
        (Source.FILE, (LEAF,), []),
        (Source.ENDPOINT, (LEAF, MIDDLE), []),
        (Source.ENDPOINT, (making.leaf(ROOT, "a.example"),), []),
    ],
)
def test_chain_incomplete(source: Source, chain: tuple[making.Made, ...], expected: list[str]) -> None:
    authorities = known(ROOT.record, MIDDLE.record)
    assert rules(entry(*(one.record for one in chain), source=source), authorities=authorities) == expected
    assert rules(entry(LEAF.record, source=source)) == []


AIA = making.issuer_at("http://ca.example/middle")
PUBLIC = library.CertificatePolicies([library.PolicyInformation(library.ObjectIdentifier("2.23.140.1.2.1"), None)])
PRIVATE_LEAF = making.leaf(MIDDLE, "a.example", extra=[(AIA, False)])
PUBLIC_LEAF = making.leaf(MIDDLE, "a.example", extra=[(AIA, False), (PUBLIC, False)])


@pytest.mark.parametrize(
    ("chain", "read", "alert", "remark"),
    [
        # Nobody knows the issuer: a public authority's root signs no leaf, a private one's may.
        ((PUBLIC_LEAF,), (), "is an intermediate and has to be sent too (it names http://ca.example/middle)", ""),
        ((PRIVATE_LEAF,), (), "", "unless clients trust CN=middle itself, it has to be sent too (it names http"),
        ((LEAF,), (), "", "unless clients trust CN=middle itself, it has to be sent too"),
        # It was read, so it is known which it is.
        (
            (PRIVATE_LEAF,),
            (MIDDLE,),
            "its issuer CN=middle is an intermediate and has to be sent too (it names http",
            "",
        ),
        ((making.leaf(ROOT, "a.example", extra=[(AIA, False)]),), (ROOT,), "", ""),
        # It is sent.
        ((PUBLIC_LEAF, MIDDLE), (), "", ""),
        ((PUBLIC_LEAF, making.authority("middle", ROOT, extra=[(PUBLIC, False)])), (), "", ""),
        ((PRIVATE_LEAF, MIDDLE), (ROOT,), "", ""),
        ((making.leaf(None, "a.example", subject="self"),), (), "", ""),
    ],
)
def test_a_leaf_that_is_served_alone(
    chain: tuple[making.Made, ...], read: tuple[making.Made, ...], alert: str, remark: str
) -> None:
    one = entry(*(made.record for made in chain), source=Source.ENDPOINT)
    view = View(one, NOW, Policy(), Surroundings(authorities=known(*(made.record for made in read))))
    found = [one.because for one in stand(view, RULES) if one.rule == "chain-incomplete"]
    assert len(found) == bool(alert)
    assert all(alert in text for text in found)
    said = list(remarks(view))
    assert len(said) == bool(remark)
    assert all(remark in text for text in said)
    for unseen in (replace(one, cut_off=True), replace(one, source=Source.FILE)):
        blind = replace(view, entry=unseen)
        assert "chain-incomplete" not in [one.rule for one in stand(blind, RULES)]
        assert list(remarks(blind)) == []


@pytest.mark.parametrize(
    ("issuer_lives", "expected"), [(900 * DAY, []), (90 * DAY, []), (89 * DAY, ["outlives-issuer"])]
)
def test_a_leaf_that_outlives_its_issuer(issuer_lives: timedelta, expected: list[str]) -> None:
    issuer = authority(issuer_lives)
    one = entry(certificate(90 * DAY))
    assert rules(one, authorities=known(issuer)) == expected
    assert rules(one, authorities=known(issuer, authority(900 * DAY, fingerprint="b"))) == []
    assert rules(one) == []
    other = authority(issuer_lives, subject_key_id="aa")
    assert rules(entry(certificate(90 * DAY, authority_key_id="bb")), authorities=known(other)) == []


@pytest.mark.parametrize(
    ("changes", "wanted", "expected"),
    [
        ({}, (), []),
        ({}, ("a.example",), []),
        ({"dns_names": ("*.example.com",)}, ("a.example.com",), []),
        ({}, ("b.example",), ["name-mismatch"]),
        ({}, ("a.example", "b.example"), ["name-mismatch"]),
        ({"dns_names": ()}, (), ["name-missing"]),
        ({"dns_names": (), "extended_key_usage": ("clientAuth",)}, (), []),
        ({"dns_names": (), "uris": ("spiffe://td/a",)}, (), []),
    ],
)
def test_names(changes: dict[str, Any], wanted: tuple[str, ...], expected: list[str]) -> None:
    assert rules(entry(certificate(**changes), wanted=wanted)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"key_type": "RSA", "key_bits": 2048}, []),
        ({"key_type": "RSA", "key_bits": 1024}, ["key-weak"]),
        ({"key_type": "DSA", "key_bits": 1024}, ["key-weak"]),
        ({"key_type": "EC secp192r1", "key_bits": 192}, ["key-weak"]),
        ({"key_type": "Ed25519", "key_bits": 256}, []),
        ({"signature_hash": "sha1"}, ["signature-weak"]),
        ({"signature_hash": "md5"}, ["signature-weak"]),
        ({"signature_hash": ""}, []),
        ({"signature_hash": "sha1", "subject": "CN=x", "issuer": "CN=x"}, []),
    ],
)
def test_keys(changes: dict[str, Any], expected: list[str]) -> None:
    assert rules(entry(certificate(**changes))) == expected


@pytest.mark.parametrize(("beside", "expected"), [("", []), ("k", []), ("other", ["key-mismatch"])])
def test_the_key_beside_it(beside: str, expected: list[str]) -> None:
    assert rules(entry(certificate(key_id="k"), key_id=beside)) == expected


@pytest.mark.parametrize(
    ("source", "changes", "expected"),
    [
        (Source.ENDPOINT, {"extended_key_usage": ("clientAuth",)}, ["usage"]),
        (Source.FILE, {"extended_key_usage": ("clientAuth",)}, []),
        (Source.ENDPOINT, {"extended_key_usage": None}, []),
        (Source.ENDPOINT, {"extended_key_usage": ("anyExtendedKeyUsage",)}, []),
        (Source.ENDPOINT, {"ca": True}, ["usage"]),
        (Source.ENDPOINT, {"ca": True, "issuer": "CN=a"}, []),
        (
            Source.FILE,
            {"extended_key_usage": ("clientAuth",), "policies": ("2.23.140.1.2.1",), "scts": 2},
            ["usage-ends"],
        ),
    ],
)
def test_usages(source: Source, changes: dict[str, Any], expected: list[str]) -> None:
    assert rules(entry(certificate(**changes), source=source)) == expected


def test_what_stands_in_a_chain_has_to_be_an_authority() -> None:
    plain = making.authority("middle", ROOT, ca=False)
    assert "usage" in rules(entry(making.leaf(plain, "a.example").record, plain.record))
    mute = making.authority("middle", ROOT, bits=("crl_sign",))
    assert "usage" in rules(entry(making.leaf(mute, "a.example").record, mute.record))


def test_self_signed_in_production() -> None:
    own = making.leaf(None, "a.example", subject="me").record
    assert rules(entry(own)) == []
    assert rules(entry(own), Policy(production=True)) == ["self-signed"]
    assert rules(entry(LEAF.record), Policy(production=True)) == []
    assert rules(entry(ROOT.record), Policy(production=True)) == []


@pytest.mark.parametrize(
    ("policies", "scts", "expected"),
    [
        (("2.23.140.1.2.1",), 0, ["no-sct"]),
        (("2.23.140.1.1",), 0, ["no-sct"]),
        (("2.23.140.1.2.1",), 2, []),
        (("1.2.3",), 0, []),
        ((), 0, []),
    ],
)
def test_transparency(policies: tuple[str, ...], scts: int, expected: list[str]) -> None:
    assert rules(entry(certificate(policies=policies, scts=scts))) == expected


@pytest.mark.parametrize("ca", [True, False])
def test_what_is_served_is_a_servers_certificate_whatever_it_calls_itself(ca: bool) -> None:
    """`openssl req -x509` makes authorities by default."""
    own = making.issue("me", None, extensions=[(library.BasicConstraints(ca, None), True), ALTERNATIVE]).record
    served = entry(own, source=Source.ENDPOINT, wanted=("b.example",))
    newer = certificate(fingerprint="2", not_before=START + DAY, dns_names=("b.example",))
    assert rules(served) == ["name-mismatch"]
    assert rules(served, Policy(production=True)) == ["name-mismatch", "self-signed"]
    assert rules(served, stored={"b.example": (newer,)}) == ["name-mismatch", "served-differs"]
    assert rules(replace(served, wanted=("a.example",))) == []


def test_a_stored_authority_needs_no_names_of_servers() -> None:
    own = authority(subject="CN=root", issuer="CN=root", extended_key_usage=("serverAuth",))
    assert rules(entry(own, wanted=("b.example",))) == []
    assert rules(entry(own, source=Source.ENDPOINT)) == ["name-missing"]


def test_served_against_stored() -> None:
    old = certificate(fingerprint="1", not_before=START, serial=1)
    new = certificate(fingerprint="2", not_before=START + DAY, serial=2)
    stored = {"a.example": (old, new)}

    def served(one: Certificate) -> list[str]:
        return rules(entry(one, source=Source.ENDPOINT, wanted=("a.example",)), stored=stored)

    assert served(new) == []
    assert served(old) == ["served-differs"]
    assert served(certificate(fingerprint="3", not_before=START + 2 * DAY)) == ["served-differs"]
    assert rules(entry(old, source=Source.ENDPOINT, wanted=("a.example",))) == []
    wild = {"*.example.com": (certificate(fingerprint="9", dns_names=("*.example.com",)),)}
    one = entry(certificate(dns_names=("*.example.com",)), source=Source.ENDPOINT, wanted=("w.example.com",))
    assert rules(one, stored=wild) == ["served-differs"]


def test_revocation() -> None:
    issuer = authority()
    listed = Revocations("CN=issuer", NOW + DAY, {7: START + DAY}, frozenset({issuer.fingerprint}))
    around: dict[str, Any] = {"authorities": known(issuer), "revocations": {"CN=issuer": (listed,)}}
    assert rules(entry(certificate()), **around) == ["revoked"]
    assert rules(entry(certificate(serial=8)), **around) == []
    assert rules(entry(certificate(serial=8)), now=NOW + 2 * DAY, **around) == ["crl-stale"]
    forged = Revocations("CN=issuer", NOW + DAY, {7: START + DAY}, frozenset())
    around["revocations"] = {"CN=issuer": (forged,)}
    assert rules(entry(certificate()), **around) == []


def test_defects_and_troubles_are_alerts() -> None:
    assert rules(entry(certificate(defects=("bad",)))) == ["malformed"]
    trouble = Trouble("not-ready", "why", START)
    alerts = stand(View(entry(troubles=(trouble,)), NOW), RULES)
    assert [(one.rule, one.since, one.because, one.effect) for one in alerts] == [
        ("not-ready", START, "why", Effect.NOT_READY)
    ]
