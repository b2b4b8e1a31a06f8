"""Sidecars, accepted and refused as istiod does."""

from __future__ import annotations

import pytest

from ringfence.resources.istio.networking import IngressListener, Sidecar, SidecarListener
from tests.sources.kubernetes.texts import good, read, thing


def one(spec: str) -> Sidecar:
    (found,) = good(thing("networking.istio.io/v1", "Sidecar", spec)).sidecars
    return found


@pytest.mark.parametrize(
    ("spec", "selector", "egress", "policy"),
    [
        ("{egress: [{hosts: ['./*']}]}", None, (SidecarListener(("./*",)),), ""),
        (
            "{workloadSelector: {labels: {a: b}}, egress: [{port: {number: 80, protocol: HTTP}, hosts: ['*/*']},"
            " {hosts: ['a/b.c', '~/*']}]}",
            (("a", "b"),),
            (SidecarListener(("*/*",), 80), SidecarListener(("a/b.c", "~/*"))),
            "",
        ),
        ("{outboundTrafficPolicy: {mode: ALLOW_ANY}}", None, (), "ALLOW_ANY"),
        ("{outboundTrafficPolicy: {}}", None, (), "REGISTRY_ONLY"),
        ("{ingress: [{port: {number: 80}}]}", None, (), ""),
    ],
)
def test_sidecar(spec, selector, egress, policy):
    found = one(spec)
    assert (found.workload_selector, found.egress, found.outbound_traffic_policy) == (selector, egress, policy)


@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        ("port: {number: 80, protocol: HTTP, name: a}", IngressListener(80, "HTTP")),
        ("port: {number: 80}, defaultEndpoint: '127.0.0.1:8080'", IngressListener(80)),
        ("port: {number: 80}, defaultEndpoint: ':8080', connectionPool: {tcp: {}}", IngressListener(80)),
        ("port: {number: 80}, defaultEndpoint: '[::1]:8080'", IngressListener(80)),
        ("port: {number: 80}, defaultEndpoint: 'unix:///a/b'", IngressListener(80)),
        (
            "port: {number: 443, protocol: HTTPS}, bind: 10.0.0.1, captureMode: NONE, tls: {mode: SIMPLE}",
            IngressListener(443, "HTTPS", "10.0.0.1", "NONE", True),
        ),
    ],
)
def test_ingress_listeners(listener, expected):
    assert one(f"{{ingress: [{{{listener}}}]}}").ingress == (expected,)


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("{}", "says nothing"),
        ("{egress: [{}]}", "hosts: is empty"),
        ("{egress: [{hosts: [web]}]}", "is not namespace/host"),
        ("{egress: [{hosts: ['*/*']}, {hosts: ['./*']}]}", "only the last listener"),
        ("{outboundTrafficPolicy: {mode: NONE}}", "is not one of"),
        ("{ingress: [{}]}", "port: is missing"),
        ("{ingress: [{port: {protocol: HTTP}}]}", "number: is missing"),
        ("{ingress: [{port: {number: 80, protocol: ftp}}]}", "is no protocol that Istio knows"),
        ("{ingress: [{port: {number: 80, targetPort: 81}}]}", "has no meaning at a Sidecar"),
        ("{ingress: [{port: {number: 80}}, {port: {number: 80, protocol: TCP}}]}", "two listeners have port 80"),
        ("{ingress: [{port: {number: 80}, bind: local}]}", "is no address"),
        ("{ingress: [{port: {number: 80}, captureMode: ALL}]}", "is not one of"),
        *(
            (f"{{ingress: [{{port: {{number: 80}}, defaultEndpoint: '{text}'}}]}}", "is no port of the pod's own")
            for text in ("8080", "10.0.0.1:80", "127.0.0.1:x", "127.0.0.1:0", "localhost:80")
        ),
        ("{ingress: [{port: {number: 80, protocol: HTTP}, tls: {mode: SIMPLE}}]}", "neither HTTPS nor TLS"),
        ("{ingress: [{port: {number: 80, protocol: TLS}, tls: {mode: ISTIO_MUTUAL}}]}", "is not one of"),
        ("{ingress: [{port: {number: 80}, hosts: ['*/*']}]}", "hosts"),
    ],
)
def test_sidecars_that_are_refused(spec, complaint):
    objects, said = read(thing("networking.istio.io/v1", "Sidecar", spec))
    assert objects.sidecars == ()
    assert [gone.kind for gone in objects.refused] == ["Sidecar"]
    assert any(complaint in text for text in said), said
