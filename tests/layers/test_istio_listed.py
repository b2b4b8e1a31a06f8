"""What a listed port and the clients of a mesh are by themselves: public, of the mesh, with nothing skipped."""

from __future__ import annotations

from ringfence.layers.istio_destination_rules import EVERYBODY, DestinationRules
from ringfence.layers.istio_listed import Backend, Clients, ListedPort
from ringfence.layers.istio_modes import Modes
from ringfence.layers.istio_reached import HTTP
from ringfence.layers.istio_routes import Routing
from ringfence.model.selectors import ANYTHING
from ringfence.resources.istio.mesh_config import MeshConfig


def test_a_listed_port_is_public_and_of_the_mesh_unless_it_says_otherwise():
    one = ListedPort("web.shop.svc.cluster.local", "shop", 80, HTTP, (Backend(ANYTHING, 8080),))
    assert one.exported == {EVERYBODY}
    assert (one.headless, one.all_proxied, one.external, one.written) == (False, True, False, False)
    assert one.backends[0].addresses is None


def test_clients_of_a_bare_mesh_are_limited_by_nothing():
    config = MeshConfig()
    one = Clients(DestinationRules((), config), Routing((), (), config), Modes((), config.root_namespace), config)
    assert (one.sidecars, one.skipped, one.gateways, one.ambient) == ((), frozenset(), False, False)
