"""Documents to objects: lists, doubles, namespaces, and what is said about everything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ringfence.resources.kubernetes import RefusedObject
from ringfence.sources.kubernetes import read as read_paths
from tests.cases.known import CASES, for_each
from tests.sources.kubernetes.texts import good, policy, read, thing

PLACES = ("connectivity-lists", "kubernetes", "real/online-boutique", "real/sock-shop")
FILES = sorted(path for place in PLACES for path in (CASES / place).rglob("*.y*ml"))

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {}\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: b}\n"


def test_lists_are_unpacked_with_places_inside() -> None:
    text = """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: ConfigMapList
          items:
          - metadata: {name: a}
          - {metadata: {name: b}, data: {x: "1"}}
        - apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: {name: p}
          spec:
            ingress: [{}]
    """
    objects = good(text)
    assert [one.metadata.name for one in objects.config_maps] == ["a", "b"]
    assert objects.config_maps[1].data == {"x": "1"}
    assert [str(one.span) for one in objects.config_maps] == ["f:7:5", "f:8:5"]
    [found] = objects.network_policies
    assert (str(found.span), str(found.ingress[0].span)) == ("f:9:3", "f:13:15")
    assert objects.counts == {"ConfigMap": 2, "networking.k8s.io/NetworkPolicy": 1}


@pytest.mark.parametrize(
    ("kind", "api_version", "labels", "kept"),
    [
        ("PeerAuthentication", "security.istio.io/v1", "{istio.io/rev: canary}", True),
        ("DestinationRule", "networking.istio.io/v1", "{istio.io/rev: canary}", True),
        ("Gateway", "networking.istio.io/v1", "{istio.io/rev: canary}", False),  # a way in may as well be there
        ("PeerAuthentication", "security.istio.io/v1", "{}", False),
        ("NetworkPolicy", "networking.k8s.io/v1", "{istio.io/rev: canary}", False),
    ],
)
def test_what_counts_for_one_revision_of_istio_is_kept_as_it_is(kind, api_version, labels, kept) -> None:
    server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}"
    specs = {
        "Gateway": f"{{servers: [{server}]}}",
        "DestinationRule": "{host: a}",
        "NetworkPolicy": "{podSelector: {}}",
    }
    spec = specs.get(kind, "{}")
    text = f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: p, labels: {labels}}}\nspec: {spec}\n"
    objects = good(text)
    assert [one.kind for one in objects.others] == ([kind] if kept else [])


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: List\nitems: []\n",
        "apiVersion: v1\nkind: PodList\nitems: null\n",
        "apiVersion: v1\nkind: List\n",
        "",
        "# nothing\n---\n",
    ],
)
def test_nothing(text: str) -> None:
    objects = good(text)
    assert (objects.counts, objects.refused, objects.namespaces) == ({}, (), ())


def test_json_says_the_same() -> None:
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in "ab"]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1)
    objects = good(text)
    assert [str(one.span) for one in objects.config_maps] == ["f:5:3", "f:12:3"]


def test_namespaces_of_everything() -> None:
    text = f"""{MAP}---
apiVersion: v1
kind: Namespace
metadata: {{name: shop, labels: {{a: b}}}}
---
{policy("{}")}---
{thing("example.org/v1", "Thing", "{}").replace("shop", "far")}---
{{apiVersion: example.org/v1, kind: ClusterThing, metadata: {{name: c}}}}
---
{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {{name: d}},
 spec: {{group: example.org, scope: Cluster, names: {{kind: Wide}}}}}}
---
{{apiVersion: example.org/v1, kind: Wide, metadata: {{name: w}}}}
"""
    objects = good(text)
    found = {one.metadata.name: (one.declared, one.metadata.labels) for one in objects.namespaces}
    assert found == {
        name: (name == "shop", {"kubernetes.io/metadata.name": name, **({"a": "b"} if name == "shop" else {})})
        for name in ("shop", "default", "far")
    }
    names = {one.kind: one.metadata.qualified_name for one in objects.others}
    assert names == {"Thing": "far/x", "ClusterThing": "c", "CustomResourceDefinition": "d", "Wide": "w"}


def test_doubles() -> None:
    objects, said = read(
        f"{POLICY}---\n{POLICY}---\n{POLICY.replace('{}', '{egress: []}')}---\n{MAP}---\n{MAP.replace('a: b', 'c: d')}"
    )
    assert said == [
        "f:6:1: warning: NetworkPolicy default/p stands at f:1:1 already, word for word",
        "f:11:1: error: NetworkPolicy default/p stands at f:1:1 already (keep one: the first was taken, this one "
        "was left out)",
        "f:21:1: error: ConfigMap default/m stands at f:16:1 already (keep one: the first was taken, this one was "
        "left out)",
    ]
    assert [(one.kind, one.name) for one in objects.refused] == [("NetworkPolicy", "p"), ("ConfigMap", "m")]
    assert len(objects.network_policies) == 1
    assert objects.config_maps[0].data == {"a": "b"}


def place(labels: str = "", annotations: str = "") -> str:
    metadata = f"{{name: shop, labels: {{{labels}}}, annotations: {{{annotations}}}}}"
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {metadata}\n"


TWICE = "Namespace shop stands at f:1:1 already"


@pytest.mark.parametrize(
    ("first", "second", "declared", "complaint"),
    [
        (place("a: b"), place("a: b"), True, f"warning: {TWICE}, word for word"),
        (place("a: b"), place("a: b") + "spec: {}\n", True, f"error: {TWICE} (keep one: the first"),
        (place("a: b"), place("a: c"), False, f"error: {TWICE} (keep one: neither was taken)"),
        (place(), place("a: c"), False, "keep one: neither was taken"),
        (place(annotations="a: b"), place(), False, "keep one: neither was taken"),
    ],
)
def test_of_two_namespaces_that_differ_neither_stands(first, second, declared, complaint) -> None:
    objects, (said,) = read(f"{first}---\n{second}")
    (found,) = objects.namespaces
    assert (found.metadata.name, found.declared) == ("shop", declared)
    assert ("a" in found.metadata.labels) is declared
    assert objects.refused == (() if declared else (RefusedObject("Namespace", "", "shop"),))
    assert complaint in said


def test_a_third_namespace_settles_nothing() -> None:
    objects, said = read("---\n".join(place(f"a: {value}") for value in "bcb"))
    assert [one.declared for one in objects.namespaces] == [False]
    assert len(said) == 2


def test_old_and_new_version_are_one_kind() -> None:
    text = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: p}\nspec: {controller: a/b}\n"
    _, said = read(f"{text}---\n{text.replace('/v1', '/v1beta1')}")
    assert [one.partition(" already")[0] for one in said] == [
        "f:6:1: error: IngressClass p stands at f:1:1",
        "f:6:1: warning: apiVersion: no server serves IngressClass in networking.k8s.io/v1beta1 any more (write "
        "networking.k8s.io/v1)",
    ]


def test_a_policy_that_no_server_takes_any_more_restricts_nobody() -> None:
    objects, said = read(POLICY.replace("networking.k8s.io/v1", "extensions/v1beta1"))
    assert objects.network_policies == ()
    assert [one.kind for one in objects.refused] == ["NetworkPolicy"]
    assert said == [
        "f:1:1: error: apiVersion: no server serves NetworkPolicy in extensions/v1beta1 any more (write "
        "networking.k8s.io/v1)",
    ]


def test_generated_names_differ() -> None:
    text = POLICY.replace("name: p", "generateName: p-")
    objects = good(f"{text}---\n{text}")
    assert [one.metadata.name for one in objects.network_policies] == ["p-*", "p-*2"]


@pytest.mark.parametrize(
    ("text", "said", "refused"),
    [
        (
            "a: 1\n---\nb: 2\n",
            ["f:1:1: warning: this is no Kubernetes object (no apiVersion and kind) and was left out"],
            None,
        ),
        (
            "just text\n",
            ["f:1:1: warning: this is no Kubernetes object (no apiVersion and kind) and was left out"],
            None,
        ),
        ("[1]\n", ["f:1:1: warning: this is no Kubernetes object (no apiVersion and kind) and was left out"], None),
        (
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n",
            ["f:1:1: warning: this Kustomization has no metadata.name, is no object of a cluster and was left out"],
            None,
        ),
        (
            "kind: NetworkPolicy\nmetadata: {name: p, namespace: n}\n",
            ["f:1:1: error: missing or no text: apiVersion"],
            RefusedObject("NetworkPolicy", "n", "p"),
        ),
        (
            "apiVersion: v1\nmetadata: {name: p}\n",
            ["f:1:1: error: missing or no text: kind"],
            RefusedObject("", "default", "p"),
        ),
        ("apiVersion: 1\nkind: 2\n", ["f:1:1: error: missing or no text: apiVersion, kind"], RefusedObject("", "", "")),
        (
            "apiVersion: v1\nkind: NetworkPolicy\nmetadata: {name: p}\n",
            ["f:2:1: error: kind: there is no kind 'NetworkPolicy' in v1 (write apiVersion: networking.k8s.io/v1)"],
            RefusedObject("NetworkPolicy", "default", "p"),
        ),
        (
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolcy\nmetadata: {name: p}\n",
            [
                "f:2:1: error: kind: there is no kind 'NetworkPolcy' in networking.k8s.io/v1 (did you mean "
                "NetworkPolicy?)"
            ],
            RefusedObject("NetworkPolcy", "default", "p"),
        ),
        (
            "apiVersion: networking.k8s.io/v2\nkind: NetworkPolicy\nmetadata: {name: p}\n",
            [
                "f:1:1: error: apiVersion: there is no NetworkPolicy in networking.k8s.io/v2 (write "
                "networking.k8s.io/v1)"
            ],
            RefusedObject("NetworkPolicy", "default", "p"),
        ),
        (
            "kind: NetworkPolicy\nspec: [\n",
            ["f:3:1: error: this is not YAML: while parsing a flow node: did not find expected node content"],
            RefusedObject("NetworkPolicy", "", ""),
        ),
        (
            "apiVersion: v1\nkind: List\nitems: {}\n",
            ["f:3:1: error: items: must be a list, not a mapping"],
            RefusedObject("List", "", ""),
        ),
        (
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nspec: {}\n",
            ["f:1:1: error: metadata.name: is missing"],
            RefusedObject("CiliumNetworkPolicy", "", ""),
        ),
    ],
)
def test_what_is_no_object(text: str, said: list[str], refused: RefusedObject | None) -> None:
    objects, found = read(text)
    assert found == said
    assert objects.refused == ((refused,) if refused else ())
    assert objects.counts == {}


def test_a_policy_in_a_group_that_nobody_knows() -> None:
    objects, said = read(POLICY.replace("networking.k8s.io", "networking.k8s.com"))
    assert said == [
        "f:1:1: warning: apiVersion: nobody knows a NetworkPolicy in 'networking.k8s.com/v1' (networking.k8s.io/v1?)"
    ]
    assert [one.kind for one in objects.others] == ["NetworkPolicy"]


def test_broken_documents_leave_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{MAP}---\na: b: c\n---\n{POLICY}")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xff")
    seen: list[tuple[int, int | None]] = []
    objects, said = read_paths([tmp_path], progress=lambda done, total: seen.append((done, total)))
    assert [one.span.file for one in said] == [str(tmp_path / "b.yaml"), str(tmp_path / "a.yaml")]
    assert objects.counts == {"ConfigMap": 1, "networking.k8s.io/NetworkPolicy": 1}
    assert seen == [(0, 1)]


@for_each("path", FILES, ids=lambda path: str(path.relative_to(CASES)))
def test_other_peoples_manifests_are_read(path: Path) -> None:
    objects, said = read_paths([path])
    assert objects.counts or objects.refused or said
    for one in said:
        assert str(one.span).startswith(str(path))
