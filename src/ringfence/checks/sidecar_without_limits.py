"""A workload's sidecar is injected without limits.

## What it does
Looks for workloads that get a proxy by injection and whose annotations (those of the template; for Linkerd those of the
namespace, too) set no limit of processor or memory for it. One finding names all of a namespace. What the injector's
own configuration sets for every proxy counts where its ConfigMap (`istio-sidecar-injector`, `linkerd-config`) is in the
files: Istio's default has limits, which any of the annotations for a proxy's resources replaces as a whole; Linkerd's
default has none. Of a proxy that a manifest writes out as a container, its own limits count.

## Why it is bad
The proxy shares the node with everything else: one that leaks, or that holds a connection for each of thousands of
clients, takes the memory of its neighbours, and the kernel chooses who dies.

## Example
    annotations: {sidecar.istio.io/proxyCPU: 100m}      # and with that, no limits

## Instead
    annotations: {sidecar.istio.io/proxyCPULimit: "1", sidecar.istio.io/proxyMemoryLimit: 512Mi}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.mesh import Pods, named, pods
from ringfence.layers.mesh_facets import LINKERD, SIDECAR
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import mapping_at

CHECK = Check(
    "RF412",
    "sidecar-without-limits",
    "sidecar without limits",
    Severity.LOW,
    "0.1",
    "set the annotations for the proxy's limits, or limits in the injector's values",
    (
        "https://istio.io/latest/docs/reference/config/annotations/",
        "https://linkerd.io/2/reference/proxy-configuration/",
    ),
)

LIMITS = {
    SIDECAR: {"cpu": "sidecar.istio.io/proxyCPULimit", "memory": "sidecar.istio.io/proxyMemoryLimit"},
    LINKERD: {"cpu": "config.linkerd.io/proxy-cpu-limit", "memory": "config.linkerd.io/proxy-memory-limit"},
}
"""By plane: the annotations that limit an injected proxy."""

REQUESTS = ("sidecar.istio.io/proxyCPU", "sidecar.istio.io/proxyMemory")
WRITTEN_OUT = ("istio-proxy", "linkerd-proxy")

UNKNOWN = "limits that the injector's own values set for every proxy are not in the manifests, and would hold here"
REPLACED = "its annotations for the proxy's resources replace the injector's defaults, limits included"

WRITTEN = "the manifest writes the proxy out, and gives it none"

Key = tuple[str, str, tuple[str, ...], str]


def run(view: View) -> Iterator[Finding]:
    """One finding for each namespace and set of missing limits."""
    general = {SIDECAR: frozenset(_of_injector(view)), LINKERD: frozenset(_of_linkerd(view))}
    annotations = {one.metadata.name: one.metadata.annotations for one in view.topology.objects.namespaces}
    found: dict[Key, list[tuple[str, Span]]] = {}
    for one in pods(view):
        if not one.on(SIDECAR, LINKERD):
            continue
        assert one.member is not None
        plane, own = one.member.plane, one.template.annotations
        written = next((part for part in one.template.containers if part.name in WRITTEN_OUT), None)
        if written is not None:
            because, span = WRITTEN, written.span
            missing = tuple(what for what in LIMITS[plane] if what not in written.limits)
        else:
            because, span = UNKNOWN, one.template.span
            missing = _missing(one, annotations.get(one.namespace, {}) if plane == LINKERD else {})
            if plane == SIDECAR and any(name in own for name in (*REQUESTS, *LIMITS[SIDECAR].values())):
                because = REPLACED
            else:
                missing = tuple(what for what in missing if what not in general[plane])
        if missing:
            found.setdefault((one.namespace, plane, missing, because), []).append((one.title, span))
    for (namespace, _, missing, because), members in found.items():
        span = members[0][1]
        whom = named(title for title, _ in members)
        message = f"namespace {namespace}: the sidecar of {whom} runs without a limit of {' and '.join(missing)}"
        yield Finding(CHECK, CHECK.severity, message, span, ((because, span),))


def _of_injector(view: View) -> Iterator[str]:
    """What Istio's injector limits of every sidecar, where its values are in the files."""
    for one in view.topology.objects.config_maps:
        if one.metadata.name.startswith("istio-sidecar-injector"):
            yield from mapping_at(one.parsed, "values", "global", "proxy", "resources", "limits")


def _of_linkerd(view: View) -> Iterator[str]:
    """The same of Linkerd's."""
    for one in view.topology.objects.config_maps:
        if one.metadata.name == "linkerd-config":
            for what, given in mapping_at(one.parsed, "values", "proxy", "resources").items():
                if isinstance(given, Mapping) and given.get("limit"):
                    yield what


def _missing(one: Pods, inherited: Mapping[str, str]) -> tuple[str, ...]:
    assert one.member is not None
    wanted = LIMITS[one.member.plane]
    return tuple(
        what for what, name in wanted.items() if name not in one.template.annotations and name not in inherited
    )
