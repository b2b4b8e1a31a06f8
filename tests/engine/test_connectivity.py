"""Relations between workloads against their endpoint pairs."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.connectivity import Connectivity, related
from ringfence.engine.reach import Reachability
from ringfence.engine.traffic import traffic
from ringfence.model.addresses import AddressSet

from .networks import Drawn, networks, samples


@st.composite
def peopled(draw) -> Drawn:
    """A network whose endpoints belong to two or three workloads; what stands for all its addresses is alone."""
    drawn = draw(networks())
    named = [
        replace(
            one,
            workload=one.id if one.every else draw(st.sampled_from(["w1", "w2"])),
            maybe=draw(st.sampled_from([False, False, True])),
        )
        for one in drawn.network.endpoints
    ]
    return Drawn(replace(drawn.network, endpoints=tuple(named)), drawn.request)


def single(one: AddressSet) -> list[AddressSet]:
    return [AddressSet.between(place, place) for place in samples(one)]


@given(peopled())
def test_may_is_the_union_and_must_the_intersection(drawn: Drawn):
    reach = Reachability(drawn.network, drawn.request)
    found = Connectivity(reach)
    for source, clients in found.workloads.items():
        for target, servers in found.workloads.items():
            relations = found.relations(source, target)
            for here in single(clients[0].addresses) if clients[0].every else [None]:
                for there in single(servers[0].addresses) if servers[0].every else [None]:
                    holding = [
                        one
                        for one in relations
                        if (here is None or (one.sources and here <= one.sources))
                        and (there is None or (one.targets and there <= one.targets))
                    ]
                    pairs = [
                        (client, server, one.headers, reach.sent(client, server))
                        for client in clients
                        for server in servers
                        for one in reach.between(client, server, here, there)
                    ]
                    assert len(holding) == (1 if pairs else 0)
                    if pairs:
                        check(holding[0], pairs)


def check(relation, pairs) -> None:
    mays, musts = [], []
    for client, server, headers, sent in pairs:
        may, must = traffic(headers, client, sent)
        mays.append(may)
        if not (client.maybe or server.maybe):
            musts.append(must)
    for plane in ("tcp", "udp"):
        for port in range(0, 30):
            assert (port in getattr(relation.may, plane)) == any(port in getattr(one, plane) for one in mays)
            expected = bool(musts) and all(port in getattr(one, plane) for one in musts)
            assert (port in getattr(relation.must, plane)) == expected


@given(peopled())
def test_relations_of_a_kind_are_those_of_each_member(drawn: Drawn):
    reach = Reachability(drawn.network, drawn.request)
    found = Connectivity(reach)
    for source in found.workloads:
        for target in found.workloads:
            direct = related(reach, found.workloads[source], found.workloads[target])
            assert set(found.relations(source, target)) == set(direct)
    assert sorted(name for kind in found.kinds for name in kind) == sorted(found.workloads)
