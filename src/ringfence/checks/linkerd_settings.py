"""What Linkerd's doubtful objects are, sorted for the checks: one pass of `layers.linkerd_doubts` for a view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.mesh import linkerd
from ringfence.layers.linkerd_doubts import NO_SUCH, PORT_LISTS, WORDS, Doubt, doubts
from ringfence.layers.linkerd_options import LinkerdOptions
from ringfence.layers.linkerd_values import values


class Kind(StrEnum):
    """What is wrong with an object."""

    WITHOUT_EFFECT = "without effect"
    OPEN = "open"
    NO_SUCH = "no such resource"
    NOT_UNDERSTOOD = "not understood"


@dataclass(frozen=True, slots=True)
class Sorted:
    """One object and what is wrong with it."""

    kind: Kind
    doubt: Doubt

    def finding(self, check: Check, severity: Severity) -> Finding:
        """It as a check reports it."""
        reason = ((self.doubt.instead, self.doubt.span),)
        return Finding(check, severity, f"{self.doubt.title}: {self.doubt.happens}", self.doubt.span, reason)


def of(view: View, *kinds: Kind) -> Iterator[Sorted]:
    """The doubts of these kinds, in the order of reading."""
    return (one for one in _sorted(view) if one.kind in kinds)


@lru_cache(maxsize=2)
def _sorted(view: View) -> tuple[Sorted, ...]:
    mesh, objects = linkerd(view), view.topology.objects
    installed = mesh.installed if mesh else values(None, LinkerdOptions())
    policies = objects.linkerd_authorization_policies
    empty = {
        one.span.at("spec", "requiredAuthenticationRefs") for one in policies if not one.required_authentication_refs
    }
    return tuple(Sorted(_kind(one, one.span in empty), one) for one in doubts(objects, installed))


def _kind(doubt: Doubt, of_empty_list: bool) -> Kind:
    if doubt.happens == NO_SUCH:
        return Kind.NO_SUCH
    if any(name in doubt.happens for name in (*WORDS, *PORT_LISTS)):
        return Kind.NOT_UNDERSTOOD
    return Kind.OPEN if of_empty_list else Kind.WITHOUT_EFFECT
