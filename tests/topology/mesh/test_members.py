"""What a pod is where several meshes look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ringfence.model.rules import UNKNOWN_IDENTITY
from ringfence.resources.kubernetes import PodTemplate
from ringfence.topology.mesh.members import Member, Place, place


@dataclass(frozen=True)
class Fixed:
    """A mesh with one answer."""

    answer: Member | None
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def member(self, namespace: str, template: PodTemplate) -> Member | None:
        return self.answer

    def facets(self, namespace: str, template: PodTemplate) -> Mapping[str, Mapping[str, str]]:
        return self.own


SURE = Member("sidecar", "spiffe://x/a", "its label")
AMBIENT = Member("ambient", "spiffe://x/a", "its label")
LINKERD = Member("linkerd", "a.b", "its annotation")
UNSURE = Member("linkerd", "a.b", "nobody knows", sure=False)


@pytest.mark.parametrize(
    ("meshes", "expected"),
    [
        ([], Place()),
        ([Fixed(None)], Place({"mesh": {"plane": "none"}})),
        ([Fixed(SURE)], Place({"mesh": {"plane": "sidecar"}}, identity="spiffe://x/a")),
        (
            [Fixed(SURE, {"ports": {"80": "http"}}), Fixed(None, {"policy": {"default": "deny"}})],
            Place(
                {"ports": {"80": "http"}, "policy": {"default": "deny"}, "mesh": {"plane": "sidecar"}},
                identity="spiffe://x/a",
            ),
        ),
        ([Fixed(SURE), Fixed(LINKERD)], Place({"mesh": {"plane": "sidecar"}}, identity="spiffe://x/a")),
        ([Fixed(AMBIENT), Fixed(LINKERD)], Place({}, frozenset({"mesh"}), UNKNOWN_IDENTITY)),
        ([Fixed(UNSURE)], Place({}, frozenset({"mesh"}), UNKNOWN_IDENTITY)),
        ([Fixed(None), Fixed(UNSURE, {"p": {}})], Place({"p": {}}, frozenset({"mesh"}), UNKNOWN_IDENTITY)),
    ],
)
def test_a_pods_place(meshes: list[Any], expected: Place):
    assert place(meshes, "shop", PodTemplate()) == expected
