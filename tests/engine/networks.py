"""Random networks that use every feature of the rule language, over few values so that everything meets everything."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import ALWAYS, NEVER, AllHold, AnyHolds, Atom, Negated, Operator, Request
from ringfence.model.headers import (
    ALL_HEADERS,
    ALL_MTLS,
    ALL_PLAINTEXT,
    ALL_TCP,
    NO_HEADERS,
    Header,
    icmp,
    ports,
    protocol,
)
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Network, PortMap, Rewrite, Source
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Pattern, Peer, Purpose, Rule, Scope, Stage
from ringfence.model.selectors import (
    ANYTHING,
    NOTHING,
    Addressed,
    AllOf,
    AnyOf,
    Comparison,
    Has,
    InNamespace,
    Label,
    Member,
    Not,
    Selector,
    Unsure,
)

PORT_POINTS = (5, 10, 15, 20, 25)
PORT_SETS = [
    IntervalSet.of((0, 65535)),
    IntervalSet.of(10),
    IntervalSet.of((10, 20)),
    IntervalSet.of((0, 15), 25),
    IntervalSet.of(5, 20),
]
ADDRESSES = [
    AddressSet.of(*text.split())
    for text in ("10.0.0.0/30", "10.0.0.1", "10.0.0.2-10.0.0.5", "10.0.0.0/29", "10.0.0.6 10.0.0.3")
]
ADDRESSES_6 = [AddressSet.of(text) for text in ("fd00::/126", "fd00::1", "fd00::2-fd00::5")]
IDENTITIES = ("", "ns/a/sa/x", "ns/b/sa/y", "?")
PLACES = ("left", "right", "middle", "edge")

HEADERS = [Header(plane, x, y) for plane in ("tcp", "mtls", "udp") for x in (5, 15, 25) for y in PORT_POINTS] + [
    Header("icmp", 8, 0),
    Header("icmp", 3, 4),
    Header("icmpv6", 128, 0),
    Header("other", protocol=47),
]

header_sets = st.one_of(
    st.sampled_from(
        [ALL_HEADERS, ALL_TCP, ALL_MTLS, ALL_PLAINTEXT, NO_HEADERS, protocol(1), protocol(47), icmp(IntervalSet.of(8))]
    ),
    st.builds(
        ports, st.sampled_from(["tcp", "udp", "mtls"]), st.sampled_from(PORT_SETS), st.sampled_from(PORT_SETS[:2])
    ),
    st.builds(ports, st.sampled_from(["tcp", "udp"]), st.sampled_from(PORT_SETS[:1]), st.sampled_from(PORT_SETS)),
)


def bounds(values):
    """Known values mostly, and pairs of bounds."""
    return st.one_of(
        values.map(Bounds.exactly),
        values.map(Bounds.exactly),
        st.tuples(values, values).map(lambda pair: Bounds(pair[0] & pair[1], pair[0] | pair[1], "not known")),
    )


leaves = st.one_of(
    st.just(ANYTHING),
    st.just(NOTHING),
    st.just(Unsure("nobody knows")),
    st.sampled_from(["pod", "namespace"]).map(Has),
    st.builds(
        Label,
        st.sampled_from(["pod", "namespace"]),
        st.sampled_from(["app", "tier"]),
        st.sampled_from(list(Comparison)),
        st.frozensets(st.sampled_from(["x", "y"]), max_size=2),
    ),
    st.sampled_from(["a", "b", ""]).map(InNamespace),
    st.sampled_from(["g", "h"]).map(Member),
    st.sampled_from(ADDRESSES).map(Addressed),
)
selectors: st.SearchStrategy[Selector] = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3).map(lambda found: AllOf(tuple(found))),
        st.lists(parts, max_size=3).map(lambda found: AnyOf(tuple(found))),
        parts.map(Not),
    ),
    max_leaves=4,
)

patterns = st.builds(Pattern, st.sampled_from(["ns/a/sa/x", "ns/a", "sa/y", ""]), st.booleans(), st.booleans())
# Most scopes govern and most peers match: rules that nobody meets test nothing.
subjects = st.one_of(st.just(ANYTHING), st.just(ANYTHING), st.just(ANYTHING), selectors)
peers = st.one_of(
    st.just(ANY_PEER),
    st.just(ANY_PEER),
    st.lists(
        st.builds(
            Peer,
            st.one_of(st.just(ANYTHING), selectors),
            st.one_of(st.none(), bounds(st.sampled_from(ADDRESSES + ADDRESSES_6))),
            st.one_of(st.none(), st.none(), st.lists(patterns, max_size=2).map(tuple)),
            st.one_of(st.just(()), st.just(()), st.lists(patterns, max_size=1).map(tuple)),
        ),
        max_size=2,
    ).map(tuple),
)
atoms = st.builds(Atom, st.sampled_from(["method", "path"]), st.just(Operator.EXACT), st.sampled_from(["GET", "/"]))
conditions = st.one_of(
    st.just(ALWAYS),
    st.just(ALWAYS),
    st.just(NEVER),
    atoms,
    atoms.map(Negated),
    st.tuples(atoms, atoms).map(AllHold),
    st.tuples(atoms, atoms).map(AnyHolds),
)
rules = st.builds(
    Rule,
    st.sampled_from(list(Action)),
    peers,
    bounds(header_sets),
    conditions,
    st.one_of(st.just(ANYTHING), st.just(ANYTHING), selectors),
    st.sampled_from(["r1", "r2"]),
)
scopes = st.builds(
    Scope,
    st.sampled_from(["s1", "s2"]),
    subjects,
    st.lists(rules, max_size=3).map(tuple),
    st.sampled_from([0, 0, 0, 1]),
)
stages = st.builds(
    Stage, st.just("tier"), st.lists(scopes, min_size=1, max_size=3).map(tuple), st.sampled_from(list(Action))
)
chains = st.builds(
    Chain,
    st.just("layer"),
    st.sampled_from(list(Direction)),
    st.lists(stages, max_size=2).map(tuple),
    st.sampled_from([Action.ALLOW, Action.DENY]),
    st.booleans(),
    st.sampled_from([Purpose.POLICY, Purpose.POLICY, *Purpose]),
)


_values = st.one_of(st.just(()), st.just(("GET",)), st.just(("/",)))
requests = st.one_of(st.none(), st.dictionaries(st.sampled_from(["method", "path"]), _values, max_size=2).map(Request))


@st.composite
def endpoints(draw, name: str) -> Endpoint:
    """One endpoint with attributes of every kind."""
    facets = {
        facet: draw(st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["x", "y"]), max_size=2))
        for facet in draw(st.sets(st.sampled_from(["pod", "namespace"])))
    }
    addresses = draw(st.sampled_from(ADDRESSES * 2 + ADDRESSES_6[:2]))
    if draw(st.booleans()):
        addresses = AddressSet.between(addresses.first(), addresses.first())
    return Endpoint(
        name,
        draw(st.sampled_from(PLACES)),
        addresses,
        every=draw(st.booleans()),
        namespace=draw(st.sampled_from(["", "a", "b"])),
        facets=facets,
        unknown_facets=draw(st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(["pod", "namespace"])))),
        open_facets=draw(st.sampled_from([frozenset(), frozenset(), frozenset(["pod"])])),
        unknown_keys=draw(
            st.sampled_from([frozenset(), frozenset(), frozenset([("pod", "app"), ("namespace", "tier")])])
        ),
        groups=draw(st.frozensets(st.sampled_from(["g", "h"]))),
        maybe_groups=draw(st.frozensets(st.sampled_from(["g"]))),
        any_group=draw(st.sampled_from([False, False, False, True])),
        identity=draw(st.sampled_from(IDENTITIES)),
    )


@st.composite
def rewrites(draw, names: list[str]) -> Rewrite:
    """Anything that a link may change."""
    source = Source(
        draw(st.one_of(st.none(), st.sampled_from(ADDRESSES))),
        draw(st.sampled_from([None, "", *names])),
        draw(st.sampled_from([None, *IDENTITIES])),
        draw(st.one_of(st.none(), st.sampled_from(PORT_SETS))),
    )
    maps = st.builds(
        PortMap, st.sampled_from(["tcp", "mtls", "udp"]), st.sampled_from(PORT_SETS), st.sampled_from(PORT_POINTS)
    )
    return Rewrite(
        source,
        draw(st.sampled_from([None, *names])),
        draw(st.one_of(st.just(()), st.lists(maps, max_size=3).map(tuple))),
        draw(st.sampled_from([None, None, "tcp", "mtls"])),
    )


WAYS = [("there",), ("there", "back"), ("there", "back", "there"), ("there", "back", "there", "back")]
CROSSING = st.sampled_from([True, True, False])


@st.composite
def plain_links(draw, name: str, ways: list[tuple[str, str]]) -> Link:
    """A link that serves every packet."""
    source, target = draw(st.sampled_from(ways))
    return Link(name, source, target, exits=draw(CROSSING), enters=draw(CROSSING))


@st.composite
def links_between(draw, name: str, ways: list[tuple[str, str]]) -> Link:
    """A link that may ask anything of a packet."""
    link: Link = draw(plain_links(name, ways))
    return replace(
        link,
        destinations=draw(st.one_of(st.none(), st.none(), bounds(st.sampled_from(ADDRESSES)))),
        towards=draw(st.one_of(st.just(ANYTHING), st.just(ANYTHING), selectors)),
        headers=draw(st.one_of(st.none(), st.none(), header_sets)),
    )


@dataclass(frozen=True)
class Drawn:
    """A network and a request to evaluate on it."""

    network: Network
    request: Request | None


@st.composite
def networks(draw, most_endpoints: int = 4, rewriting: bool = True) -> Drawn:
    """A network with up to four locations, all kinds of links, and chains anywhere."""
    names = [f"e{place}" for place in range(draw(st.integers(2, most_endpoints)))]
    found = tuple(draw(endpoints(name)) for name in names)
    locations = {
        place: Location(
            place,
            draw(st.lists(chains, min_size=1, max_size=2).map(tuple)),
            transit=draw(st.booleans()),
            subject=draw(st.sampled_from([None, None, None, *names])),
        )
        for place in PLACES
    }
    # A way there and a way back for the first two, so that most packets meet some chain.
    there, home = found[0].location, found[1].location
    ends = [(there, home), (home, there), (there, "middle"), ("middle", home)]
    anywhere = [*ends, *((one, other) for one in PLACES for other in PLACES)]
    changing = draw(st.sets(st.integers(0, 3), max_size=2)) if rewriting else set()
    ways = enumerate(draw(st.sampled_from(WAYS)))
    links = [draw(plain_links(f"{name} {place}", [ends[name == "back"]])) for place, name in ways]
    for place in range(draw(st.integers(1, 5))):
        link = draw(links_between(f"l{place}", anywhere))
        links.append(replace(link, rewrite=draw(rewrites(names))) if place in changing else link)
    return Drawn(Network(found, locations, tuple(links)), draw(requests))


def samples(addresses: AddressSet) -> list[int]:
    """Every address of a small set, as places on the address line."""
    return [place for low, high in addresses.pairs for place in range(low, high + 1)]
