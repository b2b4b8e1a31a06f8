"""RF401: what takes plaintext below a setting that refuses it, and whether somebody without an identity gets there."""

from __future__ import annotations

import pytest

from ringfence.checks import plaintext_accepted
from ringfence.checks.finding import Severity

from .manifests import app, deployment, found, messages, namespace, policy, service
from .meshes import AMBIENT, annotated, meshed, peer_authentication, workload

STRICT = peer_authentication("default", "STRICT")
OF_MESH = peer_authentication("mesh", "STRICT", "istio-system")
WEB = "shop/web[Deployment]"
OUTSIDER = namespace("other"), workload("probe", namespace="other")
EXCLUDES = {"traffic.sidecar.istio.io/excludeInboundPorts": "'9090, 8080'"}
UNINJECTED = {"sidecar.istio.io/inject": "'false'"}


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([STRICT], []),
        ([OF_MESH], []),
        # Nothing is meant to be strict.
        ([], []),
        ([peer_authentication("default", "PERMISSIVE")], []),
        ([peer_authentication("web", "DISABLE", select="web")], []),
        (
            [STRICT, peer_authentication("web", "PERMISSIVE", select="web")],
            [f"{WEB} takes plaintext: PeerAuthentication shop/web says PERMISSIVE"],
        ),
        (
            [OF_MESH, peer_authentication("ns", "DISABLE")],
            [f"{WEB} takes plaintext: PeerAuthentication shop/ns says DISABLE"],
        ),
        (
            [STRICT, peer_authentication("web", select="web", ports="{8080: {mode: DISABLE}}")],
            [f"{WEB} takes plaintext on port 8080: PeerAuthentication shop/web says DISABLE"],
        ),
        # The workload's own mode is meant for its ports, too.
        (
            [peer_authentication("web", "STRICT", select="web", ports="{8080: {mode: PERMISSIVE}}")],
            [f"{WEB} takes plaintext on port 8080: PeerAuthentication shop/web says PERMISSIVE"],
        ),
        ([STRICT, peer_authentication("web", select="web", ports="{8080: {mode: STRICT}}")], []),
        ([STRICT, peer_authentication("web", select="web", ports="{8080: {mode: UNSET}}")], []),
        ([STRICT, peer_authentication("web", "PERMISSIVE", select="other")], []),
        # A selector in the root namespace is ignored.
        ([STRICT, peer_authentication("web", "PERMISSIVE", "istio-system", select="web")], []),
        # Which of two is the older nobody knows.
        (
            [OF_MESH, STRICT, peer_authentication("second", "PERMISSIVE")],
            [f"{WEB} may take plaintext: PeerAuthentication shop/second says PERMISSIVE"],
        ),
    ],
)
def test_policies(manifests, expected):
    assert messages(plaintext_accepted, meshed(), workload(), *manifests) == expected


def test_one_finding_names_all_workloads_of_one_exception():
    four = [workload(f"w{place}") for place in range(4)]
    (one,) = found(plaintext_accepted, meshed(), *four, OF_MESH, peer_authentication("ns", "PERMISSIVE"))
    named = ", ".join(f"shop/w{place}[Deployment]" for place in range(3))
    assert one.message == f"{named} and 1 more take plaintext: PeerAuthentication shop/ns says PERMISSIVE"
    assert [what for what, _ in one.because] == ["PeerAuthentication istio-system/mesh says STRICT"]


def test_ports_that_the_proxy_does_not_see():
    (one,) = found(plaintext_accepted, meshed(), workload(annotations=EXCLUDES), STRICT)
    name = "traffic.sidecar.istio.io/excludeInboundPorts"
    assert one.message == f"{WEB} takes plaintext on ports 8080, 9090: the annotation {name} keeps it from the proxy"
    assert messages(plaintext_accepted, meshed(), workload(annotations=EXCLUDES)) == []


@pytest.mark.parametrize(
    ("annotations", "what"),
    [
        ({}, "the configuration of Istio's injector"),
        ({"proxy.istio.io/config": "'interceptionMode: NONE'"}, "the annotation proxy.istio.io/config"),
    ],
)
def test_what_is_kept_from_the_proxy_by_configuration(annotations, what):
    mesh = "{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: TEXT}}"
    none = mesh.replace("TEXT", "'defaultConfig: {interceptionMode: NONE}'")
    (one,) = found(plaintext_accepted, meshed(), workload(annotations=annotations), STRICT, none)
    assert one.message == f"{WEB} takes plaintext: {what} keeps it from the proxy"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([workload("bare", annotations=UNINJECTED), STRICT], ["shop/bare[Deployment]"]),
        # Strict by the mesh, and others of the namespace are members.
        ([workload("bare", annotations=UNINJECTED), OF_MESH], ["shop/bare[Deployment]"]),
        ([namespace("other"), workload("bare", namespace="other"), OF_MESH], []),
        (
            [namespace("other"), workload("bare", namespace="other"), peer_authentication("d", "STRICT", "other")],
            ["other/bare[Deployment]"],
        ),
        ([workload("bare", annotations=UNINJECTED)], []),
        # What serves nothing takes nothing.
        ([deployment("bare", **{"sidecar.istio.io/inject": "'false'"}), STRICT], []),
    ],
)
def test_pods_without_a_proxy(manifests, expected):
    result = messages(plaintext_accepted, meshed(), workload(), *manifests)
    assert [one.partition(" takes")[0] for one in result] == expected
    assert all(one.endswith("is STRICT, and the pod has no proxy") for one in result)


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ([], Severity.MEDIUM),
        (OUTSIDER, Severity.HIGH),
        # A policy keeps the outsider away.
        ([*OUTSIDER, policy(ingress="[{from: [{podSelector: {}}]}]")], Severity.MEDIUM),
        ([*OUTSIDER, policy(select=app("other"))], Severity.HIGH),
        # An entry is a way in for those who have no identity.
        ([service("web", "[{port: 8080}]", "type: LoadBalancer")], Severity.HIGH),
        ([service("web", "[{port: 8080}]")], Severity.MEDIUM),
    ],
)
def test_it_is_high_where_somebody_without_an_identity_gets_there(more, severity):
    lenient = peer_authentication("web", "PERMISSIVE", select="web")
    (one,) = found(plaintext_accepted, meshed(), workload(), STRICT, lenient, *more)
    assert one.severity is severity
    assert (one.witness is not None) is (severity is Severity.HIGH)
    if one.witness is not None:
        header = one.witness.packet.header
        assert (header.plane, header.y) == ("tcp", 8080)


@pytest.mark.parametrize(
    ("lenient", "pointer"),
    [
        (peer_authentication("web", "PERMISSIVE", select="web"), "/spec/mtls/mode"),
        (peer_authentication("web", select="web", ports="{8080: {mode: DISABLE}}"), "/spec/portLevelMtls/8080/mode"),
    ],
)
def test_it_stands_at_the_mode(lenient, pointer):
    (one,) = found(plaintext_accepted, meshed(), workload(), STRICT, lenient)
    assert one.span.pointer == pointer
    assert one.span.position()


def test_ambient_pods():
    manifests = meshed("shop", labels=AMBIENT), workload(), STRICT
    lenient = peer_authentication("web", "PERMISSIVE", select="web")
    assert messages(plaintext_accepted, *manifests) == []
    assert messages(plaintext_accepted, *manifests, lenient) == [
        f"{WEB} takes plaintext: PeerAuthentication shop/web says PERMISSIVE"
    ]


ASKS = {"config.linkerd.io/default-inbound-policy": "all-authenticated"}
OPEN = {"config.linkerd.io/default-inbound-policy": "all-unauthenticated"}


@pytest.mark.parametrize(
    ("of_namespace", "of_pod", "expected"),
    [
        (ASKS, {}, []),
        (OPEN, {}, []),
        ({}, OPEN, []),
        (ASKS, {"config.linkerd.io/default-inbound-policy": "deny"}, []),
        (ASKS, {"config.linkerd.io/default-inbound-policy": "cluster-authenticated"}, []),
        (
            ASKS,
            OPEN,
            [f"{WEB} takes plaintext: the pod's own config.linkerd.io/default-inbound-policy is all-unauthenticated"],
        ),
        (ASKS, {"linkerd.io/inject": "disabled"}, [f"{WEB} takes plaintext: namespace shop asks for identities, and "]),
        (
            ASKS,
            {"config.linkerd.io/skip-inbound-ports": "'8000-8090'"},
            [f"{WEB} takes plaintext on port 8080: nothing to it passes the proxy"],
        ),
        (ASKS, {"config.linkerd.io/skip-inbound-ports": "'9000'"}, []),
    ],
)
def test_linkerd(of_namespace, of_pod, expected):
    result = messages(plaintext_accepted, annotated("shop", of_namespace), workload(annotations=of_pod))
    assert len(result) == len(expected)
    assert all(one.startswith(start) for one, start in zip(result, expected, strict=True))


def test_without_a_mesh_it_is_quiet():
    assert messages(plaintext_accepted, deployment(), *OUTSIDER) == []


def test_the_control_plane_has_no_proxy_of_its_own():
    istiod = namespace("istio-system"), workload("istiod", 15012, "istio-system")
    assert messages(plaintext_accepted, meshed(), workload(), *istiod, OF_MESH) == []


def test_ports_at_which_clients_from_outside_come_in_may_go_past_the_proxy():
    past = workload(annotations={"traffic.sidecar.istio.io/excludeInboundPorts": "'8080'"})
    way_in = service("web", "[{port: 8080}]", "type: NodePort")
    assert len(messages(plaintext_accepted, meshed(), past, STRICT)) == 1
    assert messages(plaintext_accepted, meshed(), past, STRICT, way_in) == []
