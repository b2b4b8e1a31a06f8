"""A subnet of the data tier has a way to the internet.

## What it does
Takes the subnets in which managed databases stand, and those that are tagged `tier` = `data` (or whose interfaces are),
and asks whether their route table leads to an internet gateway or a public NAT gateway for so much of the internet that
it names nobody in particular. The severity is low where that is not certain.

## Why it is bad
Data leaves by the way that is there. A database needs no internet: with an internet gateway, one public address makes
it reachable; with a NAT gateway, whoever gets in has a way to carry things out.

## Example
    resource "aws_route_table_association" "data" {
      subnet_id = aws_subnet.data.id, route_table_id = aws_route_table.public.id
    }

## Instead
Give the data subnets a table of their own without a default route, and VPC endpoints for the services that they need.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.checks.cloud import DATABASES, destinations, estate, kind, public, some, subnet
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.resources.aws import Route, Subnet, Tags, TargetKind, Unknown, listed
from ringfence.topology.aws.endpoints import TAG
from ringfence.topology.aws.estate import Estate, doubt, name

CHECK = Check(
    "RF206",
    "data-tier-to-internet",
    "data subnet with a way to the internet",
    Severity.MEDIUM,
    "0.1",
    "give the data subnets a route table without a default route",
    ("https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html",),
)

TIER, DATA = "tier", frozenset(("data", "database", "db"))


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A subnet's way out, and why it may not be there."""

    subnet: Subnet
    route: Route
    why: Unknown | None

    @property
    def target(self) -> str:
        """What it leads by."""
        return self.route.target if isinstance(self.route.target, str) else "a gateway"


def run(view: View) -> Iterator[Finding]:
    """One finding for the subnets that hold the same: zones are written once, and mended once. At the first route."""
    found = estate(view)
    if found is None:
        return
    held = _held(view, found)
    tiers: dict[tuple[frozenset[str], bool], list[Way]] = {}
    for one in found.objects.subnets:
        ways = [Way(one, *each) for each in _ways(found, one)] if one.id in held else []
        if ways:
            way = min(ways, key=lambda each: each.why is not None)
            tiers.setdefault((frozenset(held[one.id]), way.why is None), []).append(way)
    for (_, sure), ways in tiers.items():
        yield _finding(ways, held[ways[0].subnet.id], sure)


def _finding(ways: list[Way], holds: list[str], sure: bool) -> Finding:
    many = len(ways) > 1
    subject = f"subnet{'s' if many else ''} {', '.join(name(one.subnet) for one in ways)}"
    tier = f" hold{'' if many else 's'} {some(holds)} and" if holds else ", of the data tier,"
    verb = ("have" if many else "has") if sure else "may have"
    message = f"{subject}{tier} {verb} a way to the internet by {some(one.target for one in ways)}"
    routes = {one.route.span for one in ways}
    because = [(f"{name(one.subnet)} by {one.target}", one.route.span) for one in ways if len(routes) > 1]
    because += [(one.why.because, one.subnet.span) for one in ways if one.why is not None]
    severity = CHECK.severity if sure else Severity.LOW
    return Finding(CHECK, severity, message, ways[0].route.span, tuple(dict.fromkeys(because)))


def _held(view: View, found: Estate) -> dict[str, list[str]]:
    """The data subnets, each with the databases that make it one."""
    held: dict[str, list[str]] = {one.id: [] for one in found.objects.subnets if _tagged(one.tags)}
    for endpoint in view.topology.network.endpoints:
        if kind(endpoint) in DATABASES or (kind(endpoint) and _tagged(endpoint.facets.get(TAG, {}))):
            held.setdefault(subnet(endpoint), []).append(endpoint.title)
    return held


def _tagged(tags: Tags) -> bool:
    return any(
        key.lower() == TIER and isinstance(text, str) and text.lower() in DATA for key, text in listed(tags).items()
    )


def _ways(found: Estate, one: Subnet) -> Iterator[tuple[Route, Unknown | None]]:
    """The routes to the internet, and why they may not be there."""
    for table, why in found.tables(one):
        for route in table.routes:
            if route.blackhole is not True and _leads_out(route, found) and public(destinations(route, found)):
                gateway = next((each for each in found.objects.nat_gateways if each.id == route.target), None)
                unsure = doubt(route.blackhole, route.destination, gateway.public if gateway is not None else True)
                yield route, why or route.exists or unsure


def _leads_out(route: Route, found: Estate) -> bool:
    match route.kind:
        case TargetKind.INTERNET_GATEWAY | TargetKind.EGRESS_ONLY:
            return True
        case TargetKind.NAT_GATEWAY:
            return all(one.public is not False for one in found.objects.nat_gateways if one.id == route.target)
    return False
