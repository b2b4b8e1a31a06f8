"""Which connections to a pod its sidecar sees.

iptables redirects everything to it, unless annotations name the ports (`includeInboundPorts`, `excludeInboundPorts`),
and never its own 15020, 15021 and 15090 (`status.sidecar.istio.io/port` adds one). What comes by an interface of
`excludeInterfaces` is not redirected either; the pod's own is eth0. With `interceptionMode: NONE` nothing is
redirected; what then reaches the proxy are the ingress listeners of the pod's Sidecar (`istio_listeners`), which are
sockets of its own.

A listener with `captureMode: NONE` is such a socket in any pod. What becomes of it where traffic is redirected, at one
address of several, and at a port that takes privileges, is open. So is what the Sidecars disagree about that may be a
pod's.

Sources: istio's injection templates, `tools/istio-iptables`, `core/listener_inbound.go` (`getBindToPort`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ringfence.model.bounds import Bounds
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.resources.istio.networking import BOUND, REDIRECTED, IngressListener

TRAFFIC, INTERCEPTION = "traffic.sidecar.istio.io/", "sidecar.istio.io/interceptionMode"
NOT_REDIRECTED = "NONE"
STATUS_PORT = "status.sidecar.istio.io/port"
INTERFACE = "eth0"
OWN_PORTS = (15020, 15021, 15090)
PORT_LIST = re.compile(r"\s*(\d{1,5}\s*(,\s*\d{1,5}\s*)*)?")

OWN = IntervalSet.of(*OWN_PORTS)
ALWAYS_PAST = Bounds.exactly(OWN)
UNREADABLE = "nobody can read the ports that an annotation names"
UNCLEAR = "whether the proxy stands before a port of its Sidecar is not known"

PRIVILEGED = 1024
ANYWHERE = ("", "0.0.0.0", "::")

Listeners = tuple[IngressListener, ...]


def past(annotations: Mapping[str, str], choices: tuple[Listeners, ...] = ()) -> Bounds[IntervalSet]:
    """The ports whose connections go past a pod's proxy. `choices`: the listeners of each Sidecar that may be its."""
    redirected = annotations.get(INTERCEPTION) != NOT_REDIRECTED
    wide = _not_redirected(annotations) if redirected else Bounds.exactly(PORTS)
    found = [_beside(wide, one, redirected) for one in choices or ((),)]
    must, may = found[0].must, found[0].may
    for one in found[1:]:
        must, may = must & one.must, may | one.may
    return Bounds.exactly(must) if must == may else Bounds(must, may, wide.because or UNCLEAR)


def passes_by(annotations: Mapping[str, str]) -> bool:
    """Whether the pod's interface is left out of the redirection, both ways."""
    named = annotations.get(f"{TRAFFIC}excludeInterfaces", "").split(",")
    wildcards = (one.strip().removesuffix("+") for one in named if one.strip().endswith("+"))
    return INTERFACE in (one.strip() for one in named) or any(map(INTERFACE.startswith, wildcards))


def listed(text: str) -> IntervalSet | None:
    """The ports of a list; None where it is none."""
    if not PORT_LIST.fullmatch(text):
        return None
    return IntervalSet.of(*(int(one) for one in text.split(",") if one.strip()))


def _not_redirected(annotations: Mapping[str, str]) -> Bounds[IntervalSet]:
    if passes_by(annotations):
        return Bounds.exactly(PORTS)
    included = annotations.get(f"{TRAFFIC}includeInboundPorts", "*").strip()
    excluded, only = listed(annotations.get(f"{TRAFFIC}excludeInboundPorts", "")), listed(included)
    if excluded is None or (only is None and included != "*"):
        return Bounds(OWN | (excluded or IntervalSet()), PORTS, UNREADABLE)
    left_out = IntervalSet() if only is None else PORTS - only
    status = listed(annotations.get(STATUS_PORT, "")) or IntervalSet()
    return Bounds.exactly(OWN | left_out | excluded | status)


def _beside(wide: Bounds[IntervalSet], listeners: Listeners, redirected: bool) -> Bounds[IntervalSet]:
    """What is past a proxy that has these listeners, too."""
    own = [one for one in listeners if (one.capture_mode == BOUND if redirected else one.capture_mode != REDIRECTED)]
    numbers = IntervalSet.of(*(one.port for one in own)) - OWN
    if redirected:
        return Bounds(wide.must - numbers, wide.may | numbers, wide.because or UNCLEAR)
    sure = IntervalSet.of(*(one.port for one in own if one.bind in ANYWHERE and one.port >= PRIVILEGED)) - OWN
    return Bounds(wide.must - numbers, wide.may - sure, wide.because or UNCLEAR)
