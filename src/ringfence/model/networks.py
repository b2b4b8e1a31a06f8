"""How rules hang together: endpoints, locations, links, and the network that they make up.

A *location* is a place where chains stand: an attachment (of pods, of an interface), a subnet's edge, a node, a
gateway, a load balancer. A *link* leads from location to location. A packet starts at its source's location and
follows links until it reaches the location of its destination:

- A link is taken when it serves the packet: its `destinations` hold the packet's destination address, its `towards`
  selects the destination endpoint, its `headers` hold the header. It leads on only to a *transit* location or to the
  location of the destination itself.
- A packet from a `single` endpoint to itself stays inside it: no chain sees it.
- A packet for its own location goes out and comes back, where links leave that location; where none does, it is there.
- A link that `exits` runs the egress chains of the location that it leaves; one that `enters` the ingress chains of the
  one that it reaches. (Inside a subnet nothing crosses its edge, so such a link does neither there.) A location's
  chains judge the location's `subject` where it has one (the interface of a node that many pods share), otherwise the
  flow's own endpoint on that side.
- Where several links serve a packet, each of them may be the one (a load balancer's targets, a route that nobody
  knows): the outcomes of all are possible.
- A link may *rewrite* the packet, after the egress chains that it runs and before the ingress chains.

The *reply* goes from the flow's last location back, by the links that serve its own destination (the request's source
address as it was last seen), to the place of the last rewrite; there the rewrite is undone, and so on to the source. A
stateful chain lets the reply pass where it saw the request; a stateless one judges it with the ports swapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Request
from ringfence.model.headers import Header, HeaderSet
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import NO_IDENTITY, Chain
from ringfence.model.selectors import ANYTHING, Selector
from ringfence.model.spans import NOWHERE, Span

EPHEMERAL = IntervalSet.of((1024, 65535))
"""The source ports of a client of which nothing is known."""

NO_FACETS: Mapping[str, Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """Anything with addresses: a pod, a network interface, a load balancer, a node, an on-premises range, the internet.

    `addresses` is of one family. The endpoint has *one of* them and nobody knows which (a pod in a subnet), unless
    `every` is set: then it stands for each of them (a CIDR, the internet). `workload` is the owner that reports name.
    `single` says that it is one thing, so that a packet to itself never leaves it (a template stands for many pods).
    `maybe` says that the endpoint may not exist at all; `perhaps` that nobody knows whether its owner is ever here:
    then what passes here must count against what its owner surely reaches, and proves nothing.

    `unknown_facets` are those whose attributes may be anything; `open_facets` those that may have attributes which are
    not listed; `unknown_keys` are (facet, attribute) pairs that are not listed and may be there, with whatever value.
    `any_group` means that its groups are not known. `identity` is what its mutual TLS proves.
    """

    id: str
    location: str
    addresses: AddressSet
    every: bool = False
    workload: str = ""
    namespace: str = ""
    facets: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: NO_FACETS)
    unknown_facets: frozenset[str] = frozenset()
    open_facets: frozenset[str] = frozenset()
    unknown_keys: frozenset[tuple[str, str]] = frozenset()
    groups: frozenset[str] = frozenset()
    maybe_groups: frozenset[str] = frozenset()
    any_group: bool = False
    identity: str = NO_IDENTITY
    ephemeral: IntervalSet = EPHEMERAL
    single: bool = False
    maybe: bool = False
    perhaps: bool = False
    span: Span = NOWHERE

    @property
    def title(self) -> str:
        """What reports call it: its workload, else itself."""
        return self.workload or self.id


def by_workload(endpoints: Iterable[Endpoint]) -> dict[str, tuple[Endpoint, ...]]:
    """The endpoints of each workload by its title, in their order; one without a workload stands alone."""
    found: dict[str, list[Endpoint]] = {}
    for one in endpoints:
        found.setdefault(one.title, []).append(one)
    return {title: tuple(members) for title, members in found.items()}


@dataclass(frozen=True, slots=True)
class Location:
    """A place where chains stand. A *transit* location leads packets on that are not for it."""

    id: str
    chains: tuple[Chain, ...] = ()
    transit: bool = False
    subject: str | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PortMap:
    """Destination ports of one plane, and the port that they are sent on to."""

    plane: str
    ports: IntervalSet
    to: int


@dataclass(frozen=True, slots=True)
class Source:
    """What the source becomes in a rewrite.

    `addresses` None keeps the address; otherwise the new one is one of them. `origin` is the endpoint id that the
    packet seems to come from, `""` for none; None keeps it. `identity` likewise. `ports` None keeps the source port;
    otherwise the new one is one of them.
    """

    addresses: AddressSet | None = None
    origin: str | None = None
    identity: str | None = None
    ports: IntervalSet | None = None


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a link changes. `target` None keeps the destination; otherwise it becomes that endpoint.

    With `ports` the packet's destination port is mapped, and a packet whose port no entry holds does not take the link.
    `transport` sends TCP on as `tcp` (plaintext) or `mtls`, whatever it was.
    """

    source: Source = field(default_factory=Source)
    target: str | None = None
    ports: tuple[PortMap, ...] = ()
    transport: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A way from one location to the next. None for `destinations` or `headers` means: all of them."""

    id: str
    source: str
    target: str
    destinations: Bounds[AddressSet] | None = None
    towards: Selector = ANYTHING
    headers: HeaderSet | None = None
    exits: bool = False
    enters: bool = False
    rewrite: Rewrite | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Network:
    """A whole network. `assumed_open` names the layers that were not given and are taken as open."""

    endpoints: tuple[Endpoint, ...]
    locations: Mapping[str, Location]
    links: tuple[Link, ...]
    assumed_open: tuple[str, ...] = ()

    def links_from(self) -> dict[str, list[Link]]:
        """The links by the location that they leave."""
        out: dict[str, list[Link]] = {}
        for link in self.links:
            out.setdefault(link.source, []).append(link)
        return out


@dataclass(frozen=True, slots=True)
class Packet:
    """One concrete packet: from an endpoint with an address of its own to another, as the sender writes it."""

    source: str
    source_address: int
    destination: str
    destination_address: int
    header: Header
    request: Request | None = None
