"""The names by which questions speak of endpoints, and the ports that they ask about (design, section 5).

namespace/name[Kind]   a workload; without the kind all workloads of that name; a pod by its own name
NAME[Node]             a node
203.0.113.7, 10.0.0.0/8, 10.0.0.1-10.0.0.9, 2001:db8::/32
the endpoint that certainly has the address, else these addresses outside
internet               every globally routable address but those of the network's own interfaces
{ingress-controller}   who serves Ingress objects, where no pod of the files does

tcp/5432, udp/53, tcp/8000-8100, tcp, icmp, icmp/8/0, any; a number alone is TCP
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, EVERYWHERE, AddressSet
from ringfence.model.diagnostics import InputError, error
from ringfence.model.headers import ALL_HEADERS, OCTETS, HeaderSet, icmp, ports, protocol
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.topology.aws.endpoints import PUBLIC

SPECIAL = AddressSet.of(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/3",
    "2001:2::/48",
    "2001:db8::/32",
    "3fff::/20",
    "4000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)
"""What is not the internet: IANA's special-purpose registries (RFC 6890; 3fff::/20 by RFC 9637), and IPv6 outside
2000::/3. Blocks that are used between networks for tunnels and the like (2001::/32, 2002::/16) stay in."""

INTERNET = EVERYWHERE - SPECIAL

PORT_PROTOCOLS = ("tcp", "udp", "sctp")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a question: endpoints, and the addresses of those that stand for all of theirs (None: all).

    `sure` is false where nobody knows which of the endpoints is meant.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    addresses: AddressSet | None = None
    sure: bool = True


def side(text: str, endpoints: Iterable[Endpoint]) -> Side:
    """What a name means in a network. Raises InputError with near names where it means nothing."""
    known = tuple(endpoints)
    if text == "internet":
        own = (one.facets[PUBLIC]["ip"] for one in known if one.facets.get(PUBLIC, {}).get("ip"))
        return Side(text, tuple(one for one in known if one.every), INTERNET - AddressSet.of(*own))
    addresses = _addresses(text)
    if addresses is not None:
        inside = tuple(one for one in known if not one.every and one.addresses <= addresses)
        if inside and addresses.count() == 1:
            return Side(text, inside)
        outside = tuple(one for one in known if one.every and one.addresses & addresses)
        if not outside:
            raise InputError(error(f"{text}: this network knows no addresses of that family"))
        # One address of a known pool may be any pod's of it; a pool of "anywhere" says nothing.
        pools = (one for one in known if not one.every and one.addresses not in (ALL_IPV4, ALL_IPV6))
        maybe = tuple(one for one in pools if addresses.count() == 1 and addresses <= one.addresses)
        return Side(text, (*outside, *maybe), addresses, not maybe)
    found = tuple(one for one in known if text and text in _names(one))
    if not found:
        names = sorted({name for one in known for name in (one.workload, _bare(one.workload))})
        near = get_close_matches(text, names, 3, 0.6)
        hint = f"did you mean {' or '.join(near)}?" if near else "name a workload as namespace/name, or an address"
        raise InputError(error(f"{text} is nothing that this network knows", remedy=hint))
    return Side(text, found)


def headers(text: str) -> HeaderSet:
    """The headers that a port specification means. Raises InputError."""
    name, _, rest = text.strip().lower().partition("/")
    if _is_number(name):
        name, rest = "tcp", text.strip()
    try:
        if name == "any" and not rest:
            return ALL_HEADERS
        if name in PORT_PROTOCOLS:
            return ports(name, _port_set(rest)) if rest else ports(name)
        if name in ("icmp", "icmpv6"):
            kind, _, code = rest.partition("/")
            types, codes = (IntervalSet.of(_within(part, 255)) if part else OCTETS for part in (kind, code))
            return icmp(types, codes, 6 if name == "icmpv6" else 4)
        if name == "protocol":
            return protocol(_within(rest, 255))
    except ValueError:
        pass
    raise InputError(error(f"{text!r} is not a port", remedy="write tcp/5432, udp/53, tcp/8000-8100, icmp, or any"))


def _port_set(text: str) -> IntervalSet:
    found = []
    for part in text.split(","):
        low, dash, high = part.partition("-")
        pair = _within(low, 65535), _within(high if dash else low, 65535)
        if pair[0] > pair[1]:
            raise ValueError(text)
        found.append(pair)
    return IntervalSet.of(*found)


def _within(text: str, highest: int) -> int:
    """The number that the digits are. ValueError for anything else, and for what is above the highest."""
    if not _is_number(text) or int(text) > highest:
        raise ValueError(text)
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5


def _addresses(text: str) -> AddressSet | None:
    try:
        return AddressSet.of(text)
    except ValueError:
        return None


def _names(endpoint: Endpoint) -> set[str]:
    return {endpoint.id, _bare(endpoint.id), endpoint.workload, _bare(endpoint.workload)}


def _bare(name: str) -> str:
    """The name without its kind, and without what tells a workload's endpoints apart."""
    return name.partition("[")[0]


def fits(text: str, pattern: str) -> bool:
    """Whether a name is meant: `*` and `?` are wildcards; brackets are only brackets."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))
