"""Who issues: the interface that every issuer implements, one module each.

An issuer turns a certificate request into a chain. It may take days and the process may be killed at any step, so
what it must know to go on is put into a `Journal` *before* the step that depends on it; asked again with the same
journal it goes on, and never has a second certificate made for the same request.

How it failed says what to do next: `Refused` will not change by itself (the names, the account), `Unavailable` will.
Both may carry the time before which the issuer does not want to be asked again; that time always wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ringfence.model.diagnostics import RingfenceError, error


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be certified: the PEM request and what does not stand in it."""

    certificate: str
    """Its name in the posture file."""
    names: tuple[str, ...]
    csr: bytes
    lifetime: timedelta | None = None
    """None leaves it to the issuer; a public authority ignores it."""
    profile: str = ""
    """An ACME profile; empty takes the issuer's default."""
    replaces: bytes | None = None
    """The certificate that this one follows (PEM): an authority with ARI counts it as a renewal."""


@dataclass(frozen=True, slots=True)
class Window:
    """When the authority would like a certificate to be renewed (ARI, RFC 9773), and when to ask it again."""

    start: datetime
    end: datetime
    ask_again: datetime
    explanation: str = ""
    """A page that says why, where the authority gives one."""


@dataclass(frozen=True, slots=True)
class Named:
    """How CAA records name an authority, and our account there (RFC 8659, RFC 8657)."""

    domains: tuple[str, ...]
    """Empty where the authority does not say."""
    account: str | None
    """The account's URI; None where it is not registered yet."""


class Journal(Protocol):
    """What an issuer keeps between its steps, durably."""

    def get(self, key: str) -> str | None:
        """What was put under the key in this or an earlier process."""

    def put(self, key: str, value: str | None) -> None:
        """Keeps the value; returns once it is on the disk. None forgets it."""

    def reach(self, step: str) -> None:
        """Says that a step was reached. Nothing happens, but in tests that end the process there."""


class Issuer(Protocol):
    """One authority, ready to be asked."""

    @property
    def name(self) -> str:
        """Its name in the posture file."""

    def obtain(self, request: Request, journal: Journal, now: datetime) -> bytes:
        """The chain in PEM, leaf first, without the root. Raises `Refused` or `Unavailable`."""

    def renewal_window(self, certificate: bytes, now: datetime) -> Window | None:
        """The authority's own wish for a certificate (PEM); None where it has none."""

    def caa(self, now: datetime) -> Named | None:
        """How CAA records name it; None for an authority that does not go by them. Registers nothing."""

    def revoke(self, certificate: bytes, reason: str, now: datetime) -> None:
        """Has a certificate (PEM) revoked; one that already is counts as done. `reason` is one of `REASONS`."""

    def tend(self, now: datetime) -> None:
        """What an authority of our own needs from time to time; nothing for others."""


REASONS = {"unspecified": 0, "keyCompromise": 1, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5}
"""Reasons for a revocation that a subscriber may give, with their code (RFC 5280, 5.3.1)."""


class IssuerError(RingfenceError):
    """An issuer did not deliver. `not_before` is when it may be asked again at the earliest, if it said so."""

    def __init__(self, message: str, not_before: datetime | None = None, remedy: str = "") -> None:
        super().__init__(error(message, remedy=remedy))
        self.not_before = not_before


class Refused(IssuerError):
    """The authority answered and will not issue this; asking again the same way will not help."""


class Unavailable(IssuerError):
    """The authority did not answer, or asks for patience."""
