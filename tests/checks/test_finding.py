"""The values that checks are made of."""

from __future__ import annotations

from ringfence.checks.finding import Check, Finding, Severity
from ringfence.model.spans import NOWHERE


def test_severities_have_an_order_and_a_name_for_users():
    ordered = ["info", "low", "medium", "high", "critical"]
    assert [str(one) for one in sorted(Severity)] == ordered
    assert Severity["HIGH"] >= Severity.HIGH > Severity.MEDIUM


def test_a_finding_may_be_its_whole_story():
    check = Check("RF999", "name", "title", Severity.LOW, "0.1", "do it")
    finding = Finding(check, Severity.INFO, "message")
    assert (finding.span, finding.because, finding.witness) == (NOWHERE, (), None)
