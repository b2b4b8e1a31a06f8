from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.engine.stretches import Stretch
from ringfence.engine.subjects import View
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint, Link, Rewrite, Source

CLIENT = Endpoint("client", "left", AddressSet.of("10.0.0.1"), identity="spiffe://one/client")
SERVER = Endpoint("server", "right", AddressSet.of("10.0.0.2"), identity="spiffe://one/server")
BALANCER = Endpoint("balancer", "middle", AddressSet.of("10.0.0.3"))
ENDPOINTS = {one.id: one for one in (CLIENT, SERVER, BALANCER)}


def view(endpoint: Endpoint) -> View:
    return View(endpoint, endpoint.addresses, endpoint.identity)


STRETCH = Stretch(view(CLIENT), view(BALANCER), "left", 1, frozenset(("left",)), frozenset(("middle",)))


@pytest.mark.parametrize(("enters", "seen"), [(False, {"left"}), (True, {"left", "right"})])
def test_a_link_that_rewrites_nothing_leads_the_stretch_on(enters, seen):
    onward = STRETCH.onward(Link("link", "middle", "right", enters=enters))
    assert onward == replace(STRETCH, seen=frozenset(seen), visited=frozenset(("middle", "right")))


def test_chains_on_the_way_out_have_seen_it():
    assert STRETCH.seen_by("middle") == replace(STRETCH, seen=frozenset(("left", "middle")))


@pytest.mark.parametrize(
    ("change", "source", "target"),
    [
        (Rewrite(), view(CLIENT), view(BALANCER)),
        (Rewrite(target="server"), view(CLIENT), view(SERVER)),
        (Rewrite(Source(BALANCER.addresses)), replace(view(CLIENT), addresses=BALANCER.addresses), view(BALANCER)),
        (Rewrite(Source(origin="balancer")), replace(view(CLIENT), origin=BALANCER), view(BALANCER)),
        (Rewrite(Source(origin="")), replace(view(CLIENT), origin=None), view(BALANCER)),
        (Rewrite(Source(identity="")), replace(view(CLIENT), identity=""), view(BALANCER)),
    ],
)
def test_a_rewrite_begins_a_stretch_of_its_own(change, source, target):
    fresh = STRETCH.rewritten(Link("link", "middle", "far", rewrite=change), ENDPOINTS)
    assert fresh == Stretch(source, target, "far", 2)


def test_the_chains_at_the_end_of_a_rewrite_see_what_comes_out_of_it():
    fresh = STRETCH.rewritten(Link("link", "middle", "far", enters=True, rewrite=Rewrite()), ENDPOINTS)
    assert fresh.seen == frozenset(("far",))
    assert not fresh.visited
