"""The chains of sidecars as they stand before machines: asked about machines' labels, and about nothing else anew."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_machines import MACHINE, at_machines, called, of_machines
from ringfence.layers.istio_scope import SIDECARS, subjects
from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.mesh_facets import MESH, PLANE, SIDECAR, of_planes
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, AllOf, AnyOf, Comparison, Has, InNamespace, Label, Not, Unsure
from ringfence.resources.istio.authorization import AuthorizationPolicy
from ringfence.resources.kubernetes import ObjectMeta

APP = frozenset(("db",))
OF_POD, OF_MACHINE = (Label(facet, "app", Comparison.IN, APP) for facet in (POD, MACHINE))


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (Has(POD), Has(MACHINE)),
        (OF_POD, OF_MACHINE),
        (Not(AllOf((Has(POD), AnyOf((OF_POD,))))), Not(AllOf((Has(MACHINE), AnyOf((OF_MACHINE,)))))),
        *((one, one) for one in (ANYTHING, InNamespace("shop"), Unsure("why"), of_planes(SIDECAR), Has("host"))),
    ],
)
def test_selectors(selector, expected):
    assert of_machines(selector) == expected
    assert of_machines(expected) == expected


def test_a_chain_keeps_its_peers():
    rule = Rule(Action.DENY, (Peer(OF_POD),), subjects=OF_POD)
    stage = Stage("s", (Scope("shop/p", SIDECARS, (rule,)),), Action.DENY)
    chain = Chain("layer", Direction.INGRESS, (stage,), Action.ALLOW)
    ((found,),) = (one.scopes for one in at_machines(chain).stages)
    assert found.subjects == of_machines(SIDECARS) != SIDECARS
    assert (found.rules[0].subjects, found.rules[0].peers) == (OF_MACHINE, (Peer(OF_POD),))


def machine(facet: str = MACHINE, namespace: str = "shop", **labels: str) -> Endpoint:
    facets = {facet: labels, MESH: {PLANE: SIDECAR}, "istio machine": {"title": "shop/vm[WorkloadEntry]"}}
    return Endpoint("vm", "machines", AddressSet.of("10.0.0.1"), namespace=namespace, facets=facets)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (machine(app="db"), True),
        (machine(app="web"), False),
        (machine(namespace="other", app="db"), False),
        (machine(POD, app="db"), False),
    ],
)
def test_a_policy_selects_machines_as_it_does_pods(one, expected):
    policy = AuthorizationPolicy(ObjectMeta("p", "shop"), selector=(("app", "db"),))
    assert of_machines(subjects(policy, "istio-system")).matches(one) is expected


@pytest.mark.parametrize(
    ("title", "namespace", "expected"),
    [
        ("shop/vm[WorkloadEntry]", "shop", True),
        ("shop/v[WorkloadEntry]", "shop", False),
        ("shop/vm[WorkloadEntry]", "x", False),
    ],
)
def test_a_machine_by_its_title(title, namespace, expected):
    assert called(title, namespace).matches(machine()) is expected
