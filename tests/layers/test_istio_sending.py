"""Each way of sending leaves exactly one transport open, or says that nobody knows which."""

from __future__ import annotations

import pytest

from ringfence.engine.index import Index
from ringfence.engine.judge import Judge
from ringfence.engine.subjects import View
from ringfence.layers.istio_destination_rules import Tls
from ringfence.layers.istio_facets import AUTO, PROXY
from ringfence.layers.istio_sending import Way, rules
from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.mesh_facets import AMBIENT, MESH, PLANE, SIDECAR
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Purpose, Scope, Stage
from ringfence.model.selectors import ANYTHING


def pod(name: str, plane: str = SIDECAR, auto: str = "mtls", tls: str = "istio", **labels: str) -> Endpoint:
    facets = {MESH: {PLANE: plane}, POD: labels, AUTO: {"*": auto, "9090": "plaintext"}, PROXY: {"tls": tls}}
    return Endpoint(name, "pods", AddressSet.of("10.0.0.1"), facets=facets)


def sent(tls: Tls, server: Endpoint, port: int = 80, hbone: bool = False, client: Endpoint | None = None) -> str:
    way = Way(ANYTHING, tls, "x", hbone)
    scope = Scope("x", ANYTHING, tuple(rules(way, port, ANY_PEER)))
    chain = Chain("x", Direction.EGRESS, (Stage("x", (scope,), Action.ALLOW),), Action.ALLOW, purpose=Purpose.OFFER)
    who = client or pod("client")
    verdict = Judge(chain, Index((who, server)), None).verdict(who, View(server, server.addresses, "x"))
    mutual, plain = ((40000, port) in verdict.may.mtls, (40000, port) in verdict.may.tcp)
    sure = ((40000, port) in verdict.must.mtls, (40000, port) in verdict.must.tcp)
    assert (40000, port + 1) in verdict.must.mtls
    assert (40000, port + 1) in verdict.must.tcp
    if (mutual, plain) == (True, True):
        assert sure == (False, False)
        return "either"
    assert sure == (mutual, plain)
    return "mtls" if mutual else "plaintext"


@pytest.mark.parametrize(
    ("tls", "auto", "endpoint", "expected"),
    [
        (Tls.PLAINTEXT, "mtls", "istio", "plaintext"),
        (Tls.MUTUAL, "plaintext", "disabled", "mtls"),
        (Tls.CUSTOM, "mtls", "istio", "either"),
        (Tls.AUTO, "mtls", "istio", "mtls"),
        (Tls.AUTO, "plaintext", "istio", "plaintext"),
        (Tls.AUTO, "mtls|plaintext", "istio", "either"),
        (Tls.PROXIED, "plaintext", "istio", "mtls"),
        (Tls.PROXIED, "mtls", "disabled", "plaintext"),
    ],
)
def test_the_ways(tls, auto, endpoint, expected):
    assert sent(tls, pod("server", auto=auto, tls=endpoint)) == expected


def test_a_port_has_its_own_auto_mtls():
    assert sent(Tls.AUTO, pod("server"), port=9090) == "plaintext"


def test_whoever_has_no_proxy_gets_plaintext():
    assert sent(Tls.AUTO, pod("server", plane="none")) == "plaintext"


@pytest.mark.parametrize("tls", [Tls.PLAINTEXT, Tls.AUTO, Tls.MUTUAL, Tls.CUSTOM])
def test_ambient_pods_get_hbone_unless_the_client_knows_none(tls):
    server = pod("server", plane=AMBIENT)
    assert sent(tls, server, hbone=True) == "mtls"
    without = pod("client", **{"networking.istio.io/tunnel": "none"})
    assert sent(tls, server, hbone=True, client=without) == sent(tls, server)
    speaking = pod("client", **{"networking.istio.io/tunnel": "http"})
    assert sent(tls, server, hbone=True, client=speaking) == "mtls"
