"""Interfaces, instances and databases from describe calls."""

from __future__ import annotations

from tests.sources.describing import ANSWERS, read

FOUND = read(ANSWERS)[0]


def test_interfaces_and_instances() -> None:
    first, second = FOUND.network_interfaces
    assert (first.private_ips, first.public_ip, first.owner) == (("10.0.0.5", "2001:db8::5"), "203.0.113.5", "i-1")
    assert (first.security_groups, first.source_dest_check, first.tags) == (("sg-1",), False, {"Name": "eth0"})
    assert (second.id, second.private_ips, second.owner) == ("eni-2", ("10.0.0.6",), "i-1")
    assert [(one.id, one.interfaces) for one in FOUND.instances] == [("i-1", ("eni-1", "eni-2"))]


def test_databases() -> None:
    (database,) = FOUND.managed_services
    assert (database.subnets, database.security_groups, database.port) == (("subnet-1",), ("sg-1",), 5432)
    assert database.publicly_accessible
