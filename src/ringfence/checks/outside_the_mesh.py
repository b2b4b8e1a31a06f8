"""Workloads outside the mesh talk to workloads inside.

## What it does
For each workload with a proxy, looks for workloads without one (those of Kubernetes' own and of the control plane's
namespaces aside) that may reach a port which it serves. Nodes and the placeholder of an ingress controller do not
count. One finding names all of a server.

## Why it is bad
Their connections are plaintext and without identity: whoever is on the way reads them, and no policy can tell them from
anybody else's. While they are there, the server cannot become STRICT.

## Example
    kind: CronJob
    metadata: {name: report, namespace: legacy}       # not injected, and asks shop/db

## Instead
Inject them, or refuse them (a NetworkPolicy, a STRICT server).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.mesh import (
    Pods,
    control_plane,
    listening,
    named,
    numbers,
    outsiders,
    passing,
    plaintext_ports,
    pods,
)
from ringfence.layers.mesh_facets import AMBIENT, LINKERD, SIDECAR
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet

CHECK = Check(
    "RF411",
    "outside-the-mesh",
    "workloads outside the mesh that talk to one inside",
    Severity.LOW,
    "0.1",
    "inject the clients, or refuse plaintext",
    (
        "https://istio.io/latest/docs/tasks/security/authentication/mtls-migration/",
        "https://linkerd.io/2/features/automatic-mtls/",
    ),
)


def run(view: View) -> Iterator[Finding]:
    """One finding for each server."""
    clients = outsiders(view)
    if not clients:
        return
    left_out = control_plane(view)
    inside = [one for one in pods(view) if one.on(SIDECAR, AMBIENT, LINKERD) and one.namespace not in left_out]
    for server, kinds in _by_title(inside).items():
        served = listening(view).get(server, IntervalSet()) or PORTS
        if server not in view.connectivity.workloads or not any(_takes(view, one, served) for one in kinds):
            continue
        span = kinds[0].template.span
        names: list[str] = []
        reached = IntervalSet()
        for kind in clients:
            for one in view.connectivity.relations(kind[0], server) if kind[0] != server else ():
                if open_ports := one.headers.may.tcp.some() & served:
                    names += kind
                    reached |= open_ports
                    break
        if names:
            witness = passing(view, names[0], server, reached)
            where = "its ports" if served == PORTS else numbers(reached)
            message = f"{named(names)} may send plaintext to {where} of {server}, which is in the mesh"
            yield Finding(CHECK, CHECK.severity, message, span, (), witness)


def _by_title(inside: Iterable[Pods]) -> dict[str, list[Pods]]:
    """The kinds of pods of each workload."""
    found: dict[str, list[Pods]] = {}
    for one in inside:
        found.setdefault(one.title, []).append(one)
    return found


def _takes(view: View, one: Pods, served: IntervalSet) -> bool:
    """Whether its proxy takes plaintext at all; of Linkerd's the rules say so, not the proxy."""
    return one.on(LINKERD) or bool(plaintext_ports(view, one) & served)
