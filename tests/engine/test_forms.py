"""What a rewrite makes of one packet, and what is seen of it from behind. Whole paths: `test_reference`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.engine.cuts import Cuts
from ringfence.engine.decisions import Side
from ringfence.engine.forms import Form, rewritten
from ringfence.engine.outcomes import Doubt
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import Header, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Network, PortMap, Rewrite, Source
from ringfence.model.rules import NO_IDENTITY, Direction

CLIENT = Endpoint("client", "left", AddressSet.of("10.0.0.1"), identity="spiffe://one/client")
SERVER = Endpoint("server", "right", AddressSet.of("10.0.0.2"), identity="spiffe://one/server")
POOL = Endpoint("pool", "far", AddressSet.of("10.0.1.0/24"))
ENDPOINTS = {one.id: one for one in (CLIENT, SERVER, POOL)}
HERE, THERE = CLIENT.addresses.first(), SERVER.addresses.first()
FORM = Form(CLIENT, HERE, CLIENT.identity, SERVER, THERE, Header("mtls", 40000, 443))


def sent_on(change: Rewrite | None, *others: Link) -> list[tuple[Form, frozenset[Doubt]]]:
    """FORM after a link with this rewrite, in a network that has these links as well."""
    link = Link("link", "left", "right", rewrite=change)
    return list(rewritten(FORM, link, ENDPOINTS, Cuts(Network(tuple(ENDPOINTS.values()), {}, (link, *others)))))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (None, FORM),
        (Rewrite(), FORM),
        (
            Rewrite(ports=(PortMap("mtls", IntervalSet.of(443), 8443),)),
            replace(FORM, header=Header("mtls", 40000, 8443)),
        ),
        (
            Rewrite(ports=(PortMap("mtls", IntervalSet.of(443), 1), PortMap("mtls", IntervalSet.of(443), 2))),
            replace(FORM, header=Header("mtls", 40000, 1)),
        ),
        (Rewrite(ports=(PortMap("tcp", IntervalSet.of(443), 8443),)), FORM),
        (Rewrite(transport="tcp"), replace(FORM, header=Header("tcp", 40000, 443))),
        (Rewrite(target="client"), replace(FORM, target=CLIENT, target_address=HERE)),
        (Rewrite(Source(SERVER.addresses)), replace(FORM, source_address=THERE)),
        (Rewrite(Source(origin="server")), replace(FORM, source=SERVER)),
        (Rewrite(Source(origin="")), replace(FORM, source=None)),
        (Rewrite(Source(identity="")), replace(FORM, source_identity="")),
        (Rewrite(Source(ports=IntervalSet.of(7))), replace(FORM, header=Header("mtls", 7, 443))),
    ],
)
def test_what_a_rewrite_changes_and_what_it_keeps(change, expected):
    assert sent_on(change) == [(expected, frozenset())]


def test_a_choice_of_ports_is_one_form_for_each_behaviour():
    told_apart = Link("other", "left", "right", headers=ports("tcp", source=IntervalSet.of((100, 199))))
    found = sent_on(Rewrite(Source(ports=IntervalSet.of((50, 500)))), told_apart)
    assert [form.header.x for form, _ in found] == [50, 100, 200]
    assert {doubts for _, doubts in found} == {frozenset((Doubt.CHOICE,))}


def test_an_address_that_nobody_knows_is_unknown():
    half = Bounds.exactly(AddressSet.of("10.0.1.128/25"))
    found = sent_on(Rewrite(target="pool"), Link("other", "left", "right", half))
    assert [form.target_address - POOL.addresses.first() for form, _ in found] == [0, 128]
    assert {doubts for _, doubts in found} == {frozenset((Doubt.UNKNOWN,))}


@pytest.mark.parametrize(("plane", "proved"), [("mtls", True), ("tcp", False)])
def test_each_side_sees_the_other_one_and_its_identity_where_it_was_proved(plane, proved):
    form = replace(FORM, header=Header(plane, 40000, 443))
    client = Side(CLIENT, HERE, CLIENT.identity if proved else NO_IDENTITY)
    server = Side(SERVER, THERE, SERVER.identity if proved else NO_IDENTITY)
    assert (form.peer(Direction.EGRESS), form.peer(Direction.INGRESS)) == (server, client)
    reply = form.reply()
    assert (reply.peer(Direction.EGRESS), reply.peer(Direction.INGRESS)) == (client, server)
    assert (reply.source, reply.target, reply.header) == (SERVER, CLIENT, Header(plane, 443, 40000))
