"""The screen against the evaluation of each pair: what it leaves out is refused, and it leaves out what it can tell."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.reach import Reachability
from ringfence.engine.screen import Screen
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ports
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


def shop(*extra: Link) -> tuple[Reachability, dict[str, Endpoint]]:
    """Three pods behind a default deny; `web` may call `db`, and nobody else anybody."""
    pods = tuple(
        Endpoint(name, "pods", AddressSet.of(f"10.0.0.{place}"), facets={"pod": {"app": name}})
        for place, name in enumerate(("web", "db", "job"), 1)
    )
    rule = Rule(Action.ALLOW, (Peer(app("web")),), Bounds.exactly(ports("tcp")))
    stage = Stage("policies", (Scope("deny", ANYTHING), Scope("db", app("db"), (rule,))), Action.DENY)
    chain = Chain("NetworkPolicy", Direction.INGRESS, (stage,), Action.ALLOW)
    places = {"pods": Location("pods", (chain,)), "fabric": Location("fabric", transit=True)}
    links = (Link("out", "pods", "fabric", exits=True), Link("in", "fabric", "pods", enters=True), *extra)
    return Reachability(Network(pods, places, links)), {one.id: one for one in pods}


def reached(reach: Reachability, source: Endpoint) -> set[str]:
    return {reach.index.endpoints[number].id for number in Screen(reach).targets(source)}


def test_a_default_deny_leaves_the_admitted_alone():
    reach, pods = shop()
    assert reached(reach, pods["web"]) == {"db"}
    assert reached(reach, pods["job"]) == set()


def test_a_rewrite_on_the_way_admits_what_it_serves():
    hidden = Rewrite(Source(origin="web"))
    reach, pods = shop(Link("nat", "fabric", "pods", towards=app("db"), enters=True, rewrite=hidden))
    assert reached(reach, pods["job"]) == {"db"}
    assert any(one.headers.may for one in reach.between(pods["job"], pods["db"]))
