"""Header sets as people ask for them: by protocol and destination port, source ports folded away.

A client's source port is one of its ephemeral ports, and it does not choose. So what *may* pass is what passes from one
of them, and what *must* pass is what passes from each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ringfence.model.bounds import Bounds
from ringfence.model.headers import (
    ALL_HEADERS,
    ALL_PLAINTEXT,
    FULL_OCTETS,
    NO_HEADERS,
    OCTETS,
    OTHERS,
    PORTS,
    HeaderSet,
)
from ringfence.model.intervals import NOTHING, IntervalSet
from ringfence.model.networks import EPHEMERAL, Endpoint
from ringfence.model.regions import EMPTY_REGION, Region
from ringfence.model.rules import UNKNOWN_IDENTITY


@dataclass(frozen=True, slots=True)
class Traffic:
    """Destination ports by protocol, ICMP types and codes, other protocol numbers. `tcp` is of either transport."""

    tcp: IntervalSet = NOTHING
    udp: IntervalSet = NOTHING
    sctp: IntervalSet = NOTHING
    icmp: Region = EMPTY_REGION
    icmpv6: Region = EMPTY_REGION
    others: IntervalSet = NOTHING

    def meets(self, other: Traffic) -> bool:
        """Whether the two have anything in common."""
        return bool(self & other)

    def __and__(self, other: Traffic) -> Traffic:
        return Traffic(*(mine & theirs for mine, theirs in self._beside(other)))

    def __or__(self, other: Traffic) -> Traffic:
        return Traffic(*(mine | theirs for mine, theirs in self._beside(other)))

    def __le__(self, other: Traffic) -> bool:
        return all(mine <= theirs for mine, theirs in self._beside(other))

    def _beside(self, other: Traffic) -> Iterator[tuple[Any, Any]]:
        """The parts of both, pair by pair."""
        for name in ("tcp", "udp", "sctp", "icmp", "icmpv6", "others"):
            yield getattr(self, name), getattr(other, name)

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == ALL_TRAFFIC

    def document(self) -> str | dict[str, str]:
        """As JSON says it: `all`, or the parts that are not empty by protocol. `8/0` is type and code of ICMP."""
        if self.everything:
            return "all"
        parts = {"tcp": str(self.tcp), "udp": str(self.udp), "sctp": str(self.sctp)}
        parts |= {"icmp": _icmp(self.icmp), "icmpv6": _icmp(self.icmpv6), "other": str(self.others)}
        return {name: text for name, text in parts.items() if text}

    def __bool__(self) -> bool:
        return bool(self.tcp or self.udp or self.sctp or self.icmp or self.icmpv6 or self.others)

    def __str__(self) -> str:
        """`tcp 80,443 · udp 53`; `all`; `nothing`; a protocol whose ports are all in is named alone."""
        return spoken(self.document())


ALL_TRAFFIC = Traffic(PORTS, PORTS, PORTS, FULL_OCTETS, FULL_OCTETS, OTHERS)


def spoken(document: str | dict[str, str]) -> str:
    """A traffic's document as people read it."""
    if isinstance(document, str):
        return document
    whole = {"0-65535", "0-255/0-255", str(OTHERS)}
    names = {"other": "other protocols"}
    parts = [names.get(name, name) + ("" if text in whole else f" {text}") for name, text in document.items()]
    return " · ".join(parts) or "nothing"


def _icmp(region: Region) -> str:
    """`8/0,3`: a type with all of its codes stands alone."""
    if region == FULL_OCTETS:
        return "0-255/0-255"
    parts = []
    for low, high, codes in region.slabs:
        kinds = str(low) if low == high else f"{low}-{high}"
        parts += [kinds] if codes == OCTETS else [f"{kinds}/{code}" for code in str(codes).split(",")]
    return ",".join(parts)


def by_protocol(name: str) -> HeaderSet:
    """All headers of one protocol as `Traffic.document` names it; `other` are those without a name."""
    if name == "other":
        return HeaderSet(others=OTHERS)
    planes = ("tcp", "mtls") if name == "tcp" else (name,)
    return HeaderSet().map(lambda plane, _: getattr(ALL_HEADERS, plane) if plane in planes else EMPTY_REGION)


def offered(endpoint: Endpoint) -> HeaderSet:
    """What the endpoint can send and take: mutual TLS takes an identity."""
    return ALL_HEADERS if endpoint.identity else ALL_PLAINTEXT


def surely_offered(endpoint: Endpoint) -> HeaderSet:
    """The same, as far as it is known: whose identity is open may have none."""
    return ALL_PLAINTEXT if endpoint.identity == UNKNOWN_IDENTITY else offered(endpoint)


@lru_cache(maxsize=1 << 16)
def possible(headers: HeaderSet, ephemeral: IntervalSet = EPHEMERAL) -> Traffic:
    """The traffic that passes from one of the client's ports, over one of its transports."""
    return Traffic(
        headers.tcp.some(ephemeral) | headers.mtls.some(ephemeral),
        headers.udp.some(ephemeral),
        headers.sctp.some(ephemeral),
        headers.icmp,
        headers.icmpv6,
        headers.others,
    )


@lru_cache(maxsize=1 << 16)
def certain(headers: HeaderSet, ephemeral: IntervalSet = EPHEMERAL, sent: HeaderSet = ALL_PLAINTEXT) -> Traffic:
    """The traffic that passes from each of the client's ports, over each transport that it may send."""
    plain, encrypted = sent.tcp.some(ephemeral), sent.mtls.some(ephemeral)
    tcp = (headers.tcp.every(ephemeral) | (PORTS - plain)) & (headers.mtls.every(ephemeral) | (PORTS - encrypted))
    tcp &= plain | encrypted
    udp, sctp = headers.udp.every(ephemeral), headers.sctp.every(ephemeral)
    return Traffic(tcp, udp, sctp, headers.icmp, headers.icmpv6, headers.others)


def traffic(
    headers: Bounds[HeaderSet], client: Endpoint, sent: HeaderSet | None = None, withheld: HeaderSet = NO_HEADERS
) -> tuple[Traffic, Traffic]:
    """What may and what must pass from this client, in this order.

    `sent` None: whatever it can send; `withheld`: the part of it that may not be sent at all.
    """
    return passing_from(client.ephemeral, headers, offered(client) if sent is None else sent, withheld)


def passing_from(
    ephemeral: IntervalSet, headers: Bounds[HeaderSet], sent: HeaderSet, withheld: HeaderSet = NO_HEADERS
) -> tuple[Traffic, Traffic]:
    """The same for a client with these ports."""
    sure = certain(headers.must, ephemeral, sent)
    if withheld:
        sure = replace(sure, tcp=sure.tcp - possible(withheld, ephemeral).tcp)
    return possible(headers.may & sent, ephemeral), sure
