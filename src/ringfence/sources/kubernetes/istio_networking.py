"""DestinationRule, ServiceEntry, Sidecar and Gateway (`networking.istio.io`), as far as the layers need them.

Checked as istiod's admission webhook does (`pkg/config/validation/validation.go`) where it concerns what is read here;
the names of fields are checked everywhere above that, because a misspelt `trafficPolicy` is silently another meaning.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

from ringfence.resources.istio.networking import (
    ALLOW_ANY,
    BOUND,
    REDIRECTED,
    REGISTRY_ONLY,
    DestinationRule,
    EntryEndpoint,
    EntryPort,
    GatewayServer,
    IngressListener,
    IstioGateway,
    PortTraffic,
    ServiceEntry,
    Sidecar,
    SidecarListener,
    Subset,
    TlsMode,
    TrafficPolicy,
)
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.istio_parts import TOP, export_to, selected_labels, workload_selector
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part, shown

CLIENT_MODES = tuple(TlsMode)
SERVER_MODES = ("PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL")
LOCATIONS = ("MESH_EXTERNAL", "MESH_INTERNAL")
RESOLUTIONS = ("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS")
_LABEL = r"[A-Za-z0-9_](?:[-A-Za-z0-9_]*[A-Za-z0-9_])?"
HOST = re.compile(rf"\*|(?:\*\.)?{_LABEL}(?:\.{_LABEL})*\.?")
LONGEST_HOST = 253
PROTOCOLS = (
    "tcp", "udp", "grpc", "grpc-web", "http", "http_proxy", "http2", "https", "tls", "mongo", "redis", "mysql",
)  # fmt: skip
CAPTURE_MODES = ("DEFAULT", REDIRECTED, BOUND)
OWN_HOSTS = ("", "127.0.0.1", "0.0.0.0", "[::1]", "[::]")
UNIX = "unix://"

TRAFFIC = ("loadBalancer", "connectionPool", "outlierDetection", "tls")
TLS = (
    "mode", "clientCertificate", "privateKey", "caCertificates", "credentialName", "subjectAltNames", "sni",
    "insecureSkipVerify", "caCrl",
)  # fmt: skip
CERTIFICATES = ("clientCertificate", "privateKey", "caCertificates")
SERVER_TLS = (
    "httpsRedirect", "mode", "serverCertificate", "privateKey", "caCertificates", "credentialName", "credentialNames",
    "caCertCredentialName", "tlsCertificates", "subjectAltNames", "verifyCertificateSpki", "verifyCertificateHash",
    "minProtocolVersion", "maxProtocolVersion", "cipherSuites", "caCrl",
)  # fmt: skip


def destination_rule(part: Part) -> DestinationRule:
    """A DestinationRule."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("host", "trafficPolicy", "subsets", "exportTo", "workloadSelector")
    metadata = object_meta(part["metadata"], namespaced=True)
    selector = workload_selector(spec["workloadSelector"])
    exported = export_to(spec["exportTo"], metadata.namespace)
    if selector is not None and exported not in ((), (".",), (metadata.namespace,)):
        spec["exportTo"].refuse("a rule with a workloadSelector stays in its own namespace")
    subsets = tuple(_subset(item) for item in spec["subsets"].items())
    names = [one.name for one in subsets]
    for item in spec["subsets"].items():
        if names.count(item["name"].value) > 1:
            item["name"].refuse(f"{shown(item['name'].text())} is the name of two subsets")
    return DestinationRule(
        metadata, host(spec["host"]), _policy(spec["trafficPolicy"]), subsets, exported, selector, part.span
    )


def host(part: Part) -> str:
    """A host name that must be there, perhaps short, perhaps with `*` in front."""
    text = part.text()
    if not text:
        part.refuse("is missing")
    elif len(text) > LONGEST_HOST or not HOST.fullmatch(text):
        part.refuse(f"{shown(text)} is not a host name ('*' alone or as the first label)")
    return text


def _subset(part: Part) -> Subset:
    part.only("name", "labels", "trafficPolicy")
    name = part["name"].text()
    if not name:
        part["name"].refuse("is missing")
    return Subset(name, tuple(sorted(part["labels"].mapping_of_texts().items())), _policy(part["trafficPolicy"]))


def _policy(part: Part) -> TrafficPolicy | None:
    if not part.present:
        return None
    part.only(*TRAFFIC, "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget")
    if not part.entries():
        part.refuse("is empty", "leave it out, or say something in it")
    ports = []
    for item in part["portLevelSettings"].items():
        item.only(*TRAFFIC, "port")
        if not item["port"].present:
            item["port"].refuse("is missing")
            continue
        item["port"].only("number")
        ports.append(PortTraffic(syntax.port_number(item["port"]["number"]), _client_tls(item["tls"]), _kept(item)))
    return TrafficPolicy(_client_tls(part["tls"]), tuple(ports), _kept(part))


def _kept(part: Part) -> bool:
    """Whether the load balancer keeps the address that the client dialled."""
    return part["loadBalancer"]["simple"].text() == "PASSTHROUGH"


def _client_tls(part: Part) -> TlsMode | None:
    if not part.present:
        return None
    part.only(*TLS)
    text = part["mode"].one_of(CLIENT_MODES, TlsMode.DISABLE)
    mode = TlsMode(text) if text in CLIENT_MODES else TlsMode.DISABLE
    given = [name for name in CERTIFICATES if part[name].text()]
    by_name = part["credentialName"].text()
    if mode is TlsMode.MUTUAL and not by_name and not {"clientCertificate", "privateKey"} <= set(given):
        part.refuse("MUTUAL needs a clientCertificate and a privateKey, or a credentialName")
    if mode in (TlsMode.ISTIO_MUTUAL, TlsMode.MUTUAL) and by_name and given:
        part["credentialName"].refuse(f"stands beside {', '.join(given)}", "give one of the two")
    elif mode is TlsMode.ISTIO_MUTUAL and (given or by_name):
        part.refuse("ISTIO_MUTUAL takes Istio's own certificates", "leave the certificates out, or write MUTUAL")
    return mode


def service_entry(part: Part) -> ServiceEntry:
    """A ServiceEntry."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only(
        "hosts", "addresses", "ports", "location", "resolution", "endpoints", "workloadSelector", "exportTo",
        "subjectAltNames",
    )  # fmt: skip
    metadata = object_meta(part["metadata"], namespaced=True)
    hosts = tuple(host(item) for item in spec["hosts"].items())
    if not hosts:
        spec["hosts"].refuse("is empty")
    for item, text in zip(spec["hosts"].items(), hosts, strict=True):
        if text == "*":
            item.refuse("'*' alone is no host of a ServiceEntry")
    selector = workload_selector(spec["workloadSelector"], "labels")
    if selector is not None and spec["endpoints"].items():
        spec["workloadSelector"].refuse("stands beside endpoints", "give one of the two")
    return ServiceEntry(
        metadata,
        hosts,
        tuple(_block(item) for item in spec["addresses"].items()),
        tuple(_entry_port(item) for item in spec["ports"].items()),
        spec["location"].one_of(LOCATIONS, LOCATIONS[0]),
        spec["resolution"].one_of(RESOLUTIONS, RESOLUTIONS[0]),
        tuple(_entry_endpoint(item) for item in spec["endpoints"].items()),
        selector,
        export_to(spec["exportTo"], metadata.namespace, nobody=True),
        part.span,
    )


def _block(part: Part) -> str:
    text = part.text()
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        part.refuse(f"{shown(text)} is no address and no block of addresses (CIDR)")
        return ""


def _entry_port(part: Part) -> EntryPort:
    part.only("number", "protocol", "name", "targetPort")
    if not part["name"].text():
        part["name"].refuse("is missing")
    return EntryPort(
        syntax.port_number(part["number"]),
        _protocol(part["protocol"]),
        part["name"].text(),
        syntax.port_number(part["targetPort"], required=False),
    )


def _entry_endpoint(part: Part) -> EntryEndpoint:
    part.only("address", "ports", "labels", "network", "locality", "weight", "serviceAccount")
    return EntryEndpoint(
        part["address"].text(),
        tuple(sorted(part["labels"].mapping_of_texts().items())),
        tuple(sorted((name, syntax.port_number(item)) for name, item in part["ports"].parts())),
        part["serviceAccount"].text(),
    )


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
    protocol = _protocol(port["protocol"])
    if tls.present:
        tls.only(*SERVER_TLS)
        tls["mode"].one_of(("PASSTHROUGH", "SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"), "PASSTHROUGH")
        if protocol.lower() not in ("https", "tls"):
            tls.refuse("stands at a port that is neither HTTPS nor TLS")
    number = syntax.port_number(port["number"]) if port.present else 0
    mode = part["captureMode"].one_of(CAPTURE_MODES, CAPTURE_MODES[0])
    return IngressListener(number, protocol, bind, mode, tls.present)


def _own_endpoint(part: Part) -> None:
    """Where a listener's requests go: a port or a socket of the same pod."""
    text = part.text()
    if not text or text.startswith(UNIX):
        return
    place, colon, port = text.rpartition(":")
    if not colon or place not in OWN_HOSTS or not port.isdecimal() or not 0 < int(port) < 65536:
        part.refuse(f"{shown(text)} is no port of the pod's own", "write 127.0.0.1:8080, 0.0.0.0:8080 or unix:///path")


def _protocol(part: Part) -> str:
    """A protocol as it is written; empty: the proxy looks at the bytes."""
    text = part.text()
    if text and text.lower() not in PROTOCOLS:
        part.refuse(f"{shown(text)} is no protocol that Istio knows", f"write one of {', '.join(PROTOCOLS)}")
    return text


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
        if not slash or not namespace or not HOST.fullmatch(name):
            item.refuse(f"{shown(item.text())} is not namespace/host", "such as ./*, */* or shop/*.example.com")
    number = syntax.port_number(part["port"]["number"], required=False)
    return SidecarListener(tuple(item.text() for item in hosts), number)


def gateway(part: Part) -> IstioGateway:
    """A Gateway of `networking.istio.io` (that of the Gateway API is another kind)."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("servers", "selector")
    if not spec["servers"].items():
        spec["servers"].refuse("is empty")
    return IstioGateway(
        object_meta(part["metadata"], namespaced=True),
        selected_labels(spec["selector"]),
        tuple(_server(item) for item in spec["servers"].items()),
        part.span,
    )


def _server(part: Part) -> GatewayServer:
    part.only("port", "bind", "hosts", "tls", "defaultEndpoint", "name")
    port, tls = part["port"], part["tls"]
    port.only("number", "protocol", "name", "targetPort")
    tls.only(*SERVER_TLS)
    if not port.present:
        port.refuse("is missing")
    if not part["hosts"].items():
        part["hosts"].refuse("is empty")
    mode = tls["mode"].one_of(SERVER_MODES, SERVER_MODES[0] if tls.present else "")
    redirects = tls["httpsRedirect"].boolean()
    if redirects and not tls["mode"].present:
        mode = ""  # a plaintext port that sends clients to the other one
    return GatewayServer(
        syntax.port_number(port["number"]) if port.present else 0,
        port["protocol"].text(),
        part["hosts"].texts(),
        mode,
        redirects,
    )
