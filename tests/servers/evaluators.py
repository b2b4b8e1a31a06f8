"""Both evaluators of a network behind one question: what becomes of this header between these two endpoints?"""

from __future__ import annotations

from dataclasses import dataclass, field

from ringfence.engine.connectivity import Relation, related
from ringfence.engine.outcomes import Outcome
from ringfence.engine.reach import Reachability
from ringfence.engine.reference import Reference
from ringfence.model.addresses import AddressSet
from ringfence.model.headers import Header
from ringfence.model.networks import Network, Packet

End = tuple[str, AddressSet]
"""An endpoint's id and the one address of it that is meant."""

OUTCOMES = {(True, True): Outcome.ALLOWED, (False, False): Outcome.DENIED, (False, True): Outcome.UNKNOWN}


@dataclass
class Evaluators:
    """The engine answers; every fourth time the reference evaluator must say the same."""

    network: Network
    asked: int = 0
    relations: dict[tuple[End, End], Relation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.endpoints = {one.id: one for one in self.network.endpoints}
        self.reach, self.reference = Reachability(self.network), Reference(self.network)

    def outcome(self, source: End, target: End, header: Header) -> Outcome:
        """Allowed, denied or unknown."""
        (here, mine), (there, theirs) = source, target
        if (source, target) not in self.relations:
            ends = [self.endpoints[here]], [self.endpoints[there]]
            (self.relations[source, target],) = related(self.reach, *ends, (mine, theirs))
        headers = self.relations[source, target].headers
        found = OUTCOMES[header in headers.must, header in headers.may]
        self.asked += 1
        if self.asked % 4 == 1:
            packet = Packet(here, mine.first(), there, theirs.first(), header)
            assert self.reference.trace(packet).outcome is found, packet
        return found


def header(what: str, six: bool, source_port: int = 40000) -> Header:
    """`tcp/80`, `udp/53`, `sctp/80`, `icmp` (an echo request)."""
    plane, _, port = what.partition("/")
    if plane == "icmp":
        return Header("icmpv6" if six else "icmp", 128 if six else 8, 0)
    return Header(plane, source_port, int(port))
