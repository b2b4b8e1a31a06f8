"""What holds for a whole Istio mesh, as the posture file or `--option` says it.

None means: what the ConfigMap `istio` of the control plane says, else Istio's default.
"""

from __future__ import annotations

from dataclasses import dataclass

NORMALIZATIONS = ("NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES")
PROTOCOLS = ("grpc", "http")
DECISIONS = ("allow", "deny")


@dataclass(frozen=True, slots=True)
class Authorizer:
    """An external authorizer: how Envoy asks it, and what it answers (empty: not known)."""

    protocol: str
    decision: str = ""


@dataclass(frozen=True, slots=True)
class IstioOptions:
    """Mesh-wide settings. `ext_authz` names the CUSTOM providers that can be used; None: those of the mesh's config."""

    root_namespace: str | None = None
    trust_domain: str | None = None
    trust_domain_aliases: tuple[str, ...] | None = None
    path_normalization: str | None = None
    ext_authz: tuple[tuple[str, Authorizer], ...] | None = None
    multiple_custom_providers: bool = False
