"""HTTPRoute of Linkerd's own group: the Gateway API's, less what Linkerd has no use for.

Of the shape only the fields that an inbound Server asks about are read (`gateways.route`); that there are no others is
checked. A route whose parent is an EgressNetwork must name a port, as admission demands.
"""

from __future__ import annotations

from ringfence.resources.kubernetes import Route
from ringfence.sources.kubernetes import gateways
from ringfence.sources.kubernetes.linkerd_parts import GROUP, TOP
from ringfence.sources.kubernetes.parts import Part

FILTERS = ("RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect")
HTTP_ROUTE_VERSIONS = tuple(f"{GROUP}/{version}" for version in ("v1beta3", "v1beta2", "v1beta1", "v1alpha1"))


def http_route(part: Part) -> Route:
    """An HTTPRoute of `policy.linkerd.io`."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("parentRefs", "hostnames", "rules")
    for parent in spec["parentRefs"].items():
        parent.only("group", "kind", "namespace", "name", "sectionName", "port")
        kind = (parent["group"].text().lower(), parent["kind"].text().lower())
        if kind == (GROUP, "egressnetwork") and not parent["port"].present:
            parent["port"].refuse("is missing", "a route of an EgressNetwork is for one port")
    for rule in spec["rules"].items():
        rule.only("name", "matches", "filters", "backendRefs", "timeouts")
        for match in rule["matches"].items():
            match.only("path", "headers", "queryParams", "method")
        for filter_ in rule["filters"].items():
            filter_["type"].one_of(FILTERS)
    return gateways.route(part)
