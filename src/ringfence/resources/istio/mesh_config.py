"""The mesh configuration (`istio.io/api/mesh/v1alpha1`): what holds for everything under one control plane.

It stands in the ConfigMap `istio` of the control plane's namespace, as YAML under the key `mesh`. The defaults below
are Istio's own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExtensionProvider:
    """A provider that policies name. `protocol`: `grpc` or `http` for external authorizers, empty for other kinds.

    `fail_open`: requests pass where the authorizer does not answer.
    """

    name: str
    protocol: str = ""
    fail_open: bool = False


@dataclass(frozen=True, slots=True)
class MeshConfig:
    """One control plane's settings.

    `path_normalization`: NONE, BASE, MERGE_SLASHES, DECODE_AND_MERGE_SLASHES. `outbound_traffic_policy`: ALLOW_ANY or
    REGISTRY_ONLY. The `default_*_export_to`: what objects without `exportTo` have. `wrong`: what could not be read, as
    `path: why`; the default stands in for it.
    """

    root_namespace: str = "istio-system"
    trust_domain: str = "cluster.local"
    trust_domain_aliases: tuple[str, ...] = ()
    path_normalization: str = "BASE"
    extension_providers: tuple[ExtensionProvider, ...] = ()
    enable_auto_mtls: bool = True
    outbound_traffic_policy: str = "ALLOW_ANY"
    default_destination_rule_export_to: tuple[str, ...] = ("*",)
    default_virtual_service_export_to: tuple[str, ...] = ("*",)
    default_service_export_to: tuple[str, ...] = ("*",)
    wrong: tuple[str, ...] = ()
