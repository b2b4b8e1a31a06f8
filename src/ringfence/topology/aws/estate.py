"""What belongs to what in one AWS estate, with what is not known of it.

Three relations have a default, and the default is where the unknowns bite: a subnet that no ACL and no table names uses
its VPC's default ACL and main table. Where some association of that VPC is not known, the subnet may be the one meant;
then both answers stand, and neither is certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ringfence.layers.aws_headers import block, blocks
from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, AddressSet, number
from ringfence.model.bounds import Bounds
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, Unsure
from ringfence.resources.aws import (
    AwsObjects,
    Id,
    Ids,
    InternetGateway,
    MaybeId,
    NetworkAcl,
    NetworkInterface,
    PrefixList,
    Resource,
    RouteTable,
    SecurityGroup,
    Subnet,
    TargetKind,
    Unknown,
    Vpc,
)

NOT_SAID = Unknown("nothing says which one it is")


def name(resource: Resource) -> str:
    """What people call it: its Terraform address, else its id."""
    return resource.address or resource.id


def known(ids: Ids) -> tuple[str, ...]:
    """Those of the ids that are known."""
    return () if isinstance(ids, Unknown) else tuple(one for one in ids if isinstance(one, str))


def doubt(*values: object) -> Unknown | None:
    """The first unknown among values and their members."""
    for value in values:
        if isinstance(value, Unknown):
            return value
        if isinstance(value, tuple):
            found = doubt(*value)
            if found is not None:
                return found
    return None


def undecided(layer: str, because: str) -> tuple[Chain, Chain]:
    """An egress and an ingress chain of which nothing is certain: each packet may pass and may not."""
    rule = Rule(Action.ALLOW, (Peer(Unsure(because)),), name=because)
    stage = Stage(because, (Scope(because, ANYTHING, (rule,)),), Action.DENY)
    egress, ingress = (Chain(layer, one, (stage,), Action.DENY, False) for one in (Direction.EGRESS, Direction.INGRESS))
    return egress, ingress


@dataclass(frozen=True)
class Estate:
    """One account or one set of Terraform roots, looked up by id."""

    objects: AwsObjects

    @cached_property
    def vpcs(self) -> Mapping[str, Vpc]:
        """By id."""
        return {one.id: one for one in self.objects.vpcs}

    @cached_property
    def subnets(self) -> Mapping[str, Subnet]:
        """By id."""
        return {one.id: one for one in self.objects.subnets}

    @cached_property
    def groups(self) -> Mapping[str, SecurityGroup]:
        """By id."""
        return {one.id: one for one in self.objects.security_groups}

    @cached_property
    def prefix_lists(self) -> Mapping[str, PrefixList]:
        """By id."""
        return {one.id: one for one in self.objects.prefix_lists}

    @cached_property
    def internet_gateways(self) -> tuple[InternetGateway, ...]:
        """Those of the files, and those that routes lead to and no file holds, which may be there."""
        found = {one.id: one for one in self.objects.internet_gateways}
        for table in self.objects.route_tables:
            for route in table.routes:
                target, kind = route.target, route.kind
                if kind in (TargetKind.INTERNET_GATEWAY, TargetKind.EGRESS_ONLY) and isinstance(target, str) and target:
                    missing = Unknown(f"{target} is not in the files")
                    egress_only = kind is TargetKind.EGRESS_ONLY
                    implied = InternetGateway(id=target, vpc=table.vpc, egress_only=egress_only, exists=missing)
                    found.setdefault(target, implied)
        return tuple(found.values())

    @cached_property
    def owners(self) -> Mapping[str, Resource]:
        """Whatever can own interfaces, by id."""
        objects = self.objects
        kinds: tuple[Iterable[Resource], ...] = (
            objects.instances,
            objects.load_balancers,
            objects.nat_gateways,
            objects.vpc_endpoints,
            objects.managed_services,
            objects.eks_clusters,
            objects.node_groups,
            objects.autoscaling_groups,
        )
        return {one.id: one for kind in kinds for one in kind}

    @cached_property
    def interfaces(self) -> Mapping[str, tuple[NetworkInterface, ...]]:
        """The interfaces by their owner's id, those that the owner itself names included."""
        found: dict[str, dict[str, NetworkInterface]] = {}
        for one in self.objects.network_interfaces:
            if isinstance(one.owner, str) and one.owner:
                found.setdefault(one.owner, {})[one.id] = one
        by_id = {one.id: one for one in self.objects.network_interfaces}
        for instance in self.objects.instances:
            for each in known(instance.interfaces):
                if each in by_id:
                    found.setdefault(instance.id, {})[each] = by_id[each]
        for endpoint in self.objects.vpc_endpoints:
            for each in known(endpoint.network_interfaces):
                if each in by_id:
                    found.setdefault(endpoint.id, {})[each] = by_id[each]
        return {owner: tuple(members.values()) for owner, members in found.items()}

    @cached_property
    def owner_of(self) -> Mapping[str, str]:
        """The owner's id of each interface that has one."""
        return {one.id: owner for owner, members in self.interfaces.items() for one in members}

    def vpc_of(self, subnet: Id | None) -> Vpc | None:
        """The VPC of a subnet, where that is known."""
        found = self.subnets.get(subnet) if isinstance(subnet, str) else None
        return self.vpcs.get(found.vpc) if found is not None and isinstance(found.vpc, str) else None

    def local(self, vpc: Vpc) -> Bounds[AddressSet]:
        """All addresses of a VPC."""
        return blocks(vpc.cidrs) | blocks(vpc.ipv6_cidrs)

    def of_subnet(self, subnet: Subnet) -> Bounds[AddressSet]:
        """All addresses of a subnet; where a block is not known, it is one of the VPC's."""
        vpc = self.vpc_of(subnet.id)
        around = self.local(vpc).may if vpc is not None else ALL_IPV4 | ALL_IPV6
        found = Bounds.exactly(AddressSet())
        for cidr, family in ((subnet.cidr, ALL_IPV4), (subnet.ipv6_cidr, ALL_IPV6)):
            if cidr is not None:
                part = block(cidr)
                found |= Bounds(part.must, part.may & around & family if not part.known else part.may, part.because)
        return found

    def resolver(self, vpc: Vpc | None) -> AddressSet:
        """The Resolver's address in a VPC: the third of its first block."""
        if vpc is None or isinstance(vpc.cidrs, Unknown) or not vpc.cidrs or isinstance(vpc.cidrs[0], Unknown):
            return AddressSet()
        place = number(vpc.cidrs[0].partition("/")[0]) + 2
        return AddressSet.between(place, place)

    def acls(self, subnet: Subnet) -> tuple[NetworkAcl | None, Unknown | None]:
        """The ACL of a subnet, and why it may be another one."""
        for acl in self.objects.network_acls:
            if subnet.id in known(acl.subnets):
                return acl, acl.exists
        if isinstance(subnet.vpc, Unknown):
            return None, subnet.vpc
        vpc = self.vpcs.get(subnet.vpc)
        by_id = {one.id: one for one in self.objects.network_acls}
        named = vpc.default_network_acl if vpc is not None else None
        default = by_id.get(named) if isinstance(named, str) else None
        may_be = (doubt(one.subnets, one.vpc) for one in self.objects.network_acls if _in(one.vpc, subnet.vpc))
        why = next((one for one in may_be if one is not None), None)
        return default, why if default is not None else why or NOT_SAID

    def tables(self, subnet: Subnet) -> Iterator[tuple[RouteTable, Unknown | None]]:
        """The route tables that a subnet uses or may use; one without doubt where it is known."""
        tables = self.objects.route_tables
        for table in tables:
            if subnet.id in known(table.subnets) and table.exists is None:
                yield table, None
                return
        vpc = None if isinstance(subnet.vpc, Unknown) else self.vpcs.get(subnet.vpc)
        main = vpc.main_route_table if vpc is not None else ""
        others: list[tuple[RouteTable, Unknown]] = []
        for table in tables:
            why = table.exists if subnet.id in known(table.subnets) else doubt(table.subnets, table.vpc, subnet.vpc)
            if table.id != main and why is not None and _in(table.vpc, subnet.vpc):
                others.append((table, why))
        for table in tables:
            if table.id == main:
                yield table, others[0][1] if others else None
        yield from others

    def addresses(self, subnet: MaybeId, wanted: AddressSet) -> AddressSet:
        """Where an address of one family is from when AWS chooses it."""
        found = self.subnets.get(subnet) if isinstance(subnet, str) else None
        places = (found,) if found is not None else self.objects.subnets
        return AddressSet.union(self._free(one) & wanted for one in places) or wanted

    def _free(self, subnet: Subnet) -> AddressSet:
        """A subnet's addresses without the first four and the last of each block, which AWS keeps for itself."""
        kept = []
        for cidr in (subnet.cidr, subnet.ipv6_cidr):
            if isinstance(cidr, str):
                ((low, high),) = AddressSet.of(cidr).pairs
                kept += [AddressSet.between(low, low + 3), AddressSet.between(high, high)]
        return self.of_subnet(subnet).may - AddressSet.union(kept)


def _in(vpc: Id, other: Id) -> bool:
    return isinstance(vpc, Unknown) or isinstance(other, Unknown) or vpc == other
