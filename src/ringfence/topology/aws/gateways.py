"""The ways out of a VPC: internet and egress-only gateways, NAT gateways, endpoints, and what is not modelled.

igw   the internet reaches what has a public address, and what has one reaches the internet: its two chains say so,
      behind those of a block of public access (`public_access`).
      An address of the private ranges is not carried there. The 1:1 translation of addresses changes no verdict
      here, as an endpoint goes by one address; but for public addresses that are dialled from inside (`turning_back`)
eigw  IPv6, from inside alone; replies pass
nat   the packet enters the gateway's subnet, gets the gateway's address and a port of 1024-65535, and leaves that
      subnet by its own table. A subnet whose table leads to a gateway that stands in it gets nowhere: the gateway's
      packets come back to it
gateway endpoints   a service of AWS, without group or public address; the reply comes back the way it left. It opens
      no connection: whatever else has one of its addresses is a part of the internet
beyond  a transit gateway, a peering, a VPN, an appliance: packets may be carried on, anywhere, and may not
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, EVERYWHERE, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import icmp, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Rewrite, Source
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, Has, Not, Selector, Unsure
from ringfence.model.spans import Span
from ringfence.resources.aws import CHOSEN_LATER, InternetGateway, NatGateway, VpcEndpoint
from ringfence.topology.aws.endpoints import AWS, PUBLIC, SERVICE, Wanted, endpoints
from ringfence.topology.aws.estate import Estate, doubt, name, undecided
from ringfence.topology.aws.places import acl_chains, both, maybe, of, router, routes
from ringfence.topology.aws.public_access import block_chains
from ringfence.topology.aws.turning_back import NOBODY, TurningBack
from ringfence.topology.entries import OUTSIDE

NAT_PORTS = IntervalSet.of((1024, 65535))

TRANSLATED = ports("tcp") | ports("udp") | icmp()
"""What a NAT gateway translates; it drops every other protocol."""

LAYER = "InternetGateway"

NOT_ON_THE_INTERNET = AddressSet.of(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
    "::/8",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
)
"""What no internet gateway carries. (Blocks for documentation stand for the internet in examples.)"""

CARRIED = Bounds.exactly(EVERYWHERE - NOT_ON_THE_INTERNET)


def internet_gateway(
    estate: Estate,
    gateway: InternetGateway,
    onward: str,
    services: tuple[str, ...] = (),
    turning_back: TurningBack = NOBODY,
) -> Iterator[Location | Link]:
    """The gateway of a VPC.

    `onward` is where arriving packets go; `services` are AWS's that have places of their own.
    """
    here = name(gateway)
    why = doubt(gateway.exists, gateway.vpc)
    chains = _one_way(gateway.span) if gateway.egress_only else _public_only(gateway.span)
    if why is not None:
        chains = undecided(LAYER, why.because)
    inside = turning_back.inside(gateway) if why is None and not estate.objects.public_access_blocks else {}
    before = (*block_chains(estate, gateway), *_dialled_from_inside(estate, AddressSet.of(*inside)))
    yield Location(here, (*before, *chains), transit=True, kind="internet gateway")
    family = CARRIED & Bounds.exactly(ALL_IPV6) if gateway.egress_only else CARRIED
    elsewhere = Bounds.exactly(family.must - AddressSet.of(*inside))
    for address, one in inside.items():
        yield turning_back.link(here, address, one, CARRIED.must & ALL_IPV4, gateway.span)
    # Nothing but replies comes in by an egress-only gateway, and they come back by the one that they left.
    turning = Rewrite() if gateway.egress_only else None
    yield Link("to the internet", here, OUTSIDE, elsewhere, exits=True, rewrite=turning, span=gateway.span)
    for service in services:
        # A service answers and never asks, and has none of the addresses inside.
        yield Link("to the service", here, service, family, exits=True, rewrite=Rewrite(), span=gateway.span)
    if isinstance(gateway.vpc, str):
        towards = of("vpc", gateway.vpc)
        yield Link("to the VPC", here, onward, None, towards, span=gateway.span)
        if not gateway.egress_only:
            yield Link("from the internet", OUTSIDE, here, None, towards, enters=True, span=gateway.span)


def _dialled_from_inside(estate: Estate, modelled: AddressSet) -> tuple[Chain, ...]:
    """Public addresses of something inside: where the way back in is not modelled, nobody knows what arrives."""
    objects = estate.objects
    given = [*(one.public_ip for one in objects.network_interfaces), *(one.public_ip for one in objects.elastic_ips)]
    given += [one for gateway in objects.nat_gateways for one in _texts(gateway.public_ips)]
    own = AddressSet.of(*(one for one in given if isinstance(one, str) and one not in ("", CHOSEN_LATER))) - modelled
    if not own:
        return ()
    because = "the address is the public one of something inside: what stands before that is not asked here"
    # A service of AWS has none of them, wherever it is.
    others, held = Not(of("kind", SERVICE)), Bounds.exactly(own)
    rules = (
        Rule(Action.ALLOW, (Peer(both(Unsure(because), others), held),), name=because),
        Rule(Action.DENY, (Peer(others, held),), name=because),
    )
    stage = Stage("own public addresses", (Scope("own public addresses", ANYTHING, rules),), Action.ALLOW)
    return (Chain(LAYER, Direction.EGRESS, (stage,), Action.ALLOW, stateful=False),)


def _public_only(span: Span) -> tuple[Chain, Chain]:
    # That it passes is no rule of the gateway's, so it has no place.
    rule = Rule(Action.ALLOW, name="is public")
    stage = Stage("public addresses", (Scope("the address", Has(PUBLIC), (rule,)),), Action.ALLOW)
    refusal = Rule(Action.DENY, name="is not public", span=span)
    rest = Stage("other addresses", (Scope("the address", ANYTHING, (refusal,), 1, span),), Action.DENY)
    egress, ingress = (
        Chain(LAYER, one, (stage, rest), Action.DENY, stateful=False) for one in (Direction.EGRESS, Direction.INGRESS)
    )
    return egress, ingress


def _one_way(span: Span) -> tuple[Chain, Chain]:
    rule = Rule(Action.DENY, name="lets none in", span=span)
    stage = Stage("egress only", (Scope("egress only", ANYTHING, (rule,), span=span),), Action.DENY)
    return (
        Chain(LAYER, Direction.EGRESS, (), Action.ALLOW),
        Chain(LAYER, Direction.INGRESS, (stage,), Action.DENY),
    )


def nat_gateway(
    estate: Estate, gateway: NatGateway, served: Bounds[AddressSet]
) -> Iterator[Endpoint | Location | Link]:
    """The gateway and its own endpoint. `served` are the destinations that tables send to it."""
    here = name(gateway)
    subnet = estate.subnets.get(gateway.subnet) if isinstance(gateway.subnet, str) else None
    if subnet is None:
        because = f"{here}: its subnet is not known"
        around = tuple((router(vpc), estate.local(vpc).may) for vpc in estate.objects.vpcs)
        yield from beyond(here, served.may, because, around)
        return
    known_ip = next((one for one in _texts(gateway.public_ips)), None)
    reachable = known_ip or gateway.public
    private = (gateway.private_ip,) if isinstance(gateway.private_ip, str) else ()
    wanted = Wanted(
        here, gateway, "nat_gateway", subnet.id, (), private, reachable, NAT_PORTS, single=True, default_group=False
    )
    (itself, *_) = endpoints(estate, wanted, f"{here} itself")
    itself = replace(itself, addresses=itself.addresses & ALL_IPV4)
    yield itself
    yield Location(itself.location, kind="NAT gateway")
    yield Location(here, acl_chains(estate, subnet), transit=True, kind="NAT gateway")
    source = Source(itself.addresses, itself.id, ports=NAT_PORTS)
    served_v4 = served & Bounds.exactly(ALL_IPV4)
    # Where nobody knows the VPC's blocks, what is for its own endpoints goes back to a client and all else goes on.
    vpc = estate.vpc_of(subnet.id)
    by_address = vpc is None or estate.local(vpc).known
    inside: Selector = ANYTHING if vpc is None or by_address else of("vpc", vpc.id)
    outside: Selector = ANYTHING if inside == ANYTHING else Not(inside)
    yield Link(
        "source NAT", here, subnet.id, served_v4, outside, TRANSLATED, rewrite=Rewrite(source), span=gateway.span
    )
    back = Bounds(EVERYWHERE - served.may, EVERYWHERE - served.must, served.because)
    back = back if by_address else Bounds.exactly(EVERYWHERE)
    for table, doubtful in estate.tables(subnet):
        way = back if doubtful is None else maybe(back.may, doubtful.because)
        yield Link("back to the client", here, routes(table), way, inside, exits=True, span=gateway.span)


def _texts(values: object) -> Iterator[str]:
    if isinstance(values, tuple):
        yield from (one for one in values if isinstance(one, str))


def gateway_endpoint(
    estate: Estate, endpoint: VpcEndpoint, onward: str, listed: AddressSet | None
) -> Iterator[Endpoint | Location | Link]:
    """A gateway endpoint. `listed` None: nobody knows the service's addresses, and it is an endpoint of its own."""
    here = name(endpoint)
    yield Location(here, transit=True, kind="VPC endpoint")
    if listed is None:
        facets = {AWS: {"id": service_id(endpoint), "kind": SERVICE}}
        label = service_id(endpoint)
        yield Endpoint(label, label, CARRIED.must & ALL_IPV4, workload=label, facets=facets, span=endpoint.span)
        yield Location(label, kind="service")
        yield Link("to the service", here, label, towards=of("id", label), rewrite=Rewrite(), span=endpoint.span)
    else:
        yield Link("to the service", here, OUTSIDE, Bounds.exactly(listed), rewrite=Rewrite(), span=endpoint.span)
    if isinstance(endpoint.vpc, str):
        yield Link("to the VPC", here, onward, None, of("vpc", endpoint.vpc), span=endpoint.span)


def service_id(endpoint: VpcEndpoint) -> str:
    """The service behind an endpoint, as one name for all of its addresses."""
    return f"service {endpoint.service}" if isinstance(endpoint.service, str) else f"service of {name(endpoint)}"


def beyond(
    target: str, served: AddressSet, because: str, onward: tuple[tuple[str, AddressSet], ...] = ()
) -> Iterator[Endpoint | Location | Link]:
    """A way that is not modelled.

    `served` are the destinations that tables send there, and so the addresses of those who may come from there (of a
    default route, the private ones alone). `onward` are the routers of the VPCs and their addresses.
    """
    here = target
    yield Location(here, transit=True, kind="not modelled")
    yield Link("somewhere", here, OUTSIDE, maybe(served, because), rewrite=Rewrite())
    behind = served & NOT_ON_THE_INTERNET if CARRIED.must & ALL_IPV4 <= served else served
    for family, suffix in ((ALL_IPV4, ""), (ALL_IPV6, " IPv6")):
        if behind & family:
            label = f"behind {target}"
            yield Endpoint(f"{label}{suffix}", label, behind & family, every=True, workload=label, maybe=True)
    if behind:
        yield Location(f"behind {target}", kind="not modelled")
        yield Link("from there", f"behind {target}", here, maybe(EVERYWHERE, because))
        yield Link("to there", here, f"behind {target}", maybe(behind, because))
    for inner, addresses in onward:
        yield Link("into the VPC", here, inner, maybe(addresses, because))
