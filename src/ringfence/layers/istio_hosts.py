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

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Generic, TypeVar

ANY_HOST = "*"
CLUSTER_DOMAIN = "cluster.local"

T = TypeVar("T")


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


class Hosts(Generic[T]):
    """Values by host, found by the most specific host that covers a name."""

    def __init__(self) -> None:
        self._exact: dict[str, T] = {}
        self._wild: dict[str, T] = {}

    def setdefault(self, host: str, value: T) -> T:
        """The value of exactly this host, which becomes this one where there is none."""
        return (self._wild if host.startswith(ANY_HOST) else self._exact).setdefault(host, value)

    def items(self) -> Iterator[tuple[str, T]]:
        """All hosts and their values."""
        yield from self._exact.items()
        yield from self._wild.items()

    def covering(self, name: str) -> Iterator[T]:
        """The values of all hosts that cover a name."""
        if name in self._exact:
            yield self._exact[name]
        yield from (value for host, value in self._wild.items() if covers(host, name))

    def match(self, name: str) -> T | None:
        """The value of the name itself, else of the longest host that covers it; None where none does."""
        if name in self._exact:
            return self._exact[name]
        best = max((one for one in self._wild if covers(one, name)), key=len, default=None)
        return None if best is None else self._wild[best]


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False
