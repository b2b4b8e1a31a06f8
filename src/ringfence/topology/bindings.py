"""Which cluster runs on which nodes of a cloud: the `clusters` section of the posture file.

    clusters:
      shop:
        nodes: [aws_eks_node_group.main, "aws_eks_node_group.data_*"]   # Terraform addresses or ids; or
        subnets: [aws_subnet.private_a]          # where nobody knows the nodes' groups
        data_path: vpc-cni                       # or overlay
        source_nat: true                         # vpc-cni only
        targets: {aws_lb_target_group.web: shop/web:http}   # what is registered with target groups, see `registrations`

`nodes` are all the node groups and scaling groups that pods may be placed on; `*` and `?` are wildcards. One may be
written as `node_group` as well.

`data_path` says what the cloud sees of pods. With `vpc-cni` (the default) they have addresses of the subnets and the
groups of their nodes; with `overlay` it sees the node alone. `source_nat` is whether what leaves the VPC gets the
node's address: true unless the CNI runs with `AWS_VPC_K8S_CNI_EXTERNALSNAT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import NOWHERE, Span

VPC_CNI, OVERLAY = "vpc-cni", "overlay"
PLACES = ("nodes", "node_group", "subnets")
KEYS = (*PLACES, "data_path", "source_nat", "targets")


@dataclass(frozen=True, slots=True)
class Binding:
    """One cluster's place in a cloud. `nodes` (node groups) or `subnets` are given, by Terraform address or id.

    `targets` are target groups, each with the Service that is registered there (`namespace/name`, perhaps `:port`).
    """

    cluster: str
    nodes: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    data_path: str = VPC_CNI
    source_nat: bool = True
    targets: tuple[tuple[str, str], ...] = ()
    span: Span = NOWHERE


def parse(section: object, span: Span = NOWHERE) -> tuple[tuple[Binding, ...], tuple[Diagnostic, ...]]:
    """The bindings of a `clusters` section, and complaints. What is complained about binds nothing."""
    if not isinstance(section, Mapping):
        return (), (error("clusters is a mapping from a cluster's name to its place", span),)
    found: list[Binding] = []
    wrong: list[Diagnostic] = []
    for cluster, values in section.items():
        here = span.at(str(cluster))
        problem = _problem(values)
        if problem:
            wrong.append(error(f"clusters.{cluster}: {problem}", here))
            continue
        found.append(
            Binding(
                str(cluster),
                _groups(values),
                tuple(values.get("subnets") or ()),
                values.get("data_path", VPC_CNI),
                values.get("source_nat", True),
                tuple((values.get("targets") or {}).items()),
                here,
            )
        )
    return tuple(found), tuple(wrong)


def _groups(values: Mapping[str, Any]) -> tuple[str, ...]:
    named = values.get("nodes") or values.get("node_group")
    return (named,) if isinstance(named, str) else tuple(named or ())


def _problem(values: Any) -> str:
    if not isinstance(values, Mapping):
        return "is not a mapping"
    strange = [str(key) for key in values if key not in KEYS]
    if strange:
        return f"{strange[0]} is not a key; the keys are {', '.join(KEYS)}"
    given = {key: values[key] for key in PLACES if values.get(key) is not None}
    if len(given) != 1:
        return "give either nodes, node_group or subnets"
    ((key, value),) = given.items()
    one = isinstance(value, str) and bool(value)
    several = isinstance(value, list) and bool(value) and all(isinstance(text, str) and text for text in value)
    if key == "node_group" and not one:
        return "node_group is a Terraform address or an id"
    if key == "nodes" and not (one or several):
        return "nodes is one or a list of Terraform addresses or ids"
    if key == "subnets" and not several:
        return "subnets is a list of Terraform addresses or ids"
    if values.get("data_path", VPC_CNI) not in (VPC_CNI, OVERLAY):
        return f"data_path is {VPC_CNI} or {OVERLAY}"
    if not isinstance(values.get("source_nat", True), bool):
        return "source_nat is true or false"
    targets = values.get("targets") or {}
    if not isinstance(targets, Mapping) or not all(_is_service(one) for one in targets.values()):
        return "targets is a mapping from target groups to Services (namespace/name, or namespace/name:port)"
    return ""


def _is_service(text: object) -> bool:
    return isinstance(text, str) and len(text.partition(":")[0].split("/")) == 2
