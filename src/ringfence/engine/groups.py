"""Behaviour groups: endpoints that nothing in the network tells apart.

Two endpoints of one group have the same verdicts with every third, in both roles, and with each other. They agree on
their location, on what the packets they send carry, and on the answer of every selector and every address set that a
rule or a link asks; no rule or link names one of them. So a question about all pairs is a question about one pair of
representatives for each pair of groups, and the work grows with behaviours, not with endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.engine.index import Index
from ringfence.model.addresses import V6, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.networks import Network
from ringfence.model.rules import Rule
from ringfence.model.selectors import Selector


def groups(network: Network, index: Index) -> list[int]:
    """The group of each endpoint by its number in the index; groups are numbered from 0 in order of appearance."""
    marks: list[list[int]] = [[] for _ in index.endpoints]
    selectors, addresses = _questions(network)
    answers = [index.select(selector) for selector in selectors] + [index.addressed(one) for one in addresses]
    for question, answer in enumerate(answers):
        for place in answer.must:
            marks[place].append(question)
        if answer.must is not answer.may:
            for place in answer.may - answer.must:
                marks[place].append(-1 - question)
    named = set(_named(network))
    numbers: dict[tuple[object, ...], int] = {}
    found = []
    for place, endpoint in enumerate(index.endpoints):
        alone = endpoint.id if endpoint.every or endpoint.id in named else ""
        family = endpoint.addresses.first() < V6
        carried = (endpoint.location, family, endpoint.identity, endpoint.ephemeral, endpoint.maybe)
        signature = (alone, *carried, *marks[place])
        found.append(numbers.setdefault(signature, len(numbers)))
    return found


def _questions(network: Network) -> tuple[dict[Selector, None], dict[Bounds[AddressSet], None]]:
    """Everything that a rule or link asks of an endpoint, once each."""
    selectors: dict[Selector, None] = {link.towards: None for link in network.links}
    addresses = {link.destinations: None for link in network.links if link.destinations is not None}
    for location in network.locations.values():
        for chain in location.chains:
            for stage in chain.stages:
                for scope in stage.scopes:
                    selectors[scope.subjects] = None
                    for rule in scope.rules:
                        selectors[rule.subjects] = None
                        _of_peers(rule, selectors, addresses)
    return selectors, addresses


def _of_peers(rule: Rule, selectors: dict[Selector, None], addresses: dict[Bounds[AddressSet], None]) -> None:
    for peer in rule.peers:
        selectors[peer.selector] = None
        if peer.addresses is not None:
            addresses[peer.addresses] = None


def _named(network: Network) -> Iterator[str]:
    """Endpoints that the network itself names."""
    for location in network.locations.values():
        if location.subject is not None:
            yield location.subject
    for link in network.links:
        if link.rewrite is not None:
            yield link.rewrite.target or ""
            yield link.rewrite.source.origin or ""
