"""A policy names an identity that nobody can prove.

## What it does
Looks for identities in policies (`principals`, `namespaces`, `serviceAccounts`; Linkerd's MeshTLSAuthentication and
ServerAuthorization) that no workload proves: the workload has no proxy, no pod uses the service account, the trust
domain is another one. And for policies whose server cannot be told an identity: its pods have no proxy, its port takes
plaintext alone or goes past the proxy; or whose named clients all send plaintext to it, because a DestinationRule says
so or no Service lists the port. Accounts of namespaces that are not in the files are taken to be somewhere.

## Why it is bad
An ALLOW rule that never holds refuses those whom it names; a DENY rule that never holds refuses nobody.

## Example
    kind: AuthorizationPolicy
    spec: {rules: [{from: [{source: {principals: [cluster.local/ns/legacy/sa/report]}}]}]}      # has no sidecar

## Instead
Inject the client, correct the name, and let the server's port take mutual TLS.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.istio_identities import of_istio
from ringfence.checks.linkerd_identities import of_linkerd

CHECK = Check(
    "RF403",
    "identity-without-mtls",
    "identity that nobody can prove",
    Severity.MEDIUM,
    "0.1",
    "give the client and the server a proxy, correct the name, and let the port take mutual TLS",
    (
        "https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source",
        "https://linkerd.io/2/reference/authorization-policy/#meshtlsauthentication",
    ),
)


def run(view: View) -> Iterator[Finding]:
    """One finding for each identity, and for each rule or Server whose port proves none."""
    for one in (*of_istio(view), *of_linkerd(view)):
        yield Finding(CHECK, CHECK.severity, one.message, one.span, one.because)
