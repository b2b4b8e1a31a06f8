"""PeerAuthentication (`security.istio.io`), checked as the API server and istiod's admission webhook do.

Sources: the custom resource definition, `ValidatePeerAuthentication` of `pkg/config/validation/validation.go`. A
selector without labels is the same as none: the policy is for its whole namespace, or for the mesh.
"""

from __future__ import annotations

import re

from ringfence.resources.istio.authentication import MutualTlsMode, PeerAuthentication
from ringfence.resources.istio.authorization import DRY_RUN
from ringfence.sources.kubernetes.istio_parts import TOP, workload_selector
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part, shown

MODES = tuple(MutualTlsMode)
PORT = re.compile(r"[0-9]{1,5}")
MOST_PORTS = 65535


def peer_authentication(part: Part) -> PeerAuthentication:
    """A `security.istio.io/v1` or `v1beta1` PeerAuthentication."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("selector", "mtls", "portLevelMtls")
    annotation = part["metadata"]["annotations"][DRY_RUN]
    if annotation.present:
        annotation.refuse("only an AuthorizationPolicy can be tried dry")
    selector = workload_selector(spec["selector"])
    if selector == ():
        spec["selector"].warn("has no labels: the policy is for the whole namespace")
    ports = _ports(spec["portLevelMtls"])
    if spec["portLevelMtls"].present:
        if not ports:
            spec["portLevelMtls"].refuse("is empty", "name a port, or leave it out")
        elif not selector:
            spec["portLevelMtls"].refuse("needs a selector with labels", "ports are those of selected workloads")
    return PeerAuthentication(
        metadata=object_meta(part["metadata"], namespaced=True),
        mode=_mode(spec["mtls"]),
        selector=selector or (),
        port_level=tuple(sorted(ports)),
        span=part.span,
    )


def _ports(part: Part) -> list[tuple[int, MutualTlsMode]]:
    found = []
    for name, item in part.parts():
        if not item.present:
            continue
        number = int(name) if PORT.fullmatch(name) else 0
        if not 1 <= number <= MOST_PORTS:
            item.refuse(f"{shown(name)} is not a port (1 to {MOST_PORTS})")
        found.append((number, _mode(item)))
    return found


def _mode(part: Part) -> MutualTlsMode:
    part.only("mode")
    text = part["mode"].one_of(MODES, MutualTlsMode.UNSET)
    return MutualTlsMode(text) if text in MODES else MutualTlsMode.UNSET
