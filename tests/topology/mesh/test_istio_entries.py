"""Where Istio's gateways lead: which VirtualServices are bound and admitted, from whom, and to which Service."""

from __future__ import annotations

import pytest

from ringfence.network import Network
from ringfence.topology.entries import CONTROLLER
from ringfence.topology.mesh.istio_entries import leads
from tests.checks.manifests import deployment, namespace, service, view

EDGE = deployment("edge", "[{containerPort: 80}]", namespace="front", role="ingress")
MESHED = namespace("shop", istio_injection="enabled").replace("istio_injection", "istio-injection")
WEB = (MESHED, deployment("web", "[{containerPort: 8080}]"), service("web", "[{port: 80, targetPort: 8080}]"))


def gateway(hosts: str = "['*']", selector: str = "{role: ingress}") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: public, namespace: front}}
spec: {{selector: {selector}, servers: [{{port: {{number: 80, name: http, protocol: HTTP}}, hosts: {hosts}}}]}}
"""


def virtual(
    gateways: str = "[front/public]",
    hosts: str = "[www.example.com]",
    to: str = "web",
    port: str = "80",
    match: str = "",
) -> str:
    when = f"match: [{match}], " if match else ""
    at = f", port: {{number: {port}}}" if port else ""
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: web, namespace: shop}}
spec:
  hosts: {hosts}
  gateways: {gateways}
  http: [{{{when}route: [{{destination: {{host: {to}{at}}}}}]}}]
"""


def delegating(to: str = "shop/rest", match: str = "") -> str:
    namespace, _, name = to.partition("/")
    when = f"match: [{match}], " if match else ""
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: root, namespace: front}}
spec:
  hosts: [www.example.com]
  gateways: [public]
  http: [{{{when}delegate: {{name: {name}, namespace: {namespace}}}}}]
"""


def delegate(match: str = "", exported: str = "['*']") -> str:
    made = virtual("[]", "[]", match=match).replace("name: web, namespace", "name: rest, namespace")
    return made.replace("  http:", f"  exportTo: {exported}\n  http:")


BY_EDGE, BY_SOMEBODY = ("front/edge[Deployment]",), (CONTROLLER,)


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([EDGE, gateway(), virtual()], [(BY_EDGE, "shop", "web", 80, 80)]),
        ([EDGE, gateway(), virtual(port="")], [(BY_EDGE, "shop", "web", 0, 80)]),
        ([EDGE, gateway(), virtual(to="api.other.svc.cluster.local")], [(BY_EDGE, "other", "api", 80, 80)]),
        # The pods, or the Gateway itself, are not in the files.
        ([gateway(), virtual()], [(BY_SOMEBODY, "shop", "web", 80, 80)]),
        ([EDGE, virtual()], [(BY_SOMEBODY, "shop", "web", 80, 0)]),
        ([EDGE, gateway(selector="{role: other}"), virtual()], [(BY_SOMEBODY, "shop", "web", 80, 80)]),
        # Whose hosts a server takes.
        ([EDGE, gateway("[www.example.com]"), virtual()], [(BY_EDGE, "shop", "web", 80, 80)]),
        ([EDGE, gateway("['*.example.com']"), virtual()], [(BY_EDGE, "shop", "web", 80, 80)]),
        ([EDGE, gateway("[www.example.com]"), virtual(hosts="['*']")], [(BY_EDGE, "shop", "web", 80, 80)]),
        ([EDGE, gateway("[shop/www.example.com]"), virtual()], [(BY_EDGE, "shop", "web", 80, 80)]),
        ([EDGE, gateway("['*/www.example.com']"), virtual()], [(BY_EDGE, "shop", "web", 80, 80)]),
        ([EDGE, gateway("[api.example.com]"), virtual()], []),
        ([EDGE, gateway("[other/www.example.com]"), virtual()], []),
        ([EDGE, gateway("['./www.example.com']"), virtual()], []),
        # Who is bound.
        ([EDGE, gateway(), virtual("[mesh]")], []),
        ([EDGE, gateway(), virtual("[mesh, front/public]")], [(BY_EDGE, "shop", "web", 80, 80)]),
        ([EDGE, gateway(), virtual("[]")], []),
        ([EDGE, gateway(), virtual(match="{uri: {prefix: /a}}")], [(BY_EDGE, "shop", "web", 80, 80)]),
        ([EDGE, gateway(), virtual(match="{gateways: [front/public]}")], [(BY_EDGE, "shop", "web", 80, 80)]),
        ([EDGE, gateway(), virtual("[mesh, front/public]", match="{gateways: [mesh]}")], []),
        # Whom another continues.
        ([EDGE, gateway(), delegating(), delegate()], [(BY_EDGE, "shop", "web", 80, 80)]),
        (
            [EDGE, gateway(), delegating(match="{uri: {prefix: /a}}"), delegate("{uri: {prefix: /a/b}}")],
            [(BY_EDGE, "shop", "web", 80, 80)],
        ),
        ([EDGE, gateway(), delegating(), delegate(exported="[front]")], [(BY_EDGE, "shop", "web", 80, 80)]),
        ([EDGE, gateway(), delegating(), delegate(exported="['.']")], []),
        ([EDGE, gateway(), delegating("shop/none"), delegate()], []),
        ([EDGE, gateway(), delegate()], []),
        # What is no Service of the cluster is not followed.
        ([EDGE, gateway(), virtual(to="api.example.com")], []),
    ],
)
def test_leads(manifests, expected):
    objects = view(*WEB, *manifests).topology.objects
    found = [(one.sources, one.namespace, one.service, one.port, one.dialled) for one in leads(objects)]
    assert found == expected


STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""
OF_GATEWAY = "{apiVersion: v1, kind: Namespace, metadata: {name: front, labels: {istio-injection: enabled}}}"


@pytest.mark.parametrize(
    ("manifests", "how"),
    [
        ((OF_GATEWAY, EDGE), ""),
        ((EDGE,), " (not certain)"),  # nobody knows whether its namespace asks for a proxy
        ((OF_GATEWAY.replace("enabled", "disabled"), EDGE), " (refused on the way)"),
    ],
)
def test_a_gateway_is_a_way_in_as_far_as_the_server_takes_it(manifests, how):
    shown = Network(view(*WEB, STRICT, gateway(), virtual(), *manifests).topology).exposed
    assert [what for what, _ in shown] == [f"VirtualService shop/web -> shop/web[Deployment] tcp/8080{how}"]


def test_a_delegate_that_no_file_holds_may_lead_anywhere():
    shown = view(EDGE, *WEB, gateway(), delegating("shop/none"))
    (found,) = shown.connectivity.relations(CONTROLLER, "shop/web[Deployment]")
    assert (8080 in found.must.tcp, 8080 in found.may.tcp) == (False, True)


def entry(host: str, more: str) -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: e, namespace: shop}}
spec: {{hosts: [{host}], ports: [{{number: 80, name: http, protocol: HTTP}}], {more}}}
"""


SELECTS = "resolution: STATIC, workloadSelector: {labels: {app: web}}"
LISTS = "resolution: STATIC, endpoints: [{address: 10.0.0.9}]"


@pytest.mark.parametrize(
    ("host", "more", "gateways", "shop", "far"),
    [
        ("inner.example", SELECTS, (), True, False),
        ("inner.example", LISTS, (), True, True),
        ("other.example", SELECTS, (), False, False),
        # Where the gateway's pods are known, they are asked like others.
        ("inner.example", SELECTS, (EDGE,), False, False),
    ],
)
def test_a_host_of_a_serviceentry_may_be_any_pod(host, more, gateways, shop, far):
    things = (*WEB, deployment("web", namespace="far"), gateway(), virtual(to="inner.example", port=""))
    shown = view(*things, entry(host, more), *gateways)
    reached = {
        name
        for name in ("shop/web[Deployment]", "far/web[Deployment]")
        if shown.connectivity.workloads.get(CONTROLLER)
        for one in shown.connectivity.relations(CONTROLLER, name)
        if one.may.tcp
    }
    assert ("shop/web[Deployment]" in reached, "far/web[Deployment]" in reached) == (shop, far)


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([EDGE, gateway(), virtual()], []),
        (
            [EDGE, gateway(), virtual("[front/pulbic]")],
            [
                "VirtualService shop/web is bound to Gateway front/pulbic, which is not in the files "
                "(did you mean front/public?)"
            ],
        ),
        (
            [virtual("[public, mesh]")],
            ["VirtualService shop/web is bound to Gateway shop/public, which is not in the files"],
        ),
        (
            [EDGE, gateway(selector="{role: ingres}"), virtual()],
            ["Gateway front/public selects pods with role: ingres, and no file holds one"],
        ),
    ],
)
def test_what_is_not_in_the_files_is_told(manifests: list[str], expected: list[str]):
    told = view(*WEB, *manifests).topology.diagnostics
    shown = [one.message + (f" ({one.remedy})" if one.remedy else "") for one in told]
    assert [one for one in shown if "Gateway" in one] == expected
