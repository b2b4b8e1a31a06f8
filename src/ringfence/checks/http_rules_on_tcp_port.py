"""A rule with fields of HTTP meets a port that the proxy reads as TCP.

## What it does
Looks for rules of AuthorizationPolicies that ask for hosts, methods, paths, headers or tokens, and for ports of the
selected pods that a Service declares as TCP (`name: tcp-...`, `appProtocol: tcp`, and the like), or a ServiceEntry or
the pods' Sidecar (`protocol: TCP`). Ports that the rule excludes do not count. A rule of an ALLOW policy that names no
ports, at pods with ports of HTTP beside, counts only where no rule is left that could admit somebody to the port of
TCP, and is of low severity then.

## Why it is bad
The proxy has no request to ask on such a port. A rule of an ALLOW policy is dropped there, and everything that only it
would have admitted is refused; a rule of a DENY or CUSTOM policy loses those fields and then holds for every
connection that the rest of it fits.

## Example
    kind: Service
    spec: {ports: [{name: tcp-api, port: 80}]}
    ---
    kind: AuthorizationPolicy
    spec: {action: DENY, rules: [{to: [{operation: {paths: [/admin*]}}]}]}      # denies everything on the port

## Instead
Name the port for what it speaks (`http-api`, `appProtocol: http`), or say in the rule which ports it is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.checks.authorization import deciding, ports_of
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.mesh import Pods, istio, named, numbers, selected
from ringfence.layers.istio_inbound import TCP, protocol
from ringfence.layers.mesh_facets import SIDECAR
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.model.spans import Span
from ringfence.resources.istio.authorization import AuthorizationPolicy, PolicyAction, PolicyRule
from ringfence.resources.kubernetes import Service

CHECK = Check(
    "RF404",
    "http-rules-on-tcp-port",
    "rule of HTTP at a port of TCP",
    Severity.MEDIUM,
    "0.1",
    "name the Service's port for its protocol, or take the fields of HTTP out of the rule",
    (
        "https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/",
        "https://istio.io/latest/docs/reference/config/security/authorization-policy/",
    ),
)

DROPPED = "the rule is dropped there, and what it would allow is refused"
WIDER = "without them the rule {verb} every connection there that the rest of it fits"


def run(view: View) -> Iterator[Finding]:
    """One finding for each rule."""
    allowing = tuple(deciding(view, PolicyAction.ALLOW))
    for policy in deciding(view, PolicyAction.ALLOW, PolicyAction.DENY, PolicyAction.CUSTOM):
        for rule in policy.rules:
            fields = tuple(_fields(rule))
            if fields:
                yield from _at(view, policy, rule, fields, allowing)


def _at(
    view: View,
    policy: AuthorizationPolicy,
    rule: PolicyRule,
    fields: tuple[str, ...],
    allowing: Iterable[AuthorizationPolicy],
) -> Iterator[Finding]:
    allows, anywhere = policy.action is PolicyAction.ALLOW, ports_of(rule) == PORTS
    found, incidental = IntervalSet(), True
    whom: list[Pods] = []
    for one in selected(view, policy, SIDECAR):
        mesh = istio(view)
        read = dict(mesh.read_ports(one.namespace, one.template)) if mesh else {}
        meant = IntervalSet.of(*(port for port, how in read.items() if how == TCP)) & ports_of(rule)
        beside = anywhere and meant != IntervalSet.of(*read)
        if allows and beside:
            others = (other for other in allowing if one in selected(view, other, SIDECAR))
            meant = meant - _admitted(others)
        if meant:
            found, whom, incidental = found | meant, [*whom, one], incidental and beside
    if whom:
        verb = "denies" if policy.action is PolicyAction.DENY else "asks its provider about"
        what = DROPPED if allows else WIDER.format(verb=verb)
        title = f"AuthorizationPolicy {policy.metadata.qualified_name}"
        where = f"{numbers(found)} of {named(one.title for one in whom)}"
        message = f"{title} asks for {', '.join(fields)}, and {where} is read as TCP: {what}"
        severity = Severity.HIGH if not allows else Severity.LOW if incidental else CHECK.severity
        yield Finding(CHECK, severity, message, rule.span, tuple(_declared(view, whom, found)))


def _declared(view: View, whom: Iterable[Pods], found: IntervalSet) -> Iterator[tuple[str, Span]]:
    """The Services' ports that say so."""
    for service in dict.fromkeys(service for one in whom for service in _services(view, one)):
        for port in service.ports:
            leads = not isinstance(port.target_port, int) or port.target_port in found
            if leads and port.protocol == "TCP" and protocol(port) == TCP:
                name = port.app_protocol or port.name or port.port
                yield f"Service {service.metadata.qualified_name} declares its port {port.port} as {name}", port.span


def _services(view: View, one: Pods) -> tuple[Service, ...]:
    """The Services that lead to a kind of pod."""
    mesh = istio(view)
    here = mesh.pods.services.get(one.namespace, ()) if mesh else ()
    return tuple(
        service for service in here if service.selector and service.selector.items() <= one.template.labels.items()
    )


def _admitted(policies: Iterable[AuthorizationPolicy]) -> IntervalSet:
    """The ports for which some rule stays that asks for nothing of HTTP."""
    found = IntervalSet()
    for policy in policies:
        for rule in policy.rules:
            if not any(_fields(rule)):
                found |= ports_of(rule)
    return found


def _fields(rule: PolicyRule) -> Iterator[str]:
    """The fields of HTTP that a rule asks for, each once, by the names that manifests give them."""
    asked = {
        "hosts": any(one.hosts or one.not_hosts for one in rule.operations),
        "methods": any(one.methods or one.not_methods for one in rule.operations),
        "paths": any(one.paths or one.not_paths for one in rule.operations),
        "requestPrincipals": any(one.request_principals or one.not_request_principals for one in rule.sources),
    }
    yield from (name for name, is_asked in asked.items() if is_asked)
    yield from dict.fromkeys(one.key for one in rule.when if one.key.startswith("request."))
