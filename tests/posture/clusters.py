"""Small clusters, and what a posture says of them."""

from __future__ import annotations

from typing import Any

from ringfence.network import Network
from ringfence.posture.document import read
from ringfence.posture.proofs import Proof
from ringfence.posture.selected import Selected
from ringfence.posture.selections import Resolver
from ringfence.sources.yaml_documents import documents
from tests.checks.manifests import view


def resolved(cluster: list[str], side: str, selections: str = "{}") -> tuple[Selected, list[str]]:
    """What a side (as YAML) holds in a cluster, and the complaints."""
    text = f"selections: {selections}\nintents:\n  - {{name: n, reason: r, isolate: [{side}, everything]}}\n"
    (document,) = documents(text, "ringfence.yaml")
    posture, wrong = read(document.value, document.span)
    assert not wrong, [str(one) for one in wrong]
    intent = posture.intents[0].isolate
    assert intent is not None
    found: list[Any] = []
    resolver = Resolver(view(*cluster).topology.network, posture.selections, document.span.at("selections"), found)
    return resolver.resolve(intent[0], document.span.at("intents", 0, "isolate", 0)), [str(one) for one in found]


def proofs(cluster: list[str], posture: str, **options: Any) -> tuple[list[Proof], list[str]]:
    """The proofs of a posture (as YAML) on a cluster, and the complaints."""
    (document,) = documents(posture, "ringfence.yaml")
    read_, wrong = read(document.value, document.span)
    assert not wrong, [str(one) for one in wrong]
    shown = view(*cluster, **options)
    found, complaints = Network(shown.topology, posture=read_, posture_span=document.span).proofs
    return found, [str(one) for one in complaints]


def status(cluster: list[str], intent: str, **options: Any) -> str:
    """What becomes of one intent, written as `allow: {from: a, to: b}`."""
    found, complaints = proofs(cluster, f"intents: [{{name: n, reason: r, {intent}}}]", **options)
    assert not complaints, complaints
    return found[0].status
