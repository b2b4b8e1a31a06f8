"""What a selection that matches nothing may have meant: the names of this network that are written most alike.

Only a word that the network does not know at all is suspected. Where all words are known and nothing has all of them
together, there is nothing to suggest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.own_node import HOST_NAMESPACE, HOST_POD
from ringfence.model.networks import Endpoint, Network
from ringfence.posture.document import Selection
from ringfence.topology.aws.endpoints import TAG

MOST = 3


def nearest(selection: Selection, network: Network) -> list[str]:
    """Up to three known names near the unknown words of a selection, its own order kept; references aside."""
    found = dict.fromkeys(near for words, known in _vocabularies(selection, network) for near in _near(words, known))
    return list(found)[:MOST]


def _vocabularies(selection: Selection, network: Network) -> Iterator[tuple[list[str], set[str]]]:
    """What the selection says of each thing, and what the network knows of it."""
    shown = [one for one in network.endpoints if not one.every]
    titles = {one.workload for one in shown}
    bare = {title.partition("[")[0] for title in titles}
    for word in _list(selection.workload):
        yield [word], titles if "[" in word else bare
    yield _list(selection.namespace), {one.namespace for one in shown if one.namespace}
    yield _list(selection.kind), {title.rpartition("[")[2].rstrip("]") for title in titles if title.endswith("]")}
    yield list(_pairs(selection.labels)), _attributes(shown, (POD, HOST_POD))
    yield list(_pairs(selection.namespace_labels)), _attributes(shown, (NAMESPACE, HOST_NAMESPACE))
    yield list(_pairs(selection.tags)), _attributes(shown, (TAG,))


def _attributes(endpoints: Iterable[Endpoint], facets: tuple[str, ...]) -> set[str]:
    return {pair for one in endpoints for facet in facets for pair in _pairs(one.facets.get(facet, {}))}


def _pairs(labels: Mapping[str, str]) -> Iterator[str]:
    return (f"{key}: {value}" for key, value in labels.items())


def _near(words: list[str], known: set[str]) -> Iterator[str]:
    for word in words:
        if word not in known:
            yield from get_close_matches(word, sorted(known), 1, 0.6)


def _list(texts: str | list[str] | None) -> list[str]:
    return [] if texts is None else texts if isinstance(texts, list) else [texts]
