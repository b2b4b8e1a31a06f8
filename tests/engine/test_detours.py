"""The way through somebody who sends packets on, and what is dialled there."""

from __future__ import annotations

import pytest

from ringfence.engine.detours import around, from_own_ports
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Field
from ringfence.model.headers import ALL_HEADERS, PORT_PLANES, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.selectors import Unsure

from .detours import FRONT, network


def test_through_says_which_headers_end_where():
    reach = Reachability(network())
    (front,) = reach.go_betweens
    client = reach.network.endpoints[0]
    (whole,) = reach.through(client, front, {"server": ALL_HEADERS})
    assert str(whole.headers.may.tcp.some()) == "443"
    assert reach.through(client, front, {"other": ALL_HEADERS}) == ()
    assert not any(one.headers.may for one in reach.between(client, reach.network.endpoints[2]))


@pytest.mark.parametrize(
    ("towards", "wanted", "sure"),
    [
        (FRONT, ports("tcp", IntervalSet.of(8080)), True),
        (FRONT, ports("tcp", IntervalSet.of(443)), None),
        (Unsure("whether it is sent on"), ALL_HEADERS, False),
    ],
)
def test_the_way_around_and_what_is_dialled_there(towards, wanted, sure):
    reach = Reachability(network(towards))
    client, front, server, _ = reach.network.endpoints
    found = around(reach, Field((client,), (server,)), wanted)
    assert (None if found is None else found.sure) is sure
    if found is not None:
        assert (found.via, found.field.targets) == (front, (front,))
        assert str(found.headers.tcp.some()) == "443"


def test_headers_from_a_clients_own_ports():
    client = network().endpoints[0]
    own = from_own_ports(client, ALL_HEADERS)
    assert own == ALL_HEADERS.map(
        lambda name, _: getattr(ports(name, source=client.ephemeral), name) if name in PORT_PLANES else _
    )
