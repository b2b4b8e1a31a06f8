"""A port that nothing reaches, and leads that are the same."""

from __future__ import annotations

from ringfence.layers.istio_reached import ITSELF, NOT_REACHED, Lead, Reached


def test_nothing_reaches_a_port_unless_it_is_said():
    assert Reached() == NOT_REACHED
    assert not any((NOT_REACHED.subsets, NOT_REACHED.foreign, NOT_REACHED.instead, NOT_REACHED.named))
    assert Reached(subsets={ITSELF}) != NOT_REACHED
    assert Reached().subsets is not NOT_REACHED.subsets


def test_a_lead_differs_by_where_it_is_taken():
    here = ("web.shop.svc.cluster.local", 80)
    assert len({Lead("one"), Lead("one", (here,)), Lead("one", (here,), by_name=True), Lead("one", (here,))}) == 3
