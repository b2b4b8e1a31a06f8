"""What a Sidecar lets its clients' proxies know: hosts of the registry, and VirtualServices.

`egress` names hosts as `namespace/host`: `*` is every namespace, `.` the client's own (a Sidecar of the root namespace
is for clients of all namespaces), and `~` in front takes hosts away again. A listener with a port is for that port
alone.

A VirtualService is known by its own namespace and hosts, and through it the ports that its routes lead to: whoever
calls `knows` adds these. DestinationRules are not limited.

Sources: istio `pilot/pkg/model/sidecar.go` (`convertIstioListenerToWrapper`, `hostClassification`,
`collectImportedServices`), `virtualservice.go` (`SelectVirtualServices`).
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.layers.istio_hosts import covers, full
from ringfence.resources.istio.networking import Sidecar, VirtualService

OWN_NAMESPACE, ANY_NAMESPACE, TAKEN_AWAY = ".", "*", "~"


def knows(sidecar: Sidecar, client: str, host: str, namespace: str, port: int) -> bool:
    """Whether proxies of a client's namespace under a Sidecar know a port of a host, which is of `namespace`."""
    if not sidecar.egress:
        return True
    for listener in sidecar.egress:
        if listener.port in (0, port):
            named = [pattern for pattern, without in _named(listener.hosts, client, namespace) if not without]
            taken = [pattern for pattern, without in _named(listener.hosts, client, namespace) if without]
            if any(covers(one, host) for one in named) and not any(covers(one, host) for one in taken):
                return True
    return False


def has_clusters(sidecar: Sidecar, port: int) -> bool:
    """Whether routes may lead proxies under a Sidecar to ports of this number: listeners with a port have only that."""
    return not sidecar.egress or any(one.port in (0, port) for one in sidecar.egress)


def imports(sidecar: Sidecar, client: str, service: VirtualService) -> bool:
    """Whether proxies of a client's namespace under a Sidecar follow a VirtualService."""
    if not sidecar.egress:
        return True
    namespace = service.metadata.namespace
    hosts = [full(one, namespace) for one in service.hosts]
    for listener in sidecar.egress:
        patterns = tuple(_named(listener.hosts, client, namespace))
        for host in hosts:
            fitting = any(covers(one, host) or covers(host, one) for one, without in patterns if not without)
            if fitting and not any(covers(one, host) for one, without in patterns if without):
                return True
    return False


def by_client(sidecar: Sidecar, root_namespace: str) -> bool:
    """Whether it depends on the client's namespace what its proxy knows."""
    if sidecar.metadata.namespace != root_namespace:
        return False
    return any(text.startswith(f"{OWN_NAMESPACE}/") for listener in sidecar.egress for text in listener.hosts)


def _named(texts: tuple[str, ...], client: str, namespace: str) -> Iterator[tuple[str, bool]]:
    """The hosts that are named for a namespace, and whether they are taken away."""
    for text in texts:
        place, _, host = text.partition("/")
        without = place.startswith(TAKEN_AWAY)
        if without:
            place = place.removeprefix(TAKEN_AWAY) or ANY_NAMESPACE
        if (client if place == OWN_NAMESPACE else place) in (ANY_NAMESPACE, namespace):
            yield host, without
