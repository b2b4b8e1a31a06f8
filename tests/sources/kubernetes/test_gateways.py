"""The Gateway API."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import (
    SELECT_EVERYTHING,
    BackendReference,
    GatewayAddress,
    GrantFrom,
    GrantTo,
    Infrastructure,
    Listener,
    MethodMatch,
    NamedMatch,
    ParentReference,
    RouteMatch,
    RouteRule,
)
from tests.sources.kubernetes.texts import good, read, thing

V1 = "gateway.networking.k8s.io/v1"


def test_gateway_class() -> None:
    [found] = good(
        f"apiVersion: {V1}\nkind: GatewayClass\nmetadata: {{name: c}}\nspec: {{controllerName: a/b}}\n"
    ).gateway_classes
    assert (found.metadata.qualified_name, found.controller_name) == ("c", "a/b")


def test_gateway() -> None:
    spec = """{gatewayClassName: c, addresses: [{value: 192.0.2.1}], listeners: [
  {name: h, port: 80, protocol: HTTP},
  {name: s, port: 443, protocol: HTTPS, hostname: '*.a.b', tls: {}, allowedRoutes: {namespaces: {from: Selector,
   selector: {}}, kinds: [{kind: HTTPRoute}]}},
  {name: p, port: 8443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}}]}"""
    status = "status: {addresses: [{value: 192.0.2.1}, {value: gw.example}]}\n"
    [found] = good(thing(V1, "Gateway", spec, status)).gateways
    assert (found.gateway_class_name, found.addresses) == ("c", ("192.0.2.1", "gw.example"))
    assert found.listeners == (
        Listener("h", 80, "HTTP"),
        Listener("s", 443, "HTTPS", "*.a.b", "Terminate", "Selector", SELECT_EVERYTHING, ("HTTPRoute",)),
        Listener("p", 8443, "TLS", "", "Passthrough", "All"),
    )


def test_what_a_gateway_asks_for() -> None:
    spec = """{gatewayClassName: c, addresses: [{value: 192.0.2.1}, {type: Hostname, value: in.edge}], listeners: [
  {name: s, port: 443, protocol: HTTPS, tls: {options: {a/b: C}}}],
  infrastructure: {labels: {x: y}, annotations: {}, parametersRef: {group: '', kind: ConfigMap, name: p}}}"""
    [found] = good(thing(V1, "Gateway", spec)).gateways
    assert found.requested == (GatewayAddress("IPAddress", "192.0.2.1"), GatewayAddress("Hostname", "in.edge"))
    assert found.listeners[0].tls_options == {"a/b": "C"}
    assert found.infrastructure == Infrastructure({"x": "y"}, {}, "ConfigMap p")
    [plain] = good(thing(V1, "Gateway", "{gatewayClassName: c}")).gateways
    assert (plain.requested, plain.infrastructure) == ((), Infrastructure())


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"])
def test_routes(kind: str) -> None:
    spec = """{hostnames: [a.b], parentRefs: [{name: g}, {name: s, namespace: n, group: '', kind: Service, port: 80,
  sectionName: l}], rules: [{backendRefs: [{name: web, port: 80}, {name: b, namespace: n, port: 81, weight: 0},
  {name: e, group: x.y, kind: Z}],
  filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m, port: 82}}}, {type: O}]},
  {}]}"""
    [found] = good(thing(V1, kind, spec)).routes
    assert (found.kind, found.hostnames) == (kind, ("a.b",))
    assert found.parent_refs == (ParentReference("g", "shop"), ParentReference("s", "n", "", "Service", "l", 80))
    web, other = BackendReference("web", "shop", port=80), BackendReference("b", "n", port=81, weight=0)
    extra, mirror = BackendReference("e", "shop", "x.y", "Z"), BackendReference("m", "shop", port=82)
    assert found.rules == (RouteRule((web, other, extra, mirror)), RouteRule())


def test_matches_of_http_routes() -> None:
    spec = """{rules: [{matches: [{path: {type: Exact, value: /a}, method: GET}, {path: {}}, {},
  {path: {type: RegularExpression, value: 'x.*'}, headers: [{name: X-A, value: b}, {name: c, type: RegularExpression,
  value: d}], queryParams: [{name: Q, value: r}]}]}, {filters: [{type: RequestRedirect}]}]}"""
    [found] = good(thing(V1, "HTTPRoute", spec)).routes
    headers = (NamedMatch("x-a", "b"), NamedMatch("c", "d", True))
    assert found.rules == (
        RouteRule(
            matches=(
                RouteMatch("Exact", "/a", "GET"),
                RouteMatch(),
                RouteMatch(),
                RouteMatch("RegularExpression", "x.*", "", headers, (NamedMatch("Q", "r"),)),
            )
        ),
        RouteRule(redirects=True),
    )


def test_matches_of_grpc_routes() -> None:
    spec = """{rules: [{matches: [{method: {service: a.B, method: C}}, {headers: [{name: H, value: v}]},
  {method: {type: RegularExpression, method: 'C.*'}}]}]}"""
    [found] = good(thing(V1, "GRPCRoute", spec)).routes
    assert found.rules[0].matches == (
        RouteMatch(grpc_method=MethodMatch("a.B", "C")),
        RouteMatch(headers=(NamedMatch("h", "v"),)),
        RouteMatch(grpc_method=MethodMatch("", "C.*", True)),
    )


@pytest.mark.parametrize(
    ("kind", "spec", "rules"),
    [
        ("HTTPRoute", "{}", (RouteRule(),)),
        ("HTTPRoute", "{rules: []}", ()),
        ("GRPCRoute", "{}", ()),
    ],
)
def test_an_http_route_without_rules_takes_everything(kind: str, spec: str, rules: tuple[RouteRule, ...]) -> None:
    [found] = good(thing(V1, kind, spec)).routes
    assert found.rules == rules


@pytest.mark.parametrize(
    ("kind", "match", "message"),
    [
        ("HTTPRoute", "{path: {value: a}}", "path.value: 'a' does not begin with /"),
        (
            "HTTPRoute",
            "{path: {type: Prefix}}",
            "path.type: 'Prefix' is not one of Exact, PathPrefix, RegularExpression",
        ),
        ("HTTPRoute", "{method: get}", "method: 'get' is not one of GET"),
        ("HTTPRoute", "{headers: [{value: a}]}", "headers[0].name: is missing"),
        ("HTTPRoute", "{queryParams: [{name: a, type: Prefix}]}", "queryParams[0].type: 'Prefix' is not one of"),
        ("GRPCRoute", "{method: {}}", "method: needs a service or a method"),
    ],
)
def test_no_matches(kind: str, match: str, message: str) -> None:
    objects, said = read(thing(V1, kind, f"{{rules: [{{matches: [{match}]}}]}}"))
    assert len(objects.refused) == 1
    assert any(message in one for one in said), said


def test_reference_grant() -> None:
    spec = "{from: [{group: a.b, kind: HTTPRoute, namespace: n}], to: [{group: '', kind: Service}, {kind: S, name: x}]}"
    [found] = good(thing("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", spec)).reference_grants
    assert found.from_ == (GrantFrom("a.b", "HTTPRoute", "n"),)
    assert found.to == (GrantTo("", "Service"), GrantTo("", "S", "x"))


@pytest.mark.parametrize(
    ("kind", "spec", "message"),
    [
        ("Gateway", "{}", "4:1: error: spec.gatewayClassName: is missing"),
        (
            "Gateway",
            "{gatewayClassName: c, listeners: [{name: h, port: 0, protocol: HTTP}]}",
            "4:51: error: spec.listeners[0].port: 0 is not a port (1 to 65535)",
        ),
        (
            "HTTPRoute",
            "{rules: [{backendRefs: [{name: a}]}]}",
            "4:31: error: spec.rules[0].backendRefs[0].port: is missing (a Service as backend needs a port)",
        ),
        ("HTTPRoute", "{parentRefs: [{}]}", "4:21: error: spec.parentRefs[0].name: is missing"),
        ("ReferenceGrant", "{to: [{}]}", "4:13: error: spec.to[0].kind: is missing"),
        ("ReferenceGrant", "{to: [[]]}", None),
    ],
)
def test_refusals(kind: str, spec: str, message: str | None) -> None:
    objects, said = read(thing(V1, kind, spec))
    assert said
    assert message is None or said == [f"f:{message}"]
    assert len(objects.refused) == 1
