"""What holds for a whole Linkerd installation, as the posture file or `--option` says it.

None means: what the ConfigMap `linkerd-config` of the control plane says, else Linkerd's default.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.model.addresses import AddressSet
from ringfence.resources.linkerd import DEFAULT_POLICIES

__all__ = ["DEFAULT_POLICIES", "TRANSPORT_HEADER", "TRANSPORT_MODES", "LinkerdOptions"]

TRANSPORT_HEADER = "transport-header"
TRANSPORT_MODES = (TRANSPORT_HEADER, "transparent")


@dataclass(frozen=True, slots=True)
class LinkerdOptions:
    """Cluster-wide settings: the inbound policy of ports without a Server, the cluster's and the probes' networks.

    `outbound_transport_mode`: whether members meet at the proxy's port always or on opaque ports alone.
    """

    default_policy: str | None = None
    cluster_networks: AddressSet | None = None
    probe_networks: AddressSet | None = None
    outbound_transport_mode: str | None = None
