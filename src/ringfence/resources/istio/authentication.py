"""PeerAuthentication of `security.istio.io`: which transports the proxies of some workloads take.

What absence and emptiness mean (`istio.io/api/security/v1beta1/peer_authentication.proto`):

    mode UNSET                 what the wider policy says: workload, namespace, mesh, then PERMISSIVE
    selector without labels    the whole namespace, or the whole mesh in the root namespace
    port_level                 by the workload's own port; never there without labels to select by
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import ObjectMeta


class MutualTlsMode(StrEnum):
    """What a server's proxy takes: plaintext alone, both, mutual TLS alone; `UNSET` says nothing."""

    UNSET = "UNSET"
    DISABLE = "DISABLE"
    PERMISSIVE = "PERMISSIVE"
    STRICT = "STRICT"


@dataclass(frozen=True, slots=True)
class PeerAuthentication:
    """One policy. `selector`: labels that a workload must have, sorted by key; `port_level`: sorted by port."""

    metadata: ObjectMeta
    mode: MutualTlsMode = MutualTlsMode.UNSET
    selector: tuple[tuple[str, str], ...] = ()
    port_level: tuple[tuple[int, MutualTlsMode], ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def mode_at(self, port: int) -> MutualTlsMode | None:
        """What it says of one port; None where it does not name it."""
        return dict(self.port_level).get(port)
