"""What holds for a whole Istio mesh: options, else the control plane's ConfigMap, else Istio's defaults.

The ConfigMap is called `istio` (`istio-<revision>` for other control planes); its key `mesh` holds YAML, of which these
entries matter here:

    rootNamespace                      else the namespace that the ConfigMap lives in
    trustDomain, trustDomainAliases
    enableAutoMtls
    pathNormalization.normalization
    outboundTrafficPolicy.mode
    extensionProviders[]               envoyExtAuthzGrpc and envoyExtAuthzHttp are external authorizers
    defaultDestinationRuleExportTo, defaultVirtualServiceExportTo, defaultServiceExportTo

Source: `istio.io/api/mesh/v1alpha1/config.proto`, `pkg/config/mesh/mesh.go` (the defaults).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ringfence.layers.istio_options import NORMALIZATIONS, IstioOptions
from ringfence.layers.mesh_values import Reading, text
from ringfence.resources.istio.mesh_config import ExtensionProvider, MeshConfig
from ringfence.resources.istio.networking import ALLOW_ANY, REGISTRY_ONLY
from ringfence.resources.kubernetes import ConfigMap

NAME, KEY = "istio", "mesh"
AUTHORIZERS = {"envoyExtAuthzGrpc": "grpc", "envoyExtAuthzHttp": "http"}


def configuration(config_maps: Iterable[ConfigMap]) -> ConfigMap | None:
    """The control plane's ConfigMap: `istio`, else the first of a revision; None where the files hold none."""
    found = [one for one in config_maps if KEY in one.parsed]
    plain = (one for one in found if one.metadata.name == NAME)
    return next(plain, found[0] if found else None)


def mesh_config(config_map: ConfigMap | None, options: IstioOptions) -> MeshConfig:
    """The mesh that a ConfigMap (None: not in the files) and options describe."""
    plain = MeshConfig()
    reading = Reading(config_map.parsed[KEY] if config_map else {})
    home = config_map.metadata.namespace if config_map else plain.root_namespace
    found = MeshConfig(
        root_namespace=reading.value("rootNamespace", text, "") or home,
        trust_domain=reading.value("trustDomain", text, "") or plain.trust_domain,
        trust_domain_aliases=reading.value("trustDomainAliases", _texts, ()),
        path_normalization=_normalization(reading),
        extension_providers=reading.value("extensionProviders", _providers, ()),
        enable_auto_mtls=reading.value("enableAutoMtls", _truth, True),
        outbound_traffic_policy=reading.value("outboundTrafficPolicy.mode", _outbound, ALLOW_ANY),
        default_destination_rule_export_to=reading.value("defaultDestinationRuleExportTo", _texts, ()) or ("*",),
        default_virtual_service_export_to=reading.value("defaultVirtualServiceExportTo", _texts, ()) or ("*",),
        default_service_export_to=reading.value("defaultServiceExportTo", _texts, ()) or ("*",),
    )
    aliases, normalization = options.trust_domain_aliases, options.path_normalization
    return MeshConfig(
        options.root_namespace or found.root_namespace,
        options.trust_domain or found.trust_domain,
        found.trust_domain_aliases if aliases is None else aliases,
        found.path_normalization if normalization is None else normalization,
        found.extension_providers,
        found.enable_auto_mtls,
        found.outbound_traffic_policy,
        found.default_destination_rule_export_to,
        found.default_virtual_service_export_to,
        found.default_service_export_to,
        tuple(reading.wrong),
    )


def by_option(options: IstioOptions) -> frozenset[str]:
    """The paths of the configuration that options say something else instead of."""
    said = {
        "rootNamespace": options.root_namespace,
        "trustDomain": options.trust_domain,
        "trustDomainAliases": options.trust_domain_aliases,
        "pathNormalization.normalization": options.path_normalization,
        "extensionProviders": options.ext_authz,
    }
    return frozenset(path for path, value in said.items() if value is not None)


def _normalization(reading: Reading) -> str:
    found = reading.value("pathNormalization.normalization", text, "")
    if found in ("", "DEFAULT"):
        return "BASE"
    if found not in NORMALIZATIONS:
        reading.wrong.append(f"pathNormalization.normalization: {found!r} is not one of {', '.join(NORMALIZATIONS)}")
        return "BASE"
    return found


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("is no list")
    return tuple(map(text, value))


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _outbound(value: Any) -> str:
    if value not in (ALLOW_ANY, REGISTRY_ONLY):
        raise ValueError(f"{value!r} is not one of {ALLOW_ANY}, {REGISTRY_ONLY}")
    return str(value)


def _providers(value: Any) -> tuple[ExtensionProvider, ...]:
    if not isinstance(value, list):
        raise ValueError("is no list")
    return tuple(_provider(one) for one in value)


def _provider(value: Any) -> ExtensionProvider:
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        raise ValueError("holds an entry without a name")
    for kind, protocol in AUTHORIZERS.items():
        settings = value.get(kind)
        if isinstance(settings, Mapping):
            return ExtensionProvider(value["name"], protocol, settings.get("failOpen") is True)
    return ExtensionProvider(value["name"])
