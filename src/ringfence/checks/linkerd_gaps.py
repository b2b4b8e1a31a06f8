"""Where plaintext is taken below a default inbound policy of Linkerd that asks for identities.

The policy is the installation's, or a namespace's; below it stand

    a namespace, a pod    with a default inbound policy of its own that asks for none
    a Server              whose accessPolicy asks for none, or whose ServerAuthorization takes clients without
    a port                that goes past the proxy
    a pod                 without a proxy

An empty list of required authentications is another finding (`linkerd_without_effect`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.checks.claims import Reason
from ringfence.checks.finding import View
from ringfence.checks.gaps import BARE, Gap
from ringfence.checks.linkerd_identities import numbers_of, pods_of
from ringfence.checks.mesh import Pods, control_plane, linkerd, listening, pods
from ringfence.layers.linkerd_settings import DEFAULT_ANNOTATION, SKIP_INBOUND_ANNOTATION, settings
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.layers.mesh_facets import LINKERD
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.model.spans import NOWHERE
from ringfence.resources.kubernetes import Namespace
from ringfence.resources.linkerd import DEFAULT_POLICIES, Server

ASKS, CLOSED = "-authenticated", "deny"
STEPS = ("metadata", "annotations")


@dataclass(frozen=True, slots=True)
class Around:
    """What holds around the pods of a namespace: its own policy, and what asks for identities (None: nothing).

    `own`: the namespace itself asks.
    """

    namespace: Namespace
    policy: str
    asking: Reason | None
    own: bool = False


def of_linkerd(view: View) -> Iterator[tuple[Gap, str]]:
    """Every exception and whose it is."""
    mesh = linkerd(view)
    if mesh is None:
        return
    left_out = control_plane(view)
    around = {
        one.metadata.name: _around(one, mesh.installed)
        for one in view.topology.objects.namespaces
        if one.declared and one.metadata.name not in left_out
    }
    meshed = {one.namespace for one in pods(view) if one.on(LINKERD)}
    for one in pods(view):
        place = around.get(one.namespace)
        if place is not None and place.asking is not None and (place.own or one.namespace in meshed):
            served = listening(view).get(one.title, IntervalSet())
            yield from ((gap, one.title) for gap in _below(one, place, place.asking, served, mesh.installed))
    for server in view.topology.objects.linkerd_servers:
        place = around.get(server.metadata.namespace)
        if place is not None and place.asking is not None:
            yield from _at_server(view, server, place.asking)


def _around(one: Namespace, installed: LinkerdValues) -> Around:
    written = one.metadata.annotations.get(DEFAULT_ANNOTATION, "")
    policy = written if written in DEFAULT_POLICIES else installed.default_policy
    if policy.endswith(ASKS) and written:
        place = one.span.at(*STEPS, DEFAULT_ANNOTATION)
        return Around(
            one, policy, (f"namespace {one.metadata.name} says {DEFAULT_ANNOTATION}: {written}", place), own=True
        )
    if installed.default_policy.endswith(ASKS):
        return Around(one, policy, (f"the installation's default is {installed.default_policy}", NOWHERE))
    return Around(one, policy, None)


def _below(one: Pods, place: Around, asking: Reason, served: IntervalSet, installed: LinkerdValues) -> Iterator[Gap]:
    """The exceptions of one kind of pod."""
    inherited = place.namespace.metadata.annotations
    own, span, outer = one.template.annotations, one.template.span.at(*STEPS), place.namespace.span.at(*STEPS)
    if one.member is None and served:
        yield Gap(f"namespace {one.namespace} asks for identities, and {BARE}", one.template.span, asking)
    if not one.on(LINKERD):
        return
    found = settings(one.template, inherited, installed)
    if not (found.default_policy or CLOSED).endswith((ASKS, CLOSED)):
        if DEFAULT_ANNOTATION in own:
            what = f"the pod's own {DEFAULT_ANNOTATION} is {own[DEFAULT_ANNOTATION]}"
            yield Gap(what, span.at(DEFAULT_ANNOTATION), asking, owner=one.title)
        else:
            what = f"namespace {one.namespace} says {DEFAULT_ANNOTATION}: {place.policy}"
            yield Gap(what, outer.at(DEFAULT_ANNOTATION), asking)
    if skipped := found.skip_inbound & served:
        at = span if SKIP_INBOUND_ANNOTATION in own or SKIP_INBOUND_ANNOTATION not in inherited else outer
        yield Gap("nothing to it passes the proxy", at.at(SKIP_INBOUND_ANNOTATION), asking, skipped, one.title)


def _at_server(view: View, server: Server, asking: Reason) -> Iterator[tuple[Gap, str]]:
    """What a Server and its ServerAuthorizations let in without an identity."""
    title = f"Server {server.metadata.qualified_name}"
    gaps = []
    if not server.access_policy.endswith((ASKS, CLOSED)):
        what = f"{title} has accessPolicy {server.access_policy}"
        gaps.append((what, server.span.at("spec", "accessPolicy")))
    for one in view.topology.objects.linkerd_server_authorizations:
        if not one.client.unauthenticated or one.client.networks:
            continue  # who names networks names his clients otherwise
        by_name = one.server_name == server.metadata.name
        by_label = one.server_selector is not None and one.server_selector.matches(server.metadata.labels)
        if one.metadata.namespace == server.metadata.namespace and (by_name or by_label):
            what = f"ServerAuthorization {one.metadata.qualified_name} lets in who has no identity"
            gaps.append((what, one.span.at("spec", "client", "unauthenticated")))
    for what, span in gaps:
        for pod in pods_of(view, server):
            ports = numbers_of(server, pod)
            if pod.on(LINKERD) and ports and ports != PORTS:
                yield Gap(what, span, asking, ports), pod.title
