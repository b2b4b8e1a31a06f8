"""A policy of Linkerd is ignored, selects nothing, or lets everyone in.

## What it does
Looks for AuthorizationPolicies that name an authentication which is not there, whose target is not there, or that
require nothing; for ServerAuthorizations without clients; for routes and Servers that Linkerd leaves out.

## Why it is bad
Nothing says so: the API server takes the object, and the policy controller skips it. What it should have admitted is
refused; where its list of required authentications is empty, everyone is let in, with and without an identity. (That is
of high severity.)

## Example
    kind: AuthorizationPolicy
    spec:
      targetRef: {group: policy.linkerd.io, kind: Server, name: db}
      requiredAuthenticationRefs: []

## Instead
    requiredAuthenticationRefs: [{group: policy.linkerd.io, kind: MeshTLSAuthentication, name: api}]
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.linkerd_settings import Kind, of

CHECK = Check(
    "RF407",
    "linkerd-policy-without-effect",
    "policy of Linkerd that is ignored, or open to everyone",
    Severity.MEDIUM,
    "0.1",
    "create what the policy refers to, and require an authentication",
    ("https://linkerd.io/2/reference/authorization-policy/",),
)


def run(view: View) -> Iterator[Finding]:
    """One finding for each object."""
    for one in of(view, Kind.WITHOUT_EFFECT, Kind.OPEN):
        yield one.finding(CHECK, Severity.HIGH if one.kind is Kind.OPEN else CHECK.severity)
