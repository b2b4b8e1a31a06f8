"""What several checks ask of the cloud."""

from __future__ import annotations

import pytest

from ringfence.checks.cloud import members, public, some
from ringfence.model.addresses import AddressSet

from .terraform import CLEAN, view


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (("0.0.0.0/0",), True),
        (("0.0.0.0/1", "128.0.0.0/1"), True),
        (("12.0.0.0/7",), True),
        (("13.0.0.0/8",), False),
        (("10.0.0.0/8", "172.16.0.0/12"), False),
        (("::/0",), True),
        (("2a00::/16",), False),
        ((), False),
    ],
)
def test_what_names_nobody_in_particular(blocks, expected):
    assert public(AddressSet.of(*blocks)) is expected


def test_members_are_by_group():
    found = {group: sorted({one.workload for one in kept}) for group, kept in members(view(CLEAN)).items()}
    assert found == {
        "aws_security_group.alb": ["aws_lb.front"],
        "aws_security_group.web": ["aws_instance.web"],
        "aws_security_group.db": ["aws_db_instance.db"],
    }


@pytest.mark.parametrize(("names", "expected"), [("a", "a"), ("abc", "a, b, c"), ("aabcde", "a, b, c and 2 more")])
def test_some_of_many_names(names, expected):
    assert some(names) == expected
