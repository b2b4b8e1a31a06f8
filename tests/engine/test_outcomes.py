"""Several possible courses as one outcome."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.engine.outcomes import Branch, Doubt, Hop, Outcome, Trace, combined

ALLOWED, DENIED, LOST = Outcome.ALLOWED, Outcome.DENIED, Outcome.NO_ROUTE
UNKNOWN, CONDITION, CHOICE = Doubt.UNKNOWN, Doubt.CONDITION, Doubt.CHOICE


@pytest.mark.parametrize(
    ("outcomes", "doubts", "expected"),
    [
        ({ALLOWED}, [], Outcome.ALLOWED),
        ({DENIED}, [UNKNOWN], Outcome.DENIED),
        ({LOST}, [], Outcome.NO_ROUTE),
        # Whatever happens, it does not arrive.
        ({DENIED, LOST}, [UNKNOWN], Outcome.DENIED),
        ({ALLOWED, DENIED}, [UNKNOWN], Outcome.UNKNOWN),
        ({ALLOWED, DENIED}, [], Outcome.UNKNOWN),
        ({ALLOWED, DENIED}, [CONDITION], Outcome.CONDITIONAL),
        ({ALLOWED, DENIED}, [CHOICE], Outcome.INTERMITTENT),
        ({ALLOWED, LOST}, [CHOICE], Outcome.INTERMITTENT),
        ({ALLOWED, DENIED}, [CHOICE, CONDITION], Outcome.CONDITIONAL),
        ({ALLOWED, DENIED}, [CHOICE, CONDITION, UNKNOWN], Outcome.UNKNOWN),
    ],
)
def test_what_nobody_knows_weighs_more_than_a_condition_and_that_more_than_chance(outcomes, doubts, expected):
    assert combined(frozenset(outcomes), doubts) is expected
    branches = tuple(Branch(one, doubts=frozenset(doubts)) for one in outcomes)
    assert Trace(branches).outcome is expected


def test_the_branch_to_show_is_a_refused_one_where_there_is_one():
    good, bad, lost = Branch(ALLOWED), Branch(DENIED), Branch(LOST)
    assert Trace((good,)).decisive is good
    assert Trace((good, bad, lost)).decisive is bad
    assert Trace((good, lost)).decisive is lost


def test_what_is_demanded_of_a_request_is_told_once_for_each_rule_that_may_stand_there():
    get, post, audit = (Hop("here", "allow", condition=f"method is {one}") for one in ("GET", "POST", "PUT"))
    plain = Hop("here", "allow")
    first = Branch(ALLOWED, (plain, replace(get, instead=(plain, post))), back=(audit,))
    found = Trace((first, Branch(DENIED, (replace(audit, action="deny"),)), first))
    assert found.demands(ALLOWED) == ("method is GET", "method is POST")
    assert found.demands() == ("method is GET", "method is POST", "method is PUT")
    assert found.demands(LOST) == ()
    assert [one.condition for one in first.forward[1].possible] == ["method is GET", "", "method is POST"]
