"""Answers of AWS' describe calls in JSON, one or many to a file, as `aws ... describe-* --output json` prints them.

Which call an answer is from shows in its top-level key (`KEYS`). Things on their way out
(a deleted NAT gateway, a terminated instance, a disassociated block) are left out. An answer with a `NextToken` is one
page of several: what the others hold is unknown.

Source: the EC2, ELBv2 and RDS API references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error, warning
from ringfence.model.spans import Span
from ringfence.resources.aws import AwsObjects, PublicAccessBlock, RawResource, Unknown
from ringfence.sources import (
    aws_describe_balancers,
    aws_describe_compute,
    aws_describe_filters,
    aws_describe_networks,
    json_documents,
)
from ringfence.sources.aws_describe_answers import Answer, Answers
from ringfence.sources.files import InputFile
from ringfence.sources.yaml_scalars import MalformedError

UNMODELLED = {
    "CustomerGateways": "CustomerGatewayId",
    "TransitGatewayAttachments": "TransitGatewayAttachmentId",
    "TransitGateways": "TransitGatewayId",
    "VpcPeeringConnections": "VpcPeeringConnectionId",
    "VpnConnections": "VpnConnectionId",
    "VpnGateways": "VpnGatewayId",
}
"""Answers that matter and are not modelled, with the name of the id."""
KEYS = frozenset(
    (
        "Addresses",
        "DBInstances",
        "EgressOnlyInternetGateways",
        "InternetGateways",
        "Listeners",
        "LoadBalancerListeners",
        "LoadBalancerTargetHealth",
        "LoadBalancers",
        "ManagedPrefixLists",
        "NatGateways",
        "NetworkAcls",
        "NetworkInterfaces",
        "PrefixLists",
        "Reservations",
        "RouteTables",
        "Rules",
        "SecurityGroups",
        "Subnets",
        "TargetGroups",
        "VpcEndpoints",
        "Vpcs",
        *UNMODELLED,
    )
)
"""The top-level keys of all answers that are read."""


def read_files(files: Iterable[InputFile]) -> tuple[AwsObjects, list[Diagnostic]]:
    """The objects of all answers together. Never raises for what the files say."""
    answers = Answers()
    diagnostics: list[Diagnostic] = []
    unread: list[Unknown] = []
    for file in files:
        document = _parse(file)
        if isinstance(document, Diagnostic):
            diagnostics.append(document)
            unread.append(Unknown(f"{file.name} could not be read"))
            continue
        if document.get("NextToken") or document.get("NextMarker"):
            unread.append(Unknown(f"{file.name} is one page of several"))
            diagnostics.append(warning("this is one page of several: the others are missing", Span(file.name)))
        answers.add(document, Span(file.name, locate=_locator(file.text)))
    networks = aws_describe_networks.Networks(answers)
    objects = AwsObjects(
        vpcs=networks.vpcs(),
        subnets=networks.subnets(),
        internet_gateways=networks.gateways(),
        nat_gateways=networks.nat_gateways(),
        elastic_ips=networks.elastic_ips(),
        vpc_endpoints=networks.vpc_endpoints(),
        prefix_lists=networks.prefix_lists(),
        route_tables=networks.route_tables(),
        network_acls=tuple(aws_describe_filters.network_acls(answers)),
        security_groups=tuple(aws_describe_filters.security_groups(answers)),
        network_interfaces=aws_describe_compute.network_interfaces(answers),
        instances=aws_describe_compute.instances(answers),
        managed_services=aws_describe_compute.databases(answers),
        load_balancers=tuple(aws_describe_balancers.load_balancers(answers)),
        listeners=tuple(aws_describe_balancers.listeners(answers)),
        target_groups=tuple(aws_describe_balancers.target_groups(answers)),
        public_access_blocks=tuple(_blocks(answers)),
        unmodelled=tuple(_unmodelled(answers)),
        unread=tuple(unread),
    )
    return objects, [*diagnostics, *answers.diagnostics]


def is_describe(document: object) -> bool:
    """Whether a JSON document is such an answer."""
    return isinstance(document, dict) and any(isinstance(document.get(key), list) for key in KEYS)


def _parse(file: InputFile) -> Mapping[str, Any] | Diagnostic:
    try:
        document = json_documents.read(file.text)
    except MalformedError as fault:
        return error(str(fault), Span(file.name))
    except json_documents.DuplicateKeyError:
        return error("a key stands twice", Span(file.name))
    if not isinstance(document, dict):
        return error("this is no answer of a describe call", Span(file.name))
    return document


def _locator(text: str) -> Callable[[str], tuple[int, int | None]]:
    def locate(pointer: str) -> tuple[int, int | None]:
        line, column = json_documents.position(text, pointer)
        return line + 1, column + 1

    return locate


def _blocks(answers: Answers) -> Iterator[PublicAccessBlock]:
    """That public access is blocked shows at VPCs and subnets; what is left out of it, and how, does not."""
    for key in ("Vpcs", "Subnets"):
        for one in answers.of(key):
            state = one.part("BlockPublicAccessStates")
            if state.maybe("InternetGatewayBlockMode") not in (None, "off"):
                because = "public access is blocked, and what is left out of that is not among the files"
                yield PublicAccessBlock(id="block of public access", mode=Unknown(because), span=state.span)
                return


def _unmodelled(answers: Answers) -> Iterator[RawResource]:
    for key, id in UNMODELLED.items():
        found: list[Answer] = list(answers.of(key))
        if found:
            answers.warn(f"{key} are not modelled: what they open or close is unknown", found[0])
        for one in found:
            yield RawResource(id=one.text(id), type=key, tags=one.tags(), span=one.span)
