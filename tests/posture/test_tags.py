"""Selections of a cloud's resources: by tag and by Terraform address."""

from __future__ import annotations

import pytest

from ringfence.model.diagnostics import Diagnostic
from ringfence.model.spans import NOWHERE
from ringfence.posture.document import read
from ringfence.posture.selections import Resolver
from ringfence.resources.aws import ManagedService, Unknown
from ringfence.sources.yaml_documents import documents
from ringfence.topology.aws import build
from tests.topology.aws.clouds import cloud

LEDGER, CACHE, LATER = "aws_db_instance.ledger", "aws_elasticache_cluster.carts", "aws_db_instance.later"
SERVICES = (
    ManagedService(id=LEDGER, address=LEDGER, kind="db_instance", subnets=("data",), tags={"tier": "data", "x": "1"}),
    ManagedService(id=CACHE, address=CACHE, kind="elasticache_cluster", subnets=("data",), tags={"tier": "cache"}),
    ManagedService(id=LATER, address=LATER, kind="db_instance", subnets=("data",), tags={"tier": Unknown("later")}),
)


def held(side: str) -> tuple[set[str], set[str], list[Diagnostic]]:
    """The workloads that a side may hold, those of them that are not certain, and the complaints."""
    network = build(cloud(managed_services=SERVICES, network_interfaces=())).network
    (document,) = documents(f"selections: {{chosen: {side}}}", "ringfence.yaml")
    posture, wrong = read(document.value, document.span)
    assert wrong == []
    diagnostics: list[Diagnostic] = []
    found = Resolver(network, posture.selections, NOWHERE, diagnostics).resolve("chosen", NOWHERE)
    unsure = {one.workload for one in found.endpoints if one.id in found.unsure}
    return {one.workload for one in found.endpoints}, unsure, diagnostics


@pytest.mark.parametrize(
    ("side", "expected", "unsure"),
    [
        ("{tags: {tier: data}}", {LEDGER, LATER}, {LATER}),
        ("{tags: {tier: data, x: '1'}}", {LEDGER}, set()),
        ("{tags: {tier: cache}, workload: 'aws_elasticache_*'}", {CACHE}, set()),
        ("{tags: {tier: data}, not: 'aws_db_instance.later'}", {LEDGER}, set()),
        ("aws_db_instance.ledger", {LEDGER}, set()),
        ("aws_db_instance.*", {LEDGER, LATER}, set()),
        ("{workload: ['*.ledger', '*.carts']}", {LEDGER, CACHE}, set()),
    ],
)
def test_by_tag_and_by_address(side: str, expected: set[str], unsure: set[str]) -> None:
    assert held(side) == (expected, unsure, [])


def test_a_tag_that_nothing_has_is_complained_about_with_the_nearest() -> None:
    found, _, (complaint,) = held("{tags: {tier: cashe}, workload: 'aws_elasticache_*'}")
    assert found == set()
    assert "tier: cache" in complaint.remedy
