"""PeerAuthentication at the pods of an ambient mesh: which plaintext ztunnel refuses.

ztunnel always takes mutual TLS (HBONE), so DISABLE means what PERMISSIVE means. It takes plaintext, too, unless istiod
gives it a policy that denies connections without identity. Which pods get which, istiod works out from three policies:
that of the mesh (root namespace, no labels), of the namespace (no labels) and of the workload (labels; not in the root
namespace): of each kind the oldest, by name where two are equally old.

    static     everything is refused, where the innermost mode that is set is STRICT
    converted  made of a workload policy with ports, and sent *instead of* the static one where the policy's ports
               disagree with the mode around them

The two are decided in different functions, which do not agree everywhere. Where the converted policy is asked for and
was never made, ztunnel skips it, and *all* ports take plaintext:

    mesh STRICT, namespace policy without mode, workload without mode with a PERMISSIVE port    nothing is refused
    workload PERMISSIVE or DISABLE with a STRICT port, in a mesh that is STRICT by itself       nothing is refused

And a DISABLE port of a workload policy without mode does not open that port where the mode around it is STRICT.

Sources: istiod `pilot/pkg/serviceregistry/ambient/authorization.go` (`convertedSelectorPeerAuthentications`,
`convertPeerAuthentication`), `policies.go`; ztunnel `src/state.rs` (unknown policies are skipped).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.layers.ztunnel_authorization import LAYER, own_node_stage, subjects
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_PLAINTEXT, NOTHING, PORTS, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Purpose, Rule, Scope, Stage
from ringfence.resources.istio.authentication import MutualTlsMode, PeerAuthentication

STRICT, UNSET = MutualTlsMode.STRICT, MutualTlsMode.UNSET
LENIENT = (MutualTlsMode.PERMISSIVE, MutualTlsMode.DISABLE)


def chain(policies: Iterable[PeerAuthentication], root_namespace: str, nodes: Iterable[str] = ()) -> Chain:
    """What ztunnel takes at every ambient pod. `nodes`: the names of the cluster's nodes."""
    found = sorted(policies, key=lambda one: (one.metadata.creation_timestamp, one.metadata.name))
    wide: dict[str, PeerAuthentication] = {}
    for one in found:
        if not one.selector:
            wide.setdefault(one.metadata.namespace, one)
    mesh = wide.pop(root_namespace, None)
    scopes: list[Scope] = []
    for one in found:
        namespace = one.metadata.namespace
        if one.selector and namespace != root_namespace:
            scopes.append(_scope(one, refused(mesh, wide.get(namespace), one), root_namespace, len(scopes)))
    scopes += [_scope(one, refused(mesh, one), root_namespace, len(found)) for one in wide.values()]
    scopes += [_scope(mesh, refused(mesh), root_namespace, len(found) + 1)] if mesh is not None else []
    stages = (own_node_stage(nodes), Stage("PeerAuthentication", tuple(scopes), Action.ALLOW))
    return Chain(LAYER, Direction.INGRESS, stages, Action.ALLOW, purpose=Purpose.ACCEPTANCE)


def refused(
    mesh: PeerAuthentication | None,
    namespace: PeerAuthentication | None = None,
    workload: PeerAuthentication | None = None,
) -> IntervalSet:
    """The ports on which plaintext is refused under these three policies."""
    strict = mesh is not None and mesh.mode is STRICT
    if namespace is not None and namespace.mode is not UNSET:
        strict = namespace.mode is STRICT
    if workload is None:
        return PORTS if strict else NOTHING
    if workload.mode is not UNSET:
        strict = workload.mode is STRICT
    modes = {mode for _, mode in workload.port_level}
    # Without a mode of its own, a workload's DISABLE ports are overlooked here.
    exceptions = {MutualTlsMode.PERMISSIVE} if workload.mode is UNSET else set(LENIENT)
    if modes & (exceptions if strict else {STRICT}):
        return _converted(mesh, namespace, workload)
    return PORTS if strict else NOTHING


def _converted(
    mesh: PeerAuthentication | None, namespace: PeerAuthentication | None, workload: PeerAuthentication
) -> IntervalSet:
    """The ports that the policy denies which istiod makes of a workload policy; none where it makes none."""
    mesh_strict = mesh is not None and mesh.mode is STRICT
    namespace_mode = None if namespace is None else namespace.mode
    own_strict, inherits = workload.mode is STRICT, workload.mode is UNSET
    around_is_strict = (
        own_strict
        or (inherits and namespace_mode is STRICT)
        or (namespace_mode in (None, UNSET) and mesh_strict)  # whatever the workload's own mode says
    )
    around_is_lenient = workload.mode in LENIENT or (
        inherits and (namespace_mode is not STRICT if namespace is not None else not mesh_strict)
    )
    alone = [port for port, mode in workload.port_level if mode is STRICT and not around_is_strict]
    opened = [port for port, mode in workload.port_level if mode in LENIENT and not around_is_lenient]
    if own_strict and not opened:
        return NOTHING  # the static policy stands for it
    return IntervalSet.of(*alone) | (PORTS - IntervalSet.of(*opened) if opened else NOTHING)


def _scope(policy: PeerAuthentication, closed: IntervalSet, root_namespace: str, priority: int) -> Scope:
    where = subjects(policy.metadata.namespace, policy.selector, root_namespace)
    return Scope(policy.metadata.qualified_name, where, tuple(_rules(policy, closed)), priority, policy.span)


def _rules(policy: PeerAuthentication, closed: IntervalSet) -> Iterator[Rule]:
    if closed:
        plaintext = Bounds.exactly(ports("tcp", closed) & ALL_PLAINTEXT)
        yield Rule(Action.DENY, ANY_PEER, plaintext, name="STRICT", span=policy.span)
    yield Rule(Action.ALLOW, name=policy.mode, span=policy.span)
