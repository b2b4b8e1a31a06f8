"""What Istio's chains ask about a pod with a proxy of its own, worked out once for each pod template.

    istio mtls         by port: the modes that its proxy may take mutual TLS in, joined by `|`; `*` is every other port
    istio mtls policy  by port: the policies that say so, joined by `|`; empty for a default
    istio auto mtls    by port: what a client without a rule sends it: `mtls`, `plaintext`, or both joined
    istio proxy        kind   `sidecar` or `gateway`
                       tls    `istio` where its endpoints count as proxied, else `disabled`
                       scope  the Sidecar that limits what it knows, where one does
                       skips 80, skips *   ports that its own proxy does not see on the way out; `*`: nobody knows which

**Inbound ports.** A port that a sidecar does not see (`istio_captured`) takes plaintext; yet clients that know the pod
as proxied go on sending it mutual TLS.

**Gateways** have no redirected ports; they take what their Gateway servers say: mutual TLS with ISTIO_MUTUAL, otherwise
plaintext (TLS of the user's own included). Clients do not know their pods as proxied.

Source: istio `pilot/pkg/model/service.go` (`GetTLSModeFromEndpointLabels`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ringfence.layers.istio_captured import (
    INTERCEPTION,
    NOT_REDIRECTED,
    OWN_PORTS,
    TRAFFIC,
    Listeners,
    listed,
    passes_by,
    past,
)
from ringfence.layers.istio_modes import EVERY_PORT, UNSEEN, Choice
from ringfence.model.bounds import Bounds
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.model.selectors import AllOf, AnyOf, Comparison, Label, Selector
from ringfence.resources.istio.authentication import MutualTlsMode

MODE, POLICY, AUTO, PROXY = "istio mtls", "istio mtls policy", "istio auto mtls", "istio proxy"
KIND, TLS, SCOPE, SKIPS = "kind", "tls", "scope", "skips "
SIDECAR_KIND, GATEWAY_KIND = "sidecar", "gateway"
PROXIED, BARE = "istio", "disabled"
MTLS, PLAINTEXT = "mtls", "plaintext"
EITHER = f"{MTLS}|{PLAINTEXT}"
OTHER_PORTS = "*"

TLS_LABEL = "security.istio.io/tlsMode"

DISABLE, PERMISSIVE, STRICT = MutualTlsMode.DISABLE, MutualTlsMode.PERMISSIVE, MutualTlsMode.STRICT
NOT_SEEN = Choice(frozenset((UNSEEN,)))


@dataclass(frozen=True, slots=True)
class Proxy:
    """One pod's proxy: what it takes by port (`EVERY_PORT` is always there), what it is sent, and what it is."""

    takes: Mapping[int, Choice]
    sent: Mapping[int, str]
    own: Mapping[str, str]

    @property
    def facets(self) -> dict[str, Mapping[str, str]]:
        """The pod's facets."""
        return {
            MODE: {_key(port): modes(one) for port, one in self.takes.items()},
            POLICY: {_key(port): policies(one) for port, one in self.takes.items()},
            AUTO: {_key(port): one for port, one in self.sent.items()},
            PROXY: self.own,
        }


def modes(choice: Choice) -> str:
    """The modes of a choice as a facet holds them."""
    return "|".join(sorted(choice.modes))


def policies(choice: Choice) -> str:
    """The policies of a choice by name, as a facet holds them."""
    return "|".join(one.metadata.qualified_name for one in choice.policies)


def sidecar(
    choices: Mapping[int, Choice],
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    scope: str = "",
    listeners: tuple[Listeners, ...] = (),
    limits_known: bool = True,
) -> Proxy:
    """A sidecar, by the modes of its ports. `scope`: the Sidecar that limits what it knows, if that is known at all.

    `listeners`: those of each Sidecar that may be its.
    """
    tls = labels.get(TLS_LABEL, PROXIED)
    takes = _captured(choices, past(annotations, listeners))
    sent = {port: _auto(choices.get(port, choices[EVERY_PORT])) if tls == PROXIED else PLAINTEXT for port in takes}
    own = {KIND: SIDECAR_KIND, TLS: PROXIED if tls == PROXIED else BARE, **_skipped(annotations)}
    if not limits_known:
        own[f"{SKIPS}{OTHER_PORTS}"] = ""
    return Proxy(takes, sent, own | ({SCOPE: scope} if scope else {}))


def gateway(mutual: Mapping[int, frozenset[bool]]) -> Proxy:
    """A gateway. `mutual`: by port, whether its servers (told apart by name) ask for Istio's mutual TLS."""
    servers = {
        port: Choice(frozenset[str](STRICT if one else UNSEEN for one in asked)) for port, asked in mutual.items()
    }
    return Proxy({EVERY_PORT: NOT_SEEN, **servers}, {EVERY_PORT: PLAINTEXT}, {KIND: GATEWAY_KIND, TLS: BARE})


def at_port(facet: str, port: int, values: Iterable[str]) -> Selector:
    """The pods whose facet has one of these values at a port, be it the port's own or that of every other port."""
    wanted = frozenset(values)
    rest = Label(facet, OTHER_PORTS, Comparison.IN, wanted)
    own = Label(facet, str(port), Comparison.IN, wanted)
    return AnyOf((own, AllOf((Label(facet, str(port), Comparison.ABSENT), rest))))


def written(facet: str, port: int, value: str) -> Selector:
    """The pods whose facet holds this value under a port; `EVERY_PORT`: under that of every other port."""
    return Label(facet, _key(port), Comparison.IN, frozenset((value,)))


def _key(port: int) -> str:
    return OTHER_PORTS if port == EVERY_PORT else str(port)


def _auto(choice: Choice) -> str:
    if DISABLE not in choice.modes:
        return MTLS
    return PLAINTEXT if len(choice.modes) == 1 else EITHER


def _captured(choices: Mapping[int, Choice], past: Bounds[IntervalSet]) -> dict[int, Choice]:
    """The choices with the ports that the proxy does not see."""
    wide = choices[EVERY_PORT]
    seen, perhaps = PORTS - past.must, past.may - past.must
    if len(seen) < len(past.must):
        found = {port: choices.get(port, wide) for port in _each(seen)}
        found |= {port: found[port] | NOT_SEEN for port in _each(perhaps)}
        return {EVERY_PORT: NOT_SEEN, **dict.fromkeys((*choices, *OWN_PORTS), NOT_SEEN), **found}
    if len(perhaps) > len(seen) - len(perhaps):
        found = {port: one | NOT_SEEN for port, one in choices.items()}
    else:
        found = dict(choices) | {port: choices.get(port, wide) | NOT_SEEN for port in _each(perhaps)}
    return found | dict.fromkeys(_each(past.must), NOT_SEEN)


def _skipped(annotations: Mapping[str, str]) -> dict[str, str]:
    """The ports that the proxy does not see on the way out."""
    excluded = listed(annotations.get(f"{TRAFFIC}excludeOutboundPorts", ""))
    narrow = (
        annotations.get(f"{TRAFFIC}includeOutboundIPRanges", "*") != "*"
        or annotations.get(f"{TRAFFIC}excludeOutboundIPRanges", "") != ""
        or annotations.get(INTERCEPTION) == NOT_REDIRECTED
        or passes_by(annotations)
    )
    found = {f"{SKIPS}{port}": "" for port in _each(excluded or IntervalSet())}
    return found | ({f"{SKIPS}{OTHER_PORTS}": ""} if narrow or excluded is None else {})


def _each(ports: IntervalSet) -> Iterator[int]:
    return (port for low, high in ports for port in range(low, high + 1))
