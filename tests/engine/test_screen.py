"""The screen against the evaluation of each pair: what it leaves out is refused, and it leaves out what it can tell."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.connectivity import Connectivity
from ringfence.engine.reach import Reachability
from ringfence.engine.screen import Screen
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint, Link, Location, Network, Rewrite, Source
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, Comparison, Label, Selector

from .networks import Drawn, networks


@given(networks())
def test_whoever_is_left_out_is_refused(drawn: Drawn):
    reach = Reachability(drawn.network, drawn.request)
    screen = Screen(reach)
    for source in drawn.network.endpoints:
        kept = screen.targets(source)
        for target in drawn.network.endpoints:
            if target is not source and reach.index.number[target.id] not in kept:
                assert not any(one.headers.may for one in reach.between(source, target))


@given(networks(rewriting=False), st.sampled_from(Direction))
def test_one_closed_end_is_seen(drawn: Drawn, direction: Direction):
    """Nobody passes a chain that denies everything, wherever else the packet might go."""
    closed = (Chain("closed", direction, (), Action.DENY),)
    places = {name: replace(one, chains=(*one.chains, *closed)) for name, one in drawn.network.locations.items()}
    links = tuple(replace(one, exits=True, enters=True) for one in drawn.network.links)
    reach = Reachability(replace(drawn.network, locations=places, links=links), drawn.request)
    screen = Screen(reach)
    every = {reach.index.number[one.id] for one in drawn.network.endpoints if one.every}
    leading = {one.source for one in links}
    for source in drawn.network.endpoints:
        if source.location in leading and not source.every:
            assert set(screen.targets(source)) <= every


def app(name: str) -> Selector:
    return Label("pod", "app", Comparison.IN, frozenset((name,)))


def admitting(people: dict[str, str | None], *extra: Link) -> tuple[Reachability, dict[str, Endpoint]]:
    """Pods behind a default deny, each with the one whom it admits (None: nobody)."""
    pods = {
        name: Endpoint(name, "pods", AddressSet.of(f"10.0.0.{place}"), facets={"pod": {"app": name}})
        for place, name in enumerate(people)
    }
    scopes = [
        Scope(name, app(name), (Rule(Action.ALLOW, (Peer(app(caller)),)),)) for name, caller in people.items() if caller
    ]
    stage = Stage("policies", (Scope("deny", ANYTHING), *scopes), Action.DENY)
    chain = Chain("NetworkPolicy", Direction.INGRESS, (stage,), Action.ALLOW)
    places = {"pods": Location("pods", (chain,)), "fabric": Location("fabric", transit=True)}
    links = (Link("out", "pods", "fabric", exits=True), Link("in", "fabric", "pods", enters=True), *extra)
    return Reachability(Network(tuple(pods.values()), places, links)), pods


SHOP: dict[str, str | None] = {"web": None, "db": "web", "job": None}


def reached(reach: Reachability, source: Endpoint) -> set[str]:
    return {reach.index.endpoints[number].id for number in Screen(reach).targets(source)}


def test_a_default_deny_leaves_the_admitted_alone():
    reach, pods = admitting(SHOP)
    assert reached(reach, pods["web"]) == {"db"}
    assert reached(reach, pods["job"]) == set()


def test_a_rewrite_on_the_way_admits_what_it_serves():
    hidden = Rewrite(Source(origin="web"))
    reach, pods = admitting(SHOP, Link("nat", "fabric", "pods", towards=app("db"), enters=True, rewrite=hidden))
    assert reached(reach, pods["job"]) == {"db"}
    assert any(one.headers.may for one in reach.between(pods["job"], pods["db"]))


def test_what_is_worked_out_grows_with_what_passes():
    """Of a row of pods that each admit the one before, twice as many pods make twice as many pairs."""
    for size in (20, 40):
        names = [f"app-{place}" for place in range(size)]
        reach, _ = admitting(dict(zip(names, [None, *names], strict=False)))
        assert list(Connectivity(reach).pairs(names, names)) == list(pairwise(names))
