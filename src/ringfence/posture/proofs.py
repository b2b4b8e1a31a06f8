"""What a proof says, and what it is made in: one view of the network, for one application request or for none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ringfence.engine.connectivity import Connectivity
from ringfence.engine.outcomes import Branch
from ringfence.engine.witness import Field, Witness, Witnesses
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint
from ringfence.model.spans import NOWHERE, Span
from ringfence.posture.document import Intent
from ringfence.topology.relays import Relay

PROVED, VIOLATED, UNKNOWN = "proved", "violated", "unknown"


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of one intent. `because` says what decided; `witness` is a packet that does what it should not."""

    intent: Intent
    status: str
    because: str = ""
    span: Span = NOWHERE
    witness: Witness | None = None
    pairs: int = 0


@dataclass(frozen=True, slots=True)
class Breach:
    """That an intent does not hold, or not for certain, for one pair. The proof with its packet is made on demand."""

    status: str
    proof: Callable[[], Proof]


@dataclass(frozen=True, slots=True)
class Part:
    """One side of one pair: the endpoints of a workload, or all that stand for addresses outside."""

    name: str
    endpoints: tuple[Endpoint, ...]
    addresses: AddressSet | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """The network as one request sees it. `request` names it in words; empty: nothing is known of the request.

    `relays` are the ways through Services by workload that are no links of the network (`topology.relays`);
    `placed` says that the cluster has its place in the cloud that is known, or that there is no cloud.
    """

    connectivity: Connectivity
    witnesses: Witnesses
    request: str = ""
    relays: Mapping[str, Sequence[Relay]] = field(default_factory=dict)
    placed: bool = True


Scenes = Callable[[Mapping[str, Any]], Scene]
"""The scene of a request (`method`, `path`, `host`, `headers`, `claims`)."""


def between(source: Part, target: Part) -> Field:
    """Where to look for a packet between two parts."""
    return Field(source.endpoints, target.endpoints, source.addresses, target.addresses)


def broken(intent: Intent, status: str, because: str, witness: Witness | None) -> Proof:
    """The proof that an intent does not hold, or not for certain, placed where the deciding rule stands."""
    return Proof(intent, status, because, NOWHERE if witness is None else _decided(witness.branch), witness)


def _decided(branch: Branch) -> Span:
    """Where the rule that decides stands; where it has no place, the last rule before it that has one."""
    judged = [hop for hop in (*branch.forward, *branch.back, branch.deciding) if hop is not None and hop.layer]
    return next((hop.span for hop in reversed(judged) if hop.span != NOWHERE), NOWHERE)
