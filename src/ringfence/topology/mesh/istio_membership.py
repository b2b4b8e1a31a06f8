"""Which pods are in Istio's mesh, and by what.

A **sidecar** is there where the template has a container `istio-proxy`, or where both the webhooks' selectors and the
injector take the pod:

    namespace label istio-injection    `enabled` takes its pods; any other value none, whatever else is said
    namespace label istio.io/rev       takes its pods (for the revision or tag that it names)
    neither                            pods with the label sidecar.istio.io/inject: "true" or istio.io/rev
    label sidecar.istio.io/inject      else the annotation: "true" or absent injects, anything else does not;
                                       the annotation alone takes no pod of a namespace without labels
    the injector's configuration       may leave out pods that say nothing (`layers.istio_injector`)

**Ambient** takes pods of a namespace labelled `istio.io/dataplane-mode: ambient`, or with that label themselves, unless
the pod's own label says otherwise or it has a sidecar; it may take a gateway beside its proxy (`gateway_in_ambient`).
Neither takes pods of the host's network or of system namespaces.
A **gateway** is a proxy without application: injected from the template `gateway`, labelled `istio: ingressgateway` or
the like, or a proxy that runs as `router`. A **waypoint** is made by a Gateway of the mesh's own class.

Nobody knows the labels of a namespace that no file declares: its pods may be members, unless their own labels decide.

Sources: istio's `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`, `pkg/kube/inject/
inject.go` (`injectRequired`), `cni/pkg/util/podutil.go` (`PodRedirectionEnabled`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ringfence.layers.istio_inbound import is_gateway
from ringfence.layers.istio_injector import PLAIN, Injector
from ringfence.layers.istio_waypoint import GATEWAY_NAME, MANAGED, MANAGED_BY, waypoints
from ringfence.layers.mesh_facets import AMBIENT, SIDECAR, WAYPOINT
from ringfence.resources.kubernetes import Container, KubernetesObjects, Namespace, PodTemplate

PROXY = "istio-proxy"
INJECTION, REVISION, INJECT = "istio-injection", "istio.io/rev", "sidecar.istio.io/inject"
MODE, REDIRECTION = "istio.io/dataplane-mode", "ambient.istio.io/redirection"
ENABLED, TRUE, AMBIENT_MODE, NOT_AMBIENT = "enabled", "true", "ambient", "none"
INJECTED = "sidecar.istio.io/status"

SYSTEM_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "local-path-storage")
"""Where neither the injector nor the CNI plugin of ambient takes a pod."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A pod's place. `gateway`: its proxy serves no application beside it. `sure` false: it may stand outside."""

    plane: str
    because: str
    gateway: bool = False
    sure: bool = True


def standing(
    template: PodTemplate, namespace: str, declared: Namespace | None, injector: Injector = PLAIN
) -> Standing | None:
    """The place of a pod; None outside the mesh. `declared`: its namespace, None where no file declares it."""
    labels = template.labels
    if labels.get(MANAGED) in MANAGED_BY:
        return Standing(WAYPOINT, f"it is the waypoint of Gateway {labels.get(GATEWAY_NAME, '')}")
    proxy = proxy_container(template)
    if proxy is not None:
        role = next((one for one in proxy.args if one in ("router", "waypoint")), "")
        because = f"it has a container {PROXY}"
        gateway = role == "router" or (not role and is_gateway(template))
        return Standing(WAYPOINT if role == "waypoint" else SIDECAR, because, gateway)
    if template.host_network or namespace in SYSTEM_NAMESPACES:
        return None
    injected = _chosen(_injected(template, declared), template, injector) or _gateway(template)
    return injected or _captured(template, declared) or _unknown(template, namespace, declared)


def proxy_container(template: PodTemplate) -> Container | None:
    """Istio's proxy among the containers that run while the pod does."""
    return next((one for one in template.containers if one.name == PROXY and (one.sidecar or not one.init)), None)


def ambient_in_use(objects: KubernetesObjects) -> bool:
    """Whether anything in the files is of the ambient plane, or stands before it."""
    labels = (*(one.metadata.labels for one in objects.namespaces), *(one.labels for _, one in objects.pod_templates()))
    asked = any(one.get(MODE) == AMBIENT_MODE for one in labels)
    return asked or bool(waypoints(objects.gateways, objects.gateway_classes))


def gateway_in_ambient(template: PodTemplate, namespace: str, declared: Namespace | None) -> bool:
    """Whether ztunnel may capture a gateway's pods as well; `declared` None: its namespace may be an ambient one.

    The CNI plugin passes over pods that the injector has marked as having a sidecar, not over all that have a proxy.
    """
    found = standing(template, namespace, declared)
    if found is None or not found.gateway or template.host_network or namespace in SYSTEM_NAMESPACES:
        return False
    injected = INJECTED in template.annotations or proxy_container(template) is None
    mode = template.labels.get(MODE)
    if injected or _injected(template, declared) is not None or mode == NOT_AMBIENT:
        return False
    return AMBIENT_MODE in (mode, AMBIENT_MODE if declared is None else declared.metadata.labels.get(MODE))


def asks(labels: Mapping[str, str]) -> bool:
    """Whether labels of a namespace or pod put something into the mesh."""
    return (
        labels.get(INJECTION) == ENABLED
        or REVISION in labels
        or labels.get(INJECT) == TRUE
        or labels.get(MODE) == AMBIENT_MODE
        or labels.get(MANAGED) in MANAGED_BY
    )


def _injected(template: PodTemplate, declared: Namespace | None) -> Standing | None:
    labels = template.labels
    wanted = labels.get(INJECT, template.annotations.get(INJECT, ""))
    if wanted not in ("", TRUE):
        return None
    own = f"its label {INJECT}: {TRUE}" if labels.get(INJECT) == TRUE else f"its label {REVISION}"
    asks_itself = labels.get(INJECT) == TRUE or REVISION in labels
    if declared is None:
        because = own if asks_itself else ""
    else:
        of_namespace = declared.metadata.labels
        if INJECTION in of_namespace:
            because = f"its namespace's label {INJECTION}: {ENABLED}" if of_namespace[INJECTION] == ENABLED else ""
        elif REVISION in of_namespace:
            because = f"its namespace's label {REVISION}: {of_namespace[REVISION]}"
        else:
            because = own if asks_itself else ""
    return Standing(SIDECAR, because, is_gateway(template)) if because else None


def _chosen(found: Standing | None, template: PodTemplate, injector: Injector) -> Standing | None:
    """What becomes of a pod whose namespace or label asks for a sidecar, by the injector's own lists and policy."""
    if found is None or template.labels.get(INJECT, template.annotations.get(INJECT)) == TRUE:
        return found
    left_out = injector.leaves_out(template.labels)
    if left_out is None:
        return replace(found, because="which pods the injector leaves out is not known", sure=False)
    return None if left_out else found


def _gateway(template: PodTemplate) -> Standing | None:
    """A gateway whose manifest leaves the proxy to the injection, whatever its namespace says."""
    if not is_gateway(template) or template.labels.get(INJECT, template.annotations.get(INJECT, "")) not in ("", TRUE):
        return None
    return Standing(SIDECAR, "it is a gateway of the mesh", gateway=True)


def _captured(template: PodTemplate, declared: Namespace | None) -> Standing | None:
    mode = template.labels.get(MODE)
    if mode == AMBIENT_MODE:
        return Standing(AMBIENT, f"its label {MODE}: {AMBIENT_MODE}")
    if mode is not None:
        return None
    if template.annotations.get(REDIRECTION) == ENABLED:
        return Standing(AMBIENT, f"its annotation {REDIRECTION}: {ENABLED}")
    if declared is not None and declared.metadata.labels.get(MODE) == AMBIENT_MODE:
        return Standing(AMBIENT, f"its namespace's label {MODE}: {AMBIENT_MODE}")
    return None


def _unknown(template: PodTemplate, namespace: str, declared: Namespace | None) -> Standing | None:
    """A pod whose namespace nobody knows, unless its own labels keep it out of either plane."""
    refuses = template.labels.get(INJECT, template.annotations.get(INJECT, "")) not in ("", TRUE)
    if declared is not None or (refuses and MODE in template.labels):
        return None
    return Standing(SIDECAR, f"the labels of namespace {namespace} are not known, which may be in the mesh", sure=False)
