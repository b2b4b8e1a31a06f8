"""A document speaks of a resource or field that Linkerd never had.

## What it does
Looks for `GlobalMeshPolicy`, and for `enableTLS` in documents of Linkerd's groups.

## Why it is bad
Guides speak of both, and Linkerd has neither: a server refuses the document or keeps it, and no proxy ever hears of it.
Mutual TLS between members needs no setting, and plaintext from everyone else is still let in.

## Example
    kind: GlobalMeshPolicy
    spec: {enableTLS: true}

## Instead
    kind: Namespace
    metadata:
      annotations: {config.linkerd.io/default-inbound-policy: all-authenticated}
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.linkerd_settings import Kind, of

CHECK = Check(
    "RF408",
    "linkerd-no-such-resource",
    "resource that Linkerd does not have",
    Severity.HIGH,
    "0.1",
    "set the default inbound policy to all-authenticated, or write a Server with an AuthorizationPolicy",
    ("https://linkerd.io/2/reference/authorization-policy/#default-policies",),
)


def run(view: View) -> Iterator[Finding]:
    """One finding for each document."""
    for one in of(view, Kind.NO_SUCH):
        yield one.finding(CHECK, CHECK.severity)
