"""What policies lose on their way to ztunnel, and what that does: a view on the other modules of ztunnel, for checks.

istiod takes an AuthorizationPolicy with fields of HTTP, warns in its status and goes on; of a PeerAuthentication that
it converts otherwise than its modes say, nothing tells. Whether a policy is meant for ambient pods at all, and whether
a waypoint stands before them, the caller knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.layers.ztunnel_peer_authentication import resolved
from ringfence.layers.ztunnel_rules import Conversion, Dropped, convert, reaches
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.istio.authentication import PeerAuthentication
from ringfence.resources.istio.authorization import AuthorizationPolicy, PolicyAction

Loss = tuple[AuthorizationPolicy, Span, str]
"""The policy, the place in it, and what follows."""

ALLOWS_NOTHING = "no rule of the policy reaches ztunnel, so it allows nothing: every connection to its pods is refused"
REMOVED = "ztunnel does not know {names}: the rule is removed, and what it would allow is refused"
NEVER = "ztunnel does not know {names}: nothing is left of a part of the rule, so it never denies anything"
NEVER_ALLOWS = "ztunnel does not know {names}: nothing is left of a part of the rule, so it never allows anything"
WIDENED = "ztunnel does not know {names}: the rest of the rule stands without it and allows more than is written"
WIDER = "ztunnel does not know {names}: the rest of the rule stands without it and denies more than is written"
PART = "ztunnel does not know {names}: this entry never matches, the others of the rule still do"
UNENFORCED = "ztunnel does not enforce {action} policies: without a waypoint this one does nothing"


def losses(policies: Iterable[AuthorizationPolicy]) -> list[Loss]:
    """Everything that is lost of these policies, in their order; policies for waypoints and dry runs lose nothing."""
    return [loss for policy in policies for loss in _of(policy)]


PLAINTEXT = "ztunnel takes plaintext on {ports}, although the mode there is STRICT: istiod makes no policy of this one"
NO_PLAINTEXT = (
    "ztunnel refuses plaintext on {ports}, although the mode there is not STRICT: istiod overlooks DISABLE here"
)


def transport_losses(
    policies: Iterable[PeerAuthentication], root_namespace: str
) -> list[tuple[PeerAuthentication, Span, str]]:
    """Where ztunnel takes other transports than the modes say, with the place and what follows."""
    found: list[tuple[PeerAuthentication, Span, str]] = []
    for one in resolved(policies, root_namespace):
        taken, refused = one.promised - one.refused, one.refused - one.promised
        for ports, text in ((taken.must, PLAINTEXT), (refused.must, NO_PLAINTEXT)):
            if ports:
                found.append((one.policy, one.policy.span, text.format(ports=_ports(ports))))
    return found


def _ports(ports: IntervalSet) -> str:
    if ports == PORTS:
        return "every port"
    few = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ports.pairs)
    return f"port {few}"


def _of(policy: AuthorizationPolicy) -> Iterator[Loss]:
    if policy.dry_run or policy.target_refs:
        return
    if not reaches(policy):
        yield policy, policy.span, UNENFORCED.format(action=policy.action)
        return
    found = [convert(rule, policy.action) for rule in policy.rules]
    for rule, conversion in zip(policy.rules, found, strict=True):
        if conversion.dropped:
            span = conversion.dropped[0].span if conversion.dropped[0].span != NOWHERE else rule.span
            text = _consequence(conversion, policy.action is PolicyAction.ALLOW)
            yield policy, span, text.format(names=_names(conversion.dropped))
    if policy.action is PolicyAction.ALLOW and found and all(one.removed for one in found):
        yield policy, policy.span, ALLOWS_NOTHING


def _consequence(conversion: Conversion, allow: bool) -> str:
    if conversion.removed:
        return REMOVED
    if not conversion.fires:
        return NEVER_ALLOWS if allow else NEVER
    if all(one.alone for one in conversion.dropped):
        return PART
    return WIDENED if allow else WIDER


def _names(dropped: Iterable[Dropped]) -> str:
    return ", ".join(dict.fromkeys(one.name for one in dropped))
