"""Checks are found by being there; each has an identity of its own and a documentation of four headings."""

from __future__ import annotations

import re

import pytest

from ringfence.checks.registry import registered, run

from .manifests import deployment, policy, service, view

CHECKS = registered()


def test_ids_and_names_are_unique_and_in_order():
    ids = [check.id for check, _, _ in CHECKS]
    assert ids == sorted(set(ids))
    assert len({check.name for check, _, _ in CHECKS}) == len(ids) >= 6


@pytest.mark.parametrize(
    ("check", "documentation"), [(one, text) for one, _, text in CHECKS], ids=lambda one: str(one)[:20]
)
def test_a_check_is_documented(check, documentation):
    headings = re.findall(r"^## (.*)$", documentation, re.MULTILINE)
    assert headings == ["What it does", "Why it is bad", "Example", "Instead"]
    assert re.fullmatch(r"RF\d{3}", check.id)
    assert all(url.startswith("https://") for url in check.references)
    assert check.title
    assert check.remediation


def test_the_worst_comes_first_and_equals_keep_the_order_of_ids():
    database = service("db", "[{port: 5432}]", "type: LoadBalancer")
    found = run(view(deployment("db"), database, policy("typo", "{matchLabels: {app: bd}}")))
    assert [one.check.id for one in found] == ["RF101", "RF102", "RF103"]
    severities = [one.severity for one in found]
    assert severities == sorted(severities, reverse=True)
