"""Whatever the input, the reader answers with objects and diagnostics: no exception, no loss without a word."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ringfence.model.diagnostics import Diagnostic
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources.files import _decode
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document, documents
from tests.servers.manifests import GRID
from tests.servers.mutations import SAMPLES, VALID, broken
from tests.sources.dumps import dump

KEYS = sorted({"apiVersion", "kind", "metadata", "spec", "items", "data", "status", "<<", "a/b", "~", "0", ""})
KINDS = [(row.manifest["apiVersion"], row.manifest["kind"]) for row in GRID] + [
    ("v1", "List"), ("v1", "PodList"), ("v1", "Secret"), ("v1", "ConfigMap"), ("v1", "Node"), ("v1", "Namespace"),
    ("v1", "Endpoints"), ("discovery.k8s.io/v1", "EndpointSlice"), ("batch/v1", "CronJob"), ("batch/v1", "Job"),
    ("gateway.networking.k8s.io/v1", "Gateway"), ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("gateway.networking.k8s.io/v1", "GatewayClass"), ("gateway.networking.k8s.io/v1beta1", "ReferenceGrant"),
    ("networking.k8s.io/v1", "IngressClass"), ("networking.k8s.io/v1beta1", "Ingress"), ("v1", "ReplicationController"),
    ("argoproj.io/v1alpha1", "Rollout"), ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"), ("example.org/v1", "Thing"),
]  # fmt: skip
FIELDS = sorted({
    "spec", "template", "metadata", "labels", "annotations", "name", "namespace", "ownerReferences", "containers",
    "ports", "port", "targetPort", "selector", "matchLabels", "matchExpressions", "subsets", "addresses", "endpoints",
    "conditions", "ready", "listeners", "rules", "backendRefs", "filters", "parentRefs", "http", "paths", "jobTemplate",
    "workloadRef", "replicas", "status", "podIPs", "podIP", "env", "data", "stringData", "scaleTargetRef", "group",
    "names", "scope", "kind", "loadBalancer", "ingress", "allowedRoutes", "tls", "hosts", "from", "to", "requestMirror",
    "backendRef", "type", "controller", "podSelector", "egress", "policyTypes", "ipBlock", "cidr", "except",
})  # fmt: skip

scalars = st.one_of(
    st.sampled_from(SAMPLES),
    st.text(max_size=6),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.none(),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5)),
    max_leaves=30,
)


@st.composite
def objects_of_any_shape(draw: st.DrawFn) -> Any:
    api_version, kind = draw(st.sampled_from(KINDS))
    parts = draw(st.dictionaries(st.sampled_from(("spec", "status", "data", "stringData", "subsets", "items")), values))
    metadata = draw(st.one_of(st.just({"name": "x"}), values))
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def read(text: str) -> tuple[KubernetesObjects, list[Diagnostic]]:
    objects, diagnostics = from_documents(documents(text, "x.yaml"))
    for one in diagnostics:
        str(one).encode()
    return objects, diagnostics


@given(st.binary(max_size=200))
@example(b"\xff\xfea")
@example(b"\xfe\xff\x00")
@example(b"\xef\xbb\xbfa: 1")
def test_bytes(data: bytes) -> None:
    text = _decode("x.yaml", data)
    if isinstance(text, str):
        read(text)


YAML_ALPHABET = st.sampled_from(
    [*"{}[],:-?&*!|>'\"%@`# \n\t\r~<.0aé\x85\u2028\ufeff\x07", "---", "...", "<<: *a", "&a "]
)


@given(st.one_of(st.text(max_size=100), st.lists(YAML_ALPHABET, max_size=30).map("".join)))
@settings(max_examples=400)
@example("{")
@example('{"a": "\\ud800"}')
@example('{"a": ' + "9" * 5000 + "}")
@example("a: " + "9" * 5000)
@example("a: 0x" + "f" * 5000)
@example("[" * 5000)
@example('{"a":' * 5000)
@example("? [a]\n: b")
@example("&a [*a]")
@example("*a")
@example("%YAML 2.0\n--- a")
@example("{<<: {a: 1}, <<: {b: 2}}")
def test_text(text: str) -> None:
    read(text)


@given(values)
def test_structures(value: Any) -> None:
    read(json.dumps(value))


@given(objects_of_any_shape())
@settings(max_examples=400)
def test_objects(value: Any) -> None:
    objects, diagnostics = read(json.dumps(value))
    kept = sum(objects.counts.values()) + len(objects.refused)
    empty_list = value["kind"].endswith("List") and not value.get("items")
    assert kept or diagnostics or empty_list


@pytest.mark.parametrize("name", VALID)
def test_mutations(name: str) -> None:
    chance = random.Random(name)
    for _ in range(300):
        manifest = broken(VALID[name], chance)
        objects, diagnostics = from_documents([Document(manifest, Span("x.yaml"))])
        assert sum(objects.counts.values()) == (not objects.refused)
        assert bool(objects.refused) <= bool(diagnostics)


@pytest.mark.parametrize("name", VALID)
def test_broken_text(name: str) -> None:
    """A valid text with characters gone, doubled or changed is read or refused, and says so."""
    chance = random.Random(name)
    text = yaml.safe_dump(VALID[name])
    for _ in range(200):
        at, length = chance.randrange(len(text)), chance.randrange(3)
        read(
            text[:at]
            + chance.choice(("", ":", "-", "\n", "{", "'", "&a ", "*a", "\t", "{{ x }}"))
            + text[at + length :]
        )


@given(objects_of_any_shape())
def test_json_and_yaml_say_the_same(value: Any) -> None:
    from_json, _ = from_documents(documents(json.dumps(value), "x"))
    from_yaml, _ = from_documents(documents(dump(value), "x"))
    assert from_json == from_yaml
