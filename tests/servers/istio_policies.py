"""Random Istio policies for one small cluster, and questions that hit their rules or just miss them.

Everything is drawn from `istio_vocabulary`, so that rules and requests often meet: names of the pods below and of none,
patterns that just fit, ports of both protocols, and forms that mean less than they seem to.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.layers.istio_worlds import namespace, pod, thing
from tests.servers.istio_vocabulary import KEYS, MODES, OF_IDENTITY, OPERATION, PATHS, PROVIDERS, SOURCE, SPOILT, VALUES
from tests.servers.mutations import places

ROOT = "istio-system"
TARGET, HTTP, GRPC, TCP = "shop/web", 8080, 8081, 5432
LABELS = {"app": "web", "tier": "front"}
ADDRESS = {
    "shop/web": "10.3.0.2",
    "shop/job": "10.3.0.3",
    "front/cart": "10.1.0.1",
    "front/mail": "10.1.0.2",
    "back/cart": "10.2.0.1",
    "plain/old": "10.9.0.1",
}
OUTSIDE = "198.51.100.9"
IN_MESH = tuple(name for name in ADDRESS if name not in (TARGET, "plain/old"))


def cluster(label: str = "istio-injection", value: str = "enabled") -> list[dict[str, Any]]:
    """Namespaces in the mesh by that label and one outside, a pod each or two, and the Service of the target."""
    spaces = [namespace(name) for name in ("shop", "front", "back")]
    for one in spaces:
        one["metadata"]["labels"] |= {label: value}
    pods = []
    for name, address in ADDRESS.items():
        one = pod(name, address=address, serviceAccountName=name.partition("/")[2])
        one["metadata"]["labels"] |= LABELS if name == TARGET else {}
        pods.append(one)
    ports = [("http-a", 80, HTTP), ("grpc-b", 81, GRPC), ("tcp-c", 5432, TCP)]
    served = [{"name": name, "port": port, "targetPort": target} for name, port, target in ports]
    web = thing("v1", "Service", TARGET, {"selector": {"app": "web"}, "ports": served})
    return [*spaces, namespace("plain"), namespace(ROOT), *pods, web]


@dataclass(frozen=True)
class Question:
    """One request or connection. `client` is a pod or an address; `http` None at a port of TCP."""

    client: str
    port: int
    mutual: bool
    http: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class World:
    """One set of policies with its options and questions."""

    seed: int
    policies: list[dict[str, Any]]
    options: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()


def world(seed: int, questions: int = 24) -> World:
    """The world of a seed: the same each time."""
    made = _Maker(random.Random(seed))
    policies = [made.authorization(f"p{index}") for index in range(made.chance.choice((1, 1, 1, 2, 2, 3)))]
    if made.one_in(2):
        policies += [made.peer(f"t{index}") for index in range(made.chance.randint(1, 3))]
    if made.one_in(2):
        policies += [made.tokens(f"r{index}") for index in range(made.chance.choice((1, 1, 2)))]
    if made.one_in(4):
        policies += [made.custom(f"c{index}") for index in range(made.chance.choice((1, 1, 2)))]
    options: dict[str, Any] = {}
    if made.one_in(2):
        options["istio_multiple_custom_providers"] = True
    options["istio_ext_authz"] = {
        name: {"protocol": name.partition("-")[0], "decision": name.partition("-")[2]} for name in PROVIDERS[:-1]
    }
    if made.one_in(3):
        options["istio_trust_domain_aliases"] = ["old.example"]
    if made.one_in(3):
        options["istio_path_normalization"] = made.chance.choice(("NONE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"))
    return World(seed, policies, options, tuple(made.question() for _ in range(questions)))


def peers(seed: int) -> list[dict[str, Any]]:
    """PeerAuthentications alone, of which several stand at the same level."""
    made = _Maker(random.Random(seed))
    return [made.peer(f"t{index}") for index in range(made.chance.randint(0, 6))]


def spoilt(seed: int) -> dict[str, Any]:
    """One policy with something in its spec that may not be there, or lacking what must."""
    made = _Maker(random.Random(seed))
    policy = made.chance.choice((made.authorization, made.authorization, made.peer, made.tokens))("x")
    if made.one_in(20):
        policy["metadata"]["annotations"] = {"istio.io/dry-run": made.chance.choice(("true", "no"))}
    for _ in range(made.chance.choice((1, 1, 2))):
        holder, key = made.chance.choice([*places(policy["spec"]), (policy, "spec")])
        match made.chance.randrange(5):
            case 0 if holder is not policy:
                del holder[key]
            case 1 if isinstance(holder, dict) and holder is not policy:
                holder[made.chance.choice((key + "s", key[:-1], "notPorts", "x"))] = holder.pop(key)
            case 2:
                other, place = made.chance.choice([*places(policy["spec"]), (policy, "spec")])
                holder[key] = copy.deepcopy(other[place])
            case _:
                holder[key] = copy.deepcopy(made.chance.choice(SPOILT))
        if not isinstance(policy["spec"], dict):
            break
    return policy


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def one_in(self, number: int) -> bool:
        return self.chance.randrange(number) == 0

    def some(self, kind: str) -> list[str]:
        return self.chance.sample(VALUES[kind], self.chance.choice((1, 1, 1, 2, 2, 3)))

    def authorization(self, name: str) -> dict[str, Any]:
        """An AuthorizationPolicy; some of them hold for other workloads, only watch, or are only tried."""
        action = self.chance.choice(("ALLOW",) * 5 + ("DENY",) * 5 + ("AUDIT",))
        rules = [self.rule() for _ in range(self.chance.choice((0, 1, 1, 1, 2, 2)))]
        spec: dict[str, Any] = {"action": action, "rules": rules or ([{}] if action != "ALLOW" else [])}
        space = self.chance.choice(("shop",) * 6 + (ROOT, "front"))
        if self.one_in(3):
            spec["selector"] = {"matchLabels": self.chance.choice(({"app": "web"}, LABELS, {"app": "other"}))}
        made = thing("security.istio.io/v1", "AuthorizationPolicy", f"{space}/{name}", spec)
        if self.one_in(12):
            made["metadata"]["annotations"] = {"istio.io/dry-run": self.chance.choice(("true", "false"))}
        return made

    def custom(self, name: str) -> dict[str, Any]:
        """A CUSTOM policy, whose rules ask for no identity; its provider may be one that is not there."""
        rules = [self.rule(("ipBlocks", "remoteIpBlocks")) for _ in range(self.chance.choice((1, 1, 2)))]
        for rule in rules:
            rule["when"] = [one for one in rule.get("when", ()) if not one["key"].startswith(OF_IDENTITY)]
            rule |= {} if rule["when"] else {"when": [{"key": "destination.port", "notValues": ["9"]}]}
        spec = {"action": "CUSTOM", "provider": {"name": self.chance.choice(PROVIDERS)}, "rules": rules}
        made = thing("security.istio.io/v1", "AuthorizationPolicy", f"shop/{name}", spec)
        if self.one_in(3):
            spec["selector"] = {"matchLabels": {"app": "web"}}
        return made

    def rule(self, sources: tuple[str, ...] = SOURCE) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if self.one_in(2):
            made["from"] = [{"source": self.fields(sources)} for _ in range(self.chance.choice((1, 1, 2)))]
        if self.one_in(2):
            made["to"] = [{"operation": self.fields(OPERATION)} for _ in range(self.chance.choice((1, 1, 2)))]
        if self.one_in(3):
            made["when"] = [self.condition() for _ in range(self.chance.choice((1, 1, 2)))]
        return made

    def fields(self, names: tuple[str, ...]) -> dict[str, list[str]]:
        chosen = set(self.chance.sample(names, min(len(names), self.chance.choice((1, 1, 1, 2, 2, 3)))))
        if "serviceAccounts" in chosen:
            chosen -= {"principals", "namespaces"}
        made: dict[str, list[str]] = {}
        for name in names:
            if name in chosen:
                values = "ipBlocks" if name == "remoteIpBlocks" else name
                inverse = f"not{name[0].upper()}{name[1:]}"
                which = self.chance.choice(((name,), (name,), (inverse,), (name, inverse)))
                made |= {one: self.some(values) for one in which}
        return made

    def condition(self) -> dict[str, Any]:
        key = self.chance.choice(tuple(KEYS))
        which = self.chance.choice((("values",), ("values",), ("notValues",), ("values", "notValues")))
        return {"key": key, **{name: self.some(KEYS[key]) for name in which}}

    def peer(self, name: str) -> dict[str, Any]:
        """A PeerAuthentication of the mesh, of a namespace or of a workload."""
        space = self.chance.choice(("shop", "shop", "shop", ROOT, "front"))
        spec: dict[str, Any] = {}
        if not self.one_in(5):
            spec["mtls"] = {"mode": self.chance.choice(MODES)}
        if self.one_in(2):
            spec["selector"] = {"matchLabels": self.chance.choice(({"app": "web"}, LABELS, {"app": "other"}))}
            if self.one_in(2):
                ports = self.chance.sample((HTTP, TCP, 80), self.chance.choice((1, 2)))
                spec["portLevelMtls"] = {str(port): {"mode": self.chance.choice(MODES)} for port in ports}
        created = self.chance.choice(("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"))
        return thing("security.istio.io/v1", "PeerAuthentication", f"{space}/{name}", spec, created)

    def tokens(self, name: str) -> dict[str, Any]:
        """A RequestAuthentication; its keys are put in by whoever asks with it."""
        rules = []
        for letter in self.chance.sample("ab", self.chance.choice((1, 1, 2))):
            made: dict[str, Any] = {"issuer": f"https://{letter}.example", "jwksUri": "https://keys.example/keys"}
            if self.one_in(4):
                made["audiences"] = self.chance.sample(("web", "app"), 1)
            if self.one_in(5):
                made["fromHeaders"] = [self.chance.choice(({"name": "x-token"}, {"name": "x-token", "prefix": "T "}))]
            if self.one_in(5):
                made["fromParams"] = ["t"]
            rules.append(made)
        space = self.chance.choice(("shop", "shop", "shop", ROOT))
        spec: dict[str, Any] = {"jwtRules": rules}
        if self.one_in(3):
            spec["selector"] = {"matchLabels": {"app": "web"}}
        return thing("security.istio.io/v1", "RequestAuthentication", f"{space}/{name}", spec)

    def question(self) -> Question:
        client = self.chance.choice((*IN_MESH, *IN_MESH, "plain/old", OUTSIDE))
        port = self.chance.choice((HTTP, HTTP, HTTP, GRPC, TCP))
        mutual = client in IN_MESH and not self.one_in(4)
        return Question(client, port, mutual, None if port == TCP else self.http(mutual))

    def http(self, mutual: bool) -> dict[str, Any]:
        made: dict[str, Any] = {
            "method": self.chance.choice(("GET", "POST", "PUT", "DELETE")),
            "path": self.chance.choice(PATHS),
            "host": self.chance.choice(("web", "web.shop", "web.shop:80", "Web.Shop", "x.shop")),
        }
        if mutual:
            made["sni"] = self.chance.choice(("outbound_.80_._.web", "other"))
        headers = {}
        for name in ("x-one", "X-Two"):
            if self.one_in(2):
                headers[name] = self.chance.choice(("x", "y", "xy", "z", ""))
        if self.one_in(4):
            headers["X-Forwarded-For"] = self.chance.choice(("10.1.0.1", "10.2.0.1", "198.51.100.9, 10.1.0.2"))
        if self.one_in(12):
            made["method"] = "OPTIONS"
            headers |= {"Origin": "https://x.example", "Access-Control-Request-Method": self.chance.choice(("PUT", ""))}
        if headers:
            made["headers"] = headers
        return made | (self.token() if self.one_in(2) else {})

    def token(self) -> dict[str, Any]:
        claims: dict[str, Any] = {
            "iss": f"https://{self.chance.choice('aabc')}.example",
            "sub": self.chance.choice(("u1", "u2")),
        }
        if self.one_in(2):
            claims["aud"] = self.chance.choice(("web", "app", ["web", "x"]))
        if self.one_in(3):
            claims["azp"] = self.chance.choice(("client", "other"))
        for name in ("group", "scope"):
            if self.one_in(2):
                claims[name] = self.chance.choice(("staff", "guest", "staff guest", ["staff", "x"], ["x"]))
        if self.one_in(3):
            claims["a"] = {"b": self.chance.choice(("staff", ["guest", "staff"], "x"))}
        made: dict[str, Any] = {"claims": claims}
        if self.one_in(6):
            made["token"] = self.chance.choice(("expired", "invalid"))
        if self.one_in(5):
            places: tuple[dict[str, str], ...] = (
                {"header": "x-token"},
                {"header": "x-token", "prefix": "T "},
                {"param": "t"},
            )
            made["token_in"] = self.chance.choice(places)
        return made
