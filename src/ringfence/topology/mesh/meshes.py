"""The meshes that the files speak of."""

from __future__ import annotations

from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.topology.mesh.istio import IstioMesh
from ringfence.topology.mesh.linkerd import LinkerdMesh
from ringfence.topology.mesh.members import Mesh
from ringfence.topology.options import Options


def meshes(objects: KubernetesObjects, options: Options) -> tuple[Mesh, ...]:
    """Each mesh of which anything is in the files."""
    known: tuple[Mesh, ...] = (IstioMesh(objects, options), LinkerdMesh(objects, options))
    return tuple(mesh for mesh in known if mesh.present)
