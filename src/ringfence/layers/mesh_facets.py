"""The facet by which chains know which data plane carries a pod's traffic, and the rule for what it does not carry.

    mesh  {"plane": "sidecar" | "ambient" | "linkerd" | "waypoint" | "none"}; unknown where nobody knows which

A pod of plane `waypoint` is itself a proxy of the mesh that stands before others. A pod that no file puts into a mesh
is of plane `none`; without any mesh no pod has the facet.
"""

from __future__ import annotations

from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, ALL_TCP
from ringfence.model.rules import ANY_PEER, Action, Rule
from ringfence.model.selectors import Comparison, Label, Selector

MESH, PLANE = "mesh", "plane"

SIDECAR, AMBIENT, LINKERD, WAYPOINT, NO_PLANE = "sidecar", "ambient", "linkerd", "waypoint", "none"


def not_carried_by(carrier: str) -> Rule:
    """Lets through what a proxy does not carry."""
    return Rule(Action.ALLOW, ANY_PEER, Bounds.exactly(ALL_HEADERS - ALL_TCP), name=f"({carrier} carries TCP alone)")


def of_planes(*planes: str) -> Selector:
    """The pods whose traffic one of these data planes carries."""
    return Label(MESH, PLANE, Comparison.IN, frozenset(planes))
