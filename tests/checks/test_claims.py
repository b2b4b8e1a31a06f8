"""Who a service account is in the files."""

from __future__ import annotations

import pytest

from ringfence.checks.claims import of_account

from .manifests import namespace, view
from .meshes import meshed, workload

BARE = [workload(f"w{place}", namespace="out", account="shared") for place in range(2)]


@pytest.mark.parametrize(
    ("place", "account", "expected"),
    [
        ("shop", "web", None),
        ("shop", "", None),
        ("shop", "wbe", "no pod uses service account shop/wbe"),
        ("out", "shared", "out/w0[Deployment], out/w1[Deployment] have no proxy"),
        ("out", "", "out/w0[Deployment], out/w1[Deployment] have no proxy"),
        ("elsewhere", "a", None),
        # A part of the control plane may be in files that are not here.
        ("istio-system", "gateway", None),
    ],
)
def test_accounts(place, account, expected):
    istiod = namespace("istio-system"), workload("istiod", namespace="istio-system")
    found = of_account(view(meshed(), workload(), namespace("out"), *BARE, *istiod), place, account)
    assert (found[0] if found else None) == expected
