"""Machines of a mesh beside a cloud: nothing says where in it they are, or whether they are behind it.

Their proxies are asked as anywhere, yet whether the cloud lets a packet pass to or from them is unknown. What the cloud
itself has at such an address may be that machine: then its mutual TLS may prove what the machine's does. What the
machine's proxy refuses is asked where the machine is meant, not where the cloud's own thing is; that is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ringfence.layers.istio_machines import MACHINE
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.networks import Endpoint, Link, Network
from ringfence.model.rules import UNKNOWN_IDENTITY
from ringfence.model.selectors import AllOf, Has, Unsure
from ringfence.topology.entries import OUTSIDE

MACHINES, OF_MACHINES = "machines", "network of machines"

SOMEWHERE = "nothing says where in the cloud, or behind it, a machine of the mesh is"
MAY_BE = "{machine} may be {other}: what its proxy refuses is asked of {machine} alone"

TO_MACHINES = AllOf((Has(MACHINE), Unsure(SOMEWHERE)))


def within(network: Network) -> tuple[Endpoint, ...]:
    """The machines of a network, of whose groups in a cloud nothing is known."""
    return tuple(replace(one, any_group=True) for one in network.endpoints if one.location == MACHINES)


def doubtful(endpoints: Iterable[Endpoint], machines: tuple[Endpoint, ...]) -> Iterator[Endpoint]:
    """A cloud's own endpoints, with the identities that they may have."""
    for one in endpoints:
        alike = one.location != OUTSIDE and any(one.addresses & other.addresses for other in machines if other.identity)
        yield replace(one, identity=UNKNOWN_IDENTITY) if alike else one


def told(endpoints: Iterable[Endpoint], machines: tuple[Endpoint, ...]) -> Iterator[Diagnostic]:
    """A warning for each machine that one thing of the cloud's surely has the address of."""
    for one in endpoints:
        for other in machines:
            if one.location != OUTSIDE and one.addresses == other.addresses and other.addresses.count() == 1:
                yield warning(MAY_BE.format(machine=other.title, other=one.title), other.span)


def ways(theirs: Network, fabrics: Iterable[str] = ()) -> Iterator[Link]:
    """Ways that may be there: between machines, the outside, a cloud's routers and subnets, and from a cluster in it.

    Pods may reach them by their own addresses, as they do in their VPC, besides by their nodes' as they do outside.
    """
    for fabric in fabrics:
        yield Link(OF_MACHINES, fabric, MACHINES, towards=TO_MACHINES, enters=True)
    for place in theirs.locations.values():
        if place.id == OUTSIDE or place.kind in ("router", "subnet"):
            yield Link(OF_MACHINES, MACHINES, place.id, towards=Unsure(SOMEWHERE), exits=True)
            yield Link(OF_MACHINES, place.id, MACHINES, towards=TO_MACHINES, enters=True)
