"""What a policy loses on its way to ztunnel, in words."""

from __future__ import annotations

import pytest

from ringfence.layers.ztunnel_losses import losses, transport_losses
from ringfence.model.spans import Span
from ringfence.resources.istio.authentication import MutualTlsMode, PeerAuthentication
from ringfence.resources.istio.authorization import (
    AuthorizationPolicy,
    Operation,
    PolicyAction,
    PolicyRule,
    Source,
    TargetReference,
    When,
)
from ringfence.resources.kubernetes import ObjectMeta

ALLOW, DENY = PolicyAction.ALLOW, PolicyAction.DENY
L7 = PolicyRule((), (Operation(paths=("/a",), not_methods=("GET",)),))
L4 = PolicyRule((Source(namespaces=("a",)),))


def policy(action, *rules, **more):
    return AuthorizationPolicy(ObjectMeta("p", "shop"), action, rules, span=Span("policy"), **more)


def words(*policies):
    return [consequence for _, _, consequence in losses(policies)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (policy(ALLOW, L4), []),
        (policy(DENY, L4, PolicyRule()), []),
        (policy(ALLOW), []),
        (policy(ALLOW, L4, L7), ["the rule is removed"]),
        (policy(ALLOW, L7), ["the rule is removed", "it allows nothing"]),
        (policy(DENY, L7), ["never denies anything"]),
        (policy(DENY, PolicyRule(L4.sources, L7.operations)), ["never denies anything"]),
        (policy(DENY, PolicyRule(L4.sources, (), (When("remote.ip", ("1.1.1.1",)),))), ["never denies anything"]),
        (policy(DENY, PolicyRule((), (Operation(ports=("80",), hosts=("a",)),))), ["denies more than is written"]),
        (
            policy(DENY, PolicyRule((), (Operation(hosts=("a",)), Operation(ports=("80",))))),
            ["this entry never matches"],
        ),
        (
            policy(ALLOW, PolicyRule((Source(trust_domains=("a",), namespaces=("b",)),))),
            ["allows more than is written"],
        ),
        (policy(ALLOW, PolicyRule((Source(trust_domains=("a",)),))), ["never allows anything"]),
        (policy(PolicyAction.AUDIT, L4), ["does not enforce AUDIT"]),
        (policy(PolicyAction.CUSTOM, L4, provider="x"), ["does not enforce CUSTOM"]),
        (policy(DENY, L7, dry_run=True), []),
        (policy(DENY, L7, target_refs=(TargetReference("", "Service", "a"),)), []),
    ],
)
def test_consequences(found, expected):
    told = words(found)
    assert len(told) == len(expected)
    assert all(part in text for part, text in zip(expected, told, strict=True))


def test_names_and_places():
    rule = PolicyRule(
        (Source(request_principals=("a",), not_remote_ip_blocks=("10.0.0.0/8",), span=Span("source")),),
        when=(When("connection.sni", ("a",), span=Span("when")),),
    )
    ((found, span, text),) = losses([policy(DENY, rule)])
    assert (found.metadata.name, span) == ("p", Span("source"))
    assert "requestPrincipals, notRemoteIpBlocks, connection.sni" in text
    ((_, span, _),) = losses([policy(DENY, L7)])
    assert span != Span("source")


def peer(namespace, mode="UNSET", *levels):
    ports = tuple((port, MutualTlsMode(one)) for port, one in levels)
    selector = (("app", "web"),) if levels else ()
    return PeerAuthentication(ObjectMeta("p", namespace), MutualTlsMode(mode), selector, ports)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([peer("istio-system", "STRICT"), peer("shop", "PERMISSIVE")], []),
        ([peer("istio-system", "STRICT"), peer("shop", "UNSET", (80, "PERMISSIVE"))], []),
        ([peer("istio-system", "STRICT"), peer("shop", "UNSET", (80, "DISABLE"))], ["refuses plaintext on port 80,"]),
        ([peer("istio-system", "STRICT"), peer("shop", "PERMISSIVE", (80, "STRICT"))], ["takes plaintext on port 80,"]),
        (
            [peer("istio-system", "STRICT"), peer("shop"), peer("shop", "UNSET", (80, "PERMISSIVE"))],
            ["takes plaintext on port 0-79, 81-65535,"],
        ),
    ],
)
def test_transports(policies, expected):
    told = [text for _, _, text in transport_losses(policies, "istio-system")]
    assert len(told) == len(expected)
    assert all(part in text for part, text in zip(expected, told, strict=True))
