"""CAA records judged: grids of what permits, what forbids and what stays open, and laws that hold for all records."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.certificates.caa import Applicant, Permission, Property, judge, parse

US = Applicant(("ca.example", "other-name.example"), "https://ca.example/acct/1", "http-01")
PERMITTED, FORBIDDEN, OPEN = Permission.PERMITTED, Permission.FORBIDDEN, Permission.OPEN


def records(*lines: str) -> list[Property]:
    """`[FLAGS] TAG VALUE` each."""
    found = []
    for line in lines:
        flags, rest = line.split(" ", 1) if line[0].isdigit() else ("0", line)
        tag, _, value = rest.partition(" ")
        found.append(Property(int(flags), tag, value))
    return found


@pytest.mark.parametrize(
    ("lines", "name", "wildcard"),
    [
        # Which authority.
        ([], PERMITTED, PERMITTED),
        (["issue ca.example"], PERMITTED, PERMITTED),
        (["issue other-name.example"], PERMITTED, PERMITTED),
        (["ISSUE ca.example"], PERMITTED, PERMITTED),
        (["issue \t ca.example "], PERMITTED, PERMITTED),
        (["issue ca.example;"], PERMITTED, PERMITTED),
        (["issue ca.test"], FORBIDDEN, FORBIDDEN),
        (["issue sub.ca.example"], FORBIDDEN, FORBIDDEN),
        (["issue ca.test", "issue ca.example"], PERMITTED, PERMITTED),
        (["issue ;"], FORBIDDEN, FORBIDDEN),
        (["issue "], FORBIDDEN, FORBIDDEN),
        (["issue ;", "issue ca.example"], PERMITTED, PERMITTED),
        (["issue CA.example"], OPEN, OPEN),
        # Wildcards.
        (["issuewild ca.example"], PERMITTED, PERMITTED),
        (["issuewild ;"], PERMITTED, FORBIDDEN),
        (["issuewild ca.test"], PERMITTED, FORBIDDEN),
        (["issue ca.example", "issuewild ca.test"], PERMITTED, FORBIDDEN),
        (["issue ca.test", "issuewild ca.example"], FORBIDDEN, PERMITTED),
        (["issue ;", "issuewild ca.example"], FORBIDDEN, PERMITTED),
        # Other properties, critical or not.
        (["iodef mailto:a@b"], PERMITTED, PERMITTED),
        (["128 iodef mailto:a@b"], PERMITTED, PERMITTED),
        (["128 issue ca.example"], PERMITTED, PERMITTED),
        (["future x"], PERMITTED, PERMITTED),
        (["128 future x"], FORBIDDEN, FORBIDDEN),
        (["128 future x", "issue ca.example"], FORBIDDEN, FORBIDDEN),
        (["1 future x"], OPEN, OPEN),
        (["1 future x", "issue ca.test"], FORBIDDEN, FORBIDDEN),
        (["128 issuemail ca.test"], OPEN, OPEN),
        (["issuemail ;"], PERMITTED, PERMITTED),
        # Parameters.
        (["issue ca.example; policy=ev"], PERMITTED, PERMITTED),
        (["issue ca.example;a=1;b=2"], PERMITTED, PERMITTED),
        (["issue ca.example; a = 1 ; b ="], PERMITTED, PERMITTED),
        (["issue ca.example; a=1;"], FORBIDDEN, FORBIDDEN),
        (["issue ca.example; a"], FORBIDDEN, FORBIDDEN),
        (["issue ca.example; a_b=1"], FORBIDDEN, FORBIDDEN),
        (["issue ca.example; a=1 2"], FORBIDDEN, FORBIDDEN),
        (["issue ca example"], FORBIDDEN, FORBIDDEN),
        (["issue %%%%%"], FORBIDDEN, FORBIDDEN),
        (["issue ca.example; accounturi=https://ca.example/acct/1"], PERMITTED, PERMITTED),
        (["issue ca.example; accounturi=https://ca.example/acct/2"], FORBIDDEN, FORBIDDEN),
        (["issue ca.example; accounturi="], FORBIDDEN, FORBIDDEN),
        (
            [
                "issue ca.example; accounturi=https://ca.example/acct/2",
                "issue ca.example; accounturi=https://ca.example/acct/1",
            ],
            PERMITTED,
            PERMITTED,
        ),
        (["issue ca.example; accounturi=x; accounturi=https://ca.example/acct/1"], OPEN, OPEN),
        (["issue ca.example; accounturi=https://ca.example/acct/1; accounturi=x"], FORBIDDEN, FORBIDDEN),
        (["issue ca.example; validationmethods=http-01"], PERMITTED, PERMITTED),
        (["issue ca.example; validationmethods=dns-01,http-01"], PERMITTED, PERMITTED),
        (["issue ca.example; validationmethods=dns-01"], FORBIDDEN, FORBIDDEN),
        (["issue ca.example; validationmethods="], FORBIDDEN, FORBIDDEN),
        (["issue ca.example; validationmethods=http-01,a_b"], OPEN, OPEN),
        (["issue ca.example; validationmethods=HTTP-01"], FORBIDDEN, FORBIDDEN),
        (["issue ca.test; validationmethods=http-01"], FORBIDDEN, FORBIDDEN),
        (["issue ca.example", "issue ca.example; validationmethods=dns-01"], PERMITTED, PERMITTED),
    ],
)
def test_permission(lines: list[str], name: Permission, wildcard: Permission) -> None:
    assert judge("shop.example", records(*lines), False, US).permission is name
    assert judge("shop.example", records(*lines), True, US).permission is wildcard


@pytest.mark.parametrize(
    ("applicant", "line", "expected"),
    [
        (replace(US, domains=()), "issue ca.example", OPEN),
        (replace(US, domains=()), "issue ;", FORBIDDEN),
        (replace(US, domains=()), "issue ca.example; validationmethods=dns-01", FORBIDDEN),
        (replace(US, domains=()), "issue ca.example; accounturi=https://ca.example/acct/2", FORBIDDEN),
        (replace(US, domains=()), "iodef mailto:a@b", PERMITTED),
        (replace(US, account=None), "issue ca.example; accounturi=https://ca.example/acct/1", OPEN),
        (replace(US, account=None), "issue ca.test; accounturi=https://ca.example/acct/1", FORBIDDEN),
        (replace(US, account=None), "issue ca.example", PERMITTED),
        (replace(US, method=""), "issue ca.example; validationmethods=dns-01", PERMITTED),
    ],
)
def test_what_is_not_known_stays_open(applicant: Applicant, line: str, expected: Permission) -> None:
    assert judge("shop.example", records(line), False, applicant).permission is expected


@pytest.mark.parametrize(
    ("line", "because", "remedy"),
    [
        (
            "issue ca.test",
            'issue "ca.test" permits another authority',
            'add to a.b the record CAA 0 issue "ca.example"',
        ),
        ("issue ;", 'issue ";" permits nobody', 'add to a.b the record CAA 0 issue "ca.example"'),
        ("issue a_b", 'issue "a_b" cannot be read', 'add to a.b the record CAA 0 issue "ca.example"'),
        (
            "issue ca.example; validationmethods=dns-01",
            "does not permit the challenge http-01",
            "add http-01 to its validationmethods",
        ),
        (
            "issue ca.example; accounturi=x",
            "permits another account than https://ca.example/acct/1",
            'add a record issue "ca.example; accounturi=https://ca.example/acct/1"',
        ),
        ("128 future x", "'future' as critical", "set the flags of a.b's future record to 0"),
    ],
)
def test_what_to_change_is_said(line: str, because: str, remedy: str) -> None:
    found = judge("a.b", records(line), False, US)
    assert found.because.startswith(("CAA of a.b: ", "the CAA records of a.b "))
    assert because in found.because
    assert remedy in found.remedy


def test_what_to_change_is_said_of_the_record_that_means_us() -> None:
    found = judge("a.b", records("issue ca.test", "issue ca.example; validationmethods=dns-01"), False, US)
    assert "another authority" in found.because
    assert "does not permit the challenge" in found.because
    assert "validationmethods" in found.remedy


VALUES = st.one_of(
    st.sampled_from(["ca.example", "ca.test", ";", "CA.example", "ca.example;validationmethods=dns-01", "a_b"]),
    st.text(st.sampled_from("ca.exmpl;= \t-1\xff"), max_size=12),
)
PROPERTIES = st.lists(
    st.builds(Property, st.sampled_from([0, 1, 2, 128]), st.sampled_from(["issue", "issuewild", "iodef", "x"]), VALUES),
    max_size=4,
)


@given(PROPERTIES, st.booleans(), st.randoms())
def test_the_order_of_records_does_not_matter(found: list[Property], wildcard: bool, random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge("a.b", found, wildcard, US).permission is judge("a.b", shuffled, wildcard, US).permission


@given(PROPERTIES, st.booleans())
def test_less_knowledge_only_opens(found: list[Property], wildcard: bool) -> None:
    """Without the authority's name or our account, a verdict is the same or open."""
    known = judge("a.b", found, wildcard, US).permission
    for less in (replace(US, domains=()), replace(US, account=None)):
        assert judge("a.b", found, wildcard, less).permission in (known, OPEN)


@given(PROPERTIES, st.booleans())
def test_a_refusal_says_why_and_what_to_change(found: list[Property], wildcard: bool) -> None:
    verdict = judge("a.b", found, wildcard, US)
    assert bool(verdict.because) == bool(verdict.remedy) == (verdict.permission is not PERMITTED)


@given(st.text(max_size=20))
def test_any_value_is_parsed_or_malformed(value: str) -> None:
    parsed = parse(value)
    assert parsed is None or parsed[0] == value.partition(";")[0].strip(" \t")
