"""Network interfaces as endpoints, those that are in the files and those that will be.

Every interface is an endpoint, one for each family, and its workload is its owner. An owner without interfaces in the
files (a node group, a database, a function) gets a *placeholder* for each of its subnets, whose address is one of the
subnet's. Security groups are the endpoint's groups; an unknown one makes it a member of who knows what.

| facet | holds |
|---|---|
| `aws` | `id`, `kind`, `subnet`, `vpc`, `zone`: of the owner and of the place |
| `tag` | the tags of the owner and of the interface itself |
| `public` | there where the internet can address it: `ip`, its public address where that is known |

An IPv6 address is public by itself. `map_public_ip` of a subnet is what new interfaces get, and makes none public.

Which ports a client opens connections from depends on what it is: an instance is taken for Linux (32768-60999), what
AWS runs uses 1024-65535.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, AddressSet
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import EPHEMERAL, Endpoint
from ringfence.resources.aws import CHOSEN_LATER, Flag, Ids, MaybeId, NetworkInterface, Resource, Unknown, listed
from ringfence.topology.aws.estate import Estate, doubt, known, name

AWS, TAG, PUBLIC = "aws", "tag", "public"
SERVICE = "service"
"""The kind of a service of AWS that stands for itself, as nobody knows its addresses."""

LINUX = IntervalSet.of((32768, 60999))
"""The ports that Linux takes for clients, `net.ipv4.ip_local_port_range`'s default."""

ANYWHERE = "interfaces of a subnet that is not known"

WITHOUT_GROUPS = frozenset(("nat_gateway", "network_load_balancer", "gateway_load_balancer", "transit_gateway"))
"""Kinds of interfaces that need not have a group; every other one has its VPC's default group where none is named."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An interface to be made an endpoint of. `public` True: it has a public address, whichever."""

    name: str
    owner: Resource
    kind: str
    subnet: MaybeId
    groups: Ids = ()
    private: Ids = ()
    public: str | bool | Unknown = False
    ephemeral: IntervalSet = EPHEMERAL
    single: bool = False
    default_group: bool = True
    own: Resource | None = None


def place(subnet: MaybeId) -> str:
    """The location of a subnet's interfaces."""
    return f"interfaces of {subnet}" if isinstance(subnet, str) else ANYWHERE


def endpoints(estate: Estate, wanted: Wanted, location: str = "") -> Iterator[Endpoint]:
    """An endpoint for each family that the interface has or may have."""
    found = _template(estate, wanted, location)
    texts = known(wanted.private)
    given = AddressSet.of(*texts)
    subnet = estate.subnets.get(wanted.subnet) if isinstance(wanted.subnet, str) else None
    four = given & ALL_IPV4
    open_ended = not texts or doubt(wanted.private) is not None
    if not four and open_ended:
        four = estate.addresses(wanted.subnet, ALL_IPV4)
    if four:
        yield replace(found, addresses=four)
    six = given & ALL_IPV6
    unsure = not six and open_ended and subnet is not None and subnet.ipv6_cidr is not None
    if unsure:
        six = estate.addresses(wanted.subnet, ALL_IPV6)
    if six:
        facets = {**found.facets, PUBLIC: dict[str, str]()}
        yield replace(
            found,
            id=f"{found.id} IPv6" if four else found.id,
            addresses=six,
            facets=facets,
            unknown_facets=found.unknown_facets - {PUBLIC},
            maybe=found.maybe or (unsure and bool(four)),
        )


def _template(estate: Estate, wanted: Wanted, location: str) -> Endpoint:
    vpc = estate.vpc_of(wanted.subnet)
    subnet = estate.subnets.get(wanted.subnet) if isinstance(wanted.subnet, str) else None
    groups, unsure = _groups(estate, wanted)
    unknown: set[str] = set()
    where: dict[str, str] = {"id": wanted.owner.id, "kind": wanted.kind}
    if subnet is None or vpc is None:
        unknown |= {AWS}
    else:
        where |= {"subnet": subnet.id, "vpc": vpc.id}
        where |= {"zone": subnet.zone} if isinstance(subnet.zone, str) else {}
    tags, hidden = _tags(wanted)
    facets: dict[str, Mapping[str, str]] = {AWS: where, TAG: tags}
    if isinstance(wanted.public, Unknown):
        unknown.add(PUBLIC)
    elif wanted.public is not False:
        facets[PUBLIC] = {"ip": wanted.public} if isinstance(wanted.public, str) else {}
    exists = doubt(wanted.owner.exists, wanted.own.exists if wanted.own else None, subnet.exists if subnet else None)
    return Endpoint(
        wanted.name,
        location or place(subnet.id if subnet is not None else None),
        AddressSet(),
        workload=name(wanted.owner),
        namespace=vpc.id if vpc is not None else "",
        facets=facets,
        unknown_facets=frozenset(unknown),
        open_facets=frozenset((TAG,)) if hidden is None else frozenset(),
        unknown_keys=frozenset((TAG, key) for key in hidden or ()),
        groups=frozenset(groups),
        any_group=unsure is not None,
        ephemeral=wanted.ephemeral,
        single=wanted.single,
        maybe=exists is not None,
        span=(wanted.own or wanted.owner).span,
    )


def _groups(estate: Estate, wanted: Wanted) -> tuple[tuple[str, ...], Unknown | None]:
    found: tuple[str, ...] = known(wanted.groups)
    unsure = doubt(wanted.groups)
    if not found and unsure is None and wanted.default_group:
        vpc = estate.vpc_of(wanted.subnet)
        if vpc is None or not vpc.default_security_group:
            return (), Unknown("the VPC's default group is not known")
        if isinstance(vpc.default_security_group, Unknown):
            return (), vpc.default_security_group
        found = (vpc.default_security_group,)
    missing = [one for one in found if one not in estate.groups]
    return found, unsure or (Unknown(f"the rules of group {missing[0]} are not known") if missing else None)


def _tags(wanted: Wanted) -> tuple[dict[str, str], set[str] | None]:
    """The tags that are known, and the keys of those that are not; None: there may be any others.

    The interface's own go before its owner's of the same key.
    """
    found: dict[str, str | Unknown] = {}
    unlisted = False
    for tags in (wanted.owner.tags, wanted.own.tags if wanted.own is not None else {}):
        if isinstance(tags, Unknown):
            found, unlisted = {}, True
        found.update(listed(tags))
    known = {key: value for key, value in found.items() if isinstance(value, str)}
    return known, None if unlisted else found.keys() - known.keys()


def public(estate: Estate, interface: NetworkInterface) -> str | bool | Unknown:
    """Whether the interface has a public address: its own, or an Elastic IP's."""
    if isinstance(interface.public_ip, str):
        return interface.public_ip == CHOSEN_LATER or interface.public_ip
    owner = estate.owner_of.get(interface.id)
    first = owner is not None and estate.interfaces[owner][0].id == interface.id
    unsure = interface.public_ip
    for address in estate.objects.elastic_ips:
        named = address.network_interface == interface.id
        by_owner = address.network_interface is None and first and address.instance == owner
        if named or by_owner:
            if address.exists is None:
                return address.public_ip if isinstance(address.public_ip, str) else True
            unsure = address.exists
        unsure = unsure or doubt(address.network_interface, address.instance)
    return unsure if unsure is not None else False


def either(*flags: Flag) -> bool | Unknown:
    """Whether one of the flags is set."""
    if any(one is True for one in flags):
        return True
    return doubt(*flags) or False
