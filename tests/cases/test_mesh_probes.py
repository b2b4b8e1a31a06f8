"""Mesh policies with their answers: what the published suites of Istio, ztunnel and Linkerd assert, probe by probe."""

from __future__ import annotations

from typing import Any

from ringfence.engine.outcomes import Outcome
from ringfence.loading import load
from ringfence.network import Network
from ringfence.sources.kubernetes import read

from .known import Case, cases, for_each

GROUPS = ("istio-peer-authentication", "istio-auto-mtls", "istio-authorization", "istio-ambient", "linkerd")
CASES = [(group, case) for group in GROUPS for case in cases("mesh", group)]
INVALID = cases("mesh", "invalid")

ALLOWED = {Outcome.ALLOWED: True, Outcome.DENIED: False, Outcome.NO_ROUTE: False}
TRANSPORT = {"strict": "mtls", "permissive": "mtls"}


@for_each("group, case", CASES, ids=lambda value: getattr(value, "name", value))
def test_every_probe_is_answered_for_certain(group: str, case: Case, record_property):
    record_property("case", group)
    network = load(*case.files(), options=case.content["options"])
    assert [one for one in network.diagnostics if one.severity == "error"] == []
    wrong = [(probe, found) for probe in case.content["probes"] if (found := answer(network, probe)) != expected(probe)]
    assert not wrong


@for_each("case", INVALID, ids=lambda case: case.name)
def test_admission(case: Case, record_property):
    record_property("case", "invalid")
    objects, diagnostics = read(case.files())
    assert bool(objects.refused) is case.content["refused"], [one.message for one in diagnostics]


def expected(probe: dict[str, Any]) -> tuple[bool | str, str | None]:
    return probe["allowed"], probe.get("mtls")


def answer(network: Network, probe: dict[str, Any]) -> tuple[bool | str, str | None]:
    """Whether the probe comes through (an outcome that is not certain as it is), and its transport if that is asked."""
    source, target = (name.removeprefix("ip:") for name in (probe["from"], probe["to"]))
    port, client_tls = probe["port"], probe.get("client_tls")
    protocol = probe["protocol"].lower()
    if "via_service" in probe:
        flow = network.via_service(
            source, probe["via_service"], protocol, port, probe.get("http"), client_tls=client_tls
        )
    else:
        flow = network.reach(source, target, f"{protocol}/{port}", probe.get("http"), client_tls=client_tls)
    found = flow.explain()
    transport = str(found.transport)
    shown = TRANSPORT.get(transport, transport) if "mtls" in probe else None
    return ALLOWED.get(found.outcome, str(found.outcome)), shown
