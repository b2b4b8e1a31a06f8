"""RF404: rules of HTTP at ports that are read as TCP, by action."""

from __future__ import annotations

import pytest

from ringfence.checks import http_rules_on_tcp_port
from ringfence.checks.finding import Severity

from .manifests import deployment, found, messages, service
from .meshes import AMBIENT, authorization, meshed, workload

SHOP = meshed(), workload("db", 5432)
TCP = service("db", "[{name: tcp-sql, port: 5432}]")
HTTP = service("db", "[{name: http, port: 5432}]")
SILENT = service("db", "[{port: 5432}]")
MIXED = service("db", "[{name: tcp-sql, port: 5432}, {name: http-web, port: 8080}]")
GET = "[{to: [{operation: {methods: [GET]}}]}]"
ON_TCP = "[{to: [{operation: {methods: [GET], ports: ['5432']}}]}]"
ON_HTTP = "[{to: [{operation: {methods: [GET], ports: ['8080']}}]}]"
NOT_TCP = "[{to: [{operation: {methods: [GET], notPorts: ['5432']}}]}]"
CLIENTS = "[{from: [{source: {namespaces: [shop]}}]}]"


@pytest.mark.parametrize(
    ("of_service", "action", "rules", "expected"),
    [
        (TCP, "ALLOW", GET, [Severity.MEDIUM]),
        (TCP, "ALLOW", ON_TCP, [Severity.MEDIUM]),
        (TCP, "DENY", GET, [Severity.HIGH]),
        (TCP, "ALLOW", CLIENTS, []),
        (TCP, "AUDIT", GET, []),
        (TCP, "ALLOW", NOT_TCP, []),
        (TCP, "DENY", NOT_TCP, []),
        (HTTP, "DENY", GET, []),
        (HTTP, "ALLOW", GET, []),
        # What no Service declares is read as its bytes look.
        (SILENT, "DENY", GET, []),
        (MIXED, "ALLOW", ON_HTTP, []),
        (MIXED, "ALLOW", ON_TCP, [Severity.MEDIUM]),
        (MIXED, "ALLOW", GET, [Severity.LOW]),
        (MIXED, "DENY", GET, [Severity.HIGH]),
        (MIXED, "DENY", ON_HTTP, []),
    ],
)
def test_actions_and_ports(of_service, action, rules, expected):
    result = found(http_rules_on_tcp_port, *SHOP, of_service, authorization("p", rules, action))
    assert [one.severity for one in result] == expected
    start = "AuthorizationPolicy shop/p asks for methods, and port 5432 of shop/db[Deployment] is read as TCP: "
    assert all(one.message.startswith(start) for one in result)


def test_a_rule_for_all_ports_is_no_loss_where_another_one_admits_on_the_port_of_tcp():
    both = authorization("p", GET), authorization("q", CLIENTS)
    assert messages(http_rules_on_tcp_port, *SHOP, MIXED, *both) == []
    assert len(messages(http_rules_on_tcp_port, *SHOP, MIXED, both[0], authorization("q", CLIENTS, select="web"))) == 1


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("{to: [{operation: {hosts: [a], notPaths: [/b]}}]}", "hosts, paths"),
        ("{from: [{source: {requestPrincipals: ['*']}}]}", "requestPrincipals"),
        ("{when: [{key: 'request.headers[x-a]', values: [b]}]}", "request.headers[x-a]"),
        ("{when: [{key: request.auth.principal, values: [b]}]}", "request.auth.principal"),
        ("{when: [{key: source.ip, values: [10.0.0.1]}]}", None),
        ("{from: [{source: {principals: ['*']}}]}", None),
    ],
)
def test_what_is_of_http(rule, fields):
    result = messages(http_rules_on_tcp_port, *SHOP, TCP, authorization("p", f"[{rule}]", "DENY"))
    assert len(result) == (fields is not None)
    assert all(f"asks for {fields}, and" in one for one in result)


def test_it_stands_at_the_rule_and_shows_the_service():
    (one,) = found(http_rules_on_tcp_port, *SHOP, TCP, authorization("p", ON_TCP))
    assert one.span.pointer == "/spec/rules/0"
    assert [what for what, _ in one.because] == ["Service shop/db declares its port 5432 as tcp-sql"]


@pytest.mark.parametrize("protocol", ["name: mysql", "appProtocol: tcp", "name: tls-db"])
def test_other_ways_to_declare_tcp(protocol):
    of_service = service("db", f"[{{{protocol}, port: 5432}}]")
    assert len(messages(http_rules_on_tcp_port, *SHOP, of_service, authorization("p", GET, "DENY"))) == 1


SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: s, namespace: shop}
spec: {ingress: [{port: {number: 5432, protocol: PROTOCOL}}]}
"""


@pytest.mark.parametrize(("protocol", "expected"), [("TCP", 1), ("HTTP", 0)])
def test_a_sidecar_goes_before_services(protocol, expected):
    made = (*SHOP, TCP, SIDECAR.replace("PROTOCOL", protocol), authorization("p", GET, "DENY"))
    assert len(messages(http_rules_on_tcp_port, *made)) == expected


@pytest.mark.parametrize(
    "manifests",
    [
        [deployment("db"), TCP],
        [*SHOP, TCP, authorization("p", GET, "DENY", select="web")],
        [*SHOP, TCP, authorization("p", GET, "DENY", namespace="other")],
        [*SHOP, TCP, authorization("p", GET, "DENY", dry=True)],
        # ztunnel never knows HTTP: that is another finding.
        [meshed("shop", labels=AMBIENT), workload("db", 5432), TCP, authorization("p", GET, "DENY")],
    ],
)
def test_it_is_quiet(manifests):
    assert messages(http_rules_on_tcp_port, *manifests) == []
