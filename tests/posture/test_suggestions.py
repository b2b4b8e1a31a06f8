"""What is suggested for a selection that matches nothing."""

from __future__ import annotations

import pytest

from ringfence.posture.document import Selection
from ringfence.posture.suggestions import nearest
from tests.checks.manifests import deployment, namespace, pod, view

NETWORK = view(
    namespace("shop", team="a"),
    deployment("web", tier="front"),
    deployment("api"),
    deployment("db", namespace="data", tier="data"),
    pod("agent", spec="hostNetwork: true, "),
).topology.network


@pytest.mark.parametrize(
    ("selection", "near"),
    [
        (Selection(workload="shop/wbe"), ["shop/web"]),
        (Selection(workload="shop/web[Deploymnt]"), ["shop/web[Deployment]"]),
        (Selection(workload=["shop/apy", "shop/webb", "shop/web"]), ["shop/api", "shop/web"]),
        (Selection(namespace="shpo"), ["shop"]),
        (Selection(kind=["Deploment"]), ["Deployment"]),
        (Selection(labels={"tier": "dtaa"}), ["tier: data"]),
        (Selection(labels={"teir": "front"}), ["tier: front"]),
        (Selection(labels={"app": "agnet"}), ["app: agent"]),
        (Selection(namespace_labels={"team": "aa"}), ["team: a"]),
        (Selection(workload="shop/wbe", namespace="shpo"), ["shop/web", "shop"]),
        # A word that is known is not at fault; one that is like nothing is left alone.
        (Selection(namespace="data", labels={"tier": "front"}), []),
        (Selection(workload="warehouse/forklift"), []),
        (Selection(cidr="10.0.0.0/8", any=["shop/wbe"]), []),
        (Selection(workload=["shop/wbe", "shop/apy", "data/dbb", "shop/agnet"]), ["shop/web", "shop/api", "data/db"]),
    ],
)
def test_nearest(selection, near):
    assert nearest(selection, NETWORK) == near
