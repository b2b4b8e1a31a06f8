"""What clients of one mesh have in common: the ports that its registry lists, and what all their proxies follow.

A sidecar knows destinations by the ports that Services and ServiceEntries list. A packet in this language has the pod's
port, so each listed port names the pods behind it (`Backend`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ringfence.layers.istio_destination_rules import EVERYBODY, DestinationRules
from ringfence.layers.istio_modes import Modes
from ringfence.layers.istio_reached import Key
from ringfence.layers.istio_routes import Routing
from ringfence.model.addresses import AddressSet
from ringfence.model.selectors import Selector
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import Sidecar


@dataclass(frozen=True, slots=True)
class Backend:
    """Pods on one port; where `addresses` is given, those that have one of them."""

    selector: Selector
    port: int
    addresses: AddressSet | None = None


@dataclass(frozen=True, slots=True)
class ListedPort:
    """A port that the registry lists for a host, and what it leads to.

    `protocol` as in `istio_routes`. `headless`: the client's own destination address is kept. `all_proxied`: whether
    every endpoint counts as proxied (None: not known); asked only where the address is kept. `exported`: the namespaces
    whose clients know it. `external`: auto-mTLS leaves it alone. `written`: all is written down as proxied.
    """

    host: str
    namespace: str
    port: int
    protocol: str
    backends: tuple[Backend, ...]
    headless: bool = False
    all_proxied: bool | None = True
    exported: frozenset[str] = frozenset((EVERYBODY,))
    external: bool = False
    written: bool = False


@dataclass(frozen=True, slots=True)
class Clients:
    """What the clients of one mesh follow. `skipped`: ports that some client's proxy does not see on the way out.

    `gateways`, `ambient`: whether the mesh has such pods.
    """

    rules: DestinationRules
    routing: Routing
    modes: Modes
    config: MeshConfig
    sidecars: tuple[Sidecar, ...] = ()
    skipped: frozenset[int] = frozenset()
    gateways: bool = False
    ambient: bool = False


Hosts = Mapping[Key, ListedPort]
"""All listed ports by host and number."""
