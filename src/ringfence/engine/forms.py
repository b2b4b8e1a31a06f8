"""A packet between two rewrites, and what a rewrite makes of it.

A *form* is what chains and links see of a packet: its header, and of each side the endpoint, the address and the
identity. It stays the same along a *segment* of the path; a link that rewrites begins the next one. The reply takes the
segments the other way round, so each form has a reply: the target sends, the source receives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ringfence.engine.cuts import Cuts
from ringfence.engine.decisions import Side
from ringfence.engine.outcomes import Doubt
from ringfence.model.headers import PORT_PLANES, Header
from ringfence.model.networks import Endpoint, Link
from ringfence.model.rules import NO_IDENTITY, Direction

MOST_REWRITES = 4
"""How often a packet may be rewritten on its way."""


@dataclass(frozen=True, slots=True)
class Form:
    """A packet between two rewrites. `source` None: its origin was lost in a rewrite."""

    source: Endpoint | None
    source_address: int
    source_identity: str
    target: Endpoint
    target_address: int
    header: Header

    def peer(self, direction: Direction) -> Side:
        """The other side, as a chain of this direction sees it."""
        encrypted = self.header.plane == "mtls"
        if direction is Direction.EGRESS:
            return Side(self.target, self.target_address, self.target.identity if encrypted else NO_IDENTITY)
        return Side(self.source, self.source_address, self.source_identity if encrypted else NO_IDENTITY)

    def reply(self) -> Reply:
        """The form of the reply."""
        return Reply(self)


class Reply:
    """A form seen from behind: the target sends, the source receives, the ports are swapped."""

    def __init__(self, form: Form) -> None:
        self.source: Endpoint | None = form.target
        self.target = form.source
        self.header = form.header.reply()
        self._form = form

    def peer(self, direction: Direction) -> Side:
        """The other side, as a chain of this direction sees it."""
        other = Direction.INGRESS if direction is Direction.EGRESS else Direction.EGRESS
        return self._form.peer(other)


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a path between two rewrites.

    `start` is where it begins, `entered_by` the rewriting link that led there. `seen` are the locations whose chains
    judged the request, `visited` those that links led it to.
    """

    form: Form
    start: str
    entered_by: Link | None
    seen: frozenset[str] = frozenset()
    visited: frozenset[str] = frozenset()


def rewritten(
    form: Form, link: Link, endpoints: Mapping[str, Endpoint], cuts: Cuts
) -> Iterator[tuple[Form, frozenset[Doubt]]]:
    """The packet after the link's rewrite: one form for each behaviour that an open choice can make."""
    change = link.rewrite
    if change is None:
        yield form, frozenset()
        return
    header = form.header
    for mapped in change.ports:
        if header.plane == mapped.plane and header.y in mapped.ports:
            header = replace(header, y=mapped.to)
            break
    if change.transport is not None and header.plane in ("tcp", "mtls"):
        header = replace(header, plane=change.transport)
    source, target = form.source, form.target
    if change.source.origin is not None:
        source = endpoints[change.source.origin] if change.source.origin else None
    identity = form.source_identity if change.source.identity is None else change.source.identity
    if change.target is not None:
        target = endpoints[change.target]
    target_addresses = (form.target_address,) if change.target is None else cuts.addresses(target.addresses)
    new_source = change.source.addresses
    source_addresses = (form.source_address,) if new_source is None else cuts.addresses(new_source)
    ports: tuple[int, ...] = (header.x,)
    if change.source.ports is not None and header.plane in PORT_PLANES:
        ports = cuts.ports(change.source.ports)
    unknown = len(target_addresses) * len(source_addresses) > 1
    doubts = frozenset((Doubt.UNKNOWN,)) if unknown else frozenset((Doubt.CHOICE,) if len(ports) > 1 else ())
    for target_address in target_addresses:
        for source_address in source_addresses:
            for port in ports:
                new = replace(header, x=port)
                yield Form(source, source_address, identity, target, target_address, new), doubts
