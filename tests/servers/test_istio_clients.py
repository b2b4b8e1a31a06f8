"""What Ringfence says that clients' proxies send, held against the configuration that istiod makes for their Envoys.

For each client, server and port: where istiod's listeners, routes and clusters lead there over what the registry
lists, those count; else what becomes of a connection to the pod's own address. A definite answer must be istiod's only
one, and where istiod sends nothing, Ringfence must not be sure that something is sent. `RINGFENCE_SOAK=minutes` goes on
with other objects each time for so long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from tests.layers import istio_worlds
from tests.layers.istio_worlds import destination, peer, tls, virtual
from tests.servers.batches import batches
from tests.servers.istio import Dial, Istio, Sending, istio
from tests.servers.istio_clients import CLIENTS, PORTS, ROOT, SERVERS, World, cluster, world
from tests.servers.istio_registry import KUBERNETES, Registry

FIXED = range(90)
MUTUAL, PLAIN = "mtls", "plaintext"
MEANT = {"plaintext": {PLAIN}, "tls": {PLAIN}, "mtls": {MUTUAL}, "hbone": {MUTUAL}, "custom": {PLAIN, MUTUAL}}
OURS: Mapping[str, set[str]] = {"mtls": {MUTUAL}, "plaintext": {PLAIN}, "either": {PLAIN, MUTUAL}, "nothing": set()}

Seen = Counter[tuple[str, str]]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Istio]:
    with istio() as running:
        yield running


class Theirs:
    """What istiod's configuration of one client comes to, by server address and port."""

    def __init__(self, found: Mapping[Dial, Iterable[Sending]], registry: Registry) -> None:
        self._led: dict[tuple[str, int], set[str]] = {}
        self._direct: dict[tuple[str, int], set[str]] = {}
        for dial, sendings in found.items():
            kept = self._direct if dial.host == dial.address else self._led
            for one in sendings:
                for place in registry.behind(one.address, one.port):
                    kept.setdefault(place, set()).update(MEANT[one.transport])

    def to(self, address: str, port: int) -> set[str]:
        """The transports that a port of a pod may be sent."""
        key = address, port
        return self._led.get(key) or self._direct.get(key, set())


def asked(oracle: Istio, made: World) -> tuple[istio_worlds.World, dict[str, Theirs]]:
    """What both say of the objects that Istio admits."""
    registry = Registry(made.objects)
    written = [one for one in made.objects if one["kind"] not in KUBERNETES]
    admitted = [one for one, why in zip(written, oracle.ask(written).admission, strict=True) if not why]
    direct = (Dial(address, address, port) for address, _ in SERVERS.values() for port in PORTS)
    pods = {f"{one['metadata']['namespace']}/{one['metadata']['name']}": one for one in registry.pods}
    dials = dict.fromkeys((*registry.dials(), *direct))
    found = oracle.sent(admitted, registry.objects, [pods[name] for name in CLIENTS], dials, made.mesh)
    kept = [one for one in made.objects if one["kind"] in KUBERNETES or one in admitted]
    theirs = {name: Theirs(one, registry) for name, one in zip(CLIENTS, found, strict=True)}
    return istio_worlds.World(*kept, made.config_map), theirs


def compared(oracle: Istio, made: World, seen: Seen) -> list[tuple[Any, ...]]:
    """The flows on which both differ."""
    ours, theirs = asked(oracle, made)
    differences = []
    for (client, (server, (address, _))), port in product(product(CLIENTS, SERVERS.items()), PORTS):
        said, sent = ours.sent(client, server, port), theirs[client].to(address, port)
        seen[said, "|".join(sorted(sent))] += 1
        if not sent <= OURS[said] or not (sent or ours.withheld(client, server, port)):
            differences.append((made.seed, client, server, port, said, sorted(sent)))
    return differences


def grid() -> Iterator[World]:
    """Each mode of a DestinationRule at each level, in each of its places in turn, and PeerAuthentication around it."""
    places = ("front", "shop", ROOT)
    levels = product(("rule", "port", "subset"), (None, "DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"))
    peers: tuple[tuple[dict[str, Any], ...], ...] = (
        (),
        (peer("p", "DISABLE"),),
        (peer("p", "STRICT"), peer("q", "DISABLE", "web", p5432="PERMISSIVE")),
    )
    host = "web.shop.svc.cluster.local"
    for index, ((level, mode), peers_of) in enumerate(product(levels, peers)):
        policy = tls(mode)
        subset = {"name": "one", "labels": {"version": "v1"}}
        settings: dict[str, dict[str, Any]] = {
            "rule": {"trafficPolicy": policy},
            "port": {"trafficPolicy": {**tls("DISABLE"), "portLevelSettings": [{"port": {"number": 80}, **policy}]}},
            "subset": {"trafficPolicy": tls("ISTIO_MUTUAL"), "subsets": [{**subset, "trafficPolicy": policy}]},
        }
        rule = destination(f"{places[index % 3]}/d", host, **settings[level])
        route = {"destination": {"host": host, "subset": "one"}}
        over = (virtual("v", host, http=[{"route": [route]}]),) if level == "subset" else ()
        yield World(index, [*cluster(), rule, *peers_of, *over], {})


def test_each_mode_at_each_level_is_sent_as_istiod_configures(oracle: Istio) -> None:
    seen: Seen = Counter()
    assert [one for made in grid() for one in compared(oracle, made, seen)] == []
    assert seen["either", PLAIN] == seen["either", MUTUAL] == 0
    assert min(seen[MUTUAL, MUTUAL], seen[PLAIN, PLAIN], seen["either", f"{MUTUAL}|{PLAIN}"]) > 50


def test_clients_send_what_istiod_configures(oracle: Istio) -> None:
    for seeds in batches(FIXED, len(FIXED)):
        seen: Seen = Counter()
        assert [one for made in map(world, seeds) for one in compared(oracle, made, seen)] == []
        # Open, although istiod has one answer: own certificates of some workloads, what a Sidecar closes for some.
        assert seen["either", PLAIN] + seen["either", MUTUAL] < seen.total() / 200
        assert seen[MUTUAL, MUTUAL] > seen.total() / 20
        assert seen[PLAIN, PLAIN] > seen.total() / 2
        assert seen["either", f"{MUTUAL}|{PLAIN}"] > 50
