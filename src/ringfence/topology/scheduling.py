"""Which nodes of a cloud a pod may run on: what the scheduler would refuse, as far as files tell.

    nodeSelector, required nodeAffinity     against the labels of the nodes
    taints NoSchedule, NoExecute            against the pod's tolerations

Everything has three values, and only a certain no keeps a pod from a node: what is not known makes places more, never
fewer. The labels of a managed node group's nodes are those that EKS gives them (`labels`, its name, its capacity type,
the zone of the subnet) and those of Node objects of the group. Any other label is absent, unless user data or an image
of the launch template's own could set it, or Kubernetes or AWS give it by themselves (`kubernetes.io/arch`). With an
image of its own a group's taints are not certain, either. Of a scaling group nothing is known.

A pod that names its node is not scheduled: it is where that node is. What prefers (`PreferNoSchedule`, preferred
affinity) and what spreads pods decides nothing for certain, nor does a label or taint that somebody gave by hand.

Source: Kubernetes' pages "Assigning Pods to Nodes" and "Taints and Tolerations"; EKS user guide, "Customize managed
nodes with launch templates" and "Define which Pods use AWS Fargate when launched".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ringfence.model.conditions import Truth, conjunction, disjunction, negation
from ringfence.resources.aws import (
    AutoScalingGroup,
    FargateProfile,
    FargateSelector,
    LaunchTemplate,
    NodeGroup,
    Subnet,
    Tags,
    Taint,
    Unknown,
    listed,
)
from ringfence.resources.kubernetes import Node, NodeRequirement, PodTemplate, Toleration
from ringfence.topology.names import fits

GROUP_LABEL = "eks.amazonaws.com/nodegroup"
ZONE_LABELS = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
ZONE_ID_LABELS = ("topology.k8s.aws/zone-id",)
RESERVED = ("kubernetes.io", "k8s.io", "k8s.aws", "eks.amazonaws.com")
"""Domains whose labels nodes have by themselves, each with all below it."""

KEEPING_AWAY = ("NoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class Machine:
    """What is known of the nodes of one group in one subnet.

    A label of `labels` may be unknown; whether one is there that is not listed, `closed` says. `taints` None: not
    known. `seen` are the labels of Node objects that are such nodes.
    """

    labels: Mapping[str, str | Unknown] = field(default_factory=dict)
    closed: bool = False
    taints: tuple[Taint, ...] | None = None
    seen: tuple[Mapping[str, str], ...] = ()

    def takes(self, template: PodTemplate) -> Truth:
        """Whether the scheduler lets a pod run here."""
        declared = self._selected(template, self.labels, self.closed)
        found = (self._selected(template, labels, True) for labels in self.seen)
        return conjunction((disjunction((declared, *found)), self._tolerated(template.tolerations)))

    @staticmethod
    def _selected(template: PodTemplate, labels: Mapping[str, str | Unknown], closed: bool) -> Truth:
        wanted = (_is(labels, closed, key, (value,)) for key, value in template.node_selector.items())
        asked = conjunction(wanted)
        if template.node_terms is None:
            return asked
        terms = (
            bool(term) and conjunction(_meets(one, labels, closed) for one in term) for term in template.node_terms
        )
        return conjunction((asked, disjunction(terms)))

    def _tolerated(self, tolerations: Iterable[Toleration]) -> Truth:
        if self.taints is None:
            return None
        given = tuple(tolerations)
        return conjunction(disjunction((_harmless(one), *(_bears(each, one) for each in given))) for one in self.taints)


def machine(
    group: NodeGroup | AutoScalingGroup | None,
    template: LaunchTemplate | None,
    subnet: Subnet,
    nodes: Iterable[Node] = (),
) -> Machine:
    """The nodes of a group (None: nobody knows which) in a subnet; `template` None: its template is not known."""
    labels: dict[str, str | Unknown] = {}
    if isinstance(subnet.zone, str):
        by_id = "-az" in subnet.zone
        labels |= dict.fromkeys(ZONE_ID_LABELS if by_id else ZONE_LABELS, subnet.zone)
    if not isinstance(group, NodeGroup):
        return Machine(labels)
    seen = tuple(one.metadata.labels for one in nodes if one.metadata.labels.get(GROUP_LABEL) == group.name)
    labels[GROUP_LABEL] = group.name
    own = template is None or template.user_data is not False or template.image is not False
    known = not isinstance(group.labels, Unknown)
    labels |= listed(group.labels)
    sure = template is not None and template.image is False and isinstance(group.taints, tuple)
    return Machine(labels, known and not own, group.taints if sure and isinstance(group.taints, tuple) else None, seen)


def on_fargate(profile: FargateProfile, namespace: str, labels: Mapping[str, str]) -> Truth:
    """Whether a profile sends the pods of these labels to Fargate."""
    if isinstance(profile.selectors, Unknown):
        return None

    def chosen(wanted: Tags) -> Truth:
        asked: list[Truth] = [None] if isinstance(wanted, Unknown) else []
        for key, value in listed(wanted).items():
            asked.append(key in labels and (None if isinstance(value, Unknown) else fits(labels[key], value)))
        return conjunction(asked)

    def means(wanted: FargateSelector) -> Truth:
        here = None if isinstance(wanted.namespace, Unknown) else fits(namespace, wanted.namespace)
        return conjunction((here, chosen(wanted.labels)))

    return conjunction((disjunction(map(means, profile.selectors)), True if profile.exists is None else None))


def _value(labels: Mapping[str, str | Unknown], closed: bool, key: str) -> str | Unknown | None:
    """A node's label; None where it has none."""
    if key in labels:
        return labels[key]
    domain = key.rpartition("/")[0]
    given = any(domain == one or domain.endswith(f".{one}") for one in RESERVED)
    return None if closed and not given else Unknown("not known")


def _is(labels: Mapping[str, str | Unknown], closed: bool, key: str, values: tuple[str, ...]) -> Truth:
    value = _value(labels, closed, key)
    return None if isinstance(value, Unknown) else value in values


def _meets(one: NodeRequirement, labels: Mapping[str, str | Unknown], closed: bool) -> Truth:
    if one.field:
        return None
    match one.operator:
        case "In":
            return _is(labels, closed, one.key, one.values)
        case "NotIn":
            return negation(_is(labels, closed, one.key, one.values))
    value = _value(labels, closed, one.key)
    if isinstance(value, Unknown):
        return None if one.key not in labels or one.operator in ("Gt", "Lt") else one.operator == "Exists"
    match one.operator:
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return _compared(one, value)


def _compared(one: NodeRequirement, value: str | None) -> Truth:
    """`Gt` and `Lt`: both sides are whole numbers, else it does not hold."""
    try:
        label, limit = int(value or ""), int(one.values[0] if one.values else "")
    except ValueError:
        return False
    return label > limit if one.operator == "Gt" else label < limit


def _harmless(taint: Taint) -> Truth:
    return None if isinstance(taint.effect, Unknown) else taint.effect not in KEEPING_AWAY


def _bears(toleration: Toleration, taint: Taint) -> Truth:
    if toleration.operator not in ("Equal", "Exists"):
        return None
    same: list[Truth] = []
    for wanted, value in ((toleration.key, taint.key), (toleration.effect, taint.effect)):
        if wanted:
            same.append(None if isinstance(value, Unknown) else wanted == value)
    if not toleration.key and toleration.operator != "Exists":
        return False
    if toleration.operator == "Equal":
        same.append(None if isinstance(taint.value, Unknown) else toleration.value == taint.value)
    return conjunction(same)
