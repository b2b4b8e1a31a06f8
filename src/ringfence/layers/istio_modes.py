"""PeerAuthentication: in which mode each port of a pod takes mutual TLS.

    mesh       a policy without selector in the root namespace
    namespace  one without selector elsewhere
    workload   one with a selector, outside the root namespace; in the root namespace it is ignored

The mode of the narrowest policy that is not UNSET holds; where none is, PERMISSIVE. At each level one policy counts:
the oldest, of equal age the first by name. Port modes are those of the workload's policy alone, and UNSET there is the
mode of the workload.

Manifests seldom say how old an object is. Where several policies share a level and some of them say nothing, each of
those may be the oldest, and a port has the modes of all of them (`Choice`): names decide between ages that are known.

Sources: istio `pilot/pkg/security/authn/policy_applier.go` (`ComposePeerAuthentication`),
`pilot/pkg/model/authentication.go` (`GetNamespaceMutualTLSMode`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ringfence.resources.istio.authentication import MutualTlsMode, PeerAuthentication
from ringfence.resources.kubernetes import ObjectMeta

UNSET = MutualTlsMode.UNSET
UNSEEN = "UNSEEN"
EVERY_PORT = 0
"""Stands for the ports that have no mode of their own."""


class Aged(Protocol):
    """Any object of Kubernetes."""

    @property
    def metadata(self) -> ObjectMeta:
        """Its name and age."""


A = TypeVar("A", bound=Aged)


@dataclass(frozen=True, slots=True)
class Choice:
    """The modes that may hold, and the policies that say so; without policies it is Istio's own default.

    Modes are those of PeerAuthentication, never UNSET, and `UNSEEN`: the port does not lead through the proxy.
    """

    modes: frozenset[str]
    policies: tuple[PeerAuthentication, ...] = ()

    def __or__(self, other: Choice) -> Choice:
        return Choice(self.modes | other.modes, tuple(dict.fromkeys((*self.policies, *other.policies))))


DEFAULT = Choice(frozenset[str]((MutualTlsMode.PERMISSIVE,)))


def by_age(objects: Iterable[A]) -> tuple[A, ...]:
    """The oldest first, of equal age by name; those that do not say when they were made last."""
    return tuple(sorted(objects, key=lambda one: (not _age(one), _age(one), one.metadata.name, one.metadata.namespace)))


def oldest(objects: Iterable[A]) -> tuple[A, ...]:
    """The objects that may be the oldest: one, unless some do not say when they were made."""
    found = by_age(objects)
    dated = tuple(one for one in found if _age(one))
    return (*dated[:1], *found[len(dated) :])


def _age(one: Aged) -> str:
    return one.metadata.creation_timestamp


class Modes:
    """The policies of one mesh."""

    def __init__(self, policies: Iterable[PeerAuthentication], root_namespace: str) -> None:
        wide: dict[str, list[PeerAuthentication]] = {}
        self._narrow: dict[str, list[PeerAuthentication]] = {}
        for one in policies:
            namespace = one.metadata.namespace
            if not one.selector:
                wide.setdefault(namespace, []).append(one)
            elif namespace != root_namespace:
                self._narrow.setdefault(namespace, []).append(one)
        self._mesh = _narrowed(DEFAULT, wide.pop(root_namespace, ()))
        self._namespaces = {name: _narrowed(self._mesh, found) for name, found in wide.items()}

    def of_namespace(self, namespace: str) -> Choice:
        """The mode of a namespace, which stands for its Services' in a client's eyes."""
        return self._namespaces.get(namespace, self._mesh)

    def of(self, namespace: str, labels: Mapping[str, str]) -> dict[int, Choice]:
        """The modes of one pod by port; `EVERY_PORT` for those that are not named."""
        wide = self.of_namespace(namespace)
        selecting = [
            one
            for one in self._narrow.get(namespace, ())
            if all(labels.get(key) == value for key, value in one.selector)
        ]
        chosen = oldest(selecting)
        found = {EVERY_PORT: _narrowed(wide, selecting)}
        for port in sorted({port for one in chosen for port, _ in one.port_level}):
            found[port] = _any(_at(one, port, wide) for one in chosen)
        return found


def _at(policy: PeerAuthentication, port: int, wide: Choice) -> Choice:
    """What one workload policy comes to at a port."""
    mode = policy.mode_at(port)
    if mode is None or mode is UNSET:
        own = wide if policy.mode is UNSET else Choice(frozenset[str]((policy.mode,)))
        return own if mode is None and policy.mode is UNSET else Choice(own.modes, (policy,))
    return Choice(frozenset[str]((mode,)), (policy,))


def _narrowed(wide: Choice, policies: Iterable[PeerAuthentication]) -> Choice:
    """What policies of one level make of the level above it."""
    candidates = oldest(policies)
    if not candidates:
        return wide
    return _any(wide if one.mode is UNSET else Choice(frozenset[str]((one.mode,)), (one,)) for one in candidates)


def _any(choices: Iterable[Choice]) -> Choice:
    first, *others = choices
    for one in others:
        first = first | one
    return first
