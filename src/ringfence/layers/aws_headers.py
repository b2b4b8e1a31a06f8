"""What a protocol and a port range of an AWS rule stand for, and the peers behind blocks, groups and prefix lists.

    -1                   everything; ports beside it are ignored
    tcp, udp             a port range
    icmp, icmpv6         a type and a code, -1 for any; AWS refuses a code without a type, so that is no header at all
    another protocol     all of it; ports beside it are ignored

An unknown field widens *may* to all that it could be and empties *must*. What AWS would refuse (a range upside down)
is for the reader to report; here it is unknown, too.

Source: EC2 `IpPermission` and `NetworkAclEntry`, and the VPC user guide's pages on group and ACL rules.
"""

from __future__ import annotations

from functools import lru_cache

from ringfence.model.addresses import EVERYWHERE, NO_ADDRESS, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, NO_HEADERS, OCTETS, HeaderSet, icmp, ports
from ringfence.model.headers import protocol as of_protocol
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import Peer
from ringfence.model.selectors import ANYTHING, AllOf, Selector, Unsure
from ringfence.resources.aws import Blocks, Id, Number, Unknown

EVERY_PROTOCOL = frozenset(("-1", "all"))
NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}

UNFILTERED = AddressSet.of(
    "169.254.169.253",
    "169.254.169.254",
    "169.254.169.123",
    "169.254.169.250/31",
    "169.254.170.2",
    "fd00:ec2::253",
    "fd00:ec2::254",
    "fd00:ec2::123",
    "fd00:ec2::250",
    "fd00:ec2::240",
)
"""AWS's own link-local services, which neither groups nor ACLs filter: Resolver, instance and task metadata, time,
licence activation."""


@lru_cache(maxsize=1 << 14)
def headers(protocol: Id, low: Number, high: Number) -> Bounds[HeaderSet]:
    """The headers of a protocol with its port range, or ICMP type and code. None: all ports, any type or code."""
    if isinstance(protocol, Unknown):
        return Bounds(NO_HEADERS, ALL_HEADERS, protocol.because)
    if protocol in EVERY_PROTOCOL:
        return Bounds.exactly(ALL_HEADERS)
    number = NUMBERS.get(protocol, int(protocol) if protocol.isdecimal() else None)
    if number is None or number > 255:
        return Bounds(NO_HEADERS, ALL_HEADERS, f"{protocol!r} is no protocol")
    whole = of_protocol(number)
    if number not in (1, 6, 17, 58):
        return Bounds.exactly(whole)
    for value in (low, high):
        if isinstance(value, Unknown):
            return Bounds(NO_HEADERS, whole, value.because)
    assert not isinstance(low, Unknown)
    assert not isinstance(high, Unknown)
    if number in (1, 58):
        version = 4 if number == 1 else 6
        code = OCTETS if high is None or high == -1 else IntervalSet.of(high)
        if low is None or low == -1:
            return Bounds.exactly(whole if code == OCTETS else NO_HEADERS)
        return Bounds.exactly(icmp(IntervalSet.of(low), code, version))
    if low is None and high is None:
        return Bounds.exactly(whole)
    if low is None or high is None or not 0 <= low <= high <= 65535:
        return Bounds(NO_HEADERS, whole, f"{low} to {high} is no port range")
    return Bounds.exactly(ports("tcp" if number == 6 else "udp", IntervalSet.of((low, high))))


def block(cidr: Id) -> Bounds[AddressSet]:
    """The addresses of a block."""
    if isinstance(cidr, Unknown):
        return Bounds(NO_ADDRESS, EVERYWHERE, cidr.because)
    return Bounds.exactly(_addresses(cidr))


def blocks(cidrs: Blocks) -> Bounds[AddressSet]:
    """The union of blocks."""
    if isinstance(cidrs, Unknown):
        return Bounds(NO_ADDRESS, EVERYWHERE, cidrs.because)
    known = AddressSet.union(_addresses(one) for one in cidrs if isinstance(one, str))
    unknown = next((one for one in cidrs if isinstance(one, Unknown)), None)
    return Bounds.exactly(known) if unknown is None else Bounds(known, EVERYWHERE, unknown.because)


def peer(selector: Selector, addresses: Bounds[AddressSet] | None, *doubts: Unknown | None) -> Peer:
    """A peer that counts only if none of the doubts comes true."""
    unsure = tuple(Unsure(one.because) for one in doubts if one is not None)
    if not unsure:
        return Peer(selector, addresses)
    return Peer(AllOf((selector, *unsure)) if selector != ANYTHING else AllOf(unsure), addresses)


@lru_cache(maxsize=1 << 14)
def _addresses(cidr: str) -> AddressSet:
    return AddressSet.of(cidr)
