"""Kinds of workloads: their members fare alike with everybody, and what kinds do not meet passes nothing."""

from __future__ import annotations

from hypothesis import given

from ringfence.engine.connectivity import related
from ringfence.engine.kinds import Kinds
from ringfence.engine.reach import Reachability
from ringfence.model.networks import by_workload

from .networks import Drawn, networks


def kinds(drawn: Drawn) -> tuple[Reachability, Kinds]:
    reach = Reachability(drawn.network, drawn.request)
    return reach, Kinds(reach, by_workload(drawn.network.endpoints))


@given(networks())
def test_every_workload_is_of_one_kind(drawn: Drawn):
    _, found = kinds(drawn)
    names = [name for members in found.members() for name in members]
    assert sorted(names) == sorted(found.of)
    assert all(found.of[name] == place for place, members in enumerate(found.members()) for name in members)


@given(networks())
def test_kinds_that_do_not_meet_pass_nothing(drawn: Drawn):
    reach, found = kinds(drawn)
    workloads = by_workload(drawn.network.endpoints)
    for source, clients in workloads.items():
        met = found.met_by(source)
        for target, servers in workloads.items():
            if source != target and found.of[target] not in met:
                assert not any(one.headers.may for one in related(reach, clients, servers, (None, None)))


@given(networks())
def test_members_of_a_kind_fare_alike(drawn: Drawn):
    reach, found = kinds(drawn)
    workloads = by_workload(drawn.network.endpoints)
    for members in found.members():
        for third in workloads:
            if third in members:
                continue
            fates = [
                {one.headers for one in related(reach, workloads[name], workloads[third], (None, None))}
                for name in members
            ]
            assert all(one == fates[0] for one in fates)
