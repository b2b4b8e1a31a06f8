"""VirtualService (`networking.istio.io`): which subsets of which hosts a client's requests go to.

Matches are not read apart: a route is either certain (nothing but ports limits it) or it may be taken. What sidecars
follow and what gateways do stands apart: a match names the `gateways` that it is for, else those of the VirtualService
count, and a gateway's ports are its own. Which of a gateway's routes is taken is never certain here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ringfence.resources.istio.networking import MESH_GATEWAY, Destination, TrafficRoute, VirtualService
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.istio_networking import host
from ringfence.sources.kubernetes.istio_parts import TOP, export_to
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part

HTTP = (
    "name", "match", "route", "redirect", "directResponse", "delegate", "rewrite", "timeout", "retries", "fault",
    "mirror", "mirrors", "mirrorPercent", "mirrorPercentage", "corsPolicy", "headers",
)  # fmt: skip
HTTP_MATCH = (
    "name", "uri", "scheme", "method", "authority", "headers", "port", "sourceLabels", "gateways", "queryParams",
    "ignoreUriCase", "withoutHeaders", "sourceNamespace", "statPrefix",
)  # fmt: skip
SOURCES = ("sourceLabels", "sourceNamespace")
L4_MATCH = ("destinationSubnets", "port", "sourceLabels", "gateways", "sourceNamespace", "sourceSubnet", "sniHosts")
WITHOUT_EFFECT = ("name", "port", "gateways", "statPrefix", "ignoreUriCase")
"""Fields of a match that limit nothing beyond ports."""


def virtual_service(part: Part) -> VirtualService:
    """A VirtualService. One without hosts is a delegate of another."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("hosts", "gateways", "http", "tls", "tcp", "exportTo")
    metadata = object_meta(part["metadata"], namespaced=True)
    gateways = spec["gateways"].texts()
    routes = tuple(
        route
        for protocol in ("http", "tls", "tcp")
        for item in spec[protocol].items()
        for route in _routes(item, protocol, gateways, metadata.namespace)
    )
    if not any(spec[protocol].items() for protocol in ("http", "tls", "tcp")):
        spec.refuse("has no route")
    return VirtualService(
        metadata,
        tuple(host(item) for item in spec["hosts"].items()),
        gateways,
        tuple(one for one in routes if not one.gateways),
        export_to(spec["exportTo"], metadata.namespace),
        tuple(one for one in routes if one.gateways),
        part.span,
    )


def _routes(part: Part, protocol: str, gateways: tuple[str, ...], namespace: str) -> Iterator[TrafficRoute]:
    part.only(*(HTTP if protocol == "http" else ("match", "route")))
    destinations = _destinations(part["route"])
    matches = part["match"].items()
    for match in matches:
        match.only(*(HTTP_MATCH if protocol == "http" else L4_MATCH))
    if (
        protocol == "http"
        and not destinations
        and not any(part[name].present for name in ("redirect", "directResponse", "delegate"))
    ):
        part.refuse("leads nowhere", "give a route, a redirect, a directResponse or a delegate")
    delegated = part["delegate"].present
    route = TrafficRoute(
        protocol,
        destinations,
        delegated=delegated,
        delegate=_delegate(part["delegate"], namespace) if delegated else "",
        matched=bool(matches),
        span=part.span,
    )
    wanted = [match["gateways"].texts() or gateways or (MESH_GATEWAY,) for match in matches]
    named = dict.fromkeys(name for one in (wanted if matches else [gateways]) for name in one if name != MESH_GATEWAY)
    if named:
        yield replace(route, certain=False, gateways=tuple(named))
    mine = [match for match, names in zip(matches, wanted, strict=True) if MESH_GATEWAY in names]
    if matches and not mine:
        return
    numbers = tuple(syntax.port_number(match["port"], required=False) for match in mine)
    simple = [set(match.entries()) <= set(WITHOUT_EFFECT) for match in mine]
    certain = all(simple) or any(one and not number for one, number in zip(simple, numbers, strict=True))
    sourced = not certain and any(match[name].present for match in mine for name in SOURCES)
    yield replace(route, ports=numbers if all(numbers) else (), certain=certain, sourced=sourced)


def _delegate(part: Part, namespace: str) -> str:
    part.only("name", "namespace")
    name = part["name"].text()
    if not name:
        part["name"].refuse("is missing")
    return f"{part['namespace'].text() or namespace}/{name}"


def _destinations(part: Part) -> tuple[Destination, ...]:
    """Where requests go. Of several destinations, one without a weight gets none."""
    found = [_destination(item) for item in part.items()]
    return tuple(one for one, weight in found if weight or len(found) == 1)


def _destination(part: Part) -> tuple[Destination, int]:
    part.only("destination", "weight", "headers")
    target = part["destination"]
    target.only("host", "subset", "port")
    target["port"].only("number")
    weight = part["weight"].integer()
    if weight < 0:
        part["weight"].refuse("is negative")
    port = syntax.port_number(target["port"]["number"], required=False)
    return Destination(host(target["host"]), target["subset"].text(), port), weight
