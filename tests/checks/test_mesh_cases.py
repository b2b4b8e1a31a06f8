"""The checks of meshes on the public cases: whatever they find has a place, and packets that show what they claim."""

from __future__ import annotations

from ringfence import load
from ringfence.checks.registry import registered
from ringfence.engine.outcomes import Outcome
from ringfence.layers.istio_mtls import LAYER
from tests.cases.known import Case, cases, for_each

GROUPS = ("istio-peer-authentication", "istio-auto-mtls", "istio-authorization", "istio-ambient", "linkerd")
FOUND = [(group, case) for group in GROUPS for case in cases("mesh", group)]
CHECKS = [(check, run) for check, run, _ in registered() if check.id.startswith("RF4")]

PASSES = {"RF401", "RF406", "RF411"}
"""Findings whose packet arrives in plaintext."""


@for_each("group, case", FOUND, ids=lambda value: getattr(value, "name", value))
def test_findings_hold_what_they_say(group: str, case: Case):
    view = load(*case.files(), options=case.content["options"])._view
    for check, run in CHECKS:
        for one in run(view):
            assert one.check is check
            assert one.span.file, one.message
            assert all(what for what, _ in one.because)
            if one.witness is None:
                continue
            outcomes = {branch.outcome for branch in one.witness.trace.branches}
            if check.id in PASSES:
                assert one.witness.packet.header.plane == "tcp"
                assert Outcome.ALLOWED in outcomes
            else:
                assert outcomes != {Outcome.ALLOWED}
            if check.id == "RF402":
                assert any(hop.layer == LAYER and hop.action == "deny" for hop in one.witness.branch.forward)
