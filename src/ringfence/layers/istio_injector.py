"""What Istio's injector writes where a pod does not say it, and whom it leaves out.

    ConfigMap istio-sidecar-injector  values  global.proxy: `includeInboundPorts`, `excludeInboundPorts`,
                                              `excludeOutboundPorts`, `includeIPRanges`, `excludeIPRanges`
                                      config  `policy`, `neverInjectSelector`, `alwaysInjectSelector`
    ConfigMap istio                   mesh    `defaultConfig.interceptionMode`
    annotation proxy.istio.io/config          `interceptionMode` for one pod; it goes before the mesh's

The pod's own annotations go before all of that. The lists and the policy decide about pods that do not ask for the
proxy themselves (`sidecar.istio.io/inject: "true"`).

Source: istio's `manifests/charts/istio-control/istio-discovery/files/injection-template.yaml`, `pkg/kube/inject/
inject.go` (`injectRequired`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.layers.istio_captured import INTERCEPTION, NOT_REDIRECTED, TRAFFIC
from ringfence.layers.istio_mesh_config import KEY, configuration
from ringfence.layers.mesh_values import label_selector
from ringfence.resources.kubernetes import ConfigMap, LabelSelector, mapping_at

NAME = "istio-sidecar-injector"
PROXY_CONFIG = "proxy.istio.io/config"

WRITTEN = {
    "includeInboundPorts": f"{TRAFFIC}includeInboundPorts",
    "excludeInboundPorts": f"{TRAFFIC}excludeInboundPorts",
    "excludeOutboundPorts": f"{TRAFFIC}excludeOutboundPorts",
    "includeIPRanges": f"{TRAFFIC}includeOutboundIPRanges",
    "excludeIPRanges": f"{TRAFFIC}excludeOutboundIPRanges",
}
"""The injector's values, and the annotations that stand for them."""

MODE = re.compile(r"interceptionMode[\"']?\s*:\s*[\"']?(\w+)")
BY_NUMBER = {"0": "REDIRECT", "1": "TPROXY", "2": NOT_REDIRECTED}
ENABLED = "enabled"

Selectors = tuple[LabelSelector | None, ...]
"""Selectors of pods; None: one that nobody can read."""


@dataclass(frozen=True, slots=True)
class Injector:
    """An installation's injector. `policy`: whether it takes pods that say nothing; not `known`: nobody can read it."""

    defaults: Mapping[str, str] = field(default_factory=dict, hash=False)
    policy: str = ENABLED
    never: Selectors = ()
    always: Selectors = ()
    known: bool = True

    def annotations(self, own: Mapping[str, str]) -> Mapping[str, str]:
        """A pod's annotations with those that it is given."""
        mode = MODE.search(own.get(PROXY_CONFIG, ""))
        of_pod = {INTERCEPTION: BY_NUMBER.get(mode[1], mode[1])} if mode else {}
        return {**self.defaults, **of_pod, **own} if self.defaults or of_pod else own

    def leaves_out(self, labels: Mapping[str, str]) -> bool | None:
        """Whether a pod that does not ask for the proxy gets none; None: nobody knows."""
        if not self.known:
            return None
        never = _selects(self.never, labels)
        if never is not False:
            return never
        if self.policy == ENABLED:
            return False
        always = _selects(self.always, labels)
        return None if always is None else not always


PLAIN = Injector()
"""As it is installed by default."""


def injector(config_maps: Iterable[ConfigMap]) -> Injector:
    """The injector that the control plane's ConfigMaps describe."""
    found = tuple(config_maps)
    mesh = configuration(found)
    default = mapping_at(mesh.parsed if mesh else {}, KEY, "defaultConfig").get("interceptionMode")
    defaults = {} if default is None else {INTERCEPTION: BY_NUMBER.get(str(default), str(default))}
    own = sorted((one for one in found if one.metadata.name.startswith(NAME)), key=lambda one: one.metadata.name)
    if not own:
        return Injector(defaults)
    values, config = mapping_at(own[0].parsed, "values", "global", "proxy"), mapping_at(own[0].parsed, "config")
    defaults |= {WRITTEN[name]: str(value) for name, value in values.items() if name in WRITTEN and value is not None}
    return Injector(
        defaults,
        str(config.get("policy") or ENABLED),
        _selectors(config.get("neverInjectSelector")),
        _selectors(config.get("alwaysInjectSelector")),
        not own[0].unreadable,
    )


def _selectors(written: Any) -> Selectors:
    return tuple(map(label_selector, written)) if isinstance(written, list) else ()


def _selects(selectors: Selectors, labels: Mapping[str, str]) -> bool | None:
    """Whether one of them selects, an empty one nothing; None: one that nobody can read may."""
    if any(one is not None and not one.selects_everything and one.matches(labels) for one in selectors):
        return True
    return None if None in selectors else False
