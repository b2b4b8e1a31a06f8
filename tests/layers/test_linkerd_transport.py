"""What a proxy sends and takes: exactly one transport for each client, server and port, where that is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.linkerd_settings import Settings
from ringfence.layers.linkerd_transport import Mapped, acceptance, offer
from ringfence.layers.mesh_facets import AMBIENT, LINKERD, NO_PLANE
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Direction, Purpose
from tests.layers.linkerd_clusters import ALLOWED, DENIED, OPEN, pod, says

PLAIN = Settings("deny")
IN = Settings("deny", skip_inbound=port_set("25,30-32"))
OUT = Settings("deny", skip_outbound=port_set("26,80"))
INGRESS = Settings("deny", ingress=True)
ALL = (PLAIN, IN, OUT, INGRESS)

MTLS, PLAINTEXT, UNKNOWN = (DENIED, ALLOWED), (ALLOWED, DENIED), (OPEN, OPEN)
"""What a chain says of the plaintext and of the mutual TLS variant."""

Both = tuple[frozenset[Action], frozenset[Action]]


def sent(
    client: Endpoint, server: Endpoint | str, port: int, mapped: tuple[Mapped, ...] = (), request: str | None = None
) -> Both:
    made = offer(ALL, mapped)
    plain, mutual = (says(made, client, server, f"{plane}/{port}", request) for plane in ("tcp", "mtls"))
    return plain, mutual


def member(settings: Settings = PLAIN, name: str = "shop/web") -> Endpoint:
    return pod(name, settings)


NOBODY = pod("shop/plain", plane=NO_PLANE)
UNSURE = pod("shop/unsure", PLAIN, plane=None)


@pytest.mark.parametrize(
    ("client", "server", "port", "expected"),
    [
        (member(), member(), 80, MTLS),
        (member(), member(IN), 80, MTLS),
        (member(), member(IN), 25, PLAINTEXT),
        (member(), member(IN), 31, PLAINTEXT),
        (member(), member(), 25, MTLS),
        (member(OUT), member(), 80, PLAINTEXT),
        (member(OUT), member(), 81, MTLS),
        (member(OUT), member(IN), 25, PLAINTEXT),
        (member(), NOBODY, 80, PLAINTEXT),
        (member(), pod("x/y", plane=AMBIENT), 80, PLAINTEXT),
        (member(), "192.0.2.1", 80, PLAINTEXT),
        (NOBODY, member(), 80, PLAINTEXT),
        (NOBODY, NOBODY, 80, PLAINTEXT),
        (member(), UNSURE, 80, UNKNOWN),
        (UNSURE, member(), 80, UNKNOWN),
        (UNSURE, NOBODY, 80, PLAINTEXT),
        (UNSURE, "192.0.2.1", 80, PLAINTEXT),
        (UNSURE, member(IN), 25, PLAINTEXT),
        (NOBODY, UNSURE, 80, PLAINTEXT),
    ],
)
def test_what_is_sent(client: Endpoint, server: Endpoint | str, port: int, expected: Both) -> None:
    assert sent(client, server, port) == expected


@pytest.mark.parametrize(
    ("mapped", "port", "expected"),
    [
        ((Mapped(80, 8080),), 8080, UNKNOWN),  # the Service's port is skipped, the pod's is not
        ((Mapped(80, 26),), 26, PLAINTEXT),
        ((Mapped(81, 8080),), 8080, MTLS),
        ((Mapped(81, 80),), 80, UNKNOWN),
        ((Mapped(80, 8080),), 80, PLAINTEXT),
        ((Mapped(80, 8080),), 81, MTLS),
    ],
)
def test_a_skipped_port_is_the_one_that_the_client_dials(mapped: tuple[Mapped, ...], port: int, expected: Both) -> None:
    assert sent(member(OUT), member(), port, mapped) == expected
    assert sent(member(), member(), port, mapped) == MTLS
    assert sent(member(OUT), NOBODY, port, mapped) == PLAINTEXT


@pytest.mark.parametrize(("request_", "expected"), [("GET /", MTLS), (None, UNKNOWN)])
def test_an_ingress_meshes_http_alone(request_: str | None, expected: Both) -> None:
    assert sent(member(INGRESS), member(), 80, request=request_) == expected
    assert sent(member(INGRESS), NOBODY, 80, request=request_) == PLAINTEXT
    assert sent(member(), member(INGRESS), 80, request=request_) == MTLS


@pytest.mark.parametrize(
    ("server", "port", "expected"),
    [
        (member(), 80, (ALLOWED, ALLOWED)),
        (member(IN), 80, (ALLOWED, ALLOWED)),
        (member(IN), 25, PLAINTEXT),
        (NOBODY, 80, PLAINTEXT),
        (UNSURE, 80, (ALLOWED, OPEN)),
        (pod("shop/unsure", IN, plane=None), 25, PLAINTEXT),
        (pod("x/y", plane=AMBIENT), 80, (ALLOWED, ALLOWED)),
    ],
)
def test_what_is_taken(server: Endpoint, port: int, expected: Both) -> None:
    made = acceptance(ALL)
    assert tuple(says(made, server, member(), f"{plane}/{port}") for plane in ("tcp", "mtls")) == expected


def test_what_the_chains_are_for() -> None:
    assert (offer(ALL, ()).direction, offer(ALL, ()).purpose) == (Direction.EGRESS, Purpose.OFFER)
    assert (acceptance(ALL).direction, acceptance(ALL).purpose) == (Direction.INGRESS, Purpose.ACCEPTANCE)


PODS = st.builds(
    lambda settings, plane: pod("shop/x", settings, plane),
    st.sampled_from((PLAIN, IN, OUT)),
    st.sampled_from((LINKERD, NO_PLANE)),
)


@given(PODS, PODS, st.integers(0, 65535))
def test_exactly_one_transport_is_sent_and_it_is_taken(client: Endpoint, server: Endpoint, port: int) -> None:
    found = sent(client, server, port)
    assert found in (MTLS, PLAINTEXT)
    plane = "mtls" if found == MTLS else "tcp"
    assert says(acceptance(ALL), server, client, f"{plane}/{port}") == ALLOWED


@pytest.mark.parametrize("header", [Header("udp", 1, 80), Header("icmp", 8, 0), Header("other", protocol=47)])
def test_only_tcp_has_transports(header: Header) -> None:
    assert says(offer(ALL, ()), member(), member(), header) == ALLOWED
    assert says(acceptance(ALL), member(), member(), header) == ALLOWED
