"""ConfigMaps (`v1`), and the YAML that some hold as text: what a mesh's control plane was told.

    linkerd-config           values   the values that Linkerd was installed with
    istio-sidecar-injector   values   what every sidecar is made with (JSON), with or without a revision behind the name
                             config   which pods get one
    istio, istio-<revision>  mesh     Istio's mesh configuration

Such a text is parsed here, because only sources read formats. One that is no mapping is a warning: what it says is not
known, and the product's defaults stand in for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringfence.resources.kubernetes import ConfigMap
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part
from ringfence.sources.yaml_documents import documents


def config_map(part: Part) -> ConfigMap:
    """A ConfigMap with the mesh configuration that it holds."""
    metadata = object_meta(part["metadata"], namespaced=True)
    data = part["data"].mapping_of_texts()
    found = {key: _parsed(part["data"][key], data[key]) for key in _configurations(metadata.name) if key in data}
    parsed = {key: {} if value is None else value for key, value in found.items()}
    return ConfigMap(metadata, data, part.span, parsed, unreadable=None in found.values())


def _configurations(name: str) -> tuple[str, ...]:
    """The keys that hold a control plane's configuration; none where the ConfigMap is none of those."""
    if name == "linkerd-config":
        return ("values",)
    if name.startswith("istio-sidecar-injector"):
        return ("values", "config")
    return ("mesh",) if name == "istio" or name.startswith("istio-") else ()


def _parsed(part: Part, text: str) -> Mapping[str, Any] | None:
    """The text's mapping, None where it is none."""
    found = list(documents(text))
    if not found:
        return {}
    value = found[0].value
    if len(found) > 1 or not isinstance(value, dict):
        problem = found[0].problem
        part.warn(
            f"is no YAML mapping{f': {problem.message}' if problem else ''}",
            "write what the control plane shall read; until then nothing is known of the mesh",
        )
        return None
    return value
