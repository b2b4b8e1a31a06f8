"""Random objects of Istio that decide what clients send, for one small cluster: rules that meet, and some that miss.

All objects of a kind have ages, for what unknown ages leave open is another test's.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from tests.layers.istio_worlds import NETWORKING, SECURITY, namespace, pod, thing

ROOT = "istio-system"
SPACES = ("front", "shop", "other", ROOT)
SERVERS = {
    "shop/web-1": ("10.3.0.1", {"app": "web", "version": "v1"}),
    "shop/web-2": ("10.3.0.2", {"app": "web", "version": "v2"}),
    "shop/web-3": ("10.3.0.3", {"app": "web", "version": "v1", "sidecar.istio.io/inject": "false"}),
    "shop/web-4": ("10.3.0.4", {"app": "web", "version": "v2", "security.istio.io/tlsMode": "disabled"}),
    "shop/db-1": ("10.3.1.1", {"app": "db"}),
    "shop/mix-1": ("10.3.2.1", {"app": "mix"}),
    "shop/mix-2": ("10.3.2.2", {"app": "mix", "sidecar.istio.io/inject": "false"}),
    "other/api-1": ("10.4.0.1", {"app": "api", "version": "v1"}),
    "plain/old-1": ("10.9.0.1", {"app": "old"}),
}
CLIENTS = {
    "front/cart": ("10.1.0.1", {"app": "cart"}),
    "front/mail": ("10.1.0.2", {"app": "mail"}),
    "shop/job": ("10.3.9.1", {"app": "job"}),
    "other/bot": ("10.4.9.1", {"app": "bot"}),
    f"{ROOT}/tool": ("10.5.0.1", {"app": "tool", "sidecar.istio.io/inject": "true"}),
}
PORTS = (8080, 5432, 9000, 9001, 6379, 7777)
"""What servers may be dialled on; nobody lists the last one."""

NAMED = {"http-a": (80, 8080), "tcp-b": (5432, 5432), "data": (9000, 9000), "https-c": (443, 9001)}
HOSTS = ("web", "web", "db", "mix", "api", "old")
HOMES = {"web": "shop", "db": "shop", "mix": "shop", "api": "other", "old": "plain"}
WILD = ("*", "*.local", "*.shop.svc.cluster.local", "*.svc.cluster.local", "web.shop", "*.example")
TLS_MODES = ("DISABLE", "DISABLE", "ISTIO_MUTUAL", "ISTIO_MUTUAL", "SIMPLE", "MUTUAL")
MODES = ("DISABLE", "DISABLE", "PERMISSIVE", "STRICT", "UNSET")
AGES = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")


@dataclass(frozen=True)
class World:
    """One set of objects of Istio, and the mesh configuration."""

    seed: int
    objects: Sequence[dict[str, Any]]
    mesh: Mapping[str, Any]

    @property
    def config_map(self) -> dict[str, Any]:
        """The mesh configuration as the control plane's ConfigMap."""
        metadata = {"name": "istio", "namespace": ROOT}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mesh": yaml.dump(self.mesh)}}


def cluster(chance: random.Random | None = None) -> list[dict[str, Any]]:
    """The namespaces, pods and Services; of the Services some tell who may know them, where there is a chance."""
    spaces = [namespace(name, istio_injection="enabled") for name in SPACES if name != ROOT]
    pods = [pod(name, labels, address=address) for name, (address, labels) in {**SERVERS, **CLIENTS}.items()]
    ports = [{"name": name, "port": port, "targetPort": target} for name, (port, target) in NAMED.items()]
    one_port = [{"name": "tcp-redis", "port": 6379}]
    services = [
        thing("v1", "Service", "shop/web", {"selector": {"app": "web"}, "ports": ports}),
        thing("v1", "Service", "shop/db", {"selector": {"app": "db"}, "ports": one_port, "clusterIP": "None"}),
        thing("v1", "Service", "shop/mix", {"selector": {"app": "mix"}, "ports": one_port, "clusterIP": "None"}),
        thing("v1", "Service", "other/api", {"selector": {"app": "api"}, "ports": ports[:2]}),
        thing("v1", "Service", "plain/old", {"selector": {"app": "old"}, "ports": ports[:2]}),
    ]
    for one in services:
        if chance is not None and chance.randrange(8) == 0:
            said = chance.choice((".", "*", "front", "front,shop", "~"))
            one["metadata"]["annotations"] = {"networking.istio.io/exportTo": said}
    return [*spaces, namespace("plain"), namespace(ROOT), *pods, *services]


def world(seed: int) -> World:
    """The world of a seed: the same each time."""
    made = _Maker(random.Random(seed))
    chance = made.chance
    objects = [made.peer(f"p{index}") for index in range(chance.choice((0, 1, 1, 2, 3)))]
    objects += [made.destination(f"d{index}") for index in range(chance.choice((0, 1, 1, 2, 2, 3, 4)))]
    objects += [made.virtual(f"v{index}") for index in range(chance.choice((0, 0, 0, 1, 1, 2)))]
    objects += [made.sidecar(f"s{index}") for index in range(chance.choice((0, 0, 0, 0, 1, 2)))]
    mesh: dict[str, Any] = {}
    if made.one_in(8):
        mesh["enableAutoMtls"] = False
    if made.one_in(8):
        mesh["outboundTrafficPolicy"] = {"mode": "REGISTRY_ONLY"}
    for name in ("Service", "DestinationRule", "VirtualService"):
        if made.one_in(10):
            mesh[f"default{name}ExportTo"] = chance.choice((["."], ["*"], ["front"]))
    return World(seed, [*cluster(chance), *objects], mesh)


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def one_in(self, number: int) -> bool:
        return self.chance.randrange(number) == 0

    def placed(
        self, kind: str, name: str, spec: dict[str, Any], space: str = "", api: str = NETWORKING
    ) -> dict[str, Any]:
        space = space or self.chance.choice(SPACES)
        return thing(api, kind, f"{space}/{name}", spec, self.chance.choice(AGES))

    def peer(self, name: str) -> dict[str, Any]:
        spec: dict[str, Any] = {} if self.one_in(6) else {"mtls": {"mode": self.chance.choice(MODES)}}
        if self.one_in(2):
            spec["selector"] = {"matchLabels": self.chance.choice(({"app": "web"}, {"version": "v1"}, {"app": "mix"}))}
            if self.one_in(2):
                ports = self.chance.sample(PORTS, self.chance.choice((1, 2)))
                spec["portLevelMtls"] = {str(port): {"mode": self.chance.choice(MODES)} for port in ports}
        space = self.chance.choice(("shop", "shop", "shop", ROOT, "other"))
        return self.placed("PeerAuthentication", name, spec, space, SECURITY)

    def destination(self, name: str) -> dict[str, Any]:
        chosen = self.chance.choice(HOSTS)
        spec: dict[str, Any] = {"host": self.host(chosen)}
        if not self.one_in(4):
            spec["trafficPolicy"] = self.policy()
        if self.one_in(2):
            spec["subsets"] = [self.subset(one) for one in self.chance.choice((("one",), ("one", "two")))]
        if self.one_in(5):
            spec["workloadSelector"] = {"matchLabels": {"app": self.chance.choice(("cart", "mail", "job"))}}
        elif self.one_in(3):
            spec["exportTo"] = self.exported()
        return self.placed("DestinationRule", name, spec, self.chance.choice(("", HOMES[chosen], "front")))

    def policy(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if self.one_in(2):
            made["tls"] = self.tls()
        if self.one_in(3):
            made["portLevelSettings"] = [
                {"port": {"number": port}, **({"tls": self.tls()} if self.one_in(2) else self.other())}
                for port in self.chance.sample((80, 5432, 9000, 6379), self.chance.choice((1, 2)))
            ]
        return made if made and not self.one_in(6) else made | self.other()

    def other(self) -> dict[str, Any]:
        """Settings that do not speak of TLS; one of them keeps the client's destination address."""
        return self.chance.choice(
            (
                {"loadBalancer": {"simple": "PASSTHROUGH"}},
                {"loadBalancer": {"simple": "ROUND_ROBIN"}},
                {"connectionPool": {"tcp": {"maxConnections": 10}}},
            )
        )

    def tls(self) -> dict[str, Any]:
        mode = self.chance.choice(TLS_MODES)
        return {"mode": mode, **({"clientCertificate": "/c", "privateKey": "/k"} if mode == "MUTUAL" else {})}

    def subset(self, name: str) -> dict[str, Any]:
        labels = self.chance.choice(({"version": "v1"}, {"version": "v2"}, {}, {"version": "v9"}))
        return {"name": name, "labels": labels, **({} if self.one_in(2) else {"trafficPolicy": self.policy()})}

    def exported(self) -> list[str]:
        return self.chance.choice((["."], ["*"], ["front"], ["shop", "front"], [".", "front"], [ROOT]))

    def host(self, name: str) -> str:
        if self.one_in(4):
            return self.chance.choice(WILD)
        return name if self.one_in(4) else f"{name}.{HOMES[name]}.svc.cluster.local"

    def virtual(self, name: str) -> dict[str, Any]:
        chosen = self.chance.choice(HOSTS)
        spec: dict[str, Any] = {"hosts": [self.host(chosen)]}
        for protocol in self.chance.choice((("http",), ("tcp",), ("http", "tcp"), ("tls",))):
            spec[protocol] = [self.route(protocol, chosen) for _ in range(self.chance.choice((1, 1, 2)))]
        if self.one_in(3):
            spec["exportTo"] = self.chance.choice((["."], ["*"], ["front"], [".", "front"]))
        if self.one_in(8):
            spec["gateways"] = self.chance.choice((["mesh"], ["shop/entry"], ["mesh", "shop/entry"]))
        return self.placed("VirtualService", name, spec, self.chance.choice(("", HOMES[chosen], "front")))

    def route(self, protocol: str, host: str) -> dict[str, Any]:
        made: dict[str, Any] = {"route": [self.target(host) for _ in range(self.chance.choice((1, 1, 2)))]}
        if len(made["route"]) > 1:
            made["route"] = [{**one, "weight": 50} for one in made["route"]]
        match: dict[str, Any] = {}
        if self.one_in(3):
            match["port"] = self.chance.choice((80, 5432, 9000, 6379, 443))
        if protocol == "http" and self.one_in(3):
            match["uri"] = {"prefix": "/a"}
        if self.one_in(12):
            match["sourceLabels"] = {"app": self.chance.choice(("cart", "job"))}
        if protocol == "tls":
            match["sniHosts"] = [f"{host}.{HOMES[host]}.svc.cluster.local"]
        return made | ({"match": [match]} if match else {})

    def target(self, host: str) -> dict[str, Any]:
        name = self.chance.choice((host, host, host, self.chance.choice(HOSTS)))
        made: dict[str, Any] = {"host": f"{name}.{HOMES[name]}.svc.cluster.local"}
        if self.one_in(2):
            made["subset"] = self.chance.choice(("one", "two"))
        if self.one_in(3):
            made["port"] = {"number": self.chance.choice((80, 5432, 9000, 6379))}
        return {"destination": made}

    def sidecar(self, name: str) -> dict[str, Any]:
        listed = ("./*", "*/*", "shop/*", "shop/web.shop.svc.cluster.local", "*/api.other.svc.cluster.local", "~/*")
        spec: dict[str, Any] = {}
        if not self.one_in(5):
            hosts = self.chance.sample(listed[:-1], self.chance.choice((1, 2)))
            spec["egress"] = [{"hosts": hosts if not self.one_in(6) else [listed[-1]]}]
        space = self.chance.choice(SPACES)
        if self.one_in(3) and space != ROOT:
            spec["workloadSelector"] = {"labels": {"app": self.chance.choice(("cart", "mail", "job", "bot"))}}
        if self.one_in(3):
            spec["outboundTrafficPolicy"] = {"mode": self.chance.choice(("ALLOW_ANY", "REGISTRY_ONLY"))}
        return self.placed("Sidecar", name, spec, space)
