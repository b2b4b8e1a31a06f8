"""The facet of the data plane: known, unknown, absent."""

from __future__ import annotations

import pytest

from ringfence.layers.mesh_facets import AMBIENT, LINKERD, MESH, NO_PLANE, PLANE, SIDECAR, of_planes
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint

PLANES = (SIDECAR, AMBIENT, LINKERD, NO_PLANE)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("asked", PLANES)
def test_a_known_plane(plane: str, asked: str):
    pod = Endpoint("a", "pods", AddressSet.of("10.0.0.1"), facets={MESH: {PLANE: plane}})
    assert of_planes(asked).matches(pod) is (plane == asked)
    assert of_planes(*PLANES).matches(pod) is True


def test_where_nobody_knows_and_where_there_is_no_mesh():
    unknown = Endpoint("a", "pods", AddressSet.of("10.0.0.1"), unknown_facets=frozenset({MESH}))
    assert of_planes(SIDECAR).matches(unknown) is None
    assert of_planes(*PLANES).matches(Endpoint("a", "pods", AddressSet.of("10.0.0.1"))) is False
