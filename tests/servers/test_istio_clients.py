"""What Ringfence says that clients' proxies send, held against the configuration that istiod makes for their Envoys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.layers import istio_worlds
from tests.servers.batches import batches
from tests.servers.istio import Dial, Istio, Sending, istio
from tests.servers.istio_clients import CLIENTS, PORTS, SERVERS, World, world
from tests.servers.istio_registry import Registry

FIXED = range(300)
MUTUAL, PLAIN = "mtls", "plaintext"
MEANT = {"plaintext": {PLAIN}, "tls": {PLAIN}, "mtls": {MUTUAL}, "hbone": {MUTUAL}, "custom": {PLAIN, MUTUAL}}
OURS = {"mtls": {MUTUAL}, "plaintext": {PLAIN}, "either": {PLAIN, MUTUAL}, "nothing": set[str]()}


@pytest.fixture(scope="module")
def oracle() -> Iterator[Istio]:
    with istio() as running:
        yield running


class Theirs:
    """What istiod's configuration of one client comes to, by server address and port."""

    def __init__(self, found: dict[Dial, tuple[Sending, ...]], registry: Registry) -> None:
        self.raw, self.registry = found, registry
        self._led: dict[tuple[str, int], set[str]] = {}
        self._direct: dict[tuple[str, int], set[str]] = {}
        for dial, sendings in found.items():
            for one in sendings:
                kept = self._direct if dial.host == dial.address else self._led
                for place in registry.behind(one.address, one.port):
                    kept.setdefault(place, set()).update(MEANT[one.transport])

    def to(self, address: str, port: int) -> set[str]:
        """The transports that a port of a pod is sent: over what is listed, and where nothing leads there, directly."""
        key = address, port
        return self._led.get(key) or self._direct.get(key, set())


def asked(oracle: Istio, made: World) -> tuple[istio_worlds.World, dict[str, Theirs]]:
    registry = Registry(made.objects)
    policies = [one for one in made.objects if one["apiVersion"].partition("/")[0].endswith("istio.io")]
    refused = oracle.ask(policies).admission
    policies = [one for one, why in zip(policies, refused, strict=True) if not why]
    kept = [
        one for one in made.objects if one in policies or not one["apiVersion"].partition("/")[0].endswith("istio.io")
    ]
    dials = [*registry.dials(), *(Dial(a, a, port) for a, _ in SERVERS.values() for port in PORTS)]
    clients = {f"{one['metadata']['namespace']}/{one['metadata']['name']}": one for one in registry.pods}
    chosen = [clients[name] for name in CLIENTS]
    found = oracle.sent(policies, registry.objects, chosen, dict.fromkeys(dials), made.mesh)
    return istio_worlds.World(*kept, made.config_map), {
        name: Theirs(one, registry) for name, one in zip(CLIENTS, found, strict=True)
    }


def test_clients_send_what_istiod_configures(oracle: Istio) -> None:
    for seeds in batches(FIXED, len(FIXED)):
        seen, differences = Counter[tuple[str, str]](), []
        for seed in seeds:
            made = world(seed)
            ours, theirs = asked(oracle, made)
            for client in CLIENTS:
                for server, (address, _) in SERVERS.items():
                    for port in PORTS:
                        said, sent = ours.sent(client, server, port), theirs[client].to(address, port)
                        seen[said, "|".join(sorted(sent))] += 1
                        withheld = not sent and ours.withheld(client, server, port)
                        if not (sent <= OURS[said] and (sent or withheld)):
                            differences.append((seed, client, server, port, said, sorted(sent)))
        assert differences == []
