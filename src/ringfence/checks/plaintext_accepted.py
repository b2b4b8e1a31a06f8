"""Plaintext is accepted where it is meant to be refused.

## What it does
Where a PeerAuthentication says STRICT for the mesh, a namespace or a workload (or where Linkerd's default inbound
policy asks for an identity), looks below it for what takes plaintext all the same: a namespace, workload or port in
PERMISSIVE or DISABLE, a port that annotations keep from the proxy, a pod without a proxy; of Linkerd also a Server
whose accessPolicy or ServerAuthorization takes clients without identity. Annotations on ports at which node ports and
balancers come in are left out: who comes from outside is in no mesh.

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

from ringfence.checks.claims import Reason
from ringfence.checks.entry_targets import ways
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.gaps import BARE, Gap, together
from ringfence.checks.linkerd_gaps import of_linkerd
from ringfence.checks.mesh import Pods, istio, listening, named, numbers, plural, pods, stranger
from ringfence.engine.witness import Witness
from ringfence.layers.istio_captured import INTERCEPTION, OWN_PORTS, STATUS_PORT, TRAFFIC
from ringfence.layers.istio_facets import NOT_SEEN
from ringfence.layers.istio_injector import PROXY_CONFIG
from ringfence.layers.istio_modes import EVERY_PORT, UNSEEN, Choice, Modes
from ringfence.layers.mesh_facets import AMBIENT, SIDECAR
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.resources.istio.authentication import MutualTlsMode
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
EXCLUDING = (
    f"{TRAFFIC}excludeInboundPorts",
    f"{TRAFFIC}includeInboundPorts",
    f"{TRAFFIC}excludeInterfaces",
    INTERCEPTION,
    PROXY_CONFIG,
    STATUS_PORT,
)


def run(view: View) -> Iterator[Finding]:
    """One finding for each exception: a policy, a port of it, an annotation, or the bare pods of a namespace."""
    entries = _entries(view)
    for gap, titles in together(
        (gap, title)
        for gap, title in (*_of_istio(view), *of_linkerd(view))
        if not (gap.owner and _only_from_outside(gap.ports & listening(view).get(title, IntervalSet()), title, entries))
    ):
        witness = _witness(view, titles, gap.ports)
        verb = plural(titles, "takes", "take") if gap.sure else "may take"
        where = "" if gap.ports == PORTS else f" on {numbers(gap.ports)}"
        message = f"{named(titles)} {verb} plaintext{where}: {gap.what}"
        severity = CHECK.severity if witness else Severity.MEDIUM
        yield Finding(CHECK, severity, message, gap.span, (gap.above,), witness)


def _only_from_outside(served: IntervalSet, title: str, entries: dict[str, IntervalSet]) -> bool:
    """Whether all of these ports are ones at which clients from outside come in."""
    return bool(served) and served <= entries.get(title, IntervalSet())


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
    """What annotations, or the injector's configuration, keep from the proxy."""
    ports, above = IntervalSet(), None
    for port, choice in takes.items():
        promised = choices.get(port, choices[EVERY_PORT])
        if choice == NOT_SEEN and port not in OWN_PORTS and _strict(promised):
            ports |= PORTS if port == EVERY_PORT else IntervalSet.of(port)
            above = promised
    if above is not None:
        annotations = one.template.annotations
        name = next((name for name in EXCLUDING if name in annotations), "")
        what, span = "the configuration of Istio's injector keeps it from the proxy", one.template.span
        if name:
            what, span = f"the annotation {name} keeps it from the proxy", span.at("metadata", "annotations", name)
        yield Gap(what, span, _said(above), ports, one.title)


def _strict(choice: Choice) -> bool:
    return choice.modes == frozenset((STRICT,))


def _lenient(choice: Choice) -> bool:
    return bool(choice.modes - {STRICT, UNSEEN})


def _said(choice: Choice) -> Reason:
    policy = choice.policies[0]
    return f"PeerAuthentication {policy.metadata.qualified_name} says {STRICT}", policy.span
