"""What a sidecar makes of destinations that the registry does not list, once it has looked at all that it lists.

    ALLOW_ANY      they get plaintext, as the application sent it
    REGISTRY_ONLY  nothing: the proxy closes the connection. Files seldom hold the whole registry (the API server's
                   Service is in none), so that it stays open whether something is sent

The pod's Sidecar says which, where it says anything, else the mesh. Ports in `excludeOutboundPorts` go past the proxy
all the same.

Like all that a client's own proxy chooses, this binds nobody who holds the client (purpose `offer`): REGISTRY_ONLY is
no firewall and proves no deny. It keeps an allow from being proved.

Sources: istio `core/listener.go` (`buildCatchAllVirtualHost`, `BlackHoleCluster`), `pilot/pkg/model/sidecar.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.layers.istio_facets import PROXY, SCOPE, SKIPS
from ringfence.layers.istio_mtls import SIDECARS
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS, ALL_PLAINTEXT, ALL_TCP, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import ANY_PEER, Action, Peer, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, Comparison, Label, Not, Selector, Unsure
from ringfence.resources.istio.networking import ALLOW_ANY, REGISTRY_ONLY, Sidecar

CLOSED = "the proxy closes connections to what the registry does not list (REGISTRY_ONLY)"


def skips(port: str) -> Selector:
    """The clients whose proxies do not see a port on the way out."""
    return Label(PROXY, f"{SKIPS}{port}")


def stages(mode: str, sidecars: Iterable[Sidecar], skipped: Iterable[int] = ()) -> Iterator[Stage]:
    """The last stages of an offer. `mode`: the mesh's; `skipped`: ports that some client's proxy does not see."""
    subjects = closing(mode, sidecars)
    if subjects is not None:
        past = (_past(port) for port in sorted(skipped))
        closed = Rule(Action.DENY, (Peer(Unsure(CLOSED)),), Bounds.exactly(ALL_TCP), name=REGISTRY_ONLY)
        yield Stage("unlisted destinations", (Scope(REGISTRY_ONLY, subjects, (*past, closed)),), Action.PASS)
    unlisted = Rule(Action.DENY, ANY_PEER, Bounds.exactly(ALL_MTLS), name="plaintext to a port that no Service lists")
    yield Stage("other ports", (Scope("unlisted ports", SIDECARS, (unlisted,)),), Action.ALLOW)


def _past(port: int) -> Rule:
    headers = Bounds.exactly(ports("tcp", IntervalSet.of(port)) & ALL_PLAINTEXT)
    return Rule(Action.ALLOW, ANY_PEER, headers, subjects=skips(str(port)), name="excludeOutboundPorts")


def closing(mode: str, sidecars: Iterable[Sidecar]) -> Selector | None:
    """The clients whose proxies close what they do not know (REGISTRY_ONLY); None where there are none."""
    opposite = ALLOW_ANY if mode == REGISTRY_ONLY else REGISTRY_ONLY
    named = frozenset(one.metadata.qualified_name for one in sidecars if one.outbound_traffic_policy == opposite)
    under = Label(PROXY, SCOPE, Comparison.IN, named)
    if mode == REGISTRY_ONLY:
        return AllOf((SIDECARS, Not(under))) if named else SIDECARS
    return AllOf((SIDECARS, under)) if named else None
