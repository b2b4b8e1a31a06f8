"""A policy for ambient pods loses rules on its way to ztunnel.

## What it does
Takes the policies that select pods of Istio's ambient plane, and looks at what ztunnel, which knows nothing of HTTP,
gets of them: rules of ALLOW policies are removed, conditions of DENY policies go missing, CUSTOM and AUDIT policies
never arrive. It also looks for PeerAuthentications of which ztunnel makes something else than their modes say.

## Why it is bad
The objects are accepted, and the loss is noted in their status alone. A removed ALLOW rule refuses what it was meant
for; a DENY rule of which one part is left empty never denies anything (of high severity, as is a CUSTOM policy that
nobody asks); a DENY rule that lost a condition denies more than is written.

## Example
    kind: AuthorizationPolicy
    spec: {action: DENY, selector: {matchLabels: {app: api}}, rules: [{to: [{operation: {paths: [/admin*]}}]}]}

## Instead
Put a waypoint before the Service and attach the policy to it with `targetRefs`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.mesh import Pods, istio, named, selected
from ringfence.layers.mesh_facets import AMBIENT
from ringfence.layers.ztunnel_losses import NEVER, NO_PLAINTEXT, UNENFORCED, WIDENED, losses, transport_losses
from ringfence.model.spans import Span
from ringfence.resources.istio.authentication import PeerAuthentication
from ringfence.resources.istio.authorization import AuthorizationPolicy, PolicyAction

CHECK = Check(
    "RF405",
    "ambient-rules-dropped",
    "rule that ztunnel drops",
    Severity.MEDIUM,
    "0.1",
    "attach rules of HTTP to a waypoint",
    ("https://istio.io/latest/docs/ambient/usage/l4-policy/",),
)

CONSEQUENCES = {text.rpartition(": ")[2]: Severity.HIGH for text in (NEVER, WIDENED)}
"""How bad it is, by what the text says follows; everything else is of the check's own severity."""


def run(view: View) -> Iterator[Finding]:
    """One finding for each loss, at the rule that loses."""
    mesh = istio(view)
    if mesh is None:
        return
    objects = view.topology.objects
    bound: dict[int, tuple[Pods, ...]] = {}
    policies: tuple[AuthorizationPolicy | PeerAuthentication, ...] = (
        *objects.istio_authorization_policies,
        *objects.peer_authentications,
    )
    for each in policies:
        if chosen := selected(view, each, AMBIENT):
            bound[id(each)] = chosen
    for policy, span, text in losses(one for one in objects.istio_authorization_policies if id(one) in bound):
        title = f"AuthorizationPolicy {policy.metadata.qualified_name}"
        yield _finding(title, text, _severity(policy, text), span, bound[id(policy)])
    of_transport = [one for one in objects.peer_authentications if id(one) in bound]
    for one, span, text in transport_losses(of_transport, mesh.config.root_namespace):
        refuses = text.endswith(NO_PLAINTEXT.rpartition(", ")[2])
        title = f"PeerAuthentication {one.metadata.qualified_name}"
        yield _finding(title, text, CHECK.severity if refuses else Severity.HIGH, span, bound[id(one)])


def _severity(policy: AuthorizationPolicy, text: str) -> Severity:
    if text == UNENFORCED.format(action=policy.action):
        return Severity.HIGH if policy.action is PolicyAction.CUSTOM else Severity.LOW
    return next((severity for end, severity in CONSEQUENCES.items() if text.endswith(end)), CHECK.severity)


def _finding(title: str, text: str, severity: Severity, span: Span, whom: tuple[Pods, ...]) -> Finding:
    because = ((f"it is for {named(one.title for one in whom)}, of the ambient plane", whom[0].template.span),)
    return Finding(CHECK, severity, f"{title}: {text}", span, because)
