"""The rule language that every enforcement layer is lowered to.

    Rule   what one line of configuration says: for these peers and these headers, on this condition: allow, deny, pass
    Scope  the rules of one configuration object (a policy, a group, an ACL), in order, and the endpoints it governs
    Stage  the scopes of one tier, by priority; what happens to governed endpoints when no rule decides
    Chain  stages in order, in one direction, at one location

**How a chain decides.** Stages are tried in order. A stage whose scopes do not govern the subject is skipped. Within a
stage, scopes go by ascending priority; within a scope, rules go in order; the first rule that matches decides. `allow`
and `deny` end the chain, `pass` ends the stage. Scopes of equal priority have no order between them: where they
disagree, every order is possible. When no rule decides, the stage's `end` does. A chain that ends undecided takes its
`default`.

**Subjects and peers.** The *subject* of a chain is the endpoint at whose location it stands, the *peer* the other side:
for an egress chain the destination, for an ingress chain the source. A peer is matched on three things that rewrites
separate: the packet's *origin* (selectors), the address in its header (address sets), and the identity that its mutual
TLS proved (identity patterns; a plaintext packet has none).

**Three values.** A rule matches, does not match, or may match: a selector's labels, an address, a header set or a
condition may be unknown. A rule that may match both decides and lets the next one decide, so a chain has a set of
possible outcomes. *Must* is "the set is {allow}", *may* is "allow is in the set".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import ALWAYS, Condition, Truth, disjunction
from ringfence.model.headers import ALL_HEADERS, HeaderSet
from ringfence.model.selectors import ANYTHING, Selector
from ringfence.model.spans import NOWHERE, Span

NO_IDENTITY = ""
UNKNOWN_IDENTITY = "?"
"""An identity that is there and not known: it may match any pattern."""


class Action(StrEnum):
    """What a rule, a stage's end or a chain's default does. `pass` at a stage's end means: go on to the next stage."""

    ALLOW = "allow"
    DENY = "deny"
    PASS = "pass"


class Direction(StrEnum):
    """Seen from the subject: `egress` leaves it, `ingress` comes to it."""

    EGRESS = "egress"
    INGRESS = "ingress"


class Purpose(StrEnum):
    """What a chain is there for.

    `policy` says who may. `offer` (egress) says which transport a client's own proxy chooses: it leaves one of TCP's
    two variants for a peer and port (both open where nobody knows which; one open where perhaps nothing is sent), and
    whoever holds the client can go around it. `acceptance` (ingress) says which
    transports a server's proxy takes.
    """

    POLICY = "policy"
    OFFER = "offer"
    ACCEPTANCE = "acceptance"


@dataclass(frozen=True, slots=True)
class Pattern:
    """An identity pattern: the whole text, or its start or end where `open_end` / `open_start` is set.

    Both set means: the text anywhere. An open pattern without text fits any identity, as long as there is one.
    """

    text: str
    open_start: bool = False
    open_end: bool = False

    def matches(self, identity: str) -> Truth:
        """Whether it fits; open for an unknown identity; false for none."""
        if identity == NO_IDENTITY:
            return False
        if not self.text:
            return self.open_start or self.open_end
        if identity == UNKNOWN_IDENTITY:
            return None
        if self.open_start and self.open_end:
            return self.text in identity
        if self.open_start:
            return identity.endswith(self.text)
        return identity.startswith(self.text) if self.open_end else identity == self.text


@dataclass(frozen=True, slots=True)
class Peer:
    """One alternative of a rule's peers: an origin, an address and an identity, each of which must fit.

    `addresses` None means: whatever the address. `identities` None means: whatever the identity, none included;
    `excluded` identities must not fit (a packet without identity has none that could).
    """

    selector: Selector = ANYTHING
    addresses: Bounds[AddressSet] | None = None
    identities: tuple[Pattern, ...] | None = None
    excluded: tuple[Pattern, ...] = ()

    def identity_matches(self, identity: str) -> Truth:
        """The identity's part of the match."""
        wanted = True if self.identities is None else disjunction(one.matches(identity) for one in self.identities)
        unwanted = disjunction(one.matches(identity) for one in self.excluded)
        if wanted is False or unwanted is True:
            return False
        return True if wanted is True and unwanted is False else None


ANY_PEER = (Peer(),)
ANY_HEADERS = Bounds(ALL_HEADERS, ALL_HEADERS)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of configuration.

    `peers` are alternatives; an empty tuple matches no peer. `subjects` narrows the scope's subjects for this rule
    alone (a named port differs from pod to pod). `name` and `span` are what an explanation shows.
    """

    action: Action
    peers: tuple[Peer, ...] = ANY_PEER
    headers: Bounds[HeaderSet] = ANY_HEADERS
    condition: Condition = ALWAYS
    subjects: Selector = ANYTHING
    name: str = ""
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Scope:
    """The rules of one object, in order, and the endpoints that it governs. A lower `priority` goes first."""

    name: str
    subjects: Selector
    rules: tuple[Rule, ...] = ()
    priority: int = 0
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Stage:
    """The scopes of one tier; `end` is what happens to an endpoint that a scope governs and no rule decides."""

    name: str
    scopes: tuple[Scope, ...]
    end: Action


@dataclass(frozen=True, slots=True)
class Chain:
    """Ordered stages in one direction at one location.

    `layer` is the enforcement layer's name as explanations show it. A stateful chain lets the reply of what it let
    pass go through; a stateless one judges the reply as a packet of its own.
    """

    layer: str
    direction: Direction
    stages: tuple[Stage, ...]
    default: Action
    stateful: bool = True
    purpose: Purpose = Purpose.POLICY
