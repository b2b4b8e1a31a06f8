"""What Ringfence itself issues, as entries: each certificate of the posture file, with what its record says.

The record knows when a certificate is due and how asking for the next one goes; the certificate itself lies in the
state folder beside its key, which nobody opens to look at a date. So an entry here has the record's own times, and is
known to be the same as one found in a file or at an endpoint by its fingerprint: `shared_renewals` says of those, too,
that they are renewed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ringfence.certificates import renewal
from ringfence.certificates.inventory import Certificate, Effect, Entry, Renewal, Source, Trouble
from ringfence.certificates.records import Record

if TYPE_CHECKING:
    from ringfence.certificates.configuration import Wanted
    from ringfence.certificates.runner import Runner

BY = "ringfence"
KNOWN_BY = 32
"""Digits of a fingerprint that name a kept pair."""


def entries(runner: Runner) -> list[Entry]:
    """One entry for each certificate of the posture file, spares among them. Changes nothing."""
    return [_entry(runner, wanted, runner.store.record(wanted.name)) for wanted in runner.wanted()]


def shared_renewals(found: Sequence[Entry]) -> list[Entry]:
    """The same entries, where a certificate that is renewed in one place counts as renewed wherever it is."""
    known = {
        entry.leaf.fingerprint[:KNOWN_BY]: entry.renewal
        for entry in found
        if entry.renewal is not None and entry.leaf is not None and entry.leaf.fingerprint
    }

    def share(entry: Entry) -> Entry:
        if entry.renewal is not None or entry.leaf is None:
            return entry
        renewed = known.get(entry.leaf.fingerprint[:KNOWN_BY])
        return entry if renewed is None else replace(entry, renewal=renewed)

    return [share(entry) for entry in found] if known else list(found)


def _entry(runner: Runner, wanted: Wanted, record: Record) -> Entry:
    chain: tuple[Certificate, ...] = ()
    moment: Renewal | None = None
    origin = record.origin
    if origin is not None and record.current:
        names = tuple(name for name in wanted.names if "://" not in name)
        uris = tuple(name for name in wanted.names if "://" in name)
        issued = Certificate(
            record.current, 0, "", origin.issuer, origin.not_before, origin.not_after, dns_names=names, uris=uris
        )
        chain = (issued,)
        due, rule = renewal.due(runner.terms(wanted), origin, record.wish)
        moment = Renewal(BY, due, rule)
    return Entry(
        f"{wanted.name}[ringfence]",
        Source.RINGFENCE,
        chain,
        wanted.span,
        renewal=moment,
        issuer=", ".join(wanted.issuers),
        troubles=tuple(_troubles(wanted, record)),
        notes=tuple(_notes(record)),
    )


def _troubles(wanted: Wanted, record: Record) -> Iterator[Trouble]:
    if not record.current:
        yield Trouble("not-issued", "the posture file asks for it, and it was never issued")
    for issuer, attempts in record.attempts.items():
        if attempts.failures:
            text = f"{issuer} failed {attempts.failures} times in a row, last: {attempts.reason or 'no reason given'}"
            yield Trouble("renewal-failing", text, attempts.last, Effect.DOUBTFUL)
    if wanted.deploy is not None and record.current and record.deployed != record.current:
        text = f"the current certificate is not deployed: {record.deployment.reason or 'nobody has tried yet'}"
        yield Trouble("not-deployed", text, record.deployment.last, Effect.DOUBTFUL)


def _notes(record: Record) -> Iterator[str]:
    if record.origin is not None:
        yield f"issued by {record.origin.issuer} {record.origin.at:%Y-%m-%d %H:%M} UTC"
    if record.wish is not None:
        begin, end = record.wish.window.start, record.wish.window.end
        yield f"the authority wishes a renewal between {begin:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M} UTC"
    for one in record.retired:
        yield f"the pair {one.identity} is to be revoked ({one.reason}) once its successor is served"
