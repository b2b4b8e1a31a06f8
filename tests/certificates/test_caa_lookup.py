"""Climbing from a name to its CAA records; real servers answer in tests/servers/test_caa.py."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ringfence.certificates.caa import Property
from ringfence.certificates.caa_lookup import LookupFailed, relevant

ONE = (Property(0, "issue", "ca.example"),)


@pytest.mark.parametrize(
    ("name", "owners", "owner", "asked"),
    [
        ("a.b.example", {"a.b.example", "b.example"}, "a.b.example", 1),
        ("a.b.example", {"b.example"}, "b.example", 2),
        ("a.b.example", {"example"}, "example", 3),
        ("a.b.example", set(), "example", 3),
        ("a.b.example.", {"b.example"}, "b.example", 2),
        ("localhost", set(), "localhost", 1),
    ],
)
def test_climbing(name: str, owners: set[str], owner: str, asked: int) -> None:
    questions: list[str] = []

    def ask(one: str) -> Sequence[Property]:
        questions.append(one)
        return ONE if one in owners else ()

    assert relevant(name, ask) == (owner, ONE if owners else ())
    assert len(questions) == asked, "nobody is asked above the closest, nor about the root"


def test_a_failure_below_hides_what_stands_above() -> None:
    def ask(one: str) -> Sequence[Property]:
        if one == "b.example":
            raise LookupFailed("SERVFAIL")
        return ONE if one == "example" else ()

    with pytest.raises(LookupFailed):
        relevant("a.b.example", ask)
