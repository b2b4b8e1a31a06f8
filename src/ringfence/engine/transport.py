"""In which transport TCP travels between two endpoints: what a client sends, what a server takes, what arrives.

| transport | meaning |
|---|---|
| `strict` | mutual TLS, and plaintext would not arrive: nothing can fall back |
| `permissive` | mutual TLS is sent, and plaintext would arrive as well |
| `plaintext` | plaintext is sent (whatever TLS the application does by itself) |
| `refused` | the client sends what the server does not take |
| `unknown` | nobody knows which of the two is sent |

A client sends what its identity lets it and what its own proxy chooses (chains of purpose `offer`). Those chains bind
nobody who holds the client, so they are no part of the path; `Reachability.sent` asks them by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ringfence.model.headers import HeaderSet
from ringfence.model.intervals import NOTHING, IntervalSet
from ringfence.model.networks import EPHEMERAL


class Transport(StrEnum):
    """The closed list, in the order in which reports show it."""

    STRICT = "strict"
    PERMISSIVE = "permissive"
    PLAINTEXT = "plaintext"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Transports:
    """The destination ports of TCP by transport; a port is in one of them at most."""

    strict: IntervalSet = NOTHING
    permissive: IntervalSet = NOTHING
    plaintext: IntervalSet = NOTHING
    unknown: IntervalSet = NOTHING

    def __or__(self, other: Transports) -> Transports:
        """Both courses are possible: a port has the weaker claim of the two."""
        unknown = self.unknown | other.unknown
        strict, plaintext = self.strict | other.strict, self.plaintext | other.plaintext
        permissive = self.permissive | other.permissive
        return Transports(
            strict=strict - permissive - plaintext - unknown,
            permissive=(permissive | (strict & plaintext)) - unknown,
            plaintext=plaintext - strict - permissive - unknown,
            unknown=unknown,
        )

    def parts(self) -> tuple[tuple[Transport, IntervalSet], ...]:
        """The transports that have ports, and which."""
        found = (
            (Transport.STRICT, self.strict),
            (Transport.PERMISSIVE, self.permissive),
            (Transport.PLAINTEXT, self.plaintext),
            (Transport.UNKNOWN, self.unknown),
        )
        return tuple((one, ports) for one, ports in found if ports)

    @property
    def overall(self) -> Transport:
        """All ports as one."""
        return together(kind for kind, _ in self.parts())


NONE = Transports()


@lru_cache(maxsize=1 << 16)
def transports(passing: HeaderSet, sent: HeaderSet, own: IntervalSet = EPHEMERAL) -> Transports:
    """How TCP that may pass from a client's own ports travels, by port."""
    encrypted = (passing.mtls & sent.mtls).some(own)
    plain = (passing.tcp & sent.tcp).some(own)
    falls_back = passing.tcp.some(own)
    return Transports(
        strict=encrypted - falls_back,
        permissive=(encrypted & falls_back) - plain,
        plaintext=plain - encrypted,
        unknown=encrypted & plain,
    )


def together(kinds: Iterable[Transport]) -> Transport:
    """Several transports as one: the weakest claim that holds for all of them."""
    found = set(kinds) - {Transport.REFUSED} or set(kinds)
    if Transport.UNKNOWN in found:
        return Transport.UNKNOWN
    if len(found) == 1:
        return found.pop()
    return Transport.PERMISSIVE if found else Transport.PLAINTEXT
