"""Servers and ServerAuthorizations of every version: what is filled in, and what is refused where."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import SELECT_EVERYTHING, LabelSelector, LabelSelectorRequirement, SelectorOperator
from ringfence.resources.linkerd import Client, MeshTLS, Network, ServiceAccountReference
from tests.sources.kubernetes.texts import good, read, thing

WEB = LabelSelector((("app", "web"),))
API = "policy.linkerd.io"


@pytest.mark.parametrize(
    ("version", "spec", "expected"),
    [
        ("v1beta3", "{podSelector: {}, port: 80}", (80, SELECT_EVERYTHING, None, "unknown", "deny")),
        ("v1beta3", "{podSelector: {matchLabels: {app: web}}, port: http}", ("http", WEB, None, "unknown", "deny")),
        ("v1beta3", "{externalWorkloadSelector: {}, port: 80}", (80, None, SELECT_EVERYTHING, "unknown", "deny")),
        (
            "v1beta3",
            "{podSelector: {}, port: 80, proxyProtocol: gRPC, accessPolicy: audit}",
            (80, SELECT_EVERYTHING, None, "gRPC", "audit"),
        ),
        (
            "v1beta2",
            "{podSelector: {}, port: 80, proxyProtocol: HTTP/2}",
            (80, SELECT_EVERYTHING, None, "HTTP/2", "deny"),
        ),
        ("v1beta1", "{podSelector: {}, port: 80, proxyProtocol: TLS}", (80, SELECT_EVERYTHING, None, "TLS", "deny")),
        (
            "v1alpha1",
            "{podSelector: {matchLabels: {app: web}}, port: 80, proxyProtocol: opaque}",
            (80, WEB, None, "opaque", "deny"),
        ),
    ],
)
def test_servers(version: str, spec: str, expected: tuple[object, ...]) -> None:
    [found] = good(thing(f"{API}/{version}", "Server", spec)).linkerd_servers
    assert expected == (
        found.port, found.pod_selector, found.external_workload_selector, found.proxy_protocol, found.access_policy,
    )  # fmt: skip
    assert (found.metadata.qualified_name, str(found.span)) == ("shop/x", "f:1:1")


def test_the_age_of_a_server() -> None:
    text = (
        f'apiVersion: {API}/v1beta3\nkind: Server\nmetadata: {{name: x, creationTimestamp: "2026-03-01T10:00:00Z"}}\n'
        "spec: {podSelector: {}, port: 80}\n"
    )
    [found] = good(text).linkerd_servers
    assert found.metadata.creation_timestamp == "2026-03-01T10:00:00Z"


@pytest.mark.parametrize(
    ("version", "spec", "message"),
    [
        ("v1beta3", "{port: 80}", "spec.podSelector: is missing"),
        (
            "v1beta3",
            "{podSelector: {}, externalWorkloadSelector: {}, port: 80}",
            "spec.externalWorkloadSelector: stands beside podSelector",
        ),
        ("v1beta3", "{podSelector: {}}", "spec.port: is missing"),
        ("v1beta3", "{podSelector: {}, port: 0}", "spec.port: 0 is not a port"),
        ("v1beta3", "{podSelector: {}, port: 70000}", "spec.port: 70000 is not a port"),
        ("v1beta3", "{podSelector: {}, port: 80, accessPolicy: all}", "spec.accessPolicy: 'all' is not one of"),
        ("v1beta3", "{podSelector: {}, port: 80, proxyProtocol: HTTP}", "spec.proxyProtocol: 'HTTP' is not one of"),
        ("v1beta3", "{podSelector: {}, port: 80, enableTLS: true}", "spec.enableTLS: there is no such field"),
        ("v1beta2", "{podSelector: {}, port: 80, accessPolicy: deny}", "spec.accessPolicy: there is no such field"),
        (
            "v1beta1",
            "{externalWorkloadSelector: {}, port: 80}",
            "spec.externalWorkloadSelector: there is no such field",
        ),
        ("v1alpha1", "{podSelector: {}, port: 80}", "spec.podSelector: needs matchLabels or matchExpressions"),
        ("v1", "{podSelector: {}, port: 80}", "apiVersion: there is no Server in policy.linkerd.io/v1"),
    ],
)
def test_no_servers(version: str, spec: str, message: str) -> None:
    objects, said = read(thing(f"{API}/{version}", "Server", spec))
    assert objects.linkerd_servers == ()
    assert [one.kind for one in objects.refused] == ["Server"]
    assert any(message in one for one in said), said


def test_a_number_in_quotes_is_a_name_that_no_port_has() -> None:
    objects, said = read(thing(f"{API}/v1beta3", "Server", "{podSelector: {}, port: '80'}"))
    assert [one.port for one in objects.linkerd_servers] == ["80"]
    assert said == [
        "f:4:25: warning: spec.port: no container port can have this name: the Server selects no port "
        "(a number goes without quotes)"
    ]


@pytest.mark.parametrize("version", ["v1beta1", "v1alpha1"])
@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("{unauthenticated: true}", Client(unauthenticated=True)),
        ("{networks: [{cidr: 10.0.0.1}], unauthenticated: true}", Client((Network("10.0.0.1/32"),), True)),
        ("{}", Client()),
        ("{meshTLS: {}}", Client(mesh_tls=MeshTLS())),
        ("{meshTLS: {unauthenticatedTLS: true}}", Client(mesh_tls=MeshTLS(True))),
        (
            "{meshTLS: {identities: ['*.x', a.b], serviceAccounts: [{name: web}, {name: db, namespace: data}]}}",
            Client(
                mesh_tls=MeshTLS(
                    False,
                    ("*.x", "a.b"),
                    (ServiceAccountReference("web", "shop"), ServiceAccountReference("db", "data")),
                )
            ),
        ),
    ],
)
def test_clients(version: str, client: str, expected: Client) -> None:
    [found] = good(
        thing(f"{API}/{version}", "ServerAuthorization", f"{{server: {{name: web}}, client: {client}}}")
    ).linkerd_server_authorizations
    assert found.client == expected


@pytest.mark.parametrize(
    ("server", "name", "selector"),
    [
        ("{name: web}", "web", None),
        ("{selector: {}}", "", SELECT_EVERYTHING),
        (
            "{selector: {matchExpressions: [{key: tier, operator: Exists}]}}",
            "",
            LabelSelector((), (LabelSelectorRequirement("tier", SelectorOperator.EXISTS),)),
        ),
    ],
)
def test_servers_of_an_authorization(server: str, name: str, selector: LabelSelector | None) -> None:
    spec = f"{{server: {server}, client: {{unauthenticated: true}}}}"
    [found] = good(thing(f"{API}/v1beta1", "ServerAuthorization", spec)).linkerd_server_authorizations
    assert (found.server_name, found.server_selector) == (name, selector)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{server: {name: web}}", "spec.client: is missing"),
        ("{client: {}}", "spec.server: names no Server"),
        ("{server: {name: web, selector: {}}, client: {}}", "spec.server: names both a Server and a selector"),
        (
            "{server: {name: web}, client: {unauthenticated: true, meshTLS: {}}}",
            "spec.client.unauthenticated: cannot be true",
        ),
        (
            "{server: {name: web}, client: {meshTLS: {unauthenticatedTLS: true, identities: ['*']}}}",
            "unauthenticatedTLS: cannot be true",
        ),
        (
            "{server: {name: web}, client: {meshTLS: {unauthenticatedTLS: true, serviceAccounts: [{name: a}]}}}",
            "unauthenticatedTLS: cannot be true",
        ),
        ("{server: {name: web}, client: {meshTLS: {serviceAccounts: [{}]}}}", "serviceAccounts[0].name: is missing"),
        ("{server: {name: web}, client: {meshTLS: {identity: ['*']}}}", "meshTLS.identity: there is no such field"),
        ("{server: {name: web}, client: {unauthenticated: 'true'}}", "unauthenticated: must be true or false"),
    ],
)
def test_no_authorizations(spec: str, message: str) -> None:
    objects, said = read(thing(f"{API}/v1beta1", "ServerAuthorization", spec))
    assert objects.linkerd_server_authorizations == ()
    assert len(objects.refused) == 1
    assert any(message in one for one in said), said
