"""Manifests as texts, read: what tests of the reader share."""

from __future__ import annotations

from textwrap import dedent

from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import documents


def read(text: str, file: str = "f") -> tuple[KubernetesObjects, list[str]]:
    """The objects of a text (its indentation taken off) and the diagnostics as people see them."""
    objects, diagnostics = from_documents(documents(dedent(text).lstrip("\n"), file))
    return objects, [str(one) for one in diagnostics]


def good(text: str) -> KubernetesObjects:
    """The objects of a text about which there is nothing to say."""
    objects, said = read(text)
    assert said == []
    return objects


def policy(spec: str) -> str:
    """A NetworkPolicy whose spec is on line 4, in flow style."""
    return (
        f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {spec}\n"
    )


def thing(api_version: str, kind: str, spec: str, more: str = "") -> str:
    """An object named x in namespace shop, its spec on line 4."""
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\nspec: {spec}\n{more}"
