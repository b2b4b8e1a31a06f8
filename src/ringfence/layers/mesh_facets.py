"""The facet by which chains know which data plane carries a pod's traffic.

    mesh  {"plane": "sidecar" | "ambient" | "linkerd" | "waypoint" | "none"}; unknown where nobody knows which

A pod of plane `waypoint` is itself a proxy of the mesh that stands before others. A pod that no file puts into a mesh
is of plane `none`; without any mesh no pod has the facet.
"""

from __future__ import annotations

from ringfence.model.selectors import Comparison, Label, Selector

MESH, PLANE = "mesh", "plane"

SIDECAR, AMBIENT, LINKERD, WAYPOINT, NO_PLANE = "sidecar", "ambient", "linkerd", "waypoint", "none"


def of_planes(*planes: str) -> Selector:
    """The pods whose traffic one of these data planes carries."""
    return Label(MESH, PLANE, Comparison.IN, frozenset(planes))
