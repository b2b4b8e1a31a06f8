"""Instances and their interfaces, launch templates, scaling groups."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import Unknown
from tests.sources.terraform.reading import VPC, objects

SUBNET = VPC + (
    'resource "aws_subnet" "a" {\n  vpc_id = aws_vpc.main.id\n  cidr_block = "10.0.0.0/24"\n'
    "  map_public_ip_on_launch = true\n}\n"
)


def test_the_primary_interface_of_an_instance() -> None:
    text = SUBNET + (
        'resource "aws_instance" "i" {\n  subnet_id = aws_subnet.a.id\n  private_ip = "10.0.0.9"\n'
        '  associate_public_ip_address = false\n  vpc_security_group_ids = ["sg-1"]\n  source_dest_check = false\n}\n'
    )
    found = objects(text)
    (interface,) = found.network_interfaces
    assert found.instances[0].interfaces == (interface.id,) == ("aws_instance.i.primary_network_interface_id",)
    assert (interface.owner, interface.subnet) == ("aws_instance.i", "aws_subnet.a")
    assert (interface.private_ips, interface.security_groups) == (("10.0.0.9",), ("sg-1",))
    assert (interface.public_ip, interface.source_dest_check) == (None, False)


def test_what_an_instance_has_by_default() -> None:
    (interface,) = objects(
        SUBNET + 'resource "aws_instance" "i" {\n  subnet_id = aws_subnet.a.id\n}\n'
    ).network_interfaces
    assert interface.security_groups == ("aws_vpc.main.default_security_group_id",)
    assert interface.public_ip is not None
    (nowhere,) = objects('resource "aws_instance" "i" {}\n').network_interfaces
    assert isinstance(nowhere.subnet, Unknown)
    assert isinstance(nowhere.security_groups[0], Unknown)  # type: ignore[index]
    assert isinstance(nowhere.public_ip, Unknown)


def test_interfaces_of_their_own() -> None:
    text = SUBNET + (
        'resource "aws_network_interface" "e" {\n  subnet_id = aws_subnet.a.id\n'
        '  private_ips = ["10.0.0.5", "10.0.0.6"]\n'
        '  security_groups = ["sg-1"]\n}\n'
        'resource "aws_instance" "i" {\n  network_interface {\n    device_index = 0\n'
        "    network_interface_id = aws_network_interface.e.id\n  }\n}\n"
        'resource "aws_network_interface_sg_attachment" "s" {\n  security_group_id = "sg-2"\n'
        "  network_interface_id = aws_network_interface.e.id\n}\n"
        'resource "aws_network_interface_sg_attachment" "p" {\n  security_group_id = "sg-3"\n'
        "  network_interface_id = aws_instance.j.primary_network_interface_id\n}\n"
        'resource "aws_instance" "j" {\n  subnet_id = aws_subnet.a.id\n  vpc_security_group_ids = ["sg-1"]\n}\n'
    )
    found = {one.id: one for one in objects(text).network_interfaces}
    own = found["aws_network_interface.e"]
    assert (own.owner, own.private_ips) == ("aws_instance.i", ("10.0.0.5", "10.0.0.6"))
    assert own.security_groups == ("sg-1", "sg-2")
    assert found["aws_instance.j.primary_network_interface_id"].security_groups == ("sg-1", "sg-3")
    assert len(found) == 2


def test_templates_and_scaling_groups() -> None:
    text = (
        'resource "aws_launch_template" "t" {\n  network_interfaces {\n    associate_public_ip_address = true\n'
        '    security_groups = ["sg-1"]\n  }\n}\n'
        'resource "aws_autoscaling_group" "g" {\n  name = "g"\n  vpc_zone_identifier = ["subnet-1"]\n'
        "  mixed_instances_policy {\n    launch_template {\n      launch_template_specification {\n"
        "        launch_template_id = aws_launch_template.t.id\n      }\n    }\n  }\n}\n"
        'resource "aws_autoscaling_attachment" "a" {\n  autoscaling_group_name = aws_autoscaling_group.g.id\n'
        '  lb_target_group_arn = "tg-1"\n}\n'
        'resource "aws_autoscaling_group" "h" {\n  launch_template {\n    name = "elsewhere"\n  }\n}\n'
    )
    found = objects(text)
    assert (found.launch_templates[0].security_groups, found.launch_templates[0].public_ip) == (("sg-1",), True)
    first, second = found.autoscaling_groups
    assert (first.launch_template, first.subnets, first.target_groups) == (
        "aws_launch_template.t",
        ("subnet-1",),
        ("tg-1",),
    )
    assert isinstance(second.launch_template, Unknown)


SIX = 'resource "aws_subnet" "six" {\n  vpc_id = aws_vpc.main.id\n  ipv6_cidr_block = "2001:db8::/64"\n}\n'


@pytest.mark.parametrize(
    ("subnet", "arguments", "expected"),
    [
        ("six", 'private_ip = "10.0.0.9"\n ipv6_addresses = ["2001:db8::5"]', ("10.0.0.9", "2001:db8::5")),
        ("six", 'private_ip = "10.0.0.9"', ("10.0.0.9", Unknown())),
        ("six", 'private_ip = "10.0.0.9"\n ipv6_address_count = 1', ("10.0.0.9", Unknown())),
        ("six", "ipv6_addresses = var.six", (Unknown(), Unknown())),
        ("a", 'private_ip = "10.0.0.9"', ("10.0.0.9",)),
        ("a", 'ipv6_addresses = ["2001:db8::5"]', (Unknown(), "2001:db8::5")),
    ],
)
@pytest.mark.parametrize("kind", ["aws_instance", "aws_network_interface"])
def test_ipv6_addresses(kind: str, subnet: str, arguments: str, expected: tuple[str | Unknown, ...]) -> None:
    body = f"subnet_id = aws_subnet.{subnet}.id\n {arguments}"
    text = SUBNET + SIX + f'variable "six" {{}}\nresource "{kind}" "i" {{\n {body}\n}}\n'
    (interface,) = objects(text).network_interfaces
    assert interface.private_ips == expected


def test_a_scaling_groups_tags_are_blocks() -> None:
    tag = '  tag {\n    key = "%s"\n    value = %s\n    propagate_at_launch = true\n  }\n'
    text = 'variable "v" {}\nresource "aws_autoscaling_group" "g" {\n' + tag % ("tier", '"web"') + "%s}\n"
    assert objects(text % (tag % ("a", '"b"'))).autoscaling_groups[0].tags == {"tier": "web", "a": "b"}
    assert objects(text % (tag % ("a", "var.v"))).autoscaling_groups[0].tags == {"tier": "web", "a": Unknown()}
    dynamic = '  dynamic "tag" {\n    for_each = var.v\n    content {\n      key = tag.key\n    }\n  }\n'
    assert objects(text % dynamic).autoscaling_groups[0].tags == Unknown()
