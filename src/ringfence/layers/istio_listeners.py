"""How a pod's inbound ports are read where its Sidecar has ingress listeners: they stand in place of Services.

    port, protocol    how the proxy reads that port; a protocol that is not said, as its bytes look. Every other port is
                      read as its bytes look, whatever Services say of it
    captureMode       which connections the proxy sees (`istio_captured`)
    defaultEndpoint   inside of the pod, and so no question here
    tls               the user's own certificate; only behind a flag of istiod's, which then reads what is inside

PeerAuthentication holds at these ports as at all others. Where it is not known which of several Sidecars is the pod's,
what they disagree about is open. (A flag of istiod's, off by default, keeps the Services' ports beside the listeners'.)

Sources: istio `core/listener_inbound.go` (`buildInboundChainConfigs`), `pkg/config/protocol`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ringfence.layers.istio_captured import Listeners
from ringfence.layers.istio_inbound import DETECTED, EITHER, TCP, read_as
from ringfence.resources.istio.networking import BOUND, Sidecar


def of(sidecars: Iterable[Sidecar | None]) -> tuple[Listeners, ...]:
    """The listeners of each Sidecar that may be a pod's. None, and no listeners: as Services say."""
    return tuple(dict.fromkeys(one.ingress if one is not None else () for one in sidecars))


def ports(choices: tuple[Listeners, ...], by_services: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """How a pod's ports are read, sorted; those that are not in here are detected."""
    readings = [dict(_readings(one)) if one else dict(by_services) for one in choices or ((),)]
    return tuple((number, how) for number, how in sorted(_common(readings)) if how != DETECTED)


def _readings(listeners: Listeners) -> Iterator[tuple[int, str]]:
    for one in listeners:
        how = read_as(one.protocol)
        yield one.port, EITHER if one.capture_mode == BOUND or (one.tls and how == TCP) else how


def _common(readings: list[dict[int, str]]) -> Iterator[tuple[int, str]]:
    for number in {number for one in readings for number in one}:
        found: Mapping[str, None] = dict.fromkeys(one.get(number, DETECTED) for one in readings)
        yield number, next(iter(found)) if len(found) == 1 else EITHER
