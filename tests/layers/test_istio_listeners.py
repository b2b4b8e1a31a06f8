"""How ports are read that a Sidecar lists."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_inbound import DETECTED, EITHER, HTTP, TCP, read_as
from ringfence.layers.istio_listeners import of, ports
from ringfence.resources.istio.networking import IngressListener, Sidecar
from ringfence.resources.kubernetes import ObjectMeta

BY_SERVICES = ((80, HTTP), (5432, TCP))


def listeners(*pairs, **more):
    return tuple(IngressListener(number, protocol, **more) for number, protocol in pairs)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, HTTP) for name in ("HTTP", "http2", "GRPC", "grpc-web", "HTTP_PROXY")),
        *((name, TCP) for name in ("TCP", "tls", "HTTPS", "Mongo", "redis", "MySQL", "UDP")),
        ("", DETECTED),
    ],
)
def test_protocols(name, expected):
    assert read_as(name) == expected


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ((), BY_SERVICES),
        (((),), BY_SERVICES),
        ((listeners((80, "TCP")),), ((80, TCP),)),
        ((listeners((9090, "HTTP")),), ((9090, HTTP),)),
        ((listeners((80, "")),), ()),
        ((listeners((3306, "")),), ()),
        ((listeners((80, "HTTP"), capture_mode="NONE"),), ((80, EITHER),)),
        ((listeners((80, "HTTP"), capture_mode="IPTABLES"),), ((80, HTTP),)),
        ((listeners((443, "HTTPS"), tls=True),), ((443, EITHER),)),
        ((listeners((443, "HTTPS")),), ((443, TCP),)),
        ((listeners((80, "HTTP")), listeners((80, "TCP"))), ((80, EITHER),)),
        ((listeners((80, "HTTP")), listeners((80, "GRPC"), (81, "TCP"))), ((80, HTTP), (81, EITHER))),
        ((listeners((80, "HTTP")), ()), ((80, HTTP), (5432, EITHER))),
    ],
)
def test_ports(choices, expected):
    assert ports(choices, BY_SERVICES) == expected
    assert ports(choices[::-1], BY_SERVICES) == expected


def test_the_listeners_of_sidecars():
    one, other = (Sidecar(ObjectMeta(name, "shop"), ingress=listeners((80, "TCP"))) for name in "ab")
    assert of(()) == ()
    assert of((one, other)) == (one.ingress,)
    assert of((one, None)) == (one.ingress, ())
