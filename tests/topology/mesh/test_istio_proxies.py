"""The proxies of pods: gateways' servers, Sidecars, and whether all pods of a Service have one."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_facets import MODE, PROXY, SCOPE
from ringfence.topology.mesh.istio_proxies import Proxies
from tests.layers.istio_worlds import EARLY, LATE, NETWORKING, PEOPLE, World, destination, peer, pod, service, thing

ROOT = "istio-system"


def proxies(*things: dict) -> Proxies:
    return Proxies(World(*PEOPLE, *things).objects, ROOT)


def facet(made: Proxies, name: str, app: str) -> dict[str, str]:
    for namespace, template in made.objects.pod_templates():
        if template.labels.get("app") == app:
            found = made.of(namespace, template)
            assert found is not None
            return dict(found.facets[name])
    raise AssertionError(app)


def test_only_pods_with_a_proxy_of_their_own_have_one():
    made = proxies(pod("web"), pod("plain/n"), pod("nobody/x"))
    found = {namespace: made.of(namespace, one) is not None for namespace, one in made.objects.pod_templates()}
    assert found == {"shop": True, "plain": False, "nobody": True}
    assert len(made.all()) == sum(found[namespace] for namespace, _ in made.objects.pod_templates())


def test_the_modes_of_a_pod():
    made = proxies(pod("web"), peer("n", "STRICT"), peer("w", None, "web", p80="DISABLE"))
    found = facet(made, MODE, "web")
    assert (found["*"], found["80"]) == ("STRICT", "DISABLE")


@pytest.mark.parametrize(
    ("data", "annotations", "expected"),
    [
        ({"values": '{"global": {"proxy": {"excludeInboundPorts": "8080"}}}'}, {}, {"8080": "UNSEEN", "*": "STRICT"}),
        ({"values": '{"global": {"proxy": {"excludeInboundPorts": ""}}}'}, {}, {"*": "STRICT"}),
        ({}, {"proxy.istio.io/config": "interceptionMode: NONE"}, {"*": "UNSEEN"}),
    ],
)
def test_what_the_injector_writes_counts_as_annotations_do(data, annotations, expected):
    of_injector = thing("v1", "ConfigMap", "istio-system/istio-sidecar-injector", {}) | {"data": data}
    made = proxies(pod("web", annotations=annotations), peer("n", "STRICT"), of_injector)
    found = facet(made, MODE, "web")
    assert {port: mode for port, mode in found.items() if port not in ("15020", "15021", "15090")} == expected


def gateway(*servers: dict) -> dict:
    return thing(NETWORKING, "Gateway", "g", {"selector": {"app": "gw"}, "servers": list(servers)})


def server(number: int, mode: str = "", host: str = "*") -> dict:
    tls = {"tls": {"mode": mode}} if mode else {}
    return {"port": {"number": number, "protocol": "TLS", "name": f"p{number}"}, "hosts": [host], **tls}


GATEWAY_POD = pod("gw", {"istio": "egressgateway"})


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((), {"*": "UNSEEN"}),
        ((gateway(server(443, "ISTIO_MUTUAL")),), {"*": "UNSEEN", "443": "STRICT"}),
        ((gateway(server(443, "SIMPLE")),), {"*": "UNSEEN", "443": "UNSEEN"}),
        ((gateway(server(80)),), {"*": "UNSEEN", "80": "UNSEEN"}),
        (
            (gateway(server(443, "ISTIO_MUTUAL", "a.b"), server(443, "SIMPLE", "c.d")),),
            {"*": "UNSEEN", "443": "STRICT|UNSEEN"},
        ),
        ((gateway(server(443, "ISTIO_MUTUAL")), service("gw", (443, 8443))), {"*": "UNSEEN", "8443": "STRICT"}),
        ((gateway(server(443, "ISTIO_MUTUAL")), service("other", (443, 8443))), {"*": "UNSEEN", "443": "STRICT"}),
        ((peer("n", "STRICT"),), {"*": "UNSEEN"}),  # PeerAuthentication is not for gateways
    ],
)
def test_what_a_gateway_serves(things, expected):
    assert facet(proxies(GATEWAY_POD, *things), MODE, "gw") == expected


def test_a_gateways_named_target_port_is_that_of_its_pod():
    containers = [{"name": "a", "image": "a", "ports": [{"name": "tls", "containerPort": 9443}]}]
    named = thing("v1", "Service", "gw", {"selector": {"app": "gw"}, "ports": [{"port": 443, "targetPort": "tls"}]})
    made = proxies(
        pod("gw", {"istio": "egressgateway"}, containers=containers), gateway(server(443, "ISTIO_MUTUAL")), named
    )
    assert facet(made, MODE, "gw") == {"*": "UNSEEN", "9443": "STRICT"}


def test_a_gateway_of_another_selector_says_nothing():
    other = thing(NETWORKING, "Gateway", "g", {"selector": {"app": "x"}, "servers": [server(443, "ISTIO_MUTUAL")]})
    assert facet(proxies(GATEWAY_POD, other), MODE, "gw") == {"*": "UNSEEN"}


def sidecar(name: str, app: str = "", created: str = "", host: str = "./*") -> dict:
    selector = {"workloadSelector": {"labels": {"app": app}}} if app else {}
    return thing(NETWORKING, "Sidecar", name, {**selector, "egress": [{"hosts": [host]}]}, created)


@pytest.mark.parametrize(
    ("sidecars", "expected"),
    [
        ((), None),
        ((sidecar("a"),), "shop/a"),
        ((sidecar("other/a"),), None),
        ((sidecar("a"), sidecar("b", "web")), "shop/b"),
        ((sidecar("a", "x"),), None),
        ((sidecar(f"{ROOT}/a"),), f"{ROOT}/a"),
        ((sidecar(f"{ROOT}/a"), sidecar("b")), "shop/b"),
        ((sidecar(f"{ROOT}/a", "web"),), None),
        ((sidecar("b", created=LATE), sidecar("c", created=EARLY)), "shop/c"),
    ],
)
def test_which_sidecar_is_for_a_pod(sidecars, expected):
    assert facet(proxies(pod("web"), *sidecars), PROXY, "web").get(SCOPE) == expected


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ((), False),
        ((pod("web"),), True),
        ((pod("web"), pod("w2", {"app": "web", "sidecar.istio.io/inject": "false"})), False),
        ((pod("web"), pod("w2", {"app": "web", "security.istio.io/tlsMode": "disabled"})), False),
        ((pod("web", {"istio": "ingressgateway"}),), False),
    ],
)
def test_whether_all_pods_of_a_headless_service_are_proxied(pods, expected):
    made = proxies(*pods, service("web", clusterIP="None"), service("other"))
    assert made.address_keeping() == {"shop/web": expected}


def test_in_an_undeclared_namespace_nobody_knows():
    made = proxies(pod("nobody/web"), service("nobody/web", clusterIP="None"))
    assert made.address_keeping() == {"nobody/web": None}


def test_where_a_load_balancer_passes_addresses_every_service_is_asked():
    passing = destination("d", "*", trafficPolicy={"loadBalancer": {"simple": "PASSTHROUGH"}})
    assert proxies(pod("web"), service("web"), passing).address_keeping() == {"shop/web": True}


@pytest.mark.parametrize(
    ("things", "known"),
    [
        ((sidecar("a"), sidecar("b")), True),
        ((sidecar("a"), sidecar("b", host="*/*")), False),
        ((sidecar("a", created=EARLY), sidecar("b", created=LATE, host="*/*")), True),
        ((sidecar("a", created=EARLY), sidecar("b", host="*/*")), False),
        ((sidecar("a"), sidecar("b", "web", host="*/*")), True),
        ((sidecar("a"), sidecar(f"{ROOT}/b", host="*/*")), True),
    ],
)
def test_of_two_sidecars_nobody_knows_which_is_older(things, known):
    assert ("skips *" not in facet(proxies(pod("web"), *things), PROXY, "web")) is known
