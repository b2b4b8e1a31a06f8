"""Host names in Istio's traffic objects: what a short one stands for, and which of several is the most specific.

    *            every host
    *.x          every host that ends in .x
    name         without a dot: the Service of this name in the object's own namespace
    a.b          with a dot: taken as it is, also where it looks like `service.namespace`

Names are compared in lower case.

Sources: istio `pilot/pkg/model/config.go` (`ResolveShortnameToFQDN`, `MostSpecificHostMatch`) and
`pkg/config/host/name.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

ANY_HOST = "*"
CLUSTER_DOMAIN = "cluster.local"


def full(host: str, namespace: str, domain: str = CLUSTER_DOMAIN) -> str:
    """The host that one written in an object of this namespace stands for."""
    if "." in host or host == ANY_HOST or _is_address(host):
        return host.lower()
    return f"{host}.{namespace}.svc.{domain}".lower()


def of_service(name: str, namespace: str, domain: str = CLUSTER_DOMAIN) -> str:
    """The host of a Service of the cluster."""
    return f"{name}.{namespace}.svc.{domain}"


def covers(pattern: str, host: str) -> bool:
    """Whether a host, perhaps with a star in front, holds another one."""
    return host.endswith(pattern[1:]) if pattern.startswith(ANY_HOST) else pattern == host


def most_specific(patterns: Iterable[str], host: str) -> str | None:
    """The pattern that says most about a host: itself, else the longest that covers it."""
    return max((one for one in patterns if covers(one, host)), key=lambda one: (one == host, len(one)), default=None)


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False
