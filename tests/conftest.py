"""What all tests share: how long Hypothesis looks, and that it finds the same again."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, settings

# Two cores shared by several workers make wall-clock limits per example fail for no reason.
settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", settings.get_profile("default"), derandomize=False, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many cases with known answers pass, by group (a test names its own: `record_property("case", group)`)."""
    counts: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, group in report.user_properties:
                if name == "case":
                    counts.setdefault(group, Counter())[outcome] += 1
    if counts:
        terminalreporter.section("cases with known answers")
        for group, found in sorted(counts.items()):
            terminalreporter.line(f"{group:<28} {found['passed']:>4} of {found.total()} pass")
