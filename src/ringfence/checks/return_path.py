"""A network ACL refuses the reply, or only some of the flows that a group admits.

## What it does
For the flows that the groups' rules are for - between members, from and to the internet - asks what routes and groups
let through and a network ACL does not:

- The request arrives and its reply is refused: an ACL has no state, so the reply needs an entry of its own.
- The reply is let through to some of the client's ports only. A client does not choose: the flow is *intermittent*.
- The flow passes between some subnets and not between others, though the rule is the same for all of them.

What an ACL refuses to everybody is somebody's wish, or a rule without effect (RF205). Flows to the internet count as
medium.

## Why it is bad
Connections hang until they time out, now and then, from one zone of three. Nothing logs a reason, and both ends look
right.

## Example
    egress { rule_no = 100, action = "allow", protocol = "tcp", from_port = 49152, to_port = 65535, ... }
    # the clients are Linux (32768-60999)

## Instead
    egress { rule_no = 100, action = "allow", protocol = "tcp", from_port = 1024, to_port = 65535, ... }
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.checks.acl_losses import Losses, Lost
from ringfence.checks.admitted_pairs import Pair, leaves_the_cloud
from ringfence.checks.admitted_pairs import pairs as admitted_pairs
from ringfence.checks.cloud import estate, some, subnet
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.engine.outcomes import Hop
from ringfence.engine.traffic import possible
from ringfence.engine.witness import Witness
from ringfence.layers.aws_headers import EVERY_PROTOCOL
from ringfence.layers.network_acl import LAYER
from ringfence.model.headers import HeaderSet
from ringfence.model.headers import union as all_of
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.spans import Span
from ringfence.resources.aws import AclAction, NetworkAcl
from ringfence.topology.aws.estate import Estate, name

CHECK = Check(
    "RF202",
    "return-path",
    "reply, or some of the flows, refused by a network ACL",
    Severity.HIGH,
    "0.1",
    "let the ACLs of both subnets pass the replies to the clients' ports (1024-65535), and treat zones alike",
    ("https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html",),
)

REPLY, PORTS, ZONES = "reply", "ports", "zones"
"""Ways of failing: always, by the client's port, by the subnet."""


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """One pair that fails, what fails of it, the packet that shows it and the ACL's hop that refused it."""

    pair: Pair
    headers: HeaderSet
    witness: Witness
    hop: Hop


def run(view: View) -> Iterator[Finding]:
    """One finding for each ACL, direction and way of failing; the flows are its reasons."""
    found = estate(view)
    if found is None:
        return
    families = (
        ("0.0.0.0/0", "::/0") if any(one.ipv6_cidr is not None for one in found.objects.subnets) else ("0.0.0.0/0",)
    )
    if not any(_filters(one, families) for one in found.objects.network_acls):
        return
    by_purpose: dict[tuple[object, ...], list[Lost]] = {}
    losses = Losses(view)
    for pair in admitted_pairs(view, found):
        lost = losses.of(pair)
        if lost is not None:
            by_purpose.setdefault(pair.purpose, []).append(lost)
    failures: dict[tuple[str, str, str], list[tuple[Failure, list[Lost]]]] = {}
    for group in by_purpose.values():
        for how, pair, headers in _failing(group):
            failure = _shown(view, pair, headers)
            if failure is not None:
                key = (failure.hop.stage, failure.hop.direction, how)
                failures.setdefault(key, []).append((failure, group))
    for (acl, _, how), several in failures.items():
        yield _finding(view, found, acl, how, several)


def _failing(group: list[Lost]) -> Iterator[tuple[str, Pair, HeaderSet]]:
    """The pairs of one purpose that fail, and how."""
    for one in group:
        others = [each for each in group if each is not one and _crosses(each)]
        if one.back:
            by_port = possible(one.back).meets(possible(one.passes))
            elsewhere = bool(one.back & all_of(each.passes for each in others))
            yield PORTS if by_port else ZONES if elsewhere else REPLY, one.pair, one.back
        refused = one.ahead & all_of(each.arrives for each in others)
        if refused:
            yield ZONES, one.pair, refused


def _crosses(lost: Lost) -> bool:
    """Whether an ACL was asked at all."""
    return subnet(lost.pair.source) != subnet(lost.pair.target)


def _shown(view: View, pair: Pair, headers: HeaderSet) -> Failure | None:
    """The packet that an ACL refuses; None where none is confirmed."""
    witness = view.witnesses.failing(pair.field, headers)
    if witness is None:
        return None
    refused = [one for one in _hops(witness) if one.action == "deny" and one.layer == LAYER]
    return Failure(pair, headers, witness, refused[-1]) if refused else None


def _hops(witness: Witness) -> tuple[Hop, ...]:
    return (*witness.branch.forward, *witness.branch.back)


def _finding(view: View, found: Estate, acl: str, how: str, several: list[tuple[Failure, list[Lost]]]) -> Finding:
    failures = [one for one, _ in several]
    first = min(failures, key=lambda one: leaves_the_cloud(one.pair))
    source, target = first.pair.source, first.pair.target
    flow = f"{_who(source)} -> {_who(target)} ({possible(first.headers)})"
    refuser = next((name(one) for one in found.objects.network_acls if one.id == acl), acl)
    more = len({(one.pair.source.workload, one.pair.target.workload) for one in failures}) - 1
    others = f", and for {more} more" if more else ""
    if how == REPLY:
        message = f"{refuser} refuses the reply of {flow}{others}"
    elif how == PORTS:
        lost = _client_ports(first.headers) & source.ephemeral
        message = f"{refuser} refuses the reply of {flow} to client ports {lost}, so it is intermittent{others}"
    else:
        places = some(_places(found, [one.pair for one in failures]))
        message = f"{refuser} refuses {flow} between some subnets only ({places}), so it is intermittent{others}"
    severity = Severity.MEDIUM if all(leaves_the_cloud(one.pair) for one in failures) else CHECK.severity
    because = tuple(_reasons(found, [one.pair for one in failures]))
    span = _entry(view, first, several) or first.hop.span
    return Finding(CHECK, severity, message, span, because, first.witness)


def _reasons(found: Estate, failing: list[Pair]) -> Iterator[tuple[str, Span]]:
    """Each flow that a rule admits, with all subnets between which it fails."""
    flows: dict[tuple[str, Span], list[Pair]] = {}
    for pair in failing:
        flow = f"a group's rule admits {_who(pair.source)} -> {_who(pair.target)}"
        flows.setdefault((flow, pair.rule.span), []).append(pair)
    for (flow, span), pairs in flows.items():
        for place in _places(found, pairs):
            yield f"{flow}: {place}", span


def _who(endpoint: Endpoint) -> str:
    return endpoint.title


def _places(found: Estate, pairs: list[Pair]) -> list[str]:
    """Between which subnets: sources that fail to the same targets are named together."""
    targets: dict[str, dict[str, None]] = {}
    for pair in pairs:
        targets.setdefault(_place(found, pair.source), {})[_place(found, pair.target)] = None
    sources: dict[tuple[str, ...], list[str]] = {}
    for source, reached in targets.items():
        sources.setdefault(tuple(reached), []).append(source)
    return [f"{', '.join(several)} to {', '.join(reached)}" for reached, several in sources.items()]


def _place(found: Estate, endpoint: Endpoint) -> str:
    """The subnet of one end."""
    here = found.subnets.get(subnet(endpoint))
    return name(here) if here is not None else "outside"


def _client_ports(headers: HeaderSet) -> IntervalSet:
    return headers.tcp.xs() | headers.udp.xs()


def _entry(view: View, first: Failure, several: list[tuple[Failure, list[Lost]]]) -> Span | None:
    """The entry that lets the others through: the one that is too narrow."""
    for failure, group in several:
        for lost in group:
            wanted = lost.passes if lost.pair is failure.pair else lost.passes & failure.headers
            witness = view.witnesses.passing(lost.pair.field, wanted) if wanted else None
            for hop in _hops(witness) if witness is not None else ():
                same = (hop.layer, hop.stage, hop.direction) == (LAYER, first.hop.stage, first.hop.direction)
                if same and hop.action == "allow":
                    return hop.span
    return None


def _filters(acl: NetworkAcl, families: tuple[str, ...]) -> bool:
    """Whether an ACL may refuse anything of these families: it denies something, or does not let everything through."""
    if any(one.action is not AclAction.ALLOW for one in acl.entries):
        return True
    whole = {(one.egress, one.cidr) for one in acl.entries if one.protocol in EVERY_PROTOCOL and one.exists is None}
    return any((egress, family) not in whole for egress in (False, True) for family in families)
