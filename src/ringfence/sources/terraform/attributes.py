"""What others see of a resource: what its block sets, and otherwise a `Reference`, which AWS decides.

Nested blocks are unknown, but for the two ways by which others find an id or a name inside of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.scopes import Members
from ringfence.sources.terraform.syntax import Block, Setting
from ringfence.sources.terraform.values import Reference

EKS_BLOCK = "vpc_config"
"""The one nested block in which others look for an id: an EKS cluster's `vpc_config[0].cluster_security_group_id`."""
NODES_BEHIND = ("aws_eks_node_group", "resources")
"""The computed attribute through which a node group names the one scaling group that EKS makes of it."""


def attributes(block: Block, address: str, evaluated: Callable[[Setting], Any]) -> Members:
    """The attributes of the resource instance at that address; `evaluated` gives what a setting of its block says."""
    nested = {one.labels[0] if one.kind == "dynamic" and one.labels else one.kind for one in block.body.blocks}

    def member(name: str) -> Any:
        if name == EKS_BLOCK and name in nested:
            return [Members(lambda inner: _within(address, name, inner))]
        if name in nested:
            return Unknown(f"{address}.{name} is a nested block")
        setting = block.body.setting(name)
        if setting is not None and (made := evaluated(setting)) is not None:
            return made
        return _scaling(address) if (block.labels[0], name) == NODES_BEHIND else Reference(address, name)

    return Members(member)


def _within(address: str, block: str, name: str) -> Reference | Unknown:
    """An attribute inside a nested block: known by whose it is where it is an id."""
    found = Reference(address, name)
    return found if found.identity and name != "id" else Unknown(f"{address}.{block} is a nested block")


def _scaling(address: str) -> list[Any]:
    return [{"autoscaling_groups": [{"name": Reference(address, "autoscaling_group_name")}]}]
