"""What a proof names: the place of the rule that decides."""

from __future__ import annotations

import pytest

from ringfence.engine.witness import Witnesses
from ringfence.posture.proofs import UNKNOWN, VIOLATED
from tests.checks.manifests import deployment, policy

from .clusters import proofs


@pytest.mark.parametrize(
    ("intent", "status", "place"),
    [
        ("allow: {from: shop/web, to: shop/db, ports: [tcp/5432]}", VIOLATED, "k8s.yaml:"),
        # Nothing decides, so there is no place to name.
        ("deny: {from: shop/db, to: shop/web, ports: [tcp/80]}", VIOLATED, ""),
        ("deny: {from: shop/web, to: {workload: 'shop/nobody*', may_be_empty: false}}", UNKNOWN, "ringfence.yaml:"),
    ],
)
def test_the_place_is_that_of_the_rule_that_decides(intent, status, place):
    cluster = [deployment("web"), deployment("db"), policy("lock", "{matchLabels: {app: db}}")]
    (proof,), _ = proofs(cluster, f"intents: [{{name: n, reason: r, {intent}}}]")
    assert proof.status == status
    assert str(proof.span).startswith(place)
    assert bool(proof.span.file) is bool(place)


def test_only_what_is_shown_gets_a_packet(monkeypatch):
    """A pair that adds nothing to what is said of the intent costs no search for its packet."""
    asked = []
    found = Witnesses.passing

    def counted(*given, **more):
        asked.append(given)
        return found(*given, **more)

    monkeypatch.setattr(Witnesses, "passing", counted)
    refused = policy("lock", "{matchLabels: {app: db}}", types="[Sideways]")
    cluster = [*(deployment(name) for name in ("a", "b", "c", "d", "db")), refused]
    claim = "intents: [{name: n, reason: r, deny: {from: 'shop/?', to: shop/db}}]"
    (proof,), _ = proofs(cluster, claim, readable=False)
    assert proof.status == UNKNOWN
    assert len(asked) == 1
