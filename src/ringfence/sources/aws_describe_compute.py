"""Who stands in the networks, from describe calls: interfaces, instances, databases.

An interface may be listed by itself, under its instance, or both.
"""

from __future__ import annotations

from ringfence.resources.aws import Instance, ManagedService, NetworkInterface, Unknown
from ringfence.sources.aws_describe_answers import GONE, Answer, Answers


def network_interfaces(answers: Answers) -> tuple[NetworkInterface, ...]:
    """Interfaces, those listed under an instance only included."""
    found: dict[str, NetworkInterface] = {}
    for one in answers.of("NetworkInterfaces"):
        interface = _interface(one, one.part("Attachment").maybe("InstanceId"))
        found[interface.id] = interface
    for instance in _machines(answers):
        for one in instance.parts("NetworkInterfaces"):
            found.setdefault(one.text("NetworkInterfaceId"), _interface(one, instance.maybe("InstanceId")))
    return tuple(found.values())


def instances(answers: Answers) -> tuple[Instance, ...]:
    """Instances that are there."""
    return tuple(
        Instance(
            id=one.text("InstanceId"),
            tags=one.tags(),
            span=one.span,
            subnet=one.maybe("SubnetId"),
            interfaces=one.each("NetworkInterfaces", "NetworkInterfaceId"),
        )
        for one in _machines(answers)
    )


def databases(answers: Answers) -> tuple[ManagedService, ...]:
    """Databases of RDS."""
    return tuple(
        ManagedService(
            id=one.text("DBInstanceIdentifier"),
            kind="db_instance",
            span=one.span,
            subnets=one.part("DBSubnetGroup").each("Subnets", "SubnetIdentifier"),
            security_groups=one.each("VpcSecurityGroups", "VpcSecurityGroupId"),
            port=one.part("Endpoint").number("Port"),
            publicly_accessible=one.flag("PubliclyAccessible"),
        )
        for one in answers.living("DBInstances", "DBInstanceStatus")
    )


def _machines(answers: Answers) -> list[Answer]:
    found = [one for reservation in answers.of("Reservations") for one in reservation.parts("Instances")]
    return [one for one in found if one.part("State").maybe("Name") not in GONE]


def _interface(one: Answer, owner: str | None) -> NetworkInterface:
    unknown = Unknown("the address is not given")
    private = [part.cidr("PrivateIpAddress") or unknown for part in one.parts("PrivateIpAddresses")]
    if not private and one.maybe("PrivateIpAddress") is not None:
        private = [one.cidr("PrivateIpAddress") or unknown]
    six = [part.cidr("Ipv6Address") or unknown for part in one.parts("Ipv6Addresses")]
    return NetworkInterface(
        id=one.text("NetworkInterfaceId"),
        tags={tag.text("Key"): str(tag.values.get("Value") or "") for tag in one.parts("TagSet")},
        span=one.span,
        subnet=one.id("SubnetId"),
        private_ips=(*private, *six),
        security_groups=one.each("Groups", "GroupId"),
        public_ip=one.part("Association").cidr("PublicIp"),
        source_dest_check=one.flag("SourceDestCheck", True),
        kind=one.maybe("InterfaceType") or "interface",
        owner=owner,
    )
