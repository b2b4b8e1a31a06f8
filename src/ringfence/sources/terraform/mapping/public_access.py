"""VPC Block Public Access and its exclusions from Terraform.

Source: the AWS provider's pages on `aws_vpc_block_public_access_options` and `aws_vpc_block_public_access_exclusion`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from ringfence.resources.aws import BlockMode, ExclusionMode, PublicAccessBlock, PublicAccessExclusion, Unknown
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.records import ResourceRecord

M = TypeVar("M", bound=StrEnum)


def blocks(reading: Reading) -> list[PublicAccessBlock]:
    """The options of the account."""
    return [
        PublicAccessBlock(
            **reading.common(record), mode=_mode(reading, record, "internet_gateway_block_mode", BlockMode)
        )
        for record in reading.of("aws_vpc_block_public_access_options")
    ]


def exclusions(reading: Reading) -> list[PublicAccessExclusion]:
    """The VPCs and subnets that are left out."""
    return [
        PublicAccessExclusion(
            **reading.common(record),
            mode=_mode(reading, record, "internet_gateway_exclusion_mode", ExclusionMode),
            vpc=reading.maybe(record.arguments.get("vpc_id"), record.span),
            subnet=reading.maybe(record.arguments.get("subnet_id"), record.span),
        )
        for record in reading.of("aws_vpc_block_public_access_exclusion")
    ]


def _mode(reading: Reading, record: ResourceRecord, argument: str, modes: type[M]) -> M | Unknown:
    text = reading.id(record.arguments, argument)
    if isinstance(text, Unknown):
        return text
    if text in list(modes):
        return modes(text)
    return reading.error(f"{argument} is one of {', '.join(modes)}", record.span)
