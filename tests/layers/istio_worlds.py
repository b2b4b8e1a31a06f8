"""A cluster with Istio in few words, and in which transport TCP goes from one of its pods to another."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ringfence.engine.reach import Reachability
from ringfence.model.headers import HeaderSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Chain, Purpose
from ringfence.model.spans import Span
from ringfence.network import Network
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options

NETWORKING, SECURITY = "networking.istio.io/v1", "security.istio.io/v1"
IN_MESH = {"istio-injection": "enabled"}
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def thing(api_version: str, kind: str, name: str, spec: dict[str, Any], created: str = "") -> dict[str, Any]:
    """An object from `namespace/name`, or a name in namespace `shop`."""
    namespace, _, short = name.rpartition("/")
    metadata = {"name": short, "namespace": namespace or "shop"}
    metadata |= {"creationTimestamp": created} if created else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def namespace(name: str, **labels: str) -> dict[str, Any]:
    named = {key.replace("_", "-"): value for key, value in labels.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": named}}


SHOP, PLAIN, OTHER = (
    namespace("shop", istio_injection="enabled"),
    namespace("plain"),
    namespace("other", istio_injection="enabled"),
)
PEOPLE = (SHOP, PLAIN, OTHER)


def pod(
    name: str,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    address: str = "",
    **spec: Any,
) -> dict[str, Any]:
    """A pod whose label `app` is its name."""
    made = thing("v1", "Pod", name, {"containers": [{"name": "app", "image": "app"}], **spec})
    made["metadata"] |= {"labels": {"app": made["metadata"]["name"], **(labels or {})}}
    made["metadata"] |= {"annotations": annotations or {}}
    return made | ({"status": {"podIP": address}} if address else {})


def service(name: str, *numbers: tuple[int, int], app: str = "", port_name: str = "tcp", **spec: Any) -> dict[str, Any]:
    """A Service for the pods of its name (or of `app`); `numbers` are its ports with those of the pods."""
    listed = [
        {"name": f"{port_name}-{number}", "port": number, "targetPort": target}
        for number, target in numbers or ((80, 8080),)
    ]
    return thing("v1", "Service", name, {"selector": {"app": app or name.rpartition("/")[2]}, "ports": listed, **spec})


def peer(name: str, mode: str | None = None, app: str = "", created: str = "", **at_ports: str) -> dict[str, Any]:
    """A PeerAuthentication; `at_ports` as `p8080="STRICT"`."""
    spec: dict[str, Any] = {} if mode is None else {"mtls": {"mode": mode}}
    spec |= {"selector": {"matchLabels": {"app": app}}} if app else {}
    spec |= {"portLevelMtls": {port[1:]: {"mode": one} for port, one in at_ports.items()}} if at_ports else {}
    return thing(SECURITY, "PeerAuthentication", name, spec, created)


def tls(mode: str | None) -> dict[str, Any]:
    """A traffic policy with this TLS mode; None: one that does not speak of it."""
    if mode is None:
        return {"connectionPool": {"tcp": {"maxConnections": 100}}}
    keys = {"clientCertificate": "/c", "privateKey": "/k"} if mode == "MUTUAL" else {}
    return {"tls": {"mode": mode, **keys}}


def destination(name: str, host: str, mode: str | None = None, created: str = "", **spec: Any) -> dict[str, Any]:
    policy = {} if mode is None else {"trafficPolicy": tls(mode)}
    return thing(NETWORKING, "DestinationRule", name, {"host": host, **policy, **spec}, created)


def virtual(name: str, host: str, **spec: Any) -> dict[str, Any]:
    return thing(NETWORKING, "VirtualService", name, {"hosts": [host], **spec})


class World:
    """The cluster of these objects."""

    def __init__(self, *things: dict[str, Any], options: Options | None = None) -> None:
        found, diagnostics = from_documents([Document(one, Span(f"{index}.yaml")) for index, one in enumerate(things)])
        assert [one for one in diagnostics if one.severity == "error"] == []
        self.objects: KubernetesObjects = found
        self.topology = build(found, options)

    @cached_property
    def reach(self) -> Reachability:
        return Reachability(self.topology.network)

    def pod(self, name: str) -> Endpoint:
        space, _, short = name.rpartition("/")
        return next(one for one in self.topology.network.endpoints if one.id == f"{space or 'shop'}/{short}[Pod]")

    def sent(self, client: str, server: str, port: int = 8080) -> str:
        """What the client's proxy sends: `mtls`, `plaintext`, `either`, `nothing`."""
        return _named(self.reach.sent(self.pod(client), self.pod(server)), port)

    def withheld(self, client: str, server: str, port: int = 8080) -> bool:
        """Whether the client's proxy may send nothing."""
        return _named(self.reach.withheld(self.pod(client), self.pod(server)), port) != "nothing"

    def taken(self, server: str, client: str, port: int = 8080) -> str:
        """What the server's proxy may take from the client, in the same words; both is `either`."""
        return _named(self.reach.taken(self.pod(client), self.pod(server)), port)

    def transport(self, client: str, server: str, port: int = 8080) -> str:
        """How TCP goes: `strict`, `permissive`, `plaintext`, `refused`, `unknown`."""
        source, target = (one if "/" in one else f"shop/{one}" for one in (client, server))
        return str(Network(self.topology).reach(source, target, f"tcp/{port}").explain().transport)

    def chain(self, purpose: Purpose) -> Chain:
        """The chain of sidecars with this purpose."""
        chains = self.topology.network.locations["pods"].chains
        return next(one for one in chains if one.purpose is purpose and one.layer == "Istio mTLS")

    def spans(self, purpose: Purpose, action: Action = Action.DENY) -> set[tuple[str, str]]:
        """Scope and span of every rule that does this."""
        stages = self.chain(purpose).stages
        rules = ((scope, rule) for stage in stages for scope in stage.scopes for rule in scope.rules)
        return {(scope.name, str(rule.span)) for scope, rule in rules if rule.action is action}


def _named(headers: HeaderSet, port: int) -> str:
    mutual, plain = ((40000, port) in region for region in (headers.mtls, headers.tcp))
    return {(True, True): "either", (True, False): "mtls", (False, True): "plaintext"}.get((mutual, plain), "nothing")
