"""Which endpoints a rule speaks of, as a formula over what is known of an endpoint.

A selector stays symbolic: a layer writes down what the vendor's object says, and the engine's index resolves it once
for all endpoints. The answer for one endpoint has three values, because labels or memberships may be unknown.

An endpoint's attributes come in *facets*: a pod has the facets `pod` and `namespace` (its own labels and those of its
namespace), a network interface has `tag`, and so on. Having a facet says what kind of thing an endpoint is, so
`Has("pod")` keeps nodes and load balancers out of "all pods". Selectors are asked about packet *origins*; a packet
whose origin is no endpoint (the internet, or lost in a rewrite) is the endpoint `None`, which has no facet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ringfence.model.addresses import AddressSet
from ringfence.model.conditions import Truth, conjunction, disjunction, negation

if TYPE_CHECKING:
    from ringfence.model.networks import Endpoint


class Comparison(StrEnum):
    """Kubernetes' four; `not_in` and `absent` hold where the key is missing, too."""

    IN = "in"
    NOT_IN = "not_in"
    PRESENT = "present"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Anything:
    """Every endpoint, and packets that come from none."""

    def matches(self, endpoint: Endpoint | None) -> Truth:
        """Always true."""
        return True


@dataclass(frozen=True, slots=True)
class Unsure:
    """May be any endpoint or none of them; `because` says why nobody knows."""

    because: str

    def matches(self, endpoint: Endpoint | None) -> Truth:
        """Always open."""
        return None


@dataclass(frozen=True, slots=True)
class Has:
    """Endpoints with this facet."""

    facet: str

    def matches(self, endpoint: Endpoint | None) -> Truth:
        """Three-valued membership."""
        if endpoint is None:
            return False
        return None if self.facet in endpoint.unknown_facets else self.facet in endpoint.facets


@dataclass(frozen=True, slots=True)
class Label:
    """Endpoints whose attribute `key` of `facet` compares as asked. A missing facet is one without keys."""

    facet: str
    key: str
    comparison: Comparison = Comparison.PRESENT
    values: frozenset[str] = frozenset()

    def matches(self, endpoint: Endpoint | None) -> Truth:
        """Three-valued membership."""
        value = None
        if endpoint is not None:
            value = endpoint.facets.get(self.facet, {}).get(self.key)
            hidden = self.facet in endpoint.open_facets or (self.facet, self.key) in endpoint.unknown_keys
            if self.facet in endpoint.unknown_facets or (value is None and hidden):
                return None
        match self.comparison:
            case Comparison.IN:
                return value in self.values
            case Comparison.NOT_IN:
                return value not in self.values
            case Comparison.PRESENT:
                return value is not None
            case Comparison.ABSENT:
                return value is None


@dataclass(frozen=True, slots=True)
class InNamespace:
    """Endpoints of one namespace (Kubernetes) or network (a VPC): the unit that endpoints are ordered by."""

    namespace: str

    def matches(self, endpoint: Endpoint | None) -> Truth:
        """Three-valued membership; an endpoint whose namespace is not known may be of any."""
        if endpoint is None:
            return False
        return None if "namespace" in endpoint.unknown_facets else endpoint.namespace == self.namespace


@dataclass(frozen=True, slots=True)
class Member:
    """Endpoints that belong to a named group (a security group, a network set)."""

    group: str

    def matches(self, endpoint: Endpoint | None) -> Truth:
        """Three-valued membership."""
        if endpoint is None:
            return False
        if self.group in endpoint.groups:
            return True
        return None if endpoint.any_group or self.group in endpoint.maybe_groups else False


@dataclass(frozen=True, slots=True)
class Addressed:
    """Endpoints whose own address is one of these; what a rewrite made of a packet's address does not count."""

    addresses: AddressSet

    def matches(self, endpoint: Endpoint | None) -> Truth:
        """Three-valued membership: open where only some of the endpoint's addresses are in the set."""
        if endpoint is None or not endpoint.addresses & self.addresses:
            return False
        return True if endpoint.addresses <= self.addresses else None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Endpoints that every part selects; `AllOf(())` selects all."""

    parts: tuple[Selector, ...]

    def matches(self, endpoint: Endpoint | None) -> Truth:
        """Three-valued membership."""
        return conjunction(part.matches(endpoint) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Endpoints that at least one part selects; `AnyOf(())` selects none."""

    parts: tuple[Selector, ...]

    def matches(self, endpoint: Endpoint | None) -> Truth:
        """Three-valued membership."""
        return disjunction(part.matches(endpoint) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """Endpoints that the part does not select, packets from no endpoint included."""

    part: Selector

    def matches(self, endpoint: Endpoint | None) -> Truth:
        """Three-valued membership."""
        return negation(self.part.matches(endpoint))


Selector = Anything | Unsure | Has | Label | InNamespace | Member | Addressed | AllOf | AnyOf | Not

ANYTHING = Anything()
NOTHING = AnyOf(())
