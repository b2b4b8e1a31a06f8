"""Clusters and managed services from Terraform: where AWS puts interfaces of its own making.

Services differ in the names of three arguments; `SERVICES` is the table of them. A subnet group or cluster that is
named by its name, not by a reference, is looked up among those in the files.

Source: the AWS provider's pages on these resources.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.resources.aws import (
    EksCluster,
    FargateProfile,
    FargateSelector,
    Flag,
    Id,
    Ids,
    LaunchTemplate,
    ManagedService,
    MaybeId,
    NodeGroup,
    SubnetGroup,
    Taint,
    Unknown,
)
from ringfence.sources.terraform.mapping.compute import registrations, template_of
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.records import Arguments, ResourceRecord
from ringfence.sources.terraform.values import vague


@dataclass(frozen=True, slots=True)
class Shape:
    """How one type of resource writes its place: the nested block (or none) and the names in it."""

    groups: str
    subnets: str = ""
    subnet_group: str = ""
    block: str = ""
    port: int | None = None
    public: str = "publicly_accessible"


SERVICES = {
    "db_instance": Shape("vpc_security_group_ids", subnet_group="db_subnet_group_name"),
    "rds_cluster": Shape("vpc_security_group_ids", subnet_group="db_subnet_group_name"),
    "docdb_cluster": Shape("vpc_security_group_ids", subnet_group="db_subnet_group_name"),
    "neptune_cluster": Shape("vpc_security_group_ids", subnet_group="neptune_subnet_group_name"),
    "redshift_cluster": Shape("vpc_security_group_ids", subnet_group="cluster_subnet_group_name"),
    "elasticache_cluster": Shape("security_group_ids", subnet_group="subnet_group_name"),
    "elasticache_replication_group": Shape("security_group_ids", subnet_group="subnet_group_name"),
    "memorydb_cluster": Shape("security_group_ids", subnet_group="subnet_group_name"),
    "efs_mount_target": Shape("security_groups", "subnet_id", port=2049),
    "lambda_function": Shape("security_group_ids", "subnet_ids", block="vpc_config"),
    "ecs_service": Shape("security_groups", "subnets", block="network_configuration", public="assign_public_ip"),
    "msk_cluster": Shape("security_groups", "client_subnets", block="broker_node_group_info"),
    "opensearch_domain": Shape("security_group_ids", "subnet_ids", block="vpc_options", port=443),
    "mq_broker": Shape("security_groups", "subnet_ids"),
}
SUBNET_GROUPS = (
    "aws_db_subnet_group",
    "aws_docdb_subnet_group",
    "aws_neptune_subnet_group",
    "aws_redshift_subnet_group",
    "aws_elasticache_subnet_group",
    "aws_memorydb_subnet_group",
)


def subnet_groups(reading: Reading) -> list[SubnetGroup]:
    """Named sets of subnets."""
    return [
        SubnetGroup(
            **reading.common(record),
            name=reading.id(record.arguments, "name"),
            subnets=reading.ids(record.arguments.get("subnet_ids"), record.span),
        )
        for record in reading.of(*SUBNET_GROUPS)
    ]


def managed_services(reading: Reading, named: list[SubnetGroup]) -> list[ManagedService]:
    """Databases, caches, functions and the like that stand in a VPC."""
    found = []
    for kind, shape in SERVICES.items():
        for record in reading.of(f"aws_{kind}"):
            body: Arguments = record.arguments
            more: Unknown | None = None
            if shape.block:
                blocks, more = body.nested(shape.block)
                if not blocks and more is None:
                    continue  # it has no place in a VPC
                body = blocks[0] if blocks else Arguments(span=body.span)
            subnets: Ids = ()
            if shape.subnets:
                value = body.get(shape.subnets)
                subnets = reading.ids([value] if shape.subnets == "subnet_id" else value, body.span)
            group = reading.maybe(body.get(shape.subnet_group), body.span) if shape.subnet_group else None
            if shape.subnet_group and group is None:
                group = Unknown("the default subnet group")
            port = reading.number(record.arguments.get("port"), record.span)
            found.append(
                ManagedService(
                    **reading.common(record),
                    kind=kind,
                    subnets=more or subnets,
                    subnet_group=_by_name(group, named),
                    security_groups=more or reading.ids(body.get(shape.groups), body.span),
                    port=port if port is not None else shape.port,
                    publicly_accessible=more or reading.flag(body.get(shape.public), body.span),
                )
            )
    return found


def _by_name(name: MaybeId, named: list[SubnetGroup] | list[EksCluster]) -> MaybeId:
    if not isinstance(name, str) or any(one.id == name for one in named):
        return name
    same = [one.id for one in named if one.name == name]
    return same[0] if len(same) == 1 else Unknown(f"{name} is not in the files")


def eks_clusters(reading: Reading) -> list[EksCluster]:
    """Control planes."""
    found = []
    for record in reading.of("aws_eks_cluster"):
        common = reading.common(record)
        blocks, more = record.arguments.nested("vpc_config")
        body = blocks[0] if blocks else Arguments(span=record.span)
        allowed = reading.cidrs(body.get("public_access_cidrs"), body.span)
        own = reading.maybe(body.get("cluster_security_group_id"), body.span)
        found.append(
            EksCluster(
                **common,
                name=reading.id(record.arguments, "name"),
                subnets=more or reading.ids(body.get("subnet_ids"), body.span),
                security_groups=more or reading.ids(body.get("security_group_ids"), body.span),
                cluster_security_group=own if isinstance(own, str) else f"{common['id']}.cluster_security_group_id",
                public_access=more or reading.flag(body.get("endpoint_public_access"), body.span, True),
                private_access=more or reading.flag(body.get("endpoint_private_access"), body.span),
                public_access_cidrs=allowed or ("0.0.0.0/0",),
                ipv6=_ipv6(reading, record),
            )
        )
    return found


def _ipv6(reading: Reading, record: ResourceRecord) -> Flag:
    blocks, more = record.arguments.nested("kubernetes_network_config")
    family = reading.maybe(blocks[0].get("ip_family"), blocks[0].span) if blocks else more
    return family if isinstance(family, Unknown) else family == "ipv6"


def node_groups(reading: Reading, clusters: list[EksCluster], templates: list[LaunchTemplate]) -> list[NodeGroup]:
    """Managed node groups."""
    found = []
    for record in reading.of("aws_eks_node_group"):
        cluster: Id = reading.id(record.arguments, "cluster_name")
        found.append(
            NodeGroup(
                **reading.common(record),
                cluster=_by_name(cluster, clusters) or cluster,
                subnets=reading.ids(record.arguments.get("subnet_ids"), record.span),
                name=_text(record.arguments, "node_group_name"),
                launch_template=template_of(reading, record.arguments, templates),
                target_groups=registrations(reading, reading.common(record)["id"]),
                labels=reading.tags(record.arguments.get("labels")),
                taints=_taints(reading, record),
            )
        )
    return found


def _text(arguments: Arguments, name: str) -> Id:
    """A text that stands for itself; what refers to another resource's is not known."""
    value = arguments.get(name)
    unknown = vague(value)
    if unknown is not None or value is None:
        return unknown or Unknown(f"{name} is not given")
    return str(value)


EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}


def _taints(reading: Reading, record: ResourceRecord) -> tuple[Taint, ...] | Unknown:
    blocks, more = record.arguments.nested("taint")
    found = []
    for block in blocks:
        effect = _text(block, "effect")
        known = EFFECTS.get(effect) if isinstance(effect, str) else effect
        if known is None:
            known = reading.error(f"{effect} is no effect of a taint", block.span, f"one of {', '.join(EFFECTS)}")
        value = "" if block.get("value") is None else _text(block, "value")
        found.append(Taint(_text(block, "key"), value, known))
    return more or tuple(found)


def fargate_profiles(reading: Reading, clusters: list[EksCluster]) -> list[FargateProfile]:
    """Which pods run on Fargate."""
    found = []
    for record in reading.of("aws_eks_fargate_profile"):
        cluster: Id = reading.id(record.arguments, "cluster_name")
        blocks, more = record.arguments.nested("selector")
        selectors = (FargateSelector(_text(block, "namespace"), reading.tags(block.get("labels"))) for block in blocks)
        found.append(
            FargateProfile(
                **reading.common(record),
                cluster=_by_name(cluster, clusters) or cluster,
                subnets=reading.ids(record.arguments.get("subnet_ids"), record.span),
                selectors=more or tuple(selectors),
            )
        )
    return found
