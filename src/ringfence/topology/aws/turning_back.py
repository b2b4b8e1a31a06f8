"""A public address of something inside that is dialled from inside: the packet comes back in by the gateway.

    client  -->  routes  -->  (NAT gateway)  -->  internet gateway  -->  router  -->  whoever has the address

It leaves as it would for any address outside: the client needs a route and a public address, or a NAT gateway. The
gateway gives it the client's public address as source, so no group knows its sender any more, and a rule by private
addresses does not match. The edge and the groups of the other side judge it as they judge the internet's packets, and
the reply goes the same way.

The client's public address is one of those that this VPC's interfaces and NAT gateways have; where one of them is not
known, any. So a rule that admits some public addresses only leaves it open whether the packet passes.

Modelled are IPv4 addresses that the files hold, each of one endpoint of the gateway's own VPC; what is not (a NAT
gateway's own, a second address of an interface, another VPC's, a VPC under a block of public access) stays unknown.

Source: VPC user guide, "Enable internet access for a VPC using an internet gateway" (one-to-one NAT); EC2 user guide on
security group rules (a group as source stands for private addresses).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.own_node import HOST
from ringfence.model.addresses import ALL_IPV4, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.networks import Endpoint, Link, Rewrite, Source
from ringfence.model.selectors import AllOf, Has, InNamespace, Not
from ringfence.model.spans import Span
from ringfence.resources.aws import CHOSEN_LATER, InternetGateway
from ringfence.topology.aws.endpoints import AWS, PUBLIC
from ringfence.topology.aws.estate import Estate

THE_OUTSIDE = AllOf((InNamespace(""), *(Not(Has(facet)) for facet in (AWS, POD, HOST))))
"""Who stands for the addresses of the internet: it lives in no VPC and no namespace, and is nothing in either."""


@dataclass(frozen=True)
class TurningBack:
    """Who has which public address, and what a client's becomes, by VPC."""

    holders: Mapping[str, Mapping[str, Endpoint]] = field(default_factory=dict)
    sources: Mapping[str, AddressSet] = field(default_factory=dict)

    @classmethod
    def of(cls, estate: Estate, people: Iterable[Endpoint]) -> TurningBack:
        """Among all the endpoints of an estate, NAT gateways aside."""
        published = [one for one in people if PUBLIC in one.facets or PUBLIC in one.unknown_facets]
        published = [one for one in published if one.addresses & ALL_IPV4]
        count = Counter(_address(one) for one in published)
        count.update(_of_nat(estate))
        holders: dict[str, dict[str, Endpoint]] = {}
        for one in published:
            address = _address(one)
            certain = address and count[address] == 1 and not one.maybe and one.namespace
            if certain and AddressSet.of(address) <= ALL_IPV4:
                holders.setdefault(one.namespace, {})[address] = one
        sources = {vpc: _sources(estate, vpc, published) for vpc in holders}
        return cls(holders, sources)

    def inside(self, gateway: InternetGateway) -> Mapping[str, Endpoint]:
        """The endpoints of a gateway's VPC by their public addresses."""
        return {} if gateway.egress_only or not isinstance(gateway.vpc, str) else self.holders.get(gateway.vpc, {})

    def link(self, here: str, address: str, one: Endpoint, carried: AddressSet, span: Span) -> Link:
        """At the gateway, for one address. What the gateway carries may be the client's public address."""
        change = Rewrite(Source(self.sources[one.namespace] & carried, ""), one.id)
        dialled = Bounds.exactly(AddressSet.of(address))
        title = f"public address of {one.id}"
        return Link(title, here, here, dialled, THE_OUTSIDE, exits=True, rewrite=change, span=span)


NOBODY = TurningBack()


def _address(one: Endpoint) -> str:
    """The public address, empty where it is not known."""
    return one.facets.get(PUBLIC, {}).get("ip", "")


def _of_nat(estate: Estate) -> list[str]:
    return [
        one if isinstance(one, str) and one != CHOSEN_LATER else ""
        for gateway in estate.objects.nat_gateways
        for one in (gateway.public_ips if isinstance(gateway.public_ips, tuple) and gateway.public_ips else ("",))
    ]


def _sources(estate: Estate, vpc: str, published: Iterable[Endpoint]) -> AddressSet:
    """The public addresses that clients of a VPC may have; all of them where one is not known."""
    here = [_address(one) for one in published if one.namespace in ("", vpc)]
    found = {*here, *_of_nat(estate)}
    return ALL_IPV4 if "" in found else AddressSet.of(*found)
