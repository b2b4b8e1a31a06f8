"""Names are looked up inside first; where only constants may stand there are none."""

from __future__ import annotations

import pytest

from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.scopes import NOTHING, Inner, Members


def test_inner_names_hide_outer_ones() -> None:
    scope = Inner(Inner(NOTHING, {"a": 1, "b": 2}), {"a": 3})
    assert (scope.lookup("a"), scope.lookup("b")) == (3, 2)
    with pytest.raises(EvaluationError, match="'c': a constant"):
        scope.lookup("c")


def test_members_are_made_on_demand() -> None:
    asked: list[str] = []

    def find(name: str) -> str:
        asked.append(name)
        return name.upper()

    found = Members(find)
    assert asked == []
    assert found.member("a") == "A"
    assert asked == ["a"]
