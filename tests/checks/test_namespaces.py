"""Objects by namespace."""

from __future__ import annotations

from ringfence.checks.namespaces import by_namespace

from .manifests import deployment, view


def test_each_is_under_its_namespace_in_order():
    seen = view(deployment("web"), deployment("x", namespace="other"), deployment("api"))
    found = by_namespace(seen.topology.objects.workloads)
    names = {name: [one.metadata.name for one in members] for name, members in found.items()}
    assert names == {"shop": ["web", "api"], "other": ["x"]}
