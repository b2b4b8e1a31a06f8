"""What has interfaces, from Terraform: instances, scaling groups, clusters, functions, databases, bare interfaces.

An instance without interfaces of its own gets its primary one here, under the id
`<instance>.primary_network_interface_id`: that is the interface which rules and addresses speak of. An interface
without groups has the VPC's default group.

Source: the AWS provider's pages on these resources.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ringfence.resources.aws import (
    CHOSEN_LATER,
    AutoScalingGroup,
    Flag,
    Id,
    Ids,
    Instance,
    LaunchTemplate,
    MaybeId,
    NetworkInterface,
    Subnet,
    Tags,
    Unknown,
    Vpc,
)
from ringfence.sources.terraform.mapping.classic_balancers import groups_of
from ringfence.sources.terraform.mapping.fields import Reading, joined
from ringfence.sources.terraform.records import Arguments, ResourceRecord

PRIMARY = "primary_network_interface_id"


@dataclass(frozen=True, slots=True)
class Places:
    """Which VPC a subnet is in and what that means for an interface without groups or without a word on addresses."""

    subnets: dict[str, Subnet]
    vpcs: dict[str, Vpc]

    def default_groups(self, subnet: MaybeId) -> Ids:
        """The groups of an interface in this subnet that names none."""
        found = self.subnets.get(subnet) if isinstance(subnet, str) else None
        vpc = self.vpcs.get(found.vpc) if found is not None and isinstance(found.vpc, str) else None
        return (vpc.default_security_group if vpc else Unknown("the default group of a VPC that is not known"),)

    def public_by_default(self, subnet: MaybeId) -> Flag:
        """Whether an interface in this subnet gets a public address if nothing else is said."""
        found = self.subnets.get(subnet) if isinstance(subnet, str) else None
        return found.map_public_ip if found else Unknown("the subnet is not known")

    def may_be_ipv6(self, subnet: MaybeId) -> bool:
        """Whether an interface in this subnet may have an IPv6 address."""
        found = self.subnets.get(subnet) if isinstance(subnet, str) else None
        return found is None or found.ipv6_cidr is not None


def instances(reading: Reading, places: Places) -> tuple[list[Instance], list[NetworkInterface]]:
    """The instances, and all interfaces that they or the files name."""
    interfaces = _interfaces(reading, places)
    found: list[Instance] = []
    for record in reading.of("aws_instance"):
        arguments, span, common = record.arguments, record.arguments.span, reading.common(record)
        own: Ids = ()
        for kind in ("network_interface", "primary_network_interface"):
            blocks, more = arguments.nested(kind)
            named = tuple(reading.id(one, "network_interface_id") for one in blocks)
            own = joined(own, more or named)
        subnet = reading.maybe(arguments.get("subnet_id"), span)
        if own == ():
            primary = _primary(reading, record, subnet, places)
            interfaces[primary.id] = primary
            own, subnet = (primary.id,), primary.subnet
        for one in own if isinstance(own, tuple) else ():
            if isinstance(one, str) and one in interfaces:
                interfaces[one] = replace(interfaces[one], owner=common["id"])
        found.append(Instance(**common, subnet=subnet, interfaces=own))
    _attach(reading, interfaces)
    return found, list(interfaces.values())


def _primary(reading: Reading, record: ResourceRecord, subnet: MaybeId, places: Places) -> NetworkInterface:
    arguments, span = record.arguments, record.arguments.span
    common = reading.common(record)
    written = arguments.get(PRIMARY)
    common["id"] = written if isinstance(written, str) and written else f"{common['id']}.{PRIMARY}"
    groups = reading.ids(arguments.get("vpc_security_group_ids"), span)
    if arguments.get("security_groups") and groups == ():
        groups = _by_name(reading, reading.ids(arguments.get("security_groups"), span))
    asked = arguments.get("associate_public_ip_address")
    public = places.public_by_default(subnet) if asked is None else reading.flag(asked, span)
    given = reading.maybe(arguments.get("private_ip"), span)
    address = record.id and reading.maybe(arguments.get("public_ip"), span)
    return NetworkInterface(
        **common,
        subnet=subnet or Unknown("a subnet of the account's default VPC"),
        private_ips=(given or Unknown("AWS chooses the address"), *_ipv6(reading, record, places.may_be_ipv6(subnet))),
        security_groups=places.default_groups(subnet) if groups == () else groups,
        public_ip=address or _public(public),
        source_dest_check=reading.flag(arguments.get("source_dest_check"), span, True),
        owner=reading.common(record)["id"],
    )


def _by_name(reading: Reading, names: Ids) -> Ids:
    """The groups of the files that are meant; a name that none of them has is one of the account's default VPC."""
    if isinstance(names, Unknown):
        return names
    known: dict[MaybeId, Id] = {}
    for record in reading.of("aws_security_group"):
        id = reading.common(record)["id"]
        known |= {id: id, reading.maybe(record.arguments.get("name"), record.span): id}
    gone = Unknown("a group given by its name is not in the files")
    return tuple(one if isinstance(one, Unknown) else known.get(one, gone) for one in names)


def _ipv6(reading: Reading, record: ResourceRecord, chosen: bool) -> tuple[Id, ...]:
    """The IPv6 addresses; where none is named and AWS may choose one (`chosen`), nobody knows whether it does."""
    found = reading.ids(record.arguments.get("ipv6_addresses"), record.arguments.span)
    if isinstance(found, Unknown):
        return (found,)
    all_said = found != () or record.id is not None or not chosen
    return found if all_said else (Unknown("AWS chooses the IPv6 address, if there is one"),)


def _public(wanted: Flag) -> MaybeId:
    """The public address: none, one that AWS chooses, or nobody knows."""
    if isinstance(wanted, Unknown):
        return wanted
    return CHOSEN_LATER if wanted else None


def _interfaces(reading: Reading, places: Places) -> dict[str, NetworkInterface]:
    found = {}
    for record in reading.of("aws_network_interface"):
        arguments, span, common = record.arguments, record.arguments.span, reading.common(record)
        subnet: Id = reading.id(arguments, "subnet_id")
        groups = reading.ids(arguments.get("security_groups"), span)
        listed = reading.ids(arguments.get("private_ips"), span)
        first = reading.maybe(arguments.get("private_ip"), span)
        four = listed if listed != () else (first or Unknown("AWS chooses the address"),)
        blocks, more = arguments.nested("attachment")
        owner: MaybeId = more or (reading.id(blocks[0], "instance") if blocks else None)
        found[common["id"]] = NetworkInterface(
            **common,
            subnet=subnet,
            private_ips=joined(four, _ipv6(reading, record, places.may_be_ipv6(subnet))),
            security_groups=places.default_groups(subnet) if groups == () else groups,
            source_dest_check=reading.flag(arguments.get("source_dest_check"), span, True),
            kind=str(arguments.get("interface_type") or "interface"),
            owner=owner,
        )
    return found


def _attach(reading: Reading, interfaces: dict[str, NetworkInterface]) -> None:
    for record in reading.of("aws_network_interface_attachment"):
        id = reading.id(record.arguments, "network_interface_id")
        owner = record.exists or reading.id(record.arguments, "instance_id")
        if isinstance(id, str) and id in interfaces:
            interfaces[id] = replace(interfaces[id], owner=owner)
    for record in reading.of("aws_network_interface_sg_attachment"):
        id = reading.id(record.arguments, "network_interface_id")
        group: Id = record.exists or reading.id(record.arguments, "security_group_id")
        for one in [id] if isinstance(id, str) else list(interfaces):
            if one in interfaces:
                added = group if isinstance(id, str) else id
                interfaces[one] = replace(
                    interfaces[one], security_groups=joined(interfaces[one].security_groups, (added,))
                )


def launch_templates(reading: Reading) -> list[LaunchTemplate]:
    """Launch templates, and the launch configurations that came before them."""
    found = []
    for record in reading.of("aws_launch_template", "aws_launch_configuration"):
        arguments, span = record.arguments, record.arguments.span
        old = record.type == "aws_launch_configuration"
        groups = reading.ids(arguments.get("security_groups" if old else "vpc_security_group_ids"), span)
        blocks, more = arguments.nested("network_interfaces")
        public = arguments.get("associate_public_ip_address") if old else None
        for block in blocks:
            groups = joined(groups, reading.ids(block.get("security_groups"), block.span))
            public = block.get("associate_public_ip_address") if public is None else public
        silent = Unknown("the subnet's default decides on public addresses")
        found.append(
            LaunchTemplate(
                **reading.common(record),
                security_groups=more or groups,
                public_ip=silent if public is None else reading.flag(public, span),
                user_data=_given(arguments, "user_data", "user_data_base64"),
                image=_given(arguments, "image_id"),
            )
        )
    return found


def _given(arguments: Arguments, *names: str) -> Flag:
    """Whether one of these arguments is set; whatever it is set to, a reference is a value."""
    values = [arguments.get(name) for name in names]
    if any(one is not None and one != "" and not isinstance(one, Unknown) for one in values):
        return True
    return next((one for one in values if isinstance(one, Unknown)), False)


def template_of(reading: Reading, arguments: Arguments, templates: list[LaunchTemplate]) -> MaybeId:
    """The launch template of a scaling or node group: by id, or by a name that only one resource can have."""
    direct = reading.maybe(arguments.get("launch_configuration"), arguments.span)
    if direct is not None:
        return direct
    blocks, more = arguments.nested("launch_template")
    mixed, more_mixed = arguments.nested("mixed_instances_policy")
    for policy in mixed:
        for template in policy.nested("launch_template")[0]:
            specification, unknown = template.nested("launch_template_specification")
            blocks += specification
            more = more or unknown
    if more or more_mixed:
        return more or more_mixed
    for block in blocks:
        for name in ("id", "launch_template_id", "name", "launch_template_name"):
            value = reading.maybe(block.get(name), block.span)
            if value is not None and value != "":
                known = isinstance(value, Unknown) or any(one.id == value for one in templates)
                return value if known else Unknown(f"the launch template {value} is not in the files")
    return None


def autoscaling_groups(reading: Reading, templates: list[LaunchTemplate]) -> list[AutoScalingGroup]:
    """Scaling groups with the target groups that they register with."""
    found = []
    for record in reading.of("aws_autoscaling_group"):
        arguments, span, common = record.arguments, record.arguments.span, reading.common(record)
        classic = groups_of(reading, reading.ids(arguments.get("load_balancers"), span))
        own = joined(reading.ids(arguments.get("target_group_arns"), span), classic)
        common["tags"] = _tags_in_blocks(reading, arguments)
        found.append(
            AutoScalingGroup(
                **common,
                subnets=reading.ids(arguments.get("vpc_zone_identifier"), span),
                launch_template=template_of(reading, arguments, templates),
                target_groups=joined(own, registrations(reading, common["id"])),
            )
        )
    return found


def _tags_in_blocks(reading: Reading, arguments: Arguments) -> Tags:
    """A scaling group's tags: a block each, where all other resources have a mapping."""
    blocks, more = arguments.nested("tag")
    found = {key: block.get("value") for block in blocks if isinstance(key := block.get("key"), str)}
    return more or (reading.tags(found) if len(found) == len(blocks) else Unknown("the key of a tag is not known"))


def registrations(reading: Reading, id: str) -> tuple[Id, ...]:
    """The target groups that stand-alone resources register a scaling or node group with."""
    found: list[Id] = []
    for record in reading.of("aws_autoscaling_attachment"):
        parent = reading.id(record.arguments, "autoscaling_group_name")
        if isinstance(parent, Unknown):
            found.append(parent)
        elif parent == id:
            classic = reading.maybe(record.arguments.get("elb"), record.span)
            if classic is None or record.exists is not None:
                found.append(record.exists or reading.id(record.arguments, "lb_target_group_arn"))
            else:
                groups = groups_of(reading, (classic,))
                found += (groups,) if isinstance(groups, Unknown) else groups
    return tuple(found)
