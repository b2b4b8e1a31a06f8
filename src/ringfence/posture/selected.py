"""What a side of an intent holds: endpoints and addresses outside, and which of that is not certain.

What a selection may hold and what it certainly holds can differ, where labels are not known. A proof of a deny covers
all of it; a proof of an allow has to, too.

A block holds the endpoints whose address is certainly in it, and may hold one whose address is from a known pool that
reaches into it. Of a pod that may have any address at all, no block holds anything: the files then say nothing of
addresses. A service of AWS whose addresses nobody knows may be in any public block. What is asked of it then is asked
for the addresses of that block alone, where rules and routes for the block hold for it, too; and as it opens no
connection, it is nobody who comes from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, NO_ADDRESS, AddressSet
from ringfence.model.networks import Endpoint, by_workload
from ringfence.topology.aws.endpoints import AWS, SERVICE


@dataclass(frozen=True, slots=True)
class Selected:
    """What a side of an intent holds. `outside` are addresses of endpoints that stand for all of theirs."""

    endpoints: tuple[Endpoint, ...] = ()
    outside: AddressSet = NO_ADDRESS
    unsure: frozenset[str] = frozenset()

    def __or__(self, other: Selected) -> Selected:
        known: dict[str, Endpoint] = {}
        for one in self.endpoints + other.endpoints:
            same = known.get(one.id, one)
            known[one.id] = one if same.addresses <= one.addresses else within(same, same.addresses | one.addresses)
        sure = {one.id for one in self.endpoints} - self.unsure | {one.id for one in other.endpoints} - other.unsure
        return Selected(tuple(known.values()), self.outside | other.outside, frozenset(known) - sure)

    def __and__(self, other: Selected) -> Selected:
        ids = {endpoint.id for endpoint in other.endpoints}
        kept = tuple(endpoint for endpoint in self.endpoints if endpoint.id in ids)
        unsure = frozenset(endpoint.id for endpoint in kept) & (self.unsure | other.unsure)
        return Selected(kept, self.outside & other.outside, unsure)

    def __sub__(self, other: Selected) -> Selected:
        """Without what the other certainly holds."""
        gone = {endpoint.id for endpoint in other.endpoints} - other.unsure
        kept = tuple(endpoint for endpoint in self.endpoints if endpoint.id not in gone)
        unsure = frozenset(endpoint.id for endpoint in kept) & (self.unsure | other.unsure)
        return Selected(kept, self.outside - other.outside, unsure)

    def __bool__(self) -> bool:
        return bool(self.endpoints or self.outside)

    @property
    def opening(self) -> Selected:
        """The same as the side that opens connections: without what is there by a block alone and opens none."""
        kept = tuple(one for one in self.endpoints if not (one.id in self.unsure and is_service(one)))
        return Selected(kept, self.outside, self.unsure & {one.id for one in kept})

    def by_workload(self) -> dict[str, tuple[Endpoint, ...]]:
        """The endpoints of each workload."""
        return by_workload(self.endpoints)


def narrowed(endpoints: tuple[Endpoint, ...], block: AddressSet) -> tuple[Endpoint, ...]:
    """The endpoints, services with what they may have of the block."""
    return tuple(within(one, one.addresses & block) if is_service(one) else one for one in endpoints)


def within(endpoint: Endpoint, addresses: AddressSet) -> Endpoint:
    """The endpoint with these addresses."""
    return endpoint if endpoint.addresses == addresses else replace(endpoint, addresses=addresses)


def is_service(endpoint: Endpoint) -> bool:
    """Whether it is a service of AWS."""
    return endpoint.facets.get(AWS, {}).get("kind") == SERVICE


def may_lie_in(endpoint: Endpoint, block: AddressSet) -> bool:
    """Whether its address may be in the block."""
    if endpoint.addresses <= block:
        return True
    anywhere = any(family <= endpoint.addresses for family in (ALL_IPV4, ALL_IPV6))
    return not anywhere and bool(endpoint.addresses & block)
