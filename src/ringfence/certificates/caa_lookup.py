"""Where the CAA records of a name stand: the closest name above that has any (RFC 8659, 3).

The name itself is asked first, then each name above it up to the top-level domain. An alias is followed by the DNS
server, and what stands above its target does not count. An answer that cannot be had is not an empty one: an authority
that gets none refuses, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import dns.exception
import dns.resolver

from ringfence.certificates.caa import Property
from ringfence.model.diagnostics import RingfenceError, error

ANSWER, ALTOGETHER = 5.0, 15.0
"""Seconds for one answer, and for all the answers that one resolver is asked for."""


class LookupFailed(RingfenceError):
    """The records of a name cannot be had, and why."""

    def __init__(self, message: str) -> None:
        super().__init__(error(message))


Ask = Callable[[str], Sequence[Property]]
"""The CAA records of exactly that name; raises LookupFailed."""


def relevant(name: str, ask: Ask) -> tuple[str, Sequence[Property]]:
    """The name at which the records stand that count for `name` (without `*.`), and they; none: the last one asked."""
    labels = name.rstrip(".").split(".")
    owner = name
    for at in range(len(labels)):
        owner = ".".join(labels[at:])
        records = ask(owner)
        if records:
            return owner, records
    return owner, ()


@dataclass(slots=True)
class Resolver:
    """Asks a DNS server, the system's where none is given; each name once."""

    server: tuple[str, int] | None = None
    """Address and port."""
    _known: dict[str, Sequence[Property]] = field(default_factory=dict)
    _left: float = ALTOGETHER

    def __call__(self, name: str) -> Sequence[Property]:
        """The CAA records of exactly that name."""
        if name not in self._known:
            begun = time.monotonic()
            try:
                self._known[name] = self._asked(name)
            finally:
                self._left -= time.monotonic() - begun
        return self._known[name]

    def _asked(self, name: str) -> Sequence[Property]:
        if self._left <= 0:
            raise LookupFailed("the DNS server takes too long")
        try:
            resolver = dns.resolver.Resolver(configure=self.server is None)
            if self.server is not None:
                resolver.nameservers, resolver.port = [self.server[0]], self.server[1]
            absolute = f"{name}."
            answer = resolver.resolve(
                absolute, "CAA", raise_on_no_answer=False, search=False, lifetime=min(ANSWER, self._left)
            )
        except dns.resolver.NXDOMAIN:
            return ()
        except (dns.exception.DNSException, OSError, ValueError) as failure:
            raise LookupFailed(
                f"the CAA records of {name} cannot be had: {str(failure) or type(failure).__name__}"
            ) from failure
        rows = answer.rrset or ()
        return tuple(Property(one.flags, _text(one.tag), _text(one.value)) for one in rows)


def _text(content: bytes) -> str:
    """What stands in a record, byte by byte: beyond ASCII nothing is valid, and it is to be seen, not lost."""
    return content.decode("latin-1")
