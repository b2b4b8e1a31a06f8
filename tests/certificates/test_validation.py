"""Would a client accept it: a grid of good and bad chains, with `openssl verify` as a second opinion where it has one.

Each row says whether the chain is accepted, a word of the reason, and what OpenSSL says. OpenSSL knows nothing of the
web profile (names of workloads, missing alternative names), so some rows say on purpose that it differs.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509 as library
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.certificates import revocation
from ringfence.certificates.validation import Purpose, Question, Verdict, check
from ringfence.certificates.x509 import read
from ringfence.resources.certificates import Encoded
from ringfence.sources.pem import blocks
from tests.certificates.making import (
    CLIENT,
    DAY,
    NOON,
    SERVER,
    START,
    Made,
    authority,
    general,
    key,
    leaf,
    name,
    pem,
    revocation_list,
)

ROOT = authority("root")
MIDDLE = authority("middle", ROOT, path_length=0)
STRANGER = authority("stranger")
SMALL_RSA = rsa.generate_private_key(65537, 1024)


def constrained(*permitted: str, excluded: tuple[str, ...] = (), critical: bool = True) -> Made:
    constraints = library.NameConstraints(
        [general(one) for one in permitted] or None, [general(one) for one in excluded] or None
    )
    return authority("middle", ROOT, path_length=0, extra=[(constraints, critical)])


def within(subject: str) -> Made:
    constraints = library.NameConstraints([library.DirectoryName(name(subject))], None)
    return authority("middle", ROOT, extra=[(constraints, False)])


OWN = library.ObjectIdentifier("1.3.6.1.4.1.55555.1")
ALTERNATIVE = library.SubjectAlternativeName([general("a.example")])


def network(text: str) -> Made:
    constraints = library.NameConstraints([library.IPAddress(ip_network(text))], None)
    return authority("middle", ROOT, extra=[(constraints, True)])


@dataclass(frozen=True)
class Row:
    """A chain, and what is expected. `openssl` None: it has no opinion of its own."""

    title: str
    make: Callable[[], list[Made]]
    reason: str = ""
    """Empty: accepted."""
    openssl: bool | None = None
    """None: the same as ours."""
    name: str = "a.example"
    at: datetime = NOON
    trust: tuple[Made, ...] = (ROOT,)


LONG = [ROOT]
for depth in range(4):
    LONG.append(authority(f"level{depth}", LONG[-1]))
TWISTED = authority("middle", ROOT, own_key=key("another"))

ROWS = [
    Row("root, middle, leaf", lambda: [leaf(MIDDLE, "a.example"), MIDDLE]),
    Row("root, leaf", lambda: [leaf(ROOT, "a.example")]),
    Row("four authorities between", lambda: [leaf(LONG[4], "a.example"), *LONG[:0:-1]]),
    Row("chain in another order", lambda: [leaf(LONG[4], "a.example"), *LONG[1:]]),
    Row("a stranger in the chain", lambda: [leaf(MIDDLE, "a.example"), STRANGER, MIDDLE]),
    Row("the root is sent too", lambda: [leaf(MIDDLE, "a.example"), MIDDLE, ROOT]),
    Row("wildcard", lambda: [leaf(ROOT, "*.a.example")], name="b.a.example"),
    Row("address", lambda: [leaf(ROOT, "192.0.2.1")], name="192.0.2.1"),
    Row("v6 address", lambda: [leaf(ROOT, "2001:db8::1")], name="2001:db8::1"),
    Row("without extended key usage", lambda: [leaf(ROOT, "a.example", usages=None)]),
    Row("both usages", lambda: [leaf(ROOT, "a.example", usages=(CLIENT, SERVER))]),
    Row("inside of constraints", lambda: [leaf(c := constrained("example"), "a.example"), c]),
    Row("last second", lambda: [leaf(ROOT, "a.example")], at=START + 180 * DAY, openssl=False),
    Row("first second", lambda: [leaf(ROOT, "a.example")], at=START),
    Row("expired", lambda: [leaf(ROOT, "a.example", end=NOON - DAY)], "expired 2026-05-31"),
    Row("not yet valid", lambda: [leaf(ROOT, "a.example", begin=NOON + DAY)], "valid only from 2026-06-02"),
    Row("expired middle", lambda: [leaf(m := authority("m", ROOT, end=NOON - DAY), "a.example"), m], "CN=m expired"),
    Row(
        "expired root",
        lambda: [leaf(authority("old", end=NOON - DAY), "a.example")],
        "CN=old expired",
        trust=(authority("old", end=NOON - DAY),),
    ),
    Row("wrong name", lambda: [leaf(ROOT, "a.example")], "not good for the name b.example", name="b.example"),
    Row("wildcard too deep", lambda: [leaf(ROOT, "*.a.example")], "not good for", name="c.b.a.example"),
    Row("wrong address", lambda: [leaf(ROOT, "192.0.2.1")], "not good for", name="192.0.2.2"),
    Row("address as a name", lambda: [leaf(ROOT, "a.example")], "not good for", name="192.0.2.2"),
    Row("common name only", lambda: [leaf(ROOT, subject="a.example")], "no subject alternative name", openssl=True),
    Row("missing middle", lambda: [leaf(MIDDLE, "a.example")], "the issuer of a.example is missing: CN=middle"),
    Row("nothing trusted", lambda: [leaf(MIDDLE, "a.example"), MIDDLE], "is missing: CN=root", trust=(STRANGER,)),
    Row("middle with another key", lambda: [leaf(MIDDLE, "a.example"), TWISTED], "signature", openssl=False),
    Row("self-signed leaf", lambda: [leaf(None, "a.example", subject="me")], "self-signed and not trusted"),
    Row(
        "signed by another key",
        lambda: [leaf(ROOT, "a.example", signer=key("thief"))],
        "the signature of a.example is not that of CN=root",
    ),
    Row("client's usage", lambda: [leaf(ROOT, "a.example", usages=(CLIENT,))], "not good for serverAuth"),
    Row("middle is no authority", lambda: [leaf(m := authority("m", ROOT, ca=False), "a.example"), m], "no authority"),
    Row(
        "middle may not sign",
        lambda: [leaf(m := authority("m", ROOT, bits=("crl_sign",)), "a.example"), m],
        "no keyCertSign",
    ),
    Row(
        "path too long",
        lambda: [leaf(m := authority("m", MIDDLE), "a.example"), m, MIDDLE],
        "permits 0 authorities below it, and there are 1",
    ),
    Row(
        "middle good for clients only",
        lambda: [
            leaf(m := authority("m", ROOT, extra=[(library.ExtendedKeyUsage([CLIENT]), False)]), "a.example"),
            m,
        ],
        "CN=m is not good for serverAuth",
    ),
    Row("outside of constraints", lambda: [leaf(c := constrained("b.example"), "a.example"), c], "does not permit"),
    Row(
        "excluded",
        lambda: [leaf(c := constrained(excluded=("a.example",)), "x.a.example"), c],
        "excludes",
        name="x.a.example",
    ),
    Row("address in a network", lambda: [leaf(c := network("192.0.2.0/24"), "192.0.2.1"), c], name="192.0.2.1"),
    Row("address outside", lambda: [leaf(c := network("10.0.0.0/8"), "192.0.2.1"), c], "permit", name="192.0.2.1"),
    Row("directory name inside", lambda: [leaf(c := within("shop"), "a.example", subject="shop"), c]),
    Row("directory name outside", lambda: [leaf(c := within("shop"), "a.example", subject="b"), c], "does not permit"),
    Row("weak key", lambda: [leaf(ROOT, "a.example", own_key=SMALL_RSA)], "1024 bits", openssl=True),
    Row("weak middle", lambda: [leaf(m := authority("m", ROOT, own_key=SMALL_RSA), "a.example"), m], "1024 bits", True),
    Row(
        "odd curve",
        lambda: [leaf(ROOT, "a.example", own_key=ec.generate_private_key(ec.SECP256K1()))],
        "secp256k1",
        openssl=True,
    ),
    Row(
        "unknown critical extension",
        lambda: [leaf(ROOT, "a.example", extra=[(library.UnrecognizedExtension(OWN, b"\x05\x00"), True)])],
        "critical extension",
    ),
    Row(
        "unknown extension",
        lambda: [leaf(ROOT, "a.example", extra=[(library.UnrecognizedExtension(OWN, b"\x05\x00"), False)])],
    ),
    Row("an authority as leaf", lambda: [authority("x", ROOT, extra=[(ALTERNATIVE, False)])], "not a leaf"),
]


def ask(chain: list[Made], row: Row, **changes: object) -> Verdict:
    values = {"trust": tuple(one.record for one in row.trust), "now": row.at, "name": row.name} | changes
    return check(Question(tuple(one.record for one in chain), **values))  # type: ignore[arg-type]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title)
def test_grid(row: Row) -> None:
    verdict = ask(row.make(), row)
    assert verdict.accepted is (row.reason == ""), verdict.because
    if row.reason:
        assert any(row.reason in one for one in verdict.because), verdict.because
    else:
        assert verdict.because[0].startswith("path: ")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title)
def test_openssl_says_the_same(row: Row, tmp_path: Path) -> None:
    chain = row.make()
    assert openssl(chain, row, tmp_path) is ((row.reason == "") if row.openssl is None else row.openssl)


def openssl(chain: list[Made], row: Row, folder: Path, *more: str) -> bool:
    """Whether `openssl verify` takes the chain."""
    for file, content in (("leaf", pem(chain[0])), ("rest", pem(*chain[1:])), ("roots", pem(*row.trust))):
        (folder / file).write_bytes(content)
    which = "-verify_ip" if row.name[0].isdigit() else "-verify_hostname"
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "roots", which, row.name]
    command += ["-no-CAstore", "-no-CApath", "-attime", str(int(row.at.timestamp())), *more]
    command += ["-untrusted", "rest"] if chain[1:] else []
    done = subprocess.run([*command, "leaf"], cwd=folder, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode == 0


def lists(*pems: bytes) -> tuple[revocation.RevocationList, ...]:
    found, problems = revocation.load_all(Encoded(block.der) for one in pems for block in blocks(one)[0])
    assert problems == []
    return tuple(found)


SCOPED = library.IssuingDistributionPoint(None, None, True, False, None, False, False)
PLAIN = ROWS[0]
LEAF = leaf(MIDDLE, "a.example", serial=4711)


@pytest.mark.parametrize(
    ("pems", "reason"),
    [
        ([revocation_list(ROOT, 5), revocation_list(MIDDLE, 6)], ""),
        ([revocation_list(ROOT), revocation_list(MIDDLE)], ""),
        ([revocation_list(ROOT), revocation_list(MIDDLE, 4711)], "a.example was revoked"),
        ([revocation_list(ROOT, MIDDLE.record.serial), revocation_list(MIDDLE)], "CN=middle was revoked"),
        ([revocation_list(ROOT)], "none is of CN=middle"),
        ([], "no revocation list speaks for a.example"),
        ([revocation_list(ROOT), revocation_list(MIDDLE, end=NOON - DAY / 2)], "should have been replaced"),
        ([revocation_list(ROOT), revocation_list(MIDDLE, begin=NOON + DAY / 2)], "begins only"),
        ([revocation_list(ROOT), revocation_list(MIDDLE, number=None)], "no number"),
        ([revocation_list(ROOT), revocation_list(MIDDLE, signer=key("thief"))], "not its issuer's"),
        ([revocation_list(ROOT, extra=[(SCOPED, True)]), revocation_list(MIDDLE)], "for end entities only"),
        (
            [
                revocation_list(ROOT),
                revocation_list(MIDDLE, extra=[(library.UnrecognizedExtension(OWN, b"\x05\x00"), True)]),
            ],
            "critical extension",
        ),
        ([revocation_list(ROOT), revocation_list(MIDDLE, end=NOON - DAY / 2), revocation_list(MIDDLE)], ""),
    ],
)
def test_revocation(pems: list[bytes], reason: str) -> None:
    verdict = ask([LEAF, MIDDLE], PLAIN, lists=lists(*pems))
    assert verdict.accepted is (reason == ""), verdict.because
    assert any(reason in one for one in verdict.because), verdict.because


def test_revocation_is_a_reason_beside_others() -> None:
    """Whatever else is wrong: nobody who mends the name shall find out only then that it was revoked."""
    given = lists(revocation_list(ROOT), revocation_list(MIDDLE, 4711))
    verdict = ask([LEAF, MIDDLE], replace(PLAIN, name="b.example"), lists=given)
    assert len(verdict.because) == 2
    assert "not good for the name b.example" in verdict.because[0]
    assert "a.example was revoked" in verdict.because[1]


def test_a_list_of_an_issuer_that_may_not_sign_lists_does_not_count() -> None:
    middle = authority("middle", ROOT, bits=("key_cert_sign",))
    verdict = ask(
        [leaf(middle, "a.example"), middle], PLAIN, lists=lists(revocation_list(ROOT), revocation_list(middle))
    )
    assert not verdict.accepted
    assert "no cRLSign" in verdict.because[0]


@pytest.mark.parametrize(("revoked", "expected"), [(False, True), (True, False)])
def test_openssl_says_the_same_of_revocation(revoked: bool, expected: bool, tmp_path: Path) -> None:
    pems = [revocation_list(ROOT), revocation_list(MIDDLE, *([4711] if revoked else []))]
    (tmp_path / "lists").write_bytes(b"".join(pems))
    assert openssl([LEAF, MIDDLE], PLAIN, tmp_path, "-crl_check_all", "-CRLfile", "lists") is expected
    assert ask([LEAF, MIDDLE], PLAIN, lists=lists(*pems)).accepted is expected


def workload(*names: str, parent: Made = MIDDLE, bits: tuple[str, ...] = ("digital_signature",)) -> list[Made]:
    return [leaf(parent, *names, usages=(SERVER, CLIENT), bits=bits), parent]


@pytest.mark.parametrize(
    ("names", "asked", "reason"),
    [
        (("spiffe://td/ns/a",), "spiffe://td/ns/a", ""),
        (("spiffe://td/ns/a",), "spiffe://td", ""),
        (("spiffe://td/ns/a",), "", ""),
        (("spiffe://td/ns/a", "a.example"), "spiffe://td/ns/a", ""),
        (("spiffe://td/ns/a",), "spiffe://td/ns/b", "not spiffe://td/ns/b"),
        (("spiffe://td/ns/a",), "spiffe://other", "not of the trust domain"),
        (("spiffe://td/ns/a", "spiffe://td/ns/b"), "", "one URI; this has 2"),
        (("spiffe://td",), "spiffe://td", "no SPIFFE ID of a workload"),
        (("spiffe://TD/a",), "spiffe://TD/a", "no SPIFFE ID"),
        (("spiffe://td/a/../b",), "", "no SPIFFE ID"),
        (("a.example",), "spiffe://td/ns/a", "one URI; this has 0"),
    ],
)
def test_workloads(names: tuple[str, ...], asked: str, reason: str) -> None:
    verdict = ask(workload(*names), PLAIN, name=asked)
    assert verdict.purpose is Purpose.WORKLOAD
    assert verdict.accepted is (reason == ""), verdict.because
    assert any(reason in one for one in verdict.because), verdict.because


def test_a_workload_that_may_sign_is_refused() -> None:
    bits = ("digital_signature", "crl_sign")
    assert not ask(workload("spiffe://td/a", bits=bits), PLAIN, name="spiffe://td/a").accepted


@pytest.mark.parametrize(("identity", "expected"), [("spiffe://td/a", True), ("spiffe://other/a", False)])
def test_constraints_on_uris_that_the_library_does_not_know(identity: str, expected: bool) -> None:
    constraints = library.NameConstraints([library.UniformResourceIdentifier("td")], None)
    middle = authority("middle", ROOT, path_length=0, extra=[(constraints, True)])
    verdict = ask(workload(identity, parent=middle), PLAIN, name=identity)
    assert verdict.accepted is expected, verdict.because
    late = ask(workload(identity, parent=middle), PLAIN, name=identity, now=START + 181 * DAY)
    assert not late.accepted


def test_clients() -> None:
    one = [leaf(MIDDLE, "a.example", usages=(CLIENT,)), MIDDLE]
    assert ask(one, PLAIN, purpose=Purpose.CLIENT).accepted
    assert not ask([LEAF, MIDDLE], PLAIN, purpose=Purpose.CLIENT).accepted


def test_without_a_name_all_but_the_name_is_judged() -> None:
    assert ask([LEAF, MIDDLE], PLAIN, name="").accepted
    assert ask([leaf(MIDDLE, "*.a.example"), MIDDLE], PLAIN, name="").accepted
    assert not ask([leaf(MIDDLE, subject="x"), MIDDLE], PLAIN, name="").accepted


@pytest.mark.parametrize("names", [("a_b.example", "a.example"), ("a..example", "192.0.2.1"), ("*", "a.example")])
def test_a_name_that_is_no_hosts_is_passed_over(names: tuple[str, ...]) -> None:
    verdict = ask([leaf(ROOT, *names)], PLAIN, name="")
    assert "no name that a server" not in " ".join(verdict.because)


@pytest.mark.parametrize("now", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_the_calendar(now: datetime) -> None:
    assert not ask([LEAF, MIDDLE], PLAIN, now=now).accepted


def test_a_critical_directory_name_that_is_within() -> None:
    constraints = library.NameConstraints([library.DirectoryName(name("shop"))], None)
    middle = authority("middle", ROOT, extra=[(constraints, True)])
    assert ask([leaf(middle, "a.example", subject="shop"), middle], PLAIN).accepted
    assert not ask([leaf(middle, "a.example", subject="other"), middle], PLAIN).accepted


def test_the_verifiers_own_words_are_made_readable() -> None:
    verdict = ask([leaf(ROOT, "a.example", authority_key=False)], PLAIN)
    assert verdict.because == ("authorityKeyIdentifier: Certificate is missing required extension",)


def test_names_in_other_writings() -> None:
    one = [leaf(ROOT, "xn--bcher-kva.example")]
    assert ask(one, PLAIN, name="bücher.example").accepted
    assert ask(one, PLAIN, name="XN--bcher-kva.example.").accepted
    assert not ask(one, PLAIN, name="b" * 70 + "ü.example").accepted


def test_nothing_trusted_at_all() -> None:
    verdict = ask([LEAF, MIDDLE], PLAIN, trust=())
    assert not verdict.accepted
    assert verdict.because


def test_a_chain_without_end_is_refused_in_time() -> None:
    assert "no client takes more than 100" in ask([LEAF, *[MIDDLE] * 100], PLAIN).because[0]
    look_alikes = [authority("middle", ROOT, own_key=key(f"k{n}")) for n in range(99)]
    verdict = ask([LEAF, *look_alikes], PLAIN)
    assert not verdict.accepted


@settings(max_examples=60)
@given(st.data())
def test_a_chain_with_a_changed_octet_is_never_taken(data: st.DataObject) -> None:
    """Whatever is changed, the signature over it is wrong, or it cannot be read; nothing raises."""
    der = bytearray(LEAF.der)
    at = data.draw(st.integers(0, len(der) - 1))
    der[at] ^= data.draw(st.integers(1, 255))
    record, _ = read(bytes(der))
    if record is None:
        return
    verdict = check(Question((record, MIDDLE.record), (ROOT.record,), NOON, "a.example"))
    assert not verdict.accepted
    assert verdict.because
