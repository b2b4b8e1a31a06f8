"""Solving as the benchmarks mean it: every class of subjects in every chain, with its whole profile."""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.engine.reach import Reachability
from ringfence.model.networks import Network
from ringfence.model.rules import Direction


@dataclass(frozen=True, slots=True)
class Solution:
    """What was worked out: pods, classes of subjects, disjoint pieces of all profiles, permitted pairs by direction."""

    endpoints: int
    classes: int
    pieces: int
    pairs: dict[str, int]


def solve(network: Network) -> Solution:
    """The factored reachability of a network: counts come from the factors, pairs are never made."""
    reach = Reachability(network)
    everyone = len(reach.index.all)
    classes = pieces = 0
    pairs: dict[str, int] = {}
    for name, location in network.locations.items():
        for direction in Direction:
            for judge in reach.judges(name, direction):
                members: dict[int, int] = {}
                seen = {}
                for endpoint in network.endpoints:
                    if endpoint.location == location.id:
                        kind = judge.subject_class(endpoint)
                        members[id(kind)] = members.get(id(kind), 0) + 1
                        seen.setdefault(id(kind), endpoint)
                count = 0
                for kind, subject in seen.items():
                    profile = judge.profile(subject)
                    pieces += len(profile.pieces)
                    named = sum(len(bits) for bits, _ in profile.pieces)
                    open_to = sum(len(bits) for bits, verdict in profile.pieces if verdict.may)
                    open_to += everyone - named if profile.others.may else 0
                    count += members[kind] * open_to
                classes += len(seen)
                pairs[f"{name} {direction}"] = pairs.get(f"{name} {direction}", 0) + count
    return Solution(len(network.endpoints), classes, pieces, pairs)
