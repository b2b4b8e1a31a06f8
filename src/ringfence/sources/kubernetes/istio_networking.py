"""DestinationRule, ServiceEntry and Gateway (`networking.istio.io`), as far as the layers need them.

Checked as istiod's admission webhook does (`pkg/config/validation/validation.go`) where it concerns what is read here;
the names of fields are checked everywhere above that, because a misspelt `trafficPolicy` is silently another meaning.
"""

from __future__ import annotations

import re
from ipaddress import ip_network

from ringfence.resources.istio.networking import (
    DestinationRule,
    EntryEndpoint,
    EntryPort,
    GatewayServer,
    IstioGateway,
    PortTraffic,
    ServiceEntry,
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
        protocol(part["protocol"]),
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


def protocol(part: Part) -> str:
    """A protocol as it is written; empty: the proxy looks at the bytes."""
    text = part.text()
    if text and text.lower() not in PROTOCOLS:
        part.refuse(f"{shown(text)} is no protocol that Istio knows", f"write one of {', '.join(PROTOCOLS)}")
    return text


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
