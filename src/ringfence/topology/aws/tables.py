"""Where each route table sends packets: links from its place to routers, gateways and what is not modelled.

A VPC whose blocks are not known finds its own endpoints by what they are, instead of by address. A gateway endpoint
stands in its tables by the prefix list of its service; where nobody knows that list, the service is an endpoint of its
own and everything else is for the rest.

Gateways that propagate may add any route. Terraform does not say which; they are taken to be for private addresses, and
nothing is certain of those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ringfence.model.addresses import EVERYWHERE, NO_ADDRESS, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.networks import Link, Location
from ringfence.model.selectors import Not, Selector
from ringfence.resources.aws import EndpointKind, Route, RouteTable, TargetKind, Unknown, VpcEndpoint
from ringfence.topology.aws.estate import Estate, doubt, known, name
from ringfence.topology.aws.gateways import NOT_ON_THE_INTERNET, service_id
from ringfence.topology.aws.places import both, maybe, of, router, routes
from ringfence.topology.aws.routing import Way, resolve

PRIVATE_ROUTES = "gateways propagate routes to private addresses alone"
SERVICES = "the addresses of {service} are not known: it is judged apart from the internet"


class Tables:
    """Lowers route tables, and remembers what they lead to.

    `served` are the destinations by NAT gateway; `beyond` those of each target that is not modelled, and why.
    """

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self.diagnostics: list[Diagnostic] = []
        self.assumed: dict[str, None] = {}
        self._served: dict[str, Bounds[AddressSet]] = {}
        self._beyond: dict[str, tuple[AddressSet, str]] = {}
        endpoints = estate.objects.vpc_endpoints
        self.gateway_endpoints = [one for one in endpoints if one.kind is EndpointKind.GATEWAY]
        self.services = tuple(
            dict.fromkeys(service_id(one) for one in self.gateway_endpoints if self.listed(one) is None)
        )

    @property
    def beyond(self) -> Mapping[str, tuple[AddressSet, str]]:
        """What is not modelled, by the name of its place."""
        return self._beyond

    def served(self, nat: str) -> Bounds[AddressSet]:
        """The destinations that tables send to a NAT gateway."""
        return self._served.get(nat, Bounds.exactly(NO_ADDRESS))

    def links(self, table: RouteTable) -> Iterator[Location | Link]:
        """The table's place and the links that leave it."""
        estate = self._estate
        here = routes(table)
        yield Location(here, transit=True, kind="route table")
        vpc = None if isinstance(table.vpc, Unknown) else estate.vpcs.get(table.vpc)
        local = estate.local(vpc) if vpc is not None else Bounds.exactly(NO_ADDRESS)
        by_address = local.known
        doubtful = NO_ADDRESS
        if table.propagating != () and not any(one.propagated for one in table.routes):
            self.assumed[PRIVATE_ROUTES] = None
            doubtful = NOT_ON_THE_INTERNET
            self.unmodelled(f"gateways that propagate into {name(table)}", doubtful, "propagated routes are not known")
            unknown = maybe(doubtful - local.must, "propagated routes are not known")
            yield Link("propagated", here, f"gateways that propagate into {name(table)}", unknown)
        ways, left = resolve(
            self._with_endpoints(table), local if by_address else Bounds.exactly(NO_ADDRESS), estate, doubtful
        )
        if vpc is not None and left.may and by_address:
            yield Link("local", here, router(vpc), left, span=table.span)
        elif vpc is not None and not by_address:
            yield Link("local", here, router(vpc), None, of("vpc", vpc.id), span=table.span)
        elif vpc is None:
            self.unmodelled(f"VPC of {name(table)}", EVERYWHERE, "its VPC is not in the files")
            yield Link("local", here, f"VPC of {name(table)}", maybe(EVERYWHERE, "its VPC is not in the files"))
        through = self._service_ways(table)
        apart: list[Selector] = [Not(of("id", service_id(one))) for one in through]
        if vpc is not None and not by_address:
            apart.append(Not(of("vpc", vpc.id)))
        outside = both(*apart)
        for way in ways:
            target, why = self._target(way, table)
            if target is None:
                continue
            served = way.destinations if not why else maybe(way.destinations.may, why)
            label = f"route to {way.route.destination if isinstance(way.route.destination, str) else '(not known)'}"
            # A NAT gateway stands behind its subnet's edge.
            edge = way.route.kind is TargetKind.NAT_GATEWAY
            yield Link(label, here, target, served, outside, enters=edge, span=way.route.span)
        for endpoint in through:
            label = service_id(endpoint)
            yield Link(f"route to {label}", here, name(endpoint), None, of("id", label), span=endpoint.span)

    def _with_endpoints(self, table: RouteTable) -> Iterator[Route]:
        """The table's routes, with those of the gateway endpoints; what leads to a service's place is left out."""
        gateways = {one.id: one for one in self.gateway_endpoints}
        listed = {one.target for one in table.routes}
        for route in table.routes:
            endpoint = gateways.get(route.target) if isinstance(route.target, str) else None
            if endpoint is None or self.listed(endpoint) is not None:
                yield route
        for endpoint in self.gateway_endpoints:
            named = table.id in known(endpoint.route_tables)
            if self.listed(endpoint) is None or endpoint.id in listed:
                continue
            unsure = doubt(endpoint.exists, endpoint.route_tables) if not named else endpoint.exists
            if named or unsure is not None:
                yield Route(
                    destination=self._list_of(endpoint),
                    by_prefix_list=True,
                    kind=TargetKind.VPC_ENDPOINT,
                    target=endpoint.id,
                    exists=unsure,
                    span=endpoint.span,
                )

    def _service_ways(self, table: RouteTable) -> list[VpcEndpoint]:
        """The endpoints that this table leads to whose services have a place of their own."""
        targets = {one.target for one in table.routes}
        found = [one for one in self.gateway_endpoints if self.listed(one) is None]
        for one in found:
            self.assumed[SERVICES.format(service=service_id(one))] = None
        return [one for one in found if table.id in known(one.route_tables) or one.id in targets]

    def _list_of(self, endpoint: VpcEndpoint) -> str:
        """The id of its service's prefix list: its own word, the list's name, or that of the route that leads to it."""
        if isinstance(endpoint.prefix_list, str):
            return endpoint.prefix_list
        routes_to = (one for table in self._estate.objects.route_tables for one in table.routes)
        found = [one.destination for one in routes_to if one.by_prefix_list and one.target == endpoint.id]
        found += [one.id for one in self._estate.objects.prefix_lists if one.name and one.name == endpoint.service]
        return next((one for one in found if isinstance(one, str)), "")

    def listed(self, endpoint: VpcEndpoint) -> AddressSet | None:
        """The addresses of a gateway endpoint's service, where all of them are known."""
        found = self._estate.prefix_lists.get(self._list_of(endpoint))
        if found is None or doubt(found.cidrs) is not None or not known(found.cidrs):
            return None
        return AddressSet.of(*known(found.cidrs))

    def _target(self, way: Way, table: RouteTable) -> tuple[str | None, str]:
        """Where a route leads, and why that is not certain."""
        route, objects = way.route, self._estate.objects
        named = route.target if isinstance(route.target, str) else ""
        because = f"{named or 'its target'} is not modelled"
        match route.kind:
            case TargetKind.INTERNET_GATEWAY | TargetKind.EGRESS_ONLY:
                for gateway in self._estate.internet_gateways:
                    if gateway.id == route.target:
                        attached = gateway.vpc == table.vpc
                        unsure = doubt(gateway.vpc, table.vpc)
                        return (name(gateway), unsure.because if unsure else "") if attached or unsure else (None, "")
            case TargetKind.NAT_GATEWAY:
                for nat in objects.nat_gateways:
                    if nat.id == route.target:
                        self._served[nat.id] = self.served(nat.id) | way.destinations
                        return name(nat), nat.exists.because if nat.exists else ""
            case TargetKind.VPC_ENDPOINT:
                for endpoint in self.gateway_endpoints:
                    if endpoint.id == route.target:
                        return name(endpoint), ""
            case TargetKind.NETWORK_INTERFACE | TargetKind.INSTANCE:
                because = f"what the appliance {route.target} does with packets is not known"
                own = self._estate.interfaces.get(route.target, ()) if isinstance(route.target, str) else ()
                faces = [one for one in objects.network_interfaces if one.id == route.target or one in own]
                if faces and all(one.source_dest_check is True for one in faces):
                    message = f"route to {route.target} drops packets: its source/destination check is on"
                    self.diagnostics.append(warning(message, route.span))
                    return None, ""
        label = named or f"a target that is not known in {name(table)}"
        self.unmodelled(f"by way of {label}", way.destinations.may, because)
        return f"by way of {label}", because

    def unmodelled(self, target: str, served: AddressSet, because: str) -> None:
        """Notes that packets for these destinations may go a way that nobody knows."""
        before, reason = self._beyond.get(target, (NO_ADDRESS, because))
        self._beyond[target] = before | served, reason
