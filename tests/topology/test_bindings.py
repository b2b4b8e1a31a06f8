"""The `clusters` section: what it says, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ringfence.model.spans import NOWHERE
from ringfence.topology.bindings import Binding, parse


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({}, ()),
        ({"shop": {"node_group": "aws_eks_node_group.main"}}, (Binding("shop", ("aws_eks_node_group.main",)),)),
        ({"shop": {"nodes": "aws_eks_node_group.*"}}, (Binding("shop", ("aws_eks_node_group.*",)),)),
        ({"shop": {"nodes": ["a", "b"], "subnets": None}}, (Binding("shop", ("a", "b")),)),
        (
            {"shop": {"subnets": ["a", "b"], "data_path": "overlay", "source_nat": False}},
            (Binding("shop", (), ("a", "b"), "overlay", False),),
        ),
    ],
)
def test_what_it_says(section: Any, expected: Any):
    found, wrong = parse(section)
    assert (tuple(replace(one, span=NOWHERE) for one in found), wrong) == (expected, ())


@pytest.mark.parametrize(
    ("section", "part"),
    [
        ([], "mapping"),
        ({"shop": []}, "not a mapping"),
        ({"shop": {}}, "either"),
        ({"shop": {"node_group": "a", "subnets": ["b"]}}, "either"),
        ({"shop": {"node_group": 3}}, "node_group is"),
        ({"shop": {"node_group": ""}}, "node_group is"),
        ({"shop": {"subnets": "a"}}, "subnets is"),
        ({"shop": {"subnets": []}}, "subnets is"),
        ({"shop": {"subnets": [1]}}, "subnets is"),
        ({"shop": {"node_group": "a", "data_path": "calico"}}, "data_path is"),
        ({"shop": {"node_group": "a", "data_path": []}}, "data_path is"),
        ({"shop": {"node_group": "a", "source_nat": "no"}}, "source_nat is"),
        ({"shop": {"node_group": "a", "node": 1}}, "node is not a key"),
        ({"shop": {"node_group": "a", "nodes": 1}}, "either"),
        ({"shop": {"node_group": ["a"]}}, "node_group is"),
        ({"shop": {"nodes": []}}, "nodes is"),
        ({"shop": {"nodes": ["a", ""]}}, "nodes is"),
        ({"shop": {"nodes": [1]}}, "nodes is"),
    ],
)
def test_what_is_wrong_is_said_and_binds_nothing(section: Any, part: str):
    found, (complaint,) = parse(section)
    assert found == ()
    assert part in complaint.message
