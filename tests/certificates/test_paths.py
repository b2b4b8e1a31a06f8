"""The path that a reader means. What is wrong with one is tested in `test_validation`, reason by reason."""

from __future__ import annotations

from ringfence.certificates.paths import LONGEST, follow, good_for, objections
from tests.certificates.making import CLIENT, DAY, NOON, authority, issuer_at, key, leaf

ROOT = authority("root")
MIDDLE = authority("middle", ROOT)
LEAF = leaf(MIDDLE, "a.example")


def test_it_is_followed_to_the_anchor() -> None:
    path = follow(LEAF.record, (MIDDLE.record,), (ROOT.record,), NOON)
    assert path.anchored
    assert path.certificates == (LEAF.record, MIDDLE.record, ROOT.record)
    assert list(objections(path, NOON)) == []


def test_a_trusted_valid_issuer_is_preferred() -> None:
    old = authority("middle", ROOT, end=NOON - DAY)
    path = follow(LEAF.record, (old.record, MIDDLE.record), (ROOT.record,), NOON)
    assert MIDDLE.record in path.certificates
    crossed = authority("middle")
    path = follow(LEAF.record, (MIDDLE.record,), (ROOT.record, crossed.record), NOON)
    assert path.certificates == (LEAF.record, crossed.record)


def test_a_wrong_signature_ends_it() -> None:
    forged = authority("middle", ROOT, own_key=key("x"))
    path = follow(LEAF.record, (forged.record,), (ROOT.record,), NOON)
    assert not path.anchored
    assert path.problem == "the signature of a.example is not that of CN=middle"


def test_a_missing_issuer_is_named_with_where_it_is() -> None:
    lone = leaf(MIDDLE, "a.example", extra=[(issuer_at("http://ca.example/middle"), False)])
    path = follow(lone.record, (), (ROOT.record,), NOON)
    assert path.problem == "the issuer of a.example is missing: CN=middle (to be had at http://ca.example/middle)"


def test_authorities_that_sign_each_other_end() -> None:
    first = authority("first", own_key=key("1"))
    second = authority("second", first, own_key=key("2"))
    again = authority("first", second, own_key=key("1"))
    path = follow(leaf(second, "a.example").record, (second.record, again.record), (ROOT.record,), NOON)
    assert not path.anchored
    assert len(path.certificates) < LONGEST


def test_a_leaf_that_is_trusted_itself() -> None:
    assert follow(LEAF.record, (), (LEAF.record,), NOON).certificates == (LEAF.record,)


def test_usage() -> None:
    one = leaf(MIDDLE, "a.example", usages=(CLIENT,)).record
    path = follow(one, (MIDDLE.record,), (ROOT.record,), NOON)
    assert list(good_for(path, "clientAuth")) == []
    assert len(list(good_for(path, "serverAuth"))) == 1
