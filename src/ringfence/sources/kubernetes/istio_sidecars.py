"""Sidecar (`networking.istio.io`): what the proxies of some workloads know, and how they listen.

Checked as istiod's admission webhook does (`pkg/config/validation/validation.go`) where it concerns what is read here.
A listener of `egress` without a port is for every port and stands last; of `ingress` each port has one.
"""

from __future__ import annotations

from ipaddress import ip_address

from ringfence.resources.istio.networking import (
    ALLOW_ANY,
    BOUND,
    REDIRECTED,
    REGISTRY_ONLY,
    IngressListener,
    Sidecar,
    SidecarListener,
)
from ringfence.sources.kubernetes import istio_networking, syntax
from ringfence.sources.kubernetes.istio_parts import TOP, workload_selector
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part, shown

CAPTURE_MODES = ("DEFAULT", REDIRECTED, BOUND)
OWN_HOSTS = ("", "127.0.0.1", "0.0.0.0", "[::1]", "[::]")


def sidecar(part: Part) -> Sidecar:
    """A Sidecar."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("workloadSelector", "ingress", "egress", "inboundConnectionPool", "outboundTrafficPolicy")
    if not any(spec[name].present for name in ("ingress", "egress", "inboundConnectionPool", "outboundTrafficPolicy")):
        spec.refuse("says nothing", "give egress hosts, ingress listeners or an outboundTrafficPolicy")
    policy = spec["outboundTrafficPolicy"]
    policy.only("mode", "egressProxy")
    # A policy without a mode has the first one of the protocol's list.
    mode = policy["mode"].one_of((REGISTRY_ONLY, ALLOW_ANY), REGISTRY_ONLY if policy.present else "")
    selector = workload_selector(spec["workloadSelector"], "labels")
    if selector == ():
        spec["workloadSelector"].warn("has no labels: it is for the whole namespace")
    return Sidecar(
        object_meta(part["metadata"], namespaced=True),
        selector or None,
        tuple(_listener(item, last) for item, last in _with_last(spec["egress"].items())),
        mode,
        _ingress(spec["ingress"]),
        part.span,
    )


def _ingress(part: Part) -> tuple[IngressListener, ...]:
    found: dict[int, IngressListener] = {}
    for item in part.items():
        one = _ingress_listener(item)
        if one.port in found and one.port:
            item["port"]["number"].refuse(f"two listeners have port {one.port}")
        found.setdefault(one.port, one)
    return tuple(found.values())


def _ingress_listener(part: Part) -> IngressListener:
    part.only("port", "bind", "captureMode", "defaultEndpoint", "tls", "connectionPool")
    port, tls, bind = part["port"], part["tls"], part["bind"].text()
    port.only("number", "protocol", "name", "targetPort")
    if not port.present:
        port.refuse("is missing")
    elif port["targetPort"].integer():
        port["targetPort"].refuse("has no meaning at a Sidecar", "say where requests go by defaultEndpoint")
    if bind and not _is_address(bind):
        part["bind"].refuse(f"{shown(bind)} is no address")
    _own_endpoint(part["defaultEndpoint"])
    protocol = istio_networking.protocol(port["protocol"])
    if tls.present:
        tls.only(*istio_networking.SERVER_TLS)
        tls["mode"].one_of(("PASSTHROUGH", "SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"), "PASSTHROUGH")
        if protocol.lower() not in ("https", "tls"):
            tls.refuse("stands at a port that is neither HTTPS nor TLS")
    number = syntax.port_number(port["number"]) if port.present else 0
    mode = part["captureMode"].one_of(CAPTURE_MODES, CAPTURE_MODES[0])
    return IngressListener(number, protocol, bind, mode, tls.present)


def _own_endpoint(part: Part) -> None:
    """Where a listener's requests go: a port or a socket of the same pod."""
    text = part.text()
    if not text or text.startswith(istio_networking.UNIX):
        return
    place, colon, port = text.rpartition(":")
    if not colon or place not in OWN_HOSTS or not port.isdecimal() or not 0 < int(port) < 65536:
        part.refuse(f"{shown(text)} is no port of the pod's own", "write 127.0.0.1:8080, 0.0.0.0:8080 or unix:///path")


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _with_last(items: list[Part]) -> list[tuple[Part, bool]]:
    return [(item, index == len(items) - 1) for index, item in enumerate(items)]


def _listener(part: Part, last: bool) -> SidecarListener:
    part.only("port", "bind", "captureMode", "hosts")
    part["port"].only("number", "protocol", "name", "targetPort")
    if not part["port"].present and not last:
        part["port"].refuse("is missing", "only the last listener may be for every port")
    hosts = part["hosts"].items()
    if not hosts:
        part["hosts"].refuse("is empty")
    for item in hosts:
        namespace, slash, name = item.text().partition("/")
        if not slash or not namespace or not istio_networking.HOST.fullmatch(name):
            item.refuse(f"{shown(item.text())} is not namespace/host", "such as ./*, */* or shop/*.example.com")
    number = syntax.port_number(part["port"]["number"], required=False)
    return SidecarListener(tuple(item.text() for item in hosts), number)
