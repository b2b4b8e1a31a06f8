"""A deny does not miss the way through somebody who sends packets on."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.engine.connectivity import Connectivity
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Witnesses
from ringfence.model.networks import Network
from ringfence.model.selectors import Unsure
from ringfence.model.spans import Span
from ringfence.posture.document import read
from ringfence.posture.intents import prove
from ringfence.posture.proofs import Scene
from tests.engine.detours import network


def status(made: Network, claim: dict[str, Any]) -> tuple[str, str]:
    intent = {"name": "apart", "reason": "a test", **claim}
    posture, wrong = read({"intents": [intent]}, Span("ringfence.yaml"))
    assert not wrong
    reach = Reachability(made)
    (proof,), complaints = prove(
        posture, Span("ringfence.yaml"), lambda _: Scene(Connectivity(reach), Witnesses(reach))
    )
    assert not complaints
    return proof.status, proof.because


@pytest.mark.parametrize(
    ("made", "target", "port", "expected"),
    [
        (network(), "server", "tcp/8080", "violated"),
        (network(), "server", "any", "violated"),
        # The port is the one at which the packet ends, not the one that was dialled.
        (network(), "server", "tcp/443", "proved"),
        (network(), "other", "any", "proved"),
        (network(closed=True), "server", "any", "proved"),
        (network(Unsure("whether it is sent on")), "server", "any", "unknown"),
    ],
)
def test_a_deny_sees_the_way_through_the_front(made, target, port, expected):
    found, because = status(made, {"deny": {"from": "client", "to": target, "ports": [port]}})
    assert found == expected
    assert expected == "proved" or because.endswith("server through front")


@pytest.mark.parametrize(
    ("made", "target", "port", "expected", "because"),
    [
        (network(), "server", "tcp/443", "proved", ""),
        (network(), "server", "tcp/80", "violated", "client is not led to server through front"),
        (network(), "server", "tcp/443-444", "unknown", "client is not certainly led to server through front"),
        (network(), "other", "tcp/443", "violated", "client is not led to other through front"),
        (network(closed=True), "server", "tcp/443", "violated", "client is not led to server through front"),
        (
            network(Unsure("whether it is sent on")),
            "server",
            "tcp/443",
            "unknown",
            "client is not certainly led to server through front",
        ),
    ],
)
def test_an_allow_follows_what_is_dialled(made, target, port, expected, because):
    flow = {"from": "client", "to": target, "via": "front", "ports": [port]}
    assert status(made, {"allow": flow}) == (expected, because)


@pytest.mark.parametrize("kind", ["deny", "only", "encrypted"])
def test_only_an_allow_goes_by_a_way_of_its_own(kind):
    flow = {"from": "client", "to": "server", "via": "front"}
    _, (wrong,) = read({"intents": [{"name": "n", "reason": "r", kind: flow}]}, Span("ringfence.yaml"))
    assert wrong.message == "intent 'n': via is for allow; a deny counts every way"
