"""Machines outside of the cluster that Istio's registry holds (`networking.istio.io`).

    address      an IP address, a name, or `unix://` and a path; empty: of another network
    ports        by the names of the ports of Services and ServiceEntries, where they differ from what those say
    labels       those of metadata go before those of spec
    account      what its proxy proves; empty: it has none of its own, unless `security.istio.io/tlsMode` says so

A WorkloadGroup is what machines have that register by themselves; their addresses are not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.istio.networking import Labels
from ringfence.resources.kubernetes.metadata import ObjectMeta


@dataclass(frozen=True, slots=True)
class Machine:
    """A WorkloadEntry, or a WorkloadGroup (`kind`)."""

    kind: str
    metadata: ObjectMeta
    address: str = ""
    labels: Labels = ()
    ports: tuple[tuple[str, int], ...] = ()
    account: str = ""
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def title(self) -> str:
        """`namespace/name[Kind]`, as workloads are called."""
        return f"{self.metadata.qualified_name}[{self.kind}]"
