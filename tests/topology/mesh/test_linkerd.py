"""Who is a member of Linkerd's mesh, and what a whole cluster with it answers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.engine.decisions import Side, decide
from ringfence.engine.outcomes import Outcome
from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.linkerd_settings import Settings
from ringfence.layers.mesh_facets import LINKERD
from ringfence.model.addresses import number
from ringfence.model.conditions import Request, Truth
from ringfence.model.headers import Header
from ringfence.model.rules import Purpose
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import (
    ConfigMap,
    Container,
    KubernetesObjects,
    NamedMatch,
    Namespace,
    ObjectMeta,
    PodTemplate,
    Route,
    RouteMatch,
    RouteRule,
    Workload,
)
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from ringfence.topology.mesh.linkerd import LinkerdMesh
from ringfence.topology.options import Options
from tests.layers.clusters import ask, cluster, service, workload
from tests.layers.linkerd_clusters import ALLOWED, DENIED, OPEN, objects, pod, says, server
from tests.sources.damage import damaged
from tests.sources.kubernetes.test_linkerd_fuzz import SPECS, document
from tests.sources.kubernetes.texts import read

INJECT = "linkerd.io/inject"


def namespace(inject: str | None, name: str = "shop", **labels: str) -> Namespace:
    return Namespace(ObjectMeta(name, labels=labels, annotations={} if inject is None else {INJECT: inject}))


def mesh(*namespaces: Namespace) -> LinkerdMesh:
    return LinkerdMesh(objects(namespaces=namespaces), Options())


def membership(made: LinkerdMesh, template: PodTemplate, place: str = "shop") -> Truth:
    found = made.member(place, template)
    return False if found is None else found.sure or None


@pytest.mark.parametrize(
    ("of_namespace", "of_pod", "expected"),
    [
        ("enabled", None, True),
        ("enabled", "enabled", True),
        ("enabled", "disabled", False),
        ("enabled", "yes", False),
        ("enabled", "", True),
        ("ingress", None, True),
        ("disabled", None, False),
        ("disabled", "enabled", True),
        ("disabled", "ingress", True),
        (None, None, False),
        (None, "enabled", True),
        (None, "ingress", True),
        (None, "disabled", False),
        ("yes", None, False),
        ("yes", "enabled", False),
    ],
)
def test_the_annotation(of_namespace: str | None, of_pod: str | None, expected: bool) -> None:
    template = PodTemplate(annotations={} if of_pod is None else {INJECT: of_pod})
    assert membership(mesh(namespace(of_namespace)), template) is expected


@pytest.mark.parametrize(("of_pod", "expected"), [(None, None), ("", None), ("enabled", True), ("disabled", False)])
@pytest.mark.parametrize("declared", [True, False])
def test_a_namespace_that_no_file_declares(of_pod: str | None, expected: Truth, declared: bool) -> None:
    template = PodTemplate(annotations={} if of_pod is None else {INJECT: of_pod})
    spaces = (Namespace(ObjectMeta("shop"), declared=False),) if declared else ()
    assert membership(mesh(*spaces), template) is expected


PROXY = Container("linkerd-proxy")
ASKS = {INJECT: "enabled"}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (PodTemplate(containers=(PROXY,)), True),
        (PodTemplate(containers=(Container("linkerd-proxy", init=True, sidecar=True),)), True),
        (PodTemplate(containers=(Container("linkerd-proxy", init=True),)), False),
        (PodTemplate(containers=(PROXY,), annotations={INJECT: "disabled"}), True),
        (PodTemplate(annotations=ASKS, host_network=True), False),
        (PodTemplate(annotations=ASKS, containers=(Container("istio-proxy"),)), False),
        (PodTemplate({"linkerd.io/control-plane-component": "identity"}, ASKS), False),
        (PodTemplate({"linkerd.io/cni-resource": "true"}, ASKS), False),
    ],
)
def test_the_template(template: PodTemplate, expected: bool) -> None:
    assert membership(mesh(namespace(None)), template) is expected


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        (namespace("enabled", "kube-system"), False),
        (namespace("enabled", "cert-manager"), False),
        (namespace("enabled", **{"config.linkerd.io/admission-webhooks": "disabled"}), False),
        (namespace("enabled", **{"config.linkerd.io/admission-webhooks": "enabled"}), True),
    ],
)
def test_namespaces_that_the_webhook_leaves_out(space: Namespace, expected: bool) -> None:
    assert membership(mesh(space), PodTemplate(), space.metadata.name) is expected


def test_what_a_member_is() -> None:
    made = mesh(namespace("enabled"))
    found = made.member("shop", PodTemplate(service_account_name="web"))
    assert found is not None
    assert (found.plane, found.identity) == (LINKERD, "web.shop.serviceaccount.identity.linkerd.cluster.local")
    assert found.because == "its namespace says linkerd.io/inject: enabled"
    assert made.facets("shop", PodTemplate())["linkerd"]["default"] == "all-unauthenticated"
    assert made.facets("shop", PodTemplate(annotations={INJECT: "disabled"})) == {}


def test_an_injected_template_has_its_namespaces_annotations_already() -> None:
    said = {INJECT: "enabled", "config.linkerd.io/default-inbound-policy": "deny"}
    made = mesh(Namespace(ObjectMeta("shop", annotations=said)))
    assert made.facets("shop", PodTemplate())["linkerd"]["default"] == "deny"
    assert made.facets("shop", PodTemplate(containers=(PROXY,)))["linkerd"]["default"] == "all-unauthenticated"
    assert made.facets("unknown", PodTemplate(containers=(PROXY,)))["linkerd"]["default"] == "all-unauthenticated"
    assert made.facets("unknown", PodTemplate(annotations=ASKS))["linkerd"]["default"] == "?"


def config(text: dict[str, object], place: str = "mesh") -> ConfigMap:
    return ConfigMap(ObjectMeta("linkerd-config", place), {}, parsed={"values": text})


def test_the_identity_names_the_control_plane() -> None:
    things = objects(namespaces=[namespace("enabled")], config_maps=[config({"identityTrustDomain": "a.b"})])
    found = LinkerdMesh(things, Options()).member("shop", PodTemplate())
    assert found is not None
    assert found.identity == "default.shop.serviceaccount.identity.mesh.a.b"


def test_what_the_config_map_says_wrong_is_told() -> None:
    things = objects(config_maps=[config({"clusterNetworks": "here"})])
    [one] = LinkerdMesh(things, Options()).diagnostics
    assert one.message.startswith("clusterNetworks: ")
    assert mesh().diagnostics == ()


@pytest.mark.parametrize(
    ("things", "present"),
    [
        (objects(), False),
        (objects(namespaces=[namespace("disabled")]), False),
        (objects(namespaces=[namespace("enabled")]), True),
        (objects(servers=[server("web")]), True),
        (objects(config_maps=[config({})]), True),
        (objects(config_maps=[ConfigMap(ObjectMeta("other", "linkerd"))]), False),
        (objects(workloads=[Workload("Deployment", ObjectMeta("a", "b"), (PodTemplate(annotations=ASKS),))]), True),
        (objects(workloads=[Workload("Deployment", ObjectMeta("a", "b"), (PodTemplate(containers=(PROXY,)),))]), True),
        (objects(workloads=[Workload("Deployment", ObjectMeta("a", "b"), (PodTemplate(),))]), False),
    ],
)
def test_whether_linkerd_is_there(things: KubernetesObjects, present: bool) -> None:
    assert LinkerdMesh(things, Options()).present is present


def test_the_chains() -> None:
    found = mesh(namespace("enabled")).chains()
    assert [one.purpose for one in found] == [Purpose.OFFER, Purpose.ACCEPTANCE, Purpose.POLICY]


def test_a_service_that_maps_a_skipped_port_leaves_the_transport_open() -> None:
    skipping = PodTemplate({"app": "client"}, {INJECT: "enabled", "config.linkerd.io/skip-outbound-ports": "80"})
    things = cluster(
        namespace(None), workload("shop/client", skipping), workload("shop/web"),
        service("shop/web", "tcp/80=8080"), service("shop/same", "tcp/81=81"),
    )  # fmt: skip
    offer = LinkerdMesh(things, Options()).chains()[0]
    client, web = pod("shop/client", Settings("deny", skip_outbound=port_set("80"))), pod("shop/web")
    answers = {port: says(offer, client, web, f"tcp/{port}") for port in (80, 81, 8080)}
    assert answers == {80: ALLOWED, 81: DENIED, 8080: OPEN}


CLUSTER = """
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations: {linkerd.io/inject: enabled, config.linkerd.io/default-inbound-policy: all-authenticated}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}, annotations: {config.linkerd.io/skip-inbound-ports: '9000'}}
spec: {serviceAccountName: web, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec: {serviceAccountName: client, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: plain, namespace: shop, annotations: {linkerd.io/inject: disabled}}
spec: {containers: [{name: a, image: a}]}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: admin, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, port: 8443}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: admin, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: admin}
  requiredAuthenticationRefs: [{kind: ServiceAccount, name: plain}]
"""


@pytest.mark.parametrize(
    ("source", "what", "expected"),
    [
        ("shop/client", "mtls/80", Outcome.ALLOWED),
        ("shop/plain", "tcp/80", Outcome.DENIED),
        ("192.0.2.1", "tcp/80", Outcome.DENIED),
        ("shop/plain", "tcp/9000", Outcome.ALLOWED),
        ("192.0.2.1", "tcp/9000", Outcome.ALLOWED),
        ("shop/client", "mtls/8443", Outcome.DENIED),
        ("shop/plain", "udp/80", Outcome.ALLOWED),
    ],
)
def test_a_whole_cluster(source: str, what: str, expected: Outcome) -> None:
    things, said = read(CLUSTER)
    assert said == []
    assert ask(things, source, "shop/web", what) == expected


def test_a_request_is_told_whole() -> None:
    matches = (RouteMatch(headers=(NamedMatch("x", "1"),)),)
    things = objects(routes=[Route("HTTPRoute", ObjectMeta("r", "shop"), rules=(RouteRule(matches=matches),))])
    assert LinkerdMesh(things, Options()).request({"method": "POST"}) == {"method": ("POST",), "header:x": ()}


@given(st.sampled_from(sorted(SPECS)).flatmap(lambda kind: damaged(document(kind))), st.data())
@settings(max_examples=300)
def test_whatever_is_read_is_lowered(broken: object, data: st.DataObject) -> None:
    whole = [document(kind) for kind in data.draw(st.sets(st.sampled_from(sorted(SPECS))))]
    things, _ = from_documents([Document(one, Span("f")) for one in (broken, *whole)])
    made = LinkerdMesh(things, Options())
    asked = Request(dict(made.request({"method": "GET", "path": "/a?q=z", "host": "x", "headers": {"x": "y"}})))
    web = pod("shop/web", ports={"tcp/http": "80"}, app="web", b="b")
    for chain in made.chains():
        for plane in ("tcp", "mtls"):
            decided = decide(
                chain, "pods", web, Side(web, number("10.0.0.1"), web.identity), Header(plane, 1, 80), asked
            )
            assert decided.possible
