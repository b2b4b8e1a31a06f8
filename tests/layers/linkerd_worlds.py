"""Random clusters with Linkerd, and questions that hit their policies or just miss them.

Everything is drawn from few names, ports and paths, so that rules, pods and requests often meet: selectors of no pod,
references to nothing, two Servers for one port, parents in other namespaces, settings that nobody can read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.layers.istio_worlds import namespace, pod, thing
from tests.oracles.linkerd.inbound import GATEWAY, POLICIES, POLICY, PROTOCOLS
from tests.oracles.linkerd.injected import CONFIG, INJECT, PROXY

Document = dict[str, Any]

CLUSTER_NETWORKS = ["10.0.0.0/8"]
SERVERS = ("shop/web", "shop/web", "shop/db")
CLIENTS = ("shop/web", "shop/job", "front/cart", "front/far", "plain/old", "198.51.100.9", "10.99.0.9")
PORTS = (8080, 8080, 8080, 8080, 8081, 5432, 3306)
ADDRESS = {
    "shop/web": "10.3.0.2",
    "shop/db": "10.3.0.3",
    "shop/job": "10.3.0.4",
    "front/cart": "10.1.0.1",
    "front/far": "192.0.2.7",
    "plain/old": "10.9.0.1",
}
NAMES = ("web", "web-admin", "zeta")
TWINS = ("Server", "HTTPRoute", "GRPCRoute")
AGES = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z")
RPC = ("/shop.Cart/Add", "/shop.Cart/Add/more", "/shop.Cart")
PATHS = ("/", "/a", "/a/", "/a/b", "/ab", "/ready", *RPC, "//a", "/a%2Fb")
QUERIES = ("", "", "?v=1", "?v=2&v=1", "?v=%31", "?w=1", "?v")
HOSTS = ("web.shop.svc", "web.shop.svc:8080", "WEB.shop.svc.", "api.example", "svc")
PATTERNS = ("/a.*", "/a|/a/b", "/[ab]+", "/a/?")
WRONG: tuple[Document, ...] = ({"namespace": "front"}, {"port": 8080}, {"sectionName": "x"})
"""What no parentRef to a Server may say."""

SELECTORS: tuple[Document, ...] = (
    {},
    {"matchLabels": {"app": "web"}},
    {"matchLabels": {"app": "db"}},
    {"matchLabels": {"app": "nobody"}},
    {"matchLabels": {"tier": "front"}},
    {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]},
    {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]},
    {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
    {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}], "matchLabels": {"app": "db"}},
)
IDENTITIES = (
    "*",
    "*.front.serviceaccount.identity.linkerd.cluster.local",
    "*.cluster.local",
    "*.other.example",
    "cart.front.serviceaccount.identity.linkerd.cluster.local",
    "default.shop.serviceaccount.identity.linkerd.cluster.local",
)
NETWORKS: tuple[Document, ...] = (
    {"cidr": "10.0.0.0/8"},
    {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]},
    {"cidr": "10.9.0.1"},
    {"cidr": "198.51.100.0/24"},
    {"cidr": "0.0.0.0/0", "except": ["10.3.0.4/32", "192.0.2.0/24"]},
    {"cidr": "fd00::/8"},
)


@dataclass(frozen=True)
class Question:
    """One connection: `plaintext` past the client's own proxy, `http` None for no request."""

    client: str
    server: str
    port: int
    http: Mapping[str, Any]
    plaintext: bool


def world(random: Random) -> tuple[list[Document], dict[str, Any]]:
    """Manifests and options."""
    made = [*_namespaces(random), *_pods(random)]
    for make, numbers in MAKERS:
        found = {}
        for _ in range(random.choice(numbers)):
            one = make(random)
            found[one["apiVersion"], one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]] = one
        made += found.values()
    for one in list(made):
        if one["kind"] in TWINS and random.random() < 0.3:
            made += _twin(random, one)
    options = {
        "linkerd_default_policy": random.choice(POLICIES),
        "linkerd_cluster_networks": CLUSTER_NETWORKS,
        "linkerd_outbound_transport_mode": _rarely(random, 0.2, "transparent") or "transport-header",
    }
    return made, options


def _twin(random: Random, one: Document) -> list[Document]:
    """What says the same, or nearly, under another name, perhaps of another age; and a policy for that alone."""
    group, space = one["apiVersion"].partition("/")[0], one["metadata"]["namespace"]
    name = f"{random.choice(('alpha', 'zulu'))}-{one['metadata']['name']}-{group[0]}"
    metadata = one["metadata"] | {"name": name, "creationTimestamp": random.choice(AGES)}
    twin = one | {"metadata": metadata, "spec": dict(one["spec"])}
    if random.random() < 0.2:
        del metadata["creationTimestamp"]
    if one["kind"] == "Server":
        twin["spec"]["proxyProtocol"] = random.choice(("opaque", "TLS", "HTTP/1"))
    elif random.random() < 0.6:
        rule = _http_rule if one["kind"] == "HTTPRoute" else _grpc_rule
        twin["spec"]["rules"] = [rule(random) for _ in range(random.choice((1, 2, 3)))]
    elif one["kind"] == "HTTPRoute":
        twin["apiVersion"] = f"{GATEWAY}/v1" if one["apiVersion"].startswith(POLICY) else f"{POLICY}/v1beta3"
    target = {"group": twin["apiVersion"].partition("/")[0], "kind": one["kind"], "name": name}
    spec = {"targetRef": target, "requiredAuthenticationRefs": []}
    return [twin, thing(f"{POLICY}/v1alpha1", "AuthorizationPolicy", f"{space}/{one['kind'].lower()}-{name}", spec)]


def questions(random: Random, number: int) -> list[Question]:
    """So many connections, none of a pod to itself: that passes by the proxies."""
    found: list[Question] = []
    while len(found) < number:
        client, server, port = random.choice(CLIENTS), random.choice(SERVERS), random.choice(PORTS)
        if random.random() < 0.4:
            server, port = "shop/web", 8080
        if client != server:
            found.append(Question(client, server, port, request(random), random.random() < 0.2))
    return found


def request(random: Random) -> dict[str, Any]:
    return {
        "method": random.choice(("GET", "POST", "POST", "PUT")),
        "path": random.choice((*PATHS, RPC[0], RPC[0])) + random.choice(QUERIES),
        "host": random.choice(HOSTS),
        "headers": _some(random, {"x-team": random.choice(("a", "ab", "b")), "x-tier": "1"}),
    }


def _some(random: Random, choices: dict[str, Any], chance: float = 0.4) -> dict[str, Any]:
    return {key: value for key, value in choices.items() if random.random() < chance}


def _rarely(random: Random, chance: float, value: Any) -> Any:
    return value if random.random() < chance else None


def _settings(random: Random) -> dict[str, str]:
    return _some(
        random,
        {
            CONFIG + "default-inbound-policy": random.choice((*POLICIES, "bogus")),
            CONFIG + "opaque-ports": random.choice(("5432", "8080-8081", "", "http", "8081,bogus", "3306,db")),
            CONFIG + "skip-inbound-ports": random.choice(("5432", "8081", "3300-3400")),
            CONFIG + "skip-outbound-ports": random.choice(("5432", "8080", "3306")),
            CONFIG + "proxy-require-identity-inbound-ports": random.choice(("8080", "5432,8081", "1-65535")),
        },
        0.15,
    )


def _namespaces(random: Random) -> list[Document]:
    made = []
    for name in ("shop", "front", "plain"):
        one = namespace(name)
        asks = {} if name == "plain" else {INJECT: random.choice(("enabled",) * 14 + ("disabled", "bogus"))}
        one["metadata"]["annotations"] = asks | _settings(random)
        made.append(one)
    return made


def _pods(random: Random) -> list[Document]:
    made = []
    for name, address in ADDRESS.items():
        asks = _some(random, {INJECT: random.choice(("enabled", "enabled", "disabled", "bogus"))}, 0.15)
        spec: Document = {"containers": [_container(random, "app")]}
        if random.random() < 0.3:
            spec["containers"].append(_container(random, "side"))
        if random.random() < 0.2:
            early = {"name": random.choice(("http", "early")), "containerPort": random.choice((8080, 8081, 9090))}
            spec["initContainers"] = [{"name": "init", "image": "init", "ports": [early]}]
            spec["initContainers"][0] |= _some(random, {"restartPolicy": "Always"})
        if random.random() < 0.1:
            spec["containers"].append({"name": PROXY, "image": PROXY})
        account = name.partition("/")[2]
        spec |= {} if name == "shop/job" else {"serviceAccountName": account}
        labels = {"tier": "front"} if name == "shop/web" else {}
        made.append(pod(name, labels, asks | _settings(random), address, **spec))
    return made


def _container(random: Random, name: str) -> Document:
    ports: list[Document] = [{"name": "http", "containerPort": 8080}] if name == "app" else []
    more: tuple[Document, ...] = (
        {"name": "db", "containerPort": 5432},
        {"name": "http" if name == "side" else "extra", "containerPort": 8081},
        {"name": "mysql", "containerPort": 3306},
        {"name": "quic", "containerPort": 8080, "protocol": "UDP"},
    )
    ports += [one for one in more if random.random() < 0.4]
    asked = {"path": random.choice(("/ready", "/a", "/", "/ready?full=1")), "port": random.choice((8080, "HTTP", "db"))}
    probes = _some(random, {"livenessProbe": {"httpGet": asked}}, 0.3)
    probes |= _some(random, {"readinessProbe": {"httpGet": {"path": "/ready", "port": random.choice(PORTS)}}}, 0.3)
    probes |= _some(random, {"startupProbe": {"tcpSocket": {"port": 8080}}}, 0.1)
    return {"name": name, "image": name, "ports": ports} | probes


def _thing(random: Random, version: str, kind: str, spec: Document, group: str = POLICY, space: str = "") -> Document:
    where = space or random.choice(("shop",) * 6 + ("front",))
    created = random.choice(AGES) if random.random() < 0.8 else ""
    return thing(f"{group}/{version}", kind, f"{where}/{random.choice(NAMES)}", spec, created)


def _server(random: Random) -> Document:
    spec: Document = {"port": random.choice((8080, 8080, 8080, "http", "http", 5432, "db", 8081, 3306, "absent"))}
    spec |= (
        {"podSelector": random.choice((*SELECTORS, {}, {}, *SELECTORS[1:2] * 3))}
        if random.random() < 0.95
        else {"externalWorkloadSelector": {}}
    )
    spec |= _some(random, {"proxyProtocol": random.choice((*PROTOCOLS, "gRPC", "unknown"))}, 0.9)
    spec |= _some(random, {"accessPolicy": random.choice(POLICIES)}, 0.4)
    made = _thing(random, "v1beta3", "Server", spec)
    if random.random() < 0.4:
        made["metadata"] |= {"name": "web", "namespace": "shop", "creationTimestamp": AGES[0]}
        protocol = random.choice(("HTTP/1", "HTTP/2", "unknown", "gRPC", "TLS"))
        spec |= {"port": 8080, "podSelector": {"matchLabels": {"app": "web"}}, "proxyProtocol": protocol}
        spec.pop("externalWorkloadSelector", None)
    made["metadata"]["labels"] = _some(random, {"kind": random.choice(("a", "b"))})
    return made


def _server_authorization(random: Random) -> Document:
    chosen: Document = {"name": random.choice(NAMES)}
    if random.random() < 0.4:
        chosen = {"selector": random.choice(({}, {"matchLabels": {"kind": "a"}}))}
    tls: Document = {"unauthenticatedTLS": True}
    if random.random() < 0.8:
        accounts = [{"name": random.choice(("web", "cart", "default"))} | _some(random, {"namespace": "front"})]
        tls = {"identities": [random.choice(IDENTITIES)]} if random.random() < 0.5 else {"serviceAccounts": accounts}
    client: Document = {"unauthenticated": True} if random.random() < 0.3 else {"meshTLS": tls}
    client |= _some(random, {"networks": random.sample(NETWORKS, random.randint(1, 2))})
    return _thing(random, "v1beta1", "ServerAuthorization", {"server": chosen, "client": client})


def _policy(random: Random) -> Document:
    made = _thing(random, "v1alpha1", "AuthorizationPolicy", {})
    space = made["metadata"]["namespace"]
    targets: tuple[Document, ...] = (
        {"group": POLICY, "kind": "Server", "name": random.choice(NAMES)},
        {"group": POLICY, "kind": "Server", "name": random.choice(NAMES)},
        {"group": POLICY, "kind": "HTTPRoute", "name": random.choice(NAMES)},
        {"group": GATEWAY, "kind": "HTTPRoute", "name": random.choice(NAMES)},
        {"group": GATEWAY, "kind": "GRPCRoute", "name": random.choice(NAMES)},
        {"kind": "Namespace", "name": space},
    )
    who: tuple[Document, ...] = (
        {"group": POLICY, "kind": "MeshTLSAuthentication", "name": random.choice(NAMES)},
        {"kind": "ServiceAccount", "name": random.choice(("web", "cart", "default"))},
    )
    nets = {"group": POLICY, "kind": "NetworkAuthentication", "name": random.choice(NAMES)}
    references = [*random.sample(who, random.choice((0, 1, 1))), *([nets] if random.random() < 0.5 else [])]
    for one in references:
        one |= _some(random, {"namespace": random.choice(("front", "shop"))}, 0.3)
    random.shuffle(references)
    made["spec"] = {"targetRef": random.choice(targets), "requiredAuthenticationRefs": references}
    return made


def _meshtls(random: Random) -> Document:
    spec: Document = {"identities": random.sample(IDENTITIES, random.randint(1, 2))}
    if random.random() < 0.4:
        account = {"kind": "ServiceAccount", "name": random.choice(("web", "cart", "default"))}
        room = {"kind": "Namespace", "name": random.choice(("shop", "front"))}
        spec = {"identityRefs": [random.choice((room, account | _some(random, {"namespace": "front"})))]}
    return _thing(random, "v1alpha1", "MeshTLSAuthentication", spec)


def _networks(random: Random) -> Document:
    return _thing(
        random, "v1alpha1", "NetworkAuthentication", {"networks": random.sample(NETWORKS, random.randint(1, 2))}
    )


def _route(random: Random) -> Document:
    kind = random.choice(("HTTPRoute", "HTTPRoute", "GRPCRoute"))
    gateway = kind == "GRPCRoute" or random.random() < 0.4
    servers = dict.fromkeys(("web", *random.sample(NAMES, random.choice((0, 1, 2)))))
    parents: list[Document] = [{"group": POLICY, "kind": "Server", "name": one} for one in servers]
    if random.random() < 0.1:
        parents[-1] |= random.choice(WRONG)
    rule = _http_rule if kind == "HTTPRoute" else _grpc_rule
    spec: Document = {"parentRefs": parents, "rules": [rule(random) for _ in range(random.choice((1, 1, 2, 3)))]}
    spec |= _some(random, {"hostnames": random.sample(("web.shop.svc", "*.shop.svc", "api.example", "*.svc"), 2)}, 0.2)
    return _thing(random, "v1" if gateway else "v1beta3", kind, spec, GATEWAY if gateway else POLICY)


def _http_rule(random: Random) -> Document:
    matches = []
    for _ in range(random.choice((0, 1, 1, 2))):
        path = {"type": random.choice(("Exact", "PathPrefix")), "value": random.choice(PATHS[:7])}
        if random.random() < 0.15:
            path = {"type": "RegularExpression", "value": random.choice(PATTERNS)}
        matches.append(
            _some(random, {"path": path}, 0.7)
            | _some(random, {"method": random.choice(("GET", "POST"))}, 0.4)
            | _some(random, {"headers": [_header(random)], "queryParams": [_query(random)]}, 0.2)
        )
    elsewhere = {"type": "RequestRedirect", "requestRedirect": {"hostname": "elsewhere.example"}}
    return ({"matches": matches} if matches else {}) | _some(random, {"filters": [elsewhere]}, 0.1)


def _grpc_rule(random: Random) -> Document:
    matches = []
    for _ in range(random.choice((0, 1, 1, 2))):
        rpc = random.choice(({"service": "shop.Cart"}, {"method": "Add"}, {"service": "shop.Cart", "method": "Add"}))
        matches.append(_some(random, {"method": rpc}, 0.8) | _some(random, {"headers": [_header(random)]}, 0.2))
    return {"matches": matches} if matches else {}


def _header(random: Random) -> dict[str, str]:
    if random.random() < 0.3:
        return {"name": "x-team", "type": "RegularExpression", "value": random.choice(("a.*", "a|ab", "[b]"))}
    return {"name": random.choice(("x-team", "X-Team", "x-tier")), "value": random.choice(("a", "b", "1"))}


def _query(random: Random) -> dict[str, str]:
    return {"name": "v", "value": random.choice(("1", "2", ""))} | _some(random, {"type": "Exact"})


MAKERS = (
    (_server, (0, 2, 2, 3, 3, 3)),
    (_route, (0, 0, 1, 2, 3, 4, 5)),
    (_server_authorization, (0, 1, 2)),
    (_policy, (1, 2, 3, 4)),
    (_meshtls, (1, 2, 3)),
    (_networks, (0, 1, 2, 3)),
)
"""What makes objects of each kind, and how many there may be."""
