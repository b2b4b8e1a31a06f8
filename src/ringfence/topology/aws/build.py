"""An AWS estate as a network: endpoints, places and the links between them.

    interfaces of S --groups--> S --ACL out--> routes T --> router of V --ACL in--> S' --groups--> interfaces of S'
                                               routes T --> internet gateway --> external
                                               routes T --> NAT gateway --> S'' --ACL out--> routes T'' --> ...

`places` says where chains stand, `routing` where a table leads, `gateways` and `balancers` what changes packets. What
is not known is a link that may serve or a chain that may refuse, never an omission; what was left out of the judgement
is in `assumed_open` or among the diagnostics.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, EVERYWHERE
from ringfence.model.bounds import Bounds
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.networks import Endpoint, Link, Location, Network
from ringfence.model.selectors import AnyOf, Has, Not, Selector
from ringfence.resources.aws import (
    AwsObjects,
    BalancerKind,
    Subnet,
)
from ringfence.topology.aws.balancers import PLANES, Balancers, keepers
from ringfence.topology.aws.endpoints import ANYWHERE, PUBLIC, place
from ringfence.topology.aws.estate import Estate, known, name
from ringfence.topology.aws.gateways import (
    beyond,
    gateway_endpoint,
    internet_gateway,
    nat_gateway,
)
from ringfence.topology.aws.places import acl_chains, both, group_chains, maybe, of, router, routes
from ringfence.topology.aws.population import population
from ringfence.topology.aws.tables import Tables
from ringfence.topology.aws.targets import NOTHING, Registered
from ringfence.topology.aws.turning_back import TurningBack
from ringfence.topology.entries import OUTSIDE, Entry
from ringfence.topology.services import Target

LINUX_CLIENTS = "instances are taken for Linux with its own client ports, 32768-60999"
UNFILTERED = "the Resolver, instance metadata and DHCP are reachable whatever the configuration says"

Part = Endpoint | Location | Link

IN_NO_FILE = "a subnet that no file holds"


@dataclass(frozen=True)
class AwsTopology:
    """An estate's network, and what its objects say beyond it."""

    network: Network
    objects: AwsObjects
    entries: tuple[Entry, ...]
    diagnostics: tuple[Diagnostic, ...]


def build(objects: AwsObjects, registered: Mapping[str, tuple[Registered, ...]] = NOTHING) -> AwsTopology:
    """The network of these objects. `registered`: what a cluster registers, by target group (`balancers`)."""
    return _Builder(Estate(objects), registered).topology()


class _Builder:
    def __init__(self, estate: Estate, registered: Mapping[str, tuple[Registered, ...]]) -> None:
        self._estate = estate
        self._registered = registered
        self._tables = Tables(estate)

    def topology(self) -> AwsTopology:
        estate = self._estate
        people = list(population(estate))
        balancers = Balancers(estate, people, self._registered)
        parts: list[Part] = [*_outside(), *people, *self._interfaces(people), *balancers.parts()]
        for subnet in estate.objects.subnets:
            parts += self._subnet(subnet)
        for vpc in estate.objects.vpcs:
            parts.append(Location(router(vpc), transit=True, kind="router"))
        tables = self._tables
        turning_back = TurningBack.of(estate, (*people, *(one for nodes in balancers.nodes.values() for one in nodes)))
        for table in estate.objects.route_tables:
            parts += tables.links(table)
        for gateway in estate.internet_gateways:
            onward = self._arriving(gateway.id, gateway.vpc)
            parts += internet_gateway(estate, gateway, onward, tables.services, turning_back)
        for nat in estate.objects.nat_gateways:
            parts += nat_gateway(estate, nat, tables.served(nat.id))
        for endpoint in tables.gateway_endpoints:
            parts += gateway_endpoint(estate, endpoint, self._arriving("", endpoint.vpc), tables.listed(endpoint))
        routers = tuple((router(vpc), estate.local(vpc).may) for vpc in estate.objects.vpcs)
        for target, (served, because) in tables.beyond.items():
            parts += beyond(target, served, because, routers)
        self._complain()
        return AwsTopology(
            self._network(parts), estate.objects, tuple(self._entries()), tuple(self._tables.diagnostics)
        )

    def _network(self, parts: Iterable[Part]) -> Network:
        endpoints: dict[str, Endpoint] = {}
        locations: dict[str, Location] = {}
        links: list[Link] = []
        for part in parts:
            if isinstance(part, Endpoint):
                endpoints.setdefault(part.id, part)
            elif isinstance(part, Location):
                locations.setdefault(part.id, part)
            else:
                links.append(part)
        # A link that leads nowhere known is no link: what it would lead to was complained about.
        links = [one for one in dict.fromkeys(links) if one.source in locations and one.target in locations]
        return Network(tuple(endpoints.values()), locations, tuple(links), tuple(self._tables.assumed))

    def _interfaces(self, people: list[Endpoint]) -> Iterator[Location | Link]:
        """The place of each subnet's interfaces, and the one for those whose subnet is not known."""
        members: dict[str, list[Endpoint]] = {}
        for one in people:
            members.setdefault(one.location, []).append(one)
        for subnet in self._estate.objects.subnets:
            here = place(subnet.id)
            vpc = self._estate.vpc_of(subnet.id)
            yield Location(here, group_chains(self._estate, members.get(here, ()), vpc), kind="interfaces")
            yield Link("interface", here, subnet.id, exits=True, span=subnet.span)
            yield Link("interface", subnet.id, here, enters=True, span=subnet.span)
        if ANYWHERE in members:
            yield Location(ANYWHERE, group_chains(self._estate, members[ANYWHERE], None), kind="interfaces")
            somewhere = maybe(EVERYWHERE, "its subnet is not known")
            for subnet in self._estate.objects.subnets:
                yield Link("interface", ANYWHERE, subnet.id, somewhere, exits=True, span=subnet.span)
                yield Link("interface", subnet.id, ANYWHERE, somewhere, enters=True, span=subnet.span)
            yield from self._elsewhere({one.id for one in members[ANYWHERE]})

    def _elsewhere(self, lost: Collection[str]) -> Iterator[Location | Link]:
        """A subnet that no file holds, with whatever ways it may have; `lost` are the endpoints that may be in it.

        From outside it takes what is for public addresses alone, as every gateway does.
        """
        here = IN_NO_FILE
        perhaps = maybe(EVERYWHERE, f"it may be in {here}")
        them = AnyOf(tuple(of("id", one) for one in sorted(lost)))
        yield Location(here, transit=True, kind="subnet")
        yield Link("interface", ANYWHERE, here, perhaps, exits=True)
        yield Link("interface", here, ANYWHERE, perhaps, enters=True)
        yield Link("gateway", OUTSIDE, here, perhaps, both(them, Has(PUBLIC)))
        yield Link("gateway", here, OUTSIDE, perhaps)
        for vpc in self._estate.objects.vpcs:
            yield Link("router", here, router(vpc), perhaps)
            yield Link("router", router(vpc), here, perhaps, them)

    def _subnet(self, subnet: Subnet) -> Iterator[Location | Link]:
        estate = self._estate
        yield Location(subnet.id, acl_chains(estate, subnet), transit=True, kind="subnet")
        inside = estate.of_subnet(subnet)
        elsewhere: Selector = Not(of("subnet", subnet.id))
        leaving = Bounds.exactly(EVERYWHERE - inside.must) if inside.known else None
        kept = keepers(estate, subnet.vpc if isinstance(subnet.vpc, str) else None)
        elsewhere = both(elsewhere, Not(of("id", *kept))) if kept else elsewhere
        found = list(estate.tables(subnet))
        for table, why in found:
            way = leaving if why is None else maybe(leaving.may if leaving else EVERYWHERE, why.because)
            yield Link("leaves the subnet", subnet.id, routes(table), way, elsewhere, exits=True, span=table.span)
        if not found:
            self._tables.diagnostics.append(
                warning(f"no route table of subnet {name(subnet)} is in the files", subnet.span)
            )
            unknown = "its route table is not in the files"
            self._tables.unmodelled(f"routes of {subnet.id}", EVERYWHERE, unknown)
            way = maybe(EVERYWHERE, unknown)
            yield Link("leaves the subnet", subnet.id, f"routes of {subnet.id}", way, elsewhere, exits=True)
        vpcs = [subnet.vpc] if isinstance(subnet.vpc, str) else list(estate.vpcs)
        for each in vpcs:
            if each not in estate.vpcs:
                continue
            here = router(estate.vpcs[each])
            sure = None if isinstance(subnet.vpc, str) else maybe(EVERYWHERE, "its VPC is not known")
            yield Link("enters the subnet", here, subnet.id, sure, of("subnet", subnet.id), enters=True)
            if kept:
                towards = both(of("id", *kept), Not(of("subnet", subnet.id)))
                yield Link("back to the balancer", subnet.id, here, sure, towards, exits=True, span=subnet.span)

    def _arriving(self, gateway: str, vpc: object) -> str:
        """Where what comes in by a gateway goes: its own route table, else the VPC's router."""
        for table in self._estate.objects.route_tables:
            if gateway and gateway in known(table.gateways):
                return routes(table)
        found = self._estate.vpcs.get(vpc) if isinstance(vpc, str) else None
        return router(found) if found is not None else ""

    def _entries(self) -> Iterator[Entry]:
        balancers = {one.id: one for one in self._estate.objects.load_balancers}
        for listener in self._estate.objects.listeners:
            balancer = balancers.get(listener.load_balancer) if isinstance(listener.load_balancer, str) else None
            if balancer is None or balancer.internal is True or not isinstance(listener.port, int):
                continue
            protocol = listener.protocol if isinstance(listener.protocol, str) else "HTTP"
            for plane in PLANES.get(protocol.upper(), ("tcp",)):
                if plane != "mtls":
                    target = Target(of("id", balancer.id), plane, listener.port)
                    title = f"load balancer {name(balancer)}"
                    yield Entry("load balancer", title, listener.span, (OUTSIDE,), (target,), listener.port)

    def _complain(self) -> None:
        self._tables.assumed |= dict.fromkeys((LINUX_CLIENTS, UNFILTERED))
        for unread in self._estate.objects.unread:
            self._tables.assumed[f"{unread.because}: what it may add is not considered"] = None
        for balancer in self._estate.objects.load_balancers:
            if balancer.kind is BalancerKind.GATEWAY:
                message = f"gateway load balancer {name(balancer)} is not modelled"
                self._tables.diagnostics.append(warning(message, balancer.span))


def _outside() -> Iterator[Part]:
    yield Location(OUTSIDE, kind="outside")
    for version, addresses in ((4, ALL_IPV4), (6, ALL_IPV6)):
        yield Endpoint(f"external-ipv{version}", OUTSIDE, addresses, every=True, workload=OUTSIDE)
