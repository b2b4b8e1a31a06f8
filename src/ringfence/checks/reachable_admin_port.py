"""An administrative or database port of the cloud is reachable from the internet.

## What it does
Asks for every interface and every load balancer whether a packet from the internet arrives on a port on which systems
are administered or data is kept, and its reply comes back: route, public address, network ACL, security group and the
way back together. Of a database whose port is known only that one counts; of a load balancer, the listeners whose own
or whose targets' port is such a one. Where it depends on what the files do not say, the severity is medium.

## Why it is bad
Such ports are tried within minutes of being opened. A database that answers the internet is one guessed password away
from a breach.

## Example
    resource "aws_security_group" "admin" {
      ingress { protocol = "tcp", from_port = 22, to_port = 22, cidr_blocks = ["0.0.0.0/0"] }
    }       # on an instance with a public address, in a subnet with a route to an internet gateway

## Instead
Keep it in a private subnet, and let a group reference (or Session Manager) admit those who need it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ringfence.checks.cloud import DATABASES, QUIET, admitting, kind, outside, public, some
from ringfence.checks.exposed_port import SENSITIVE
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.engine.traffic import offered, possible
from ringfence.engine.witness import Field, Witness
from ringfence.model.addresses import AddressSet
from ringfence.model.headers import HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.spans import Span
from ringfence.resources.aws import AwsObjects, Listener, ManagedService
from ringfence.topology.aws.balancers import PLANES
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.aws.estate import name
from ringfence.topology.entries import OUTSIDE

CHECK = Check(
    "RF201",
    "reachable-admin-port",
    "administrative or database port reachable from the internet",
    Severity.HIGH,
    "0.1",
    "take away the public address or the route, or admit known sources only",
    ("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-best-practices.html",),
)

Port = tuple[str, int]


def run(view: View) -> Iterator[Finding]:
    """One finding for each workload (or listener) and degree of certainty."""
    objects = view.topology.cloud
    if objects is None:
        return
    services = {one.id: one for one in objects.managed_services}
    for workload, endpoints in view.connectivity.workloads.items():
        what = kind(endpoints[0])
        if what and what not in QUIET and what != "load_balancer":
            wanted = _listening(services.get(endpoints[0].facets[AWS].get("id", "")))
            for sure, found in _open(view, workload, endpoints, wanted):
                text = f"{some(_spoken(wanted, found))} of {workload}"
                yield _finding(view, text, found, sure, None)
    yield from _through_balancers(view, objects)


def _through_balancers(view: View, objects: AwsObjects) -> Iterator[Finding]:
    balancers = {one.id: one for one in objects.load_balancers}
    for listener in objects.listeners:
        balancer = balancers.get(listener.load_balancer) if isinstance(listener.load_balancer, str) else None
        if balancer is None or not isinstance(listener.port, int):
            continue
        endpoints = view.connectivity.workloads.get(name(balancer), ())
        for protocol, behind in _behind(listener, objects):
            what = {(protocol, listener.port): SENSITIVE[behind]}
            for sure, found in _open(view, name(balancer), endpoints, what):
                where = f"{SENSITIVE[behind]} ({protocol}/{behind[1]}) behind {name(balancer)}"
                yield _finding(view, f"{where}, by {protocol}/{listener.port},", found, sure, listener.span)


def _behind(listener: Listener, objects: AwsObjects) -> Iterator[tuple[str, Port]]:
    """The sensitive ports that a listener leads to, each once: its own, or its targets'."""
    assert isinstance(listener.port, int)
    spoken = listener.protocol if isinstance(listener.protocol, str) else "HTTP"
    groups = [one for one in objects.target_groups if one.id in _texts(listener.target_groups)]
    numbers = [one.port for one in groups] + [target.port for one in groups for target in one.targets]
    for protocol in dict.fromkeys(one.replace("mtls", "tcp") for one in PLANES.get(spoken.upper(), ("tcp",))):
        for port in dict.fromkeys((listener.port, *(one for one in numbers if isinstance(one, int)))):
            if (protocol, port) in SENSITIVE:
                yield protocol, (protocol, port)
                break


def _texts(values: object) -> tuple[object, ...]:
    return values if isinstance(values, tuple) else ()


def _listening(service: ManagedService | None) -> Mapping[Port, str]:
    """The ports to ask for, with the names of what speaks there."""
    if service is None or not isinstance(service.port, int):
        return SENSITIVE
    key = ("tcp", service.port)
    what = SENSITIVE.get(key) or ("database" if service.kind in DATABASES else "")
    return {key: what} if what else {}


def _open(
    view: View, workload: str, endpoints: tuple[Endpoint, ...], wanted: Mapping[Port, str]
) -> Iterator[tuple[bool, dict[Port, Field]]]:
    """The ports that are certainly open, and those that may be, each with where it is."""
    relations = view.connectivity.relations(OUTSIDE, workload)
    asked = [key for key in wanted if any(key[1] in getattr(one.may, key[0]) for one in relations)]
    certain: dict[Port, Field] = {}
    maybe: dict[Port, Field] = {}
    for source in outside(view) if asked else ():
        for endpoint in endpoints:
            slices = view.connectivity.reach.between(source, endpoint)
            for key in asked:
                may = AddressSet.union(one.sources for one in slices if _holds(one.headers.may, source, key))
                must = AddressSet.union(one.sources for one in slices if _holds(one.headers.must, source, key))
                if public(must) and not endpoint.maybe:
                    certain.setdefault(key, Field((source,), (endpoint,)))
                elif public(may):
                    maybe.setdefault(key, Field((source,), (endpoint,)))
    maybe = {key: field for key, field in maybe.items() if key not in certain}
    yield from ((sure, found) for sure, found in ((True, certain), (False, maybe)) if found)


def _holds(headers: HeaderSet, client: Endpoint, key: Port) -> bool:
    """Whether one of the client's ports will do: who attacks chooses it."""
    found: IntervalSet = getattr(possible(headers & offered(client), client.ephemeral), key[0])
    return key[1] in found


def _spoken(wanted: Mapping[Port, str], found: Mapping[Port, Field]) -> Iterator[str]:
    return (f"{wanted[key]} ({key[0]}/{key[1]})" for key in found)


def _finding(view: View, text: str, found: Mapping[Port, Field], sure: bool, span: Span | None) -> Finding:
    """At the listener, or at the rule that lets it in, or at the endpoint where no group governs it."""
    (protocol, port), field = next(iter(found.items()))
    witness = view.witnesses.passing(field, ports(protocol, IntervalSet.of(port)))
    rule = admitting(witness)
    place = span or (rule.span if rule is not None else field.targets[0].span)
    verb = "is" if sure else "may be"
    severity = CHECK.severity if sure else Severity.MEDIUM
    because = () if sure else _open_points(field.targets[0], witness)
    return Finding(CHECK, severity, f"{text} {verb} reachable from the internet", place, because, witness)


def _open_points(target: Endpoint, witness: Witness | None) -> tuple[tuple[str, Span], ...]:
    """What is not known of the target and of the way there and back."""
    doubted = [(f"whether {target.id} is there is not known", target.span)] if target.maybe else []
    hops = (*witness.branch.forward, *witness.branch.back) if witness else ()
    return tuple(dict.fromkeys((*doubted, *((one.open, one.span) for one in hops if one.open))))
