"""The meshes that the files speak of."""

from __future__ import annotations

from importlib.util import find_spec

from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.topology.mesh.members import Mesh
from ringfence.topology.options import Options


def meshes(objects: KubernetesObjects, options: Options) -> tuple[Mesh, ...]:
    """Each mesh of which anything is in the files."""
    found = []
    if find_spec("ringfence.topology.mesh.istio"):
        from ringfence.topology.mesh.istio import IstioMesh

        found.append(IstioMesh(objects, options))
    if find_spec("ringfence.topology.mesh.linkerd"):
        from ringfence.topology.mesh.linkerd import LinkerdMesh

        found.append(LinkerdMesh(objects, options))
    return tuple(mesh for mesh in found if mesh.present)
