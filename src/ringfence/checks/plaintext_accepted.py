"""Plaintext is accepted where it is meant to be refused.

## What it does
Where a PeerAuthentication says STRICT for the mesh, a namespace or a workload (or where Linkerd's default inbound
policy asks for an identity), looks below it for what takes plaintext all the same: a namespace, workload or port in
PERMISSIVE or DISABLE, a port that annotations keep from the proxy, a pod without a proxy. Annotations on ports at which
node ports and balancers come in are left out: who comes from outside is in no mesh.

## Why it is bad
The wide setting is what people remember, and the narrow one decides. Traffic to that port may be read and changed on
its way, and no rule can ask who its client is. The severity is high where somebody without an identity may really reach
the port, and the packet is shown.

## Example
    kind: PeerAuthentication
    metadata: {name: db, namespace: shop}       # STRICT in the namespace
    spec: {selector: {matchLabels: {app: db}}, portLevelMtls: {5432: {mode: PERMISSIVE}}}

## Instead
Remove the exception once every client has a proxy, and inject the pods that have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ringfence.checks.entry_targets import ways
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.mesh import Pods, istio, linkerd, listening, named, numbers, plural, pods, stranger
from ringfence.engine.witness import Witness
from ringfence.layers.istio_facets import INTERCEPTION, NOT_SEEN, OWN_PORTS, TRAFFIC
from ringfence.layers.istio_modes import EVERY_PORT, UNSEEN, Choice, Modes
from ringfence.layers.linkerd_settings import DEFAULT_ANNOTATION, SKIP_INBOUND_ANNOTATION, settings
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.layers.mesh_facets import AMBIENT, LINKERD, SIDECAR
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.model.spans import Span
from ringfence.resources.istio.authentication import MutualTlsMode
from ringfence.resources.kubernetes import Namespace
from ringfence.topology.mesh.istio_membership import SYSTEM_NAMESPACES

CHECK = Check(
    "RF401",
    "plaintext-accepted",
    "plaintext accepted where it is meant to be refused",
    Severity.HIGH,
    "0.1",
    "take the exception away, or inject the pods that have no proxy",
    ("https://istio.io/latest/docs/concepts/security/#peer-authentication",),
)

STRICT = MutualTlsMode.STRICT
EXCLUDING = (f"{TRAFFIC}excludeInboundPorts", f"{TRAFFIC}includeInboundPorts", INTERCEPTION)
BARE = "the pod has no proxy"

ASKS = "-authenticated"

Reason = tuple[str, Span]


@dataclass(frozen=True, slots=True)
class Gap:
    """One exception: what it is, on which ports, and what it is an exception from.

    Exceptions of one `what`, `owner` and ports are one finding, which names all of their workloads.
    """

    what: str
    span: Span
    above: Reason
    ports: IntervalSet = PORTS
    owner: str = ""
    sure: bool = True


def run(view: View) -> Iterator[Finding]:
    """One finding for each exception: a policy, a port of it, an annotation, or the bare pods of a namespace."""
    found: dict[tuple[str, str, IntervalSet], list[tuple[Gap, str]]] = {}
    entries = _entries(view)
    for gap, title in (*_of_istio(view), *_of_linkerd(view)):
        served = gap.ports & listening(view).get(title, IntervalSet())
        if gap.owner and served and served <= entries.get(title, IntervalSet()):
            continue
        found.setdefault((gap.what, gap.owner, gap.ports), []).append((gap, title))
    for (what, _, ports), gaps in found.items():
        titles = tuple(dict.fromkeys(title for _, title in gaps))
        witness = _witness(view, titles, ports)
        verb = plural(titles, "takes", "take") if all(gap.sure for gap, _ in gaps) else "may take"
        where = "" if ports == PORTS else f" on {numbers(ports)}"
        message = f"{named(titles)} {verb} plaintext{where}: {what}"
        severity = CHECK.severity if witness else Severity.MEDIUM
        yield Finding(CHECK, severity, message, gaps[0][0].span, (gaps[0][0].above,), witness)


def _entries(view: View) -> dict[str, IntervalSet]:
    """By workload: the ports at which node ports and balancers come in."""
    found: dict[str, IntervalSet] = {}
    for way in ways(view):
        if way.entry.kind in ("NodePort", "LoadBalancer") and way.target.protocol == "tcp":
            ports = IntervalSet.of(way.target.port)
            found[way.workload] = found.get(way.workload, IntervalSet()) | ports
    return found


def _witness(view: View, titles: tuple[str, ...], ports: IntervalSet) -> Witness | None:
    found = (stranger(view, one, ports) for one in titles)
    return next((one for one in found if one is not None), None)


def _of_istio(view: View) -> Iterator[tuple[Gap, str]]:
    mesh = istio(view)
    if mesh is None:
        return
    root = mesh.config.root_namespace
    modes = Modes(view.topology.objects.peer_authentications, root)
    whole = modes.of_namespace(root)
    meshed = {one.namespace for one in pods(view) if one.on(SIDECAR, AMBIENT)} - {root, *SYSTEM_NAMESPACES}
    for one in pods(view):
        around = modes.of_namespace(one.namespace)
        if one.on(SIDECAR, AMBIENT):
            choices = modes.of(one.namespace, one.template.labels)
            above = next((wider for wider in (around, whole) if _strict(wider)), None)
            yield from ((gap, one.title) for gap in _by_policy(choices, above))
            proxy = mesh.pods.of(one.namespace, one.template)
            if proxy is not None:
                yield from ((gap, one.title) for gap in _unseen(one, choices, proxy.takes))
        elif one.member is None and _strict(around) and listening(view).get(one.title):
            said = one.namespace != root and any(
                policy.metadata.namespace == one.namespace for policy in around.policies
            )
            if said or one.namespace in meshed:
                what = f"namespace {one.namespace} is {STRICT}, and {BARE}"
                yield Gap(what, one.template.span, _said(around)), one.title


def _by_policy(choices: Mapping[int, Choice], above: Choice | None) -> Iterator[Gap]:
    """What policies say of one kind of pod, the widest exception first. `above`: what says STRICT around it."""
    own = choices[EVERY_PORT]
    if above is not None and _lenient(own):
        rest = PORTS - IntervalSet.of(*(port for port in choices if port != EVERY_PORT))
        yield from _at_policy(own, EVERY_PORT, above, rest)
    for port, choice in choices.items():
        wider = own if _strict(own) else above
        if port != EVERY_PORT and wider is not None and _lenient(choice):
            yield from _at_policy(choice, port, wider, IntervalSet.of(port))


def _at_policy(choice: Choice, port: int, above: Choice, ports: IntervalSet) -> Iterator[Gap]:
    for policy in choice.policies:
        written = None if port == EVERY_PORT else policy.mode_at(port)
        steps = ("mtls", "mode") if written is None else ("portLevelMtls", str(port), "mode")
        mode = policy.mode if written is None else written
        if mode in (MutualTlsMode.PERMISSIVE, MutualTlsMode.DISABLE):
            what = f"PeerAuthentication {policy.metadata.qualified_name} says {mode}"
            yield Gap(what, policy.span.at("spec", *steps), _said(above), ports, sure=len(choice.modes) == 1)


def _unseen(one: Pods, choices: Mapping[int, Choice], takes: Mapping[int, Choice]) -> Iterator[Gap]:
    """What annotations keep from the proxy."""
    ports, above = IntervalSet(), None
    for port, choice in takes.items():
        promised = choices.get(port, choices[EVERY_PORT])
        if choice == NOT_SEEN and port not in OWN_PORTS and _strict(promised):
            ports |= PORTS if port == EVERY_PORT else IntervalSet.of(port)
            above = promised
    if above is not None:
        annotations = one.template.annotations
        name = next((name for name in EXCLUDING if name in annotations), EXCLUDING[0])
        what = f"the annotation {name} keeps it from the proxy"
        yield Gap(what, one.template.span.at("metadata", "annotations", name), _said(above), ports, one.title)


def _strict(choice: Choice) -> bool:
    return choice.modes == frozenset((STRICT,))


def _lenient(choice: Choice) -> bool:
    return bool(choice.modes - {STRICT, UNSEEN})


def _said(choice: Choice) -> Reason:
    policy = choice.policies[0]
    return f"PeerAuthentication {policy.metadata.qualified_name} says {STRICT}", policy.span


def _of_linkerd(view: View) -> Iterator[tuple[Gap, str]]:
    mesh = linkerd(view)
    if mesh is None:
        return
    asking = {
        one.metadata.name: one
        for one in view.topology.objects.namespaces
        if one.metadata.annotations.get(DEFAULT_ANNOTATION, "").endswith(ASKS)
    }
    for one in pods(view):
        place = asking.get(one.namespace)
        if place is not None:
            served = listening(view).get(one.title, IntervalSet())
            yield from ((gap, one.title) for gap in _below(one, place, served, mesh.installed))


def _below(one: Pods, place: Namespace, served: IntervalSet, installed: LinkerdValues) -> Iterator[Gap]:
    """The exceptions of one kind of pod in a namespace that asks for identities."""
    said = place.metadata.annotations[DEFAULT_ANNOTATION]
    steps = ("metadata", "annotations")
    above = (
        f"namespace {one.namespace} says {DEFAULT_ANNOTATION}: {said}",
        place.span.at(*steps, DEFAULT_ANNOTATION),
    )
    own, span = one.template.annotations, one.template.span
    if one.member is None and served:
        yield Gap(f"namespace {one.namespace} asks for identities, and {BARE}", span, above)
    if not one.on(LINKERD):
        return
    found = settings(one.template, place.metadata.annotations, installed)
    if DEFAULT_ANNOTATION in own and not (found.default_policy or ASKS).endswith((ASKS, "deny")):
        what = f"the pod's own {DEFAULT_ANNOTATION} is {own[DEFAULT_ANNOTATION]}"
        yield Gap(what, span.at(*steps, DEFAULT_ANNOTATION), above, owner=one.title)
    if skipped := found.skip_inbound & served:
        written = SKIP_INBOUND_ANNOTATION in own or SKIP_INBOUND_ANNOTATION in place.metadata.annotations
        at = span if SKIP_INBOUND_ANNOTATION in own or not written else place.span
        at = at.at(*steps, SKIP_INBOUND_ANNOTATION) if written else at
        yield Gap("nothing to it passes the proxy", at, above, skipped, one.title)
