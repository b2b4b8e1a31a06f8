"""What every mesh answers, and what a pod is in all of them together.

A pod is a member of one mesh at most: two proxies cannot both redirect its traffic. Where several ask for a pod, a
sidecar of Istio's goes first: its injector is called first, and Linkerd's leaves such pods alone. Ambient and Linkerd
do not know of each other, so nobody knows which of them redirects what. There, and where a mesh is not sure whether a
pod is a member, the facet `mesh` is unknown and so is the identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ringfence.layers.mesh_facets import MESH, NO_PLANE, PLANE, SIDECAR
from ringfence.layers.network_policy import PortNumbers
from ringfence.layers.tunnels import Tunnel
from ringfence.model.diagnostics import Diagnostic
from ringfence.model.networks import Endpoint
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Chain
from ringfence.resources.kubernetes import PodTemplate
from ringfence.topology.mesh.waypoints import Waypoints


@dataclass(frozen=True, slots=True)
class Member:
    """A pod's place in a mesh. `sure` false: `because` says why it may also stand outside."""

    plane: str
    identity: str
    because: str
    sure: bool = True


class Mesh(Protocol):
    """One mesh as the files describe it."""

    @property
    def present(self) -> bool:
        """Whether anything of this mesh is in the files."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What the user should know of it."""

    @property
    def tunnels(self) -> tuple[Tunnel, ...]:
        """The ways between proxies that packet filters see instead of the application's ports."""

    def member(self, namespace: str, template: PodTemplate) -> Member | None:
        """The pod's place in this mesh; None: it has none."""

    def facets(self, namespace: str, template: PodTemplate) -> Mapping[str, Mapping[str, str]]:
        """What this mesh's chains ask about a pod, member or not."""

    def chains(self) -> tuple[Chain, ...]:
        """The chains that stand at every pod, in both directions."""

    def waypoints(
        self, people: tuple[Endpoint, ...], numbers: PortNumbers, at_pods: tuple[Chain, ...], home: str
    ) -> Waypoints:
        """What stands before Services and takes their clients' requests (`NO_WAYPOINTS`: nothing).

        `people` are the cluster's endpoints, and `home` is where its pods stand.
        """

    def request(self, http: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
        """What conditions ask of a request (`topology.mesh.requests`), as this mesh's rules see it."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a pod is in all meshes: its facets, those that are not known, and what its mutual TLS proves."""

    facets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    identity: str = NO_IDENTITY


def place(meshes: Iterable[Mesh], namespace: str, template: PodTemplate) -> Place:
    """What a pod of this template is in these meshes; nothing where there are none."""
    meshes = tuple(meshes)
    if not meshes:
        return Place()
    facets: dict[str, Mapping[str, str]] = {}
    members: list[Member] = []
    for mesh in meshes:
        facets |= mesh.facets(namespace, template)
        found = mesh.member(namespace, template)
        members += [found] if found is not None else []
    disputed = len(members) > 1 and members[0].plane != SIDECAR
    if disputed or any(not one.sure for one in members):
        return Place(facets, frozenset((MESH,)), UNKNOWN_IDENTITY)
    plane, identity = (members[0].plane, members[0].identity) if members else (NO_PLANE, NO_IDENTITY)
    return Place(facets | {MESH: {PLANE: plane}}, identity=identity)
