"""VPC Block Public Access at the gateways of a VPC: it goes before every route, ACL and group.

    block-bidirectional   nothing passes an internet gateway or an egress-only one, either way
    block-ingress         NAT gateways and egress-only gateways pass, as they let none in; all else does not
    an exclusion          of a VPC or a subnet: `allow-bidirectional` passes both ways, `allow-egress` (beside
                          block-bidirectional alone) outward

A reply passes with its request. Whether a packet passes that a NAT gateway of an excluded *subnet* sends for a client
of another one is not certain here: it comes from a subnet that is left out, and from one that is not.

Source: VPC user guide, "Block public access to VPCs and subnets".
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, Not, Selector, Unsure
from ringfence.resources.aws import BlockMode, ExclusionMode, InternetGateway, PublicAccessExclusion, Unknown
from ringfence.topology.aws.estate import Estate, doubt, name, undecided
from ringfence.topology.aws.places import both, of

LAYER = "BlockPublicAccess"
NAT = "nat_gateway"


def block_chains(estate: Estate, gateway: InternetGateway) -> tuple[Chain, ...]:
    """The egress and the ingress chain of the account's block; none where nothing is blocked."""
    blocks = [one for one in estate.objects.public_access_blocks if one.mode is not BlockMode.OFF]
    if not blocks:
        return ()
    modes = {one.mode for one in blocks if not isinstance(one.mode, Unknown)}
    unsure = doubt(*(one.exists for one in blocks), *(one.mode for one in blocks))
    if unsure is not None or len(modes) > 1:
        return undecided(LAYER, unsure.because if unsure is not None else "there are several blocks of public access")
    block, ingress_only = blocks[0], BlockMode.INGRESS in modes
    if ingress_only and gateway.egress_only:
        return ()
    refusal = Rule(Action.DENY, name=f"{block.mode} of {name(block)}", span=block.span)
    rest = Stage("blocked", (Scope(name(block), ANYTHING, (refusal,), span=block.span),), Action.DENY)
    chains = []
    for direction in (Direction.EGRESS, Direction.INGRESS):
        outward = direction is Direction.EGRESS
        scopes = list(_left_out(estate, outward, ingress_only))
        if outward and ingress_only:
            scopes.append(Scope("NAT gateways", of("kind", NAT), (Rule(Action.ALLOW, name="NAT lets none in"),)))
        stages = (Stage("exclusions", tuple(scopes), Action.DENY), rest) if scopes else (rest,)
        chains.append(Chain(LAYER, direction, stages, Action.DENY))
    return tuple(chains)


def _left_out(estate: Estate, outward: bool, ingress_only: bool) -> Iterator[Scope]:
    """The exclusions that open one direction; what is not certain of them comes after what is."""
    for one in estate.objects.public_access_exclusions:
        opens = one.mode is not ExclusionMode.EGRESS or (outward and not ingress_only)
        if not opens:
            continue
        why = doubt(one.exists, one.mode, one.vpc, one.subnet)
        if why is not None:
            yield _scope(one, ANYTHING, why.because)
        elif isinstance(one.vpc, str):
            yield _scope(one, of("vpc", one.vpc))
        elif isinstance(one.subnet, str):
            here, nat = of("subnet", one.subnet), of("kind", NAT)
            yield _scope(one, both(here, Not(nat)))
            yield _scope(one, both(here, nat), "whether its clients are left out, too, is not known here")


def _scope(one: PublicAccessExclusion, subjects: Selector, because: str = "") -> Scope:
    peers = (Peer(Unsure(because)),) if because else (Peer(),)
    rule = Rule(Action.ALLOW, peers, name=because or f"{one.mode} of {name(one)}", span=one.span)
    return Scope(name(one), subjects, (rule,), 1 if because else 0, one.span)
