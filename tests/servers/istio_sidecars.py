"""From manifests and a workload of theirs to the sidecar that Istio gives it, and from a probe to a real request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.servers import authorizers
from tests.servers.envoy import Request, Sidecar
from tests.servers.istio import Istio, Manifest, on_loopback
from tests.servers.spiffe import Issuer

ISTIO = ("security.istio.io/", "networking.istio.io/")
HTTP_NAMES = ("http", "http2", "grpc", "grpc-web")


def sidecar(
    istio: Istio,
    issuer: Issuer,
    manifests: Iterable[Manifest],
    namespace: str,
    labels: Mapping[str, str],
    options: Mapping[str, Any],
) -> Sidecar:
    """The sidecar of a workload; `options` are those of `cases/mesh/README.md`."""
    documents = list(manifests)
    ports = protocols(documents, namespace, labels)
    objects = [on_loopback(with_keys(one, issuer)) for one in documents if one["apiVersion"].startswith(ISTIO)]
    multiple = bool(options.get("istio_multiple_custom_providers"))
    answer = istio.ask(objects, namespace, labels, ports, mesh(options), authorizers.HOSTS, multiple)
    normalization = options.get("istio_path_normalization", "BASE")
    return Sidecar(ports, answer.http, answer.tcp, answer.modes, normalization)


def protocols(manifests: Iterable[Manifest], namespace: str, labels: Mapping[str, str]) -> dict[int, str]:
    """What the Services of a workload say of its ports, which have numbers as targets."""
    found: dict[int, str] = {}
    for one in manifests:
        if one["kind"] != "Service" or one["metadata"]["namespace"] != namespace:
            continue
        if not one["spec"].get("selector", {"": ""}).items() <= labels.items():
            continue
        for port in one["spec"]["ports"]:
            kind = port.get("appProtocol") or port.get("name", "").partition("-")[0]
            found[port.get("targetPort", port["port"])] = "http" if kind in HTTP_NAMES else "tcp"
    return found


def mesh(options: Mapping[str, Any]) -> dict[str, Any]:
    """The mesh configuration that the options stand for."""
    keys = {
        "root_namespace": "rootNamespace",
        "trust_domain": "trustDomain",
        "trust_domain_aliases": "trustDomainAliases",
    }
    found = {field: options[f"istio_{name}"] for name, field in keys.items() if f"istio_{name}" in options}
    known = options.get("istio_ext_authz", {})
    found["extensionProviders"] = [
        authorizers.provider(name, one["protocol"], one["decision"]) for name, one in known.items()
    ]
    return found


def with_keys(manifest: Manifest, issuer: Issuer) -> Manifest:
    """A RequestAuthentication has its keys from our issuer, and at hand: nothing is fetched."""
    if manifest["kind"] != "RequestAuthentication":
        return manifest
    rules = [
        {**{key: value for key, value in rule.items() if key != "jwksUri"}, "jwks": issuer.keys}
        for rule in manifest["spec"].get("jwtRules", [])
    ]
    return {**manifest, "spec": {**manifest["spec"], "jwtRules": rules}}


STRANGER = Issuer()
"""Signs tokens that nobody trusts."""


def request(http: Mapping[str, Any], issuer: Issuer) -> Request:
    """A request as probes tell it: `method`, `path`, `host`, `headers`, `claims`, `token`, `token_in`."""
    path = http.get("path", "/")
    headers = [
        (name, value)
        for name, values in http.get("headers", {}).items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    if "claims" in http or "token" in http:
        state = http.get("token", "valid")
        signer = STRANGER if state == "invalid" else issuer
        token = signer.token(http.get("claims", {}), expired=state == "expired")
        place = http.get("token_in", {"header": "Authorization", "prefix": "Bearer "})
        if "param" in place:
            path += f"{'&' if '?' in path else '?'}{place['param']}={token}"
        elif "cookie" in place:
            headers.append(("Cookie", f"{place['cookie']}={token}"))
        else:
            headers.append((place["header"], f"{place.get('prefix', '')}{token}"))
    loopback = tuple((name, on_loopback(value)) for name, value in headers)
    return Request(http.get("method", "GET"), path, http.get("host", "web"), loopback)
