"""PeerAuthentication at the pods of an ambient mesh: which plaintext ztunnel refuses.

ztunnel always takes mutual TLS (HBONE), so DISABLE means what PERMISSIVE means. It takes plaintext, too, unless istiod
gives it a policy that denies connections without identity. Which pods get which, istiod works out from three policies:
that of the mesh (root namespace, no labels), of the namespace (no labels) and of the workload (labels; not in the root
namespace): of each kind the oldest, by name where two are equally old. Where their ages are not in the files, nobody
knows which it is.

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

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import and_, or_

from ringfence.layers.istio_modes import by_age, oldest
from ringfence.layers.ztunnel_authorization import LAYER, subjects
from ringfence.layers.ztunnel_capture import stages
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_PLAINTEXT, PORTS, ports
from ringfence.model.intervals import NOTHING, IntervalSet
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Purpose, Rule, Scope, Stage
from ringfence.resources.istio.authentication import MutualTlsMode, PeerAuthentication

STRICT, UNSET = MutualTlsMode.STRICT, MutualTlsMode.UNSET
AGES = "which of several policies is the oldest is not known"
LENIENT = (MutualTlsMode.PERMISSIVE, MutualTlsMode.DISABLE)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A policy that decides for some pods, and the ports on which they refuse plaintext by it.

    `promised` are those on which the modes say that they do. Of two that select one pod, the lower `rank` decides; of
    two with one rank nobody knows which.
    """

    policy: PeerAuthentication
    refused: Bounds[IntervalSet]
    promised: Bounds[IntervalSet]
    rank: int


def chain(policies: Iterable[PeerAuthentication], root_namespace: str, nodes: Iterable[str] = ()) -> Chain:
    """What ztunnel takes at every ambient pod. `nodes`: the names of the cluster's nodes."""
    scopes = tuple(_scope(one, root_namespace) for one in resolved(policies, root_namespace))
    all_stages = (*stages(nodes), Stage("PeerAuthentication", scopes, Action.ALLOW))
    return Chain(LAYER, Direction.INGRESS, all_stages, Action.ALLOW, purpose=Purpose.ACCEPTANCE)


def resolved(policies: Iterable[PeerAuthentication], root_namespace: str) -> Iterator[Resolved]:
    """The policies that decide for some pods; of those of a namespace and of the mesh, the oldest stands for all."""
    wide: dict[str, list[PeerAuthentication]] = {}
    narrow: dict[str, list[PeerAuthentication]] = {}
    for one in policies:
        if not one.selector:
            wide.setdefault(one.metadata.namespace, []).append(one)
        elif one.metadata.namespace != root_namespace:
            narrow.setdefault(one.metadata.namespace, []).append(one)
    mesh = oldest(wide.pop(root_namespace, ()))
    last = max(map(len, narrow.values()), default=0)
    for namespace, found in narrow.items():
        dated = all(one.metadata.creation_timestamp for one in found)
        for rank, one in enumerate(by_age(found)):
            yield _resolved(mesh, oldest(wide.get(namespace, ())), (one,), rank if dated else 0)
    for found in wide.values():
        yield _resolved(mesh, oldest(found), (), last)
    if mesh:
        yield _resolved(mesh, (), (), last + 1)


Candidates = tuple[PeerAuthentication, ...]
"""The policies of which one counts at a level: several where nobody knows which is the oldest."""


def _resolved(mesh: Candidates, namespace: Candidates, workload: Candidates, rank: int) -> Resolved:
    levels = tuple(product(mesh or (None,), namespace or (None,), workload or (None,)))
    innermost = (workload or namespace or mesh)[0]
    return Resolved(innermost, _bounds(refused, levels), _bounds(promised, levels), rank)


Levels = tuple[PeerAuthentication | None, PeerAuthentication | None, PeerAuthentication | None]


def _bounds(ports_of: Callable[..., IntervalSet], levels: Iterable[Levels]) -> Bounds[IntervalSet]:
    found = [ports_of(*one) for one in levels]
    must, may = reduce(and_, found), reduce(or_, found)
    return Bounds(must, may, "" if must == may else AGES)


def promised(
    mesh: PeerAuthentication | None,
    namespace: PeerAuthentication | None = None,
    workload: PeerAuthentication | None = None,
) -> IntervalSet:
    """The ports on which plaintext would be refused if every port had the innermost mode that is set for it."""
    modes = [one.mode for one in (workload, namespace, mesh) if one is not None and one.mode is not UNSET]
    levels = () if workload is None else tuple(pair for pair in workload.port_level if pair[1] is not UNSET)
    others = PORTS - IntervalSet.of(*(port for port, _ in levels)) if modes and modes[0] is STRICT else NOTHING
    return others | IntervalSet.of(*(port for port, mode in levels if mode is STRICT))


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


def _scope(found: Resolved, root_namespace: str) -> Scope:
    policy = found.policy
    where = subjects(policy.metadata.namespace, policy.selector, root_namespace)
    return Scope(policy.metadata.qualified_name, where, tuple(_rules(found)), found.rank, policy.span)


def _rules(found: Resolved) -> Iterator[Rule]:
    if found.refused.may:
        must, may = (ports("tcp", one) & ALL_PLAINTEXT for one in (found.refused.must, found.refused.may))
        headers = Bounds(must, may, found.refused.because)
        yield Rule(Action.DENY, ANY_PEER, headers, name="STRICT", span=found.policy.span)
    yield Rule(Action.ALLOW, name=found.policy.mode, span=found.policy.span)
