"""What holds for a whole Linkerd installation, with the defaults filled in.

The values come from options, else from the ConfigMap `linkerd-config` (key `values`, the values of the Helm chart),
else from the chart's own defaults. What the ConfigMap says and nobody can read is noted in `wrong`.

    clusterNetworks                   what counts as in the cluster
    proxy.defaultInboundPolicy        for pods without an annotation of their own
    proxy.opaquePorts                 ports whose protocol nobody looks at, where no annotation replaces the list
    proxyInit.ignoreInboundPorts      ports that bypass the proxy, where no annotation replaces the list
    proxyInit.ignoreOutboundPorts     the same for clients
    policyController.probeNetworks    where probes come from
    identityTrustDomain               ends every identity, after the control plane's namespace
    proxy.outboundTransportMode       whether members always meet at the proxy's port (2.18 and newer)
    egress.globalEgressNetworkNamespace
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ringfence.layers.linkerd_options import TRANSPORT_HEADER, TRANSPORT_MODES, LinkerdOptions
from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.mesh_values import Reading, text
from ringfence.model.addresses import AddressSet
from ringfence.model.intervals import IntervalSet
from ringfence.resources.kubernetes import ConfigMap
from ringfence.resources.linkerd import DEFAULT_POLICIES

NAME, KEY = "linkerd-config", "values"

CLUSTER_NETWORKS = AddressSet.of("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")
PROBE_NETWORKS = AddressSet.of("0.0.0.0/0", "::/0")
OPAQUE_PORTS = port_set("25,587,3306,4444,5432,6379,9300,11211")
IGNORED_PORTS = port_set("4567,4568")


@dataclass(frozen=True, slots=True)
class LinkerdValues:
    """An installation. `wrong`: the values that could not be read, as `path: what is wrong`."""

    default_policy: str = "all-unauthenticated"
    cluster_networks: AddressSet = CLUSTER_NETWORKS
    probe_networks: AddressSet = PROBE_NETWORKS
    opaque_ports: IntervalSet = OPAQUE_PORTS
    ignored_inbound: IntervalSet = IGNORED_PORTS
    ignored_outbound: IntervalSet = IGNORED_PORTS
    namespace: str = "linkerd"
    trust_domain: str = "cluster.local"
    egress_namespace: str = "linkerd-egress"
    transport_mode: str = TRANSPORT_HEADER
    wrong: tuple[str, ...] = ()

    def identity(self, service_account: str, namespace: str) -> str:
        """What the mutual TLS of a pod of this account proves; `*` for all accounts of the namespace."""
        return f"{service_account}.{namespace}.serviceaccount.identity.{self.namespace}.{self.trust_domain}"


def configuration(config_maps: Iterable[ConfigMap]) -> ConfigMap | None:
    """The control plane's ConfigMap; None where the files hold none."""
    return next((one for one in config_maps if one.metadata.name == NAME), None)


def values(config_map: ConfigMap | None, options: LinkerdOptions) -> LinkerdValues:
    """The installation that a ConfigMap (None: not in the files) and options describe."""
    reading = Reading(config_map.parsed.get(KEY, {}) if config_map else {})
    plain = LinkerdValues()
    found = LinkerdValues(
        default_policy=options.default_policy
        or reading.value("proxy.defaultInboundPolicy", _policy, plain.default_policy),
        cluster_networks=options.cluster_networks
        if options.cluster_networks is not None
        else reading.value("clusterNetworks", _networks, plain.cluster_networks),
        probe_networks=options.probe_networks
        if options.probe_networks is not None
        else reading.value("policyController.probeNetworks", _networks, plain.probe_networks),
        opaque_ports=reading.value("proxy.opaquePorts", _ports, plain.opaque_ports),
        ignored_inbound=reading.value("proxyInit.ignoreInboundPorts", _ports, plain.ignored_inbound),
        ignored_outbound=reading.value("proxyInit.ignoreOutboundPorts", _ports, plain.ignored_outbound),
        namespace=config_map.metadata.namespace if config_map else plain.namespace,
        trust_domain=reading.value("identityTrustDomain", text, "")
        or reading.value("clusterDomain", text, "")
        or plain.trust_domain,
        egress_namespace=reading.value("egress.globalEgressNetworkNamespace", text, "") or plain.egress_namespace,
        transport_mode=options.outbound_transport_mode
        or reading.value("proxy.outboundTransportMode", _transport_mode, plain.transport_mode),
        wrong=tuple(reading.wrong),
    )
    return found


def _policy(value: Any) -> str:
    if value not in DEFAULT_POLICIES:
        raise ValueError(f"{value!r} is not one of {', '.join(DEFAULT_POLICIES)}")
    return str(value)


def _transport_mode(value: Any) -> str:
    if value not in TRANSPORT_MODES:
        raise ValueError(f"{value!r} is not one of {', '.join(TRANSPORT_MODES)}")
    return str(value)


def _networks(value: Any) -> AddressSet:
    entries = value if isinstance(value, list) else text(value).split(",")
    return AddressSet.of(*(one.strip() for one in map(text, entries) if one.strip()))


def _ports(value: Any) -> IntervalSet:
    return port_set(str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value))
