"""What holds for a whole Linkerd installation, as the posture file or `--option` says it.

None means: what the ConfigMap `linkerd-config` of the control plane says, else Linkerd's default.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.model.addresses import AddressSet
from ringfence.resources.linkerd import DEFAULT_POLICIES

__all__ = ["DEFAULT_POLICIES", "LinkerdOptions"]


@dataclass(frozen=True, slots=True)
class LinkerdOptions:
    """Cluster-wide settings: the inbound policy of ports without a Server, the cluster's and the probes' networks."""

    default_policy: str | None = None
    cluster_networks: AddressSet | None = None
    probe_networks: AddressSet | None = None
