"""Which nodes the scheduler would refuse a pod, and what stays open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.conditions import Truth
from ringfence.resources.aws import (
    AutoScalingGroup,
    FargateProfile,
    FargateSelector,
    LaunchTemplate,
    NodeGroup,
    Subnet,
    Taint,
    Unknown,
)
from ringfence.resources.kubernetes import Node, NodeRequirement, ObjectMeta, PodTemplate, Toleration
from ringfence.topology.scheduling import GROUP_LABEL, Machine, machine, on_fargate

UNKNOWN = Unknown("not known")
DB = Taint("dedicated", "db", "NoSchedule")
ZONE = "topology.kubernetes.io/zone"
SUBNET = Subnet(id="s", vpc="vpc", cidr="10.0.0.0/24", zone="eu-central-1a")
PLAIN = LaunchTemplate(id="lt")


def asks(key: str, operator: str, *values: str) -> PodTemplate:
    return PodTemplate(node_terms=((NodeRequirement(key, operator, values),),))


def selects(**labels: str) -> PodTemplate:
    return PodTemplate(node_selector=labels)


def bears(*tolerations: Toleration) -> PodTemplate:
    return PodTemplate(tolerations=tolerations)


CLOSED = Machine({"role": "db", "size": "8", "open": UNKNOWN}, closed=True, taints=())


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (PodTemplate(), True),
        (selects(role="db"), True),
        (selects(role="web"), False),
        (selects(other="x"), False),
        (selects(open="x"), None),
        (selects(open="x", role="web"), False),
        (PodTemplate(node_selector={"kubernetes.io/arch": "arm64"}), None),
        (PodTemplate(node_selector={"node.kubernetes.io/instance-type": "m5.large"}), None),
        (PodTemplate(node_selector={"mykubernetes.io/arch": "arm64"}), False),
        (asks("role", "In", "db", "web"), True),
        (asks("role", "In", "web"), False),
        (asks("role", "NotIn", "db"), False),
        (asks("other", "NotIn", "db"), True),
        (asks("open", "NotIn", "db"), None),
        (asks("role", "Exists"), True),
        (asks("open", "Exists"), True),
        (asks("other", "Exists"), False),
        (asks("kubernetes.io/arch", "Exists"), None),
        (asks("role", "DoesNotExist"), False),
        (asks("other", "DoesNotExist"), True),
        (asks("size", "Gt", "7"), True),
        (asks("size", "Gt", "8"), False),
        (asks("size", "Lt", "9"), True),
        (asks("role", "Lt", "9"), False),
        (asks("other", "Gt", "1"), False),
        (asks("open", "Gt", "1"), None),
        (PodTemplate(node_terms=((NodeRequirement("metadata.name", "In", ("n",), field=True),),)), None),
        (PodTemplate(node_terms=((),)), False),
        (
            PodTemplate(node_terms=((NodeRequirement("role", "In", ("web",)),), (NodeRequirement("size", "Exists"),))),
            True,
        ),
        (PodTemplate(node_selector={"role": "web"}, node_terms=((NodeRequirement("size", "Exists"),),)), False),
    ],
)
def test_labels(template: PodTemplate, expected: Truth):
    assert CLOSED.takes(template) is expected


@pytest.mark.parametrize(
    ("taints", "template", "expected"),
    [
        ((), PodTemplate(), True),
        ((DB,), PodTemplate(), False),
        ((DB,), bears(Toleration("dedicated", "Equal", "db", "NoSchedule")), True),
        ((DB,), bears(Toleration("dedicated", "Equal", "db")), True),
        ((DB,), bears(Toleration("dedicated", "Equal", "web")), False),
        ((DB,), bears(Toleration("dedicated", "Exists")), True),
        ((DB,), bears(Toleration("dedicated", "Exists", "", "NoExecute")), False),
        ((DB,), bears(Toleration("", "Exists")), True),
        ((DB,), bears(Toleration()), False),
        ((DB,), bears(Toleration("dedicated", "Gt", "3")), None),
        ((DB, Taint("gpu", "", "NoExecute")), bears(Toleration("dedicated", "Exists")), False),
        ((Taint("dedicated", "db", "PreferNoSchedule"),), PodTemplate(), True),
        ((Taint("dedicated", "db", UNKNOWN),), PodTemplate(), None),
        ((Taint("dedicated", UNKNOWN, "NoSchedule"),), bears(Toleration("dedicated", "Equal", "db")), None),
        ((Taint("dedicated", UNKNOWN, "NoSchedule"),), PodTemplate(), False),
        ((Taint(UNKNOWN, "", "NoSchedule"),), bears(Toleration("dedicated", "Exists")), None),
        (None, PodTemplate(), None),
    ],
)
def test_taints(taints: Any, template: PodTemplate, expected: Truth):
    assert Machine({}, closed=True, taints=taints).takes(template) is expected


def group(**changes: Any) -> NodeGroup:
    given: dict[str, Any] = {"id": "g", "cluster": "c", "name": "db", "labels": {"role": "db"}, "taints": (DB,)}
    return NodeGroup(**{**given, **changes})


TOLERANT = Toleration("", "Exists")


@pytest.mark.parametrize(
    ("found", "launch", "selector", "tolerations", "expected"),
    [
        pytest.param(group(), PLAIN, {GROUP_LABEL: "db"}, (TOLERANT,), True, id="its name"),
        pytest.param(group(), PLAIN, {GROUP_LABEL: "web"}, (TOLERANT,), False, id="another name"),
        pytest.param(group(name=UNKNOWN), PLAIN, {GROUP_LABEL: "web"}, (TOLERANT,), None, id="name not known"),
        pytest.param(group(), PLAIN, {ZONE: "eu-central-1a"}, (TOLERANT,), True, id="zone"),
        pytest.param(group(), PLAIN, {ZONE: "eu-central-1b"}, (TOLERANT,), False, id="another zone"),
        pytest.param(group(), PLAIN, {"role": "web"}, (TOLERANT,), False, id="another label"),
        pytest.param(group(), PLAIN, {"disk": "fast"}, (TOLERANT,), False, id="no such label"),
        pytest.param(group(), PLAIN, {}, (), False, id="tainted"),
        pytest.param(group(labels=UNKNOWN), PLAIN, {"disk": "fast"}, (TOLERANT,), None, id="labels not known"),
        pytest.param(group(taints=UNKNOWN), PLAIN, {}, (), None, id="taints not known"),
        pytest.param(
            group(), LaunchTemplate(id="l", user_data=True), {"disk": "fast"}, (TOLERANT,), None, id="user data"
        ),
        pytest.param(group(), LaunchTemplate(id="l", user_data=True), {}, (), False, id="user data leaves taints"),
        pytest.param(group(), LaunchTemplate(id="l", image=True), {}, (), None, id="an image of its own"),
        pytest.param(group(), None, {"disk": "fast"}, (), None, id="template not known"),
        pytest.param(AutoScalingGroup(id="a"), PLAIN, {"disk": "fast"}, (), None, id="scaling group"),
        pytest.param(AutoScalingGroup(id="a"), PLAIN, {ZONE: "eu-central-1b"}, (), False, id="its zone"),
        pytest.param(None, None, {"disk": "fast"}, (), None, id="nobody knows which"),
    ],
)
def test_what_nodes_of_a_group_are_like(
    found: Any, launch: Any, selector: Mapping[str, str], tolerations: tuple[Toleration, ...], expected: Truth
):
    here = machine(found, launch, SUBNET)
    assert here.takes(PodTemplate(node_selector=selector, tolerations=tolerations)) is expected


def test_node_objects_of_the_group_add_their_labels():
    seen = Node(ObjectMeta("n", labels={GROUP_LABEL: "db", "disk": "fast"}))
    other = Node(ObjectMeta("m", labels={GROUP_LABEL: "web", "disk": "slow"}))
    here = machine(group(taints=()), PLAIN, SUBNET, (seen, other))
    assert [here.takes(selects(disk=disk)) for disk in ("fast", "slow")] == [True, False]
    assert here.takes(selects(role="db")) is True


def test_a_zone_by_its_id_is_another_label():
    here = machine(group(taints=()), PLAIN, Subnet(id="s", vpc="v", cidr="10.0.0.0/24", zone="euc1-az1"))
    assert here.takes(PodTemplate(node_selector={"topology.k8s.aws/zone-id": "euc1-az2"})) is False
    assert here.takes(PodTemplate(node_selector={ZONE: "eu-central-1a"})) is None


@pytest.mark.parametrize(
    ("namespace", "labels", "expected"),
    [
        ("batch", {"run": "spot-1"}, True),
        ("batch", {"run": "other"}, False),
        ("batch", {}, False),
        ("web", {"run": "spot-1"}, False),
        ("any-a", {}, True),
        ("doubt", {"k": "v"}, None),
        ("doubt", {}, False),
    ],
)
def test_fargate(namespace: str, labels: Mapping[str, str], expected: Truth):
    selectors = (
        FargateSelector("batch", {"run": "spot-*"}),
        FargateSelector("any-?"),
        FargateSelector("doubt", {"k": UNKNOWN}),
    )
    assert on_fargate(FargateProfile(id="p", cluster="c", selectors=selectors), namespace, labels) is expected
    assert on_fargate(FargateProfile(id="p", cluster="c", selectors=UNKNOWN), namespace, labels) is None


VALUES = st.sampled_from(["a", "b"])
LABELS = st.dictionaries(st.sampled_from(["k", "l"]), VALUES)
REQUIREMENT = st.builds(
    NodeRequirement,
    st.sampled_from(["k", "l", "m"]),
    st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
    st.lists(VALUES, min_size=1).map(tuple),
)
TOLERATIONS = st.lists(
    st.builds(Toleration, st.sampled_from(["", "k"]), st.sampled_from(["Equal", "Exists"]), VALUES), max_size=2
).map(tuple)
PODS = st.builds(
    PodTemplate,
    node_selector=LABELS,
    node_terms=st.none() | st.lists(st.lists(REQUIREMENT, max_size=2).map(tuple), min_size=1, max_size=2).map(tuple),
    tolerations=TOLERATIONS,
)
TAINTS = st.lists(st.builds(Taint, st.just("k"), VALUES, st.sampled_from(["NoSchedule", "NoExecute"])), max_size=2)


@given(pod=PODS, labels=LABELS, hidden=st.sets(st.sampled_from(["k", "l"])), taints=TAINTS, keep=st.booleans())
def test_what_is_less_known_is_never_answered_otherwise(
    pod: PodTemplate, labels: dict[str, str], hidden: set[str], taints: list[Taint], keep: bool
):
    known = Machine(labels, True, tuple(taints)).takes(pod)
    assert known is not None
    blurred = {key: UNKNOWN if key in hidden else value for key, value in labels.items()}
    for vague in (Machine(blurred, True, tuple(taints)), Machine(labels, False, tuple(taints) if keep else None)):
        assert vague.takes(pod) in (known, None)
