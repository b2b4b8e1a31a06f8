"""An annotation of Linkerd has a value that Linkerd does not know.

## What it does
Looks at the annotations of namespaces and pod templates that decide the injection, the default inbound policy, and the
opaque, skipped and identity-only ports.

## Why it is bad
An unknown default policy falls back to that of the control plane, by default open to everyone; an unknown value of
`linkerd.io/inject` injects no proxy; a list of ports with one bad entry counts as empty.

## Example
    annotations: {config.linkerd.io/default-inbound-policy: mutual-tls}

## Instead
    annotations: {config.linkerd.io/default-inbound-policy: all-authenticated}
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.linkerd_settings import Kind, of

CHECK = Check(
    "RF409",
    "linkerd-annotation",
    "annotation that Linkerd does not understand",
    Severity.MEDIUM,
    "0.1",
    "write a value that Linkerd knows",
    ("https://linkerd.io/2/reference/proxy-configuration/",),
)


def run(view: View) -> Iterator[Finding]:
    """One finding for each annotation."""
    for one in of(view, Kind.NOT_UNDERSTOOD):
        yield one.finding(CHECK, CHECK.severity)
