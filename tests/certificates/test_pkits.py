"""NIST's Public Key Interoperability Test Suite, and whatever else is strange among the library's own test data.

PKITS says of each of its leaves whether RFC 5280 takes it. None has what the web asks for, so nearly all are refused;
what is held against its word are the other reasons: an invalid one has at least one, a valid one none, but for what
stands in `DIFFERENT`. Its name says which it is. The data come with the package `cryptography-vectors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import pytest

from ringfence.certificates import entries, revocation
from ringfence.certificates.inventory import Certificate
from ringfence.certificates.revocation import RevocationList
from ringfence.certificates.status import judge, surroundings
from ringfence.certificates.validation import Purpose, Question, check
from ringfence.model.diagnostics import Severity
from ringfence.sources import certificate_files

DATA = Path(str(files("cryptography_vectors"))) / "x509"
PKITS = DATA / "PKITS_data"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
WEB = ("has no subject alternative name",)
"""What the web asks for and PKITS does not know."""

OTHER_KEY = "its signature is not its issuer's"
POINT = "its distribution point has a"
BYTES = "is missing: CN="
DIFFERENT = {
    # A list signed with another key of the authority than its certificate says nothing here.
    "ValidBasicSelfIssuedCRLSigningKeyTest6": OTHER_KEY,
    "ValidBasicSelfIssuedNewWithOldTest3": OTHER_KEY,
    "ValidBasicSelfIssuedNewWithOldTest4": OTHER_KEY,
    "ValidBasicSelfIssuedOldWithNewTest1": OTHER_KEY,
    "ValidDNnameConstraintsTest19": OTHER_KEY,
    "ValidSelfIssuedpathLenConstraintTest15": OTHER_KEY,
    "ValidSelfIssuedpathLenConstraintTest17": OTHER_KEY,
    "ValidSeparateCertificateandCRLKeysTest19": OTHER_KEY,
    # Nor does an indirect list, one for some reasons, or one whose distribution point is named otherwise than by URI.
    "ValidIDPwithindirectCRLTest22": "it is indirect",
    "ValidIDPwithindirectCRLTest24": "no revocation list speaks for",
    "ValidIDPwithindirectCRLTest25": "no revocation list speaks for",
    "ValidcRLIssuerTest28": POINT,
    "ValidcRLIssuerTest29": POINT,
    "ValidcRLIssuerTest30": "no revocation list speaks for",
    "ValidcRLIssuerTest33": "no revocation list speaks for",
    "ValiddistributionPointTest1": POINT,
    "ValiddistributionPointTest4": POINT,
    "ValiddistributionPointTest5": POINT,
    "ValiddistributionPointTest7": POINT,
    "ValidonlySomeReasonsTest18": "it covers some reasons only",
    "ValidonlySomeReasonsTest19": "it covers some reasons only",
    # What a delta list takes back stays revoked.
    "ValiddeltaCRLTest5": "was revoked",
    "ValiddeltaCRLTest7": "was revoked",
    # Names are compared byte by byte, as clients of the web do.
    "ValidNameChainingCapitalizationTest5": BYTES,
    "ValidNameChainingWhitespaceTest3": BYTES,
    "ValidNameChainingWhitespaceTest4": BYTES,
    "ValidUTF8StringCaseInsensitiveMatchTest11": BYTES,
    "ValidRolloverfromPrintableStringtoUTF8StringTest10": "the signature of",
    # DSA and SHA-1 are over; an authority is no leaf.
    "ValidDSASignaturesTest4": "has a DSA key",
    "ValidonlyContainsCACertsTest13": "is an authority, not a leaf",
    "ValidpathLenConstraintTest8": "is an authority, not a leaf",
    "ValidpathLenConstraintTest14": "is an authority, not a leaf",
}
UNREADABLE = {"DSAParametersInheritedCACert", "ValidDSAParameterInheritanceTest5EE"}
"""The library reads no DSA key without parameters."""


@lru_cache(maxsize=1)
def suite() -> tuple[Mapping[str, Certificate], Sequence[RevocationList]]:
    """Every certificate by the name of its file, and every revocation list."""
    held, problems = certificate_files.read(sorted(map(str, (PKITS / "certs").glob("*.crt"))))
    lists, unread = certificate_files.read(sorted(map(str, (PKITS / "crls").glob("*.crl"))))
    assert problems == unread == []
    found = {}
    for file in held:
        loaded, _ = entries.load_all(file.certificates)
        found.update({Path(file.name).stem: one for one in loaded})
    crls, problems = revocation.load_all(one for file in lists for one in file.crls)
    assert problems == []
    assert {Path(file.name).stem for file in held} - found.keys() == UNREADABLE
    return found, crls


def reasons(name: str) -> list[str]:
    """Why that leaf is refused, but for what the web alone asks for; with everything that could be of use at hand."""
    certificates, lists = suite()
    leaf, anchor = certificates[name], certificates["TrustAnchorRootCertificate"]
    chain = [leaf]
    for one in chain:
        chain += [
            other
            for key, other in certificates.items()
            if other.subject == one.issuer and not key.endswith("EE") and other not in (*chain, anchor)
        ]
    verdict = check(Question(tuple(chain), (anchor,), NOW, "", tuple(lists), Purpose.CLIENT))
    return [] if verdict.accepted else [one for one in verdict.because if not any(usual in one for usual in WEB)]


LEAVES = sorted(
    path.stem
    for path in (PKITS / "certs").glob("*EE.crt")
    if path.stem not in UNREADABLE and "olic" not in path.stem  # Policies are not processed: no client of the web does.
)
INVALID = [name for name in LEAVES if name.startswith("Invalid")]
LEGACY = ["InvalidDNandRFC822nameConstraintsTest29EE"]
"""A mail address in the subject, held against constraints; without alternative names it is refused anyway."""


@pytest.mark.parametrize("name", [name for name in INVALID if name not in LEGACY])
def test_what_is_invalid_has_a_reason(name: str) -> None:
    assert reasons(name) != []


@pytest.mark.parametrize("name", [name for name in LEAVES if name not in INVALID])
def test_what_is_valid_has_none_or_the_one_that_is_known(name: str) -> None:
    found = reasons(name)
    expected = DIFFERENT.get(name.removesuffix("EE"))
    assert any(expected in one for one in found) if expected else found == []


def test_the_suite_is_whole() -> None:
    assert (len(LEAVES), len(INVALID)) == (166, 92)
    assert {f"{name}EE" for name in DIFFERENT} <= set(LEAVES)


STRANGE = sorted(
    path
    for path in DATA.rglob("*")
    if path.suffix in certificate_files.ENDINGS and not {"certs", "pkcs12"} & {*path.parts}  # archives of the same
)


def test_whatever_is_strange_is_read_or_said() -> None:
    """Malformed versions, names, extensions and lists that were found in the wild or made on purpose."""
    assert len(STRANGE) > 300
    held, problems = certificate_files.read(map(str, STRANGE), "password")
    found, unread = entries.from_files(held)
    lists, unlisted = revocation.load_all(one for file in held for one in file.crls)
    said = {one.span.file for one in (*problems, *unread, *unlisted) if one.severity is Severity.ERROR}
    for file in held:
        assert (
            file.certificates
            or file.crls
            or file.keys
            or file.name in said
            or b"CERTIFICATE REQUEST" in Path(file.name).read_bytes()
        ), file.name
    around = surroundings(found, revocation.summaries(lists, surroundings(found).authorities))
    for one in found:
        judged = judge(one, NOW, around=around)
        assert judged.because or judged.state == "ok"
        if one.leaf is not None:
            check(Question(one.chain, one.chain[-1:], NOW, "", tuple(lists)))
