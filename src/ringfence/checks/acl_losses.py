"""What network ACLs take from flows that routes and groups let through: the request, or its reply.

The same network is asked three times: as it is, with ACLs that remember requests, and without ACLs. What passes without
them and not with those that remember is lost on the way there; what passes with those that remember and not as it is,
on the way back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

from ringfence.checks.admitted_pairs import Pair
from ringfence.checks.finding import View
from ringfence.engine.reach import Reachability
from ringfence.layers.network_acl import LAYER
from ringfence.model.headers import NO_HEADERS, HeaderSet
from ringfence.model.headers import union as all_of
from ringfence.model.networks import Location, Network


@dataclass(frozen=True, slots=True, eq=False)
class Lost:
    """What a pair loses: headers whose request an ACL refuses (`ahead`) and those whose reply it refuses (`back`).

    `arrives` are those whose request is let through, `passes` those whose reply is, too.
    """

    pair: Pair
    ahead: HeaderSet
    back: HeaderSet
    arrives: HeaderSet
    passes: HeaderSet


class Losses:
    """The same network three times: as it is, with ACLs that remember requests, and without ACLs.

    Each lets pass at least what the one before does, so where nothing is lost the first is all there is to ask. Rules
    that admit the same two ends have their answers in common.
    """

    def __init__(self, view: View) -> None:
        network = view.topology.network
        self._real = _Asked(view.connectivity.reach)
        self._remembering = _Asked(Reachability(_changed(network, keep=True)))
        self._without = _Asked(Reachability(_changed(network, keep=False)))

    def of(self, pair: Pair) -> Lost | None:
        """What the ACLs take from a pair; None where nothing of it would pass without them."""
        wanted = pair.wanted
        passes, may_pass = self._real.bounds(pair)
        if wanted <= passes:
            return Lost(pair, NO_HEADERS, NO_HEADERS, wanted, wanted)
        bare, _ = self._without.bounds(pair)
        bare = bare & wanted
        if not bare:
            return None
        if bare <= passes:
            return Lost(pair, NO_HEADERS, NO_HEADERS, bare, bare)
        arrives, may_arrive = self._remembering.bounds(pair)
        ahead, back = bare - may_arrive, (arrives - may_pass) & wanted
        return Lost(pair, ahead, back, arrives & wanted, passes & wanted)


class _Asked:
    """One network, with the answers that it gave."""

    def __init__(self, reach: Reachability) -> None:
        self._reach = reach
        self._known: dict[tuple[object, ...], tuple[HeaderSet, HeaderSet]] = {}

    def bounds(self, pair: Pair) -> tuple[HeaderSet, HeaderSet]:
        """What passes for certain wherever the two are, and what may pass anywhere."""
        key = (pair.source.id, pair.target.id, pair.sources, pair.targets)
        if key not in self._known:
            self._known[key] = _bounds(self._reach, pair)
        return self._known[key]


def _changed(network: Network, keep: bool) -> Network:
    def place(one: Location) -> Location:
        chains = (replace(c, stateful=True) if c.layer == LAYER else c for c in one.chains if keep or c.layer != LAYER)
        return replace(one, chains=tuple(chains))

    return replace(network, locations={key: place(one) for key, one in network.locations.items()})


def _bounds(reach: Reachability, pair: Pair) -> tuple[HeaderSet, HeaderSet]:
    """What passes for certain wherever the two are, and what may pass anywhere."""
    slices = reach.between(pair.source, pair.target, pair.sources, pair.targets)
    if not slices:
        return NO_HEADERS, NO_HEADERS
    must = reduce(lambda one, other: one & other, (one.headers.must for one in slices))
    return must, all_of(one.headers.may for one in slices)
