"""One certificate obtained: from the first issuer that delivers, each attempt resumed where an earlier one stopped.

The order of things is what survives a crash: limits and CAA records are respected, key and request are on the disk, the
issuer is asked, what it gave is held against what was asked for, and only then it becomes a pair. A certificate that
does not fit is dropped together with its attempt. Any other failure leaves the attempt to be gone on with: what was
issued and could not be kept, because the disk was full, is fetched again and not issued again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from ringfence.certificates import files, foreseeing, keys, ledger, renewal
from ringfence.certificates.caa import Permission
from ringfence.certificates.configuration import AcmeIssuer, Configuration, PrivateIssuer, Wanted
from ringfence.certificates.issuers import Issuer, IssuerError, Refused, Request
from ringfence.certificates.ledger import Event, Ledger
from ringfence.certificates.records import Origin, Record
from ringfence.certificates.renewal import Decision, Terms
from ringfence.certificates.store import SPECIFICATION, Attempt, Pair, Store, UnfitError
from ringfence.model.diagnostics import RingfenceError, SourceError, error
from ringfence.model.spans import Span


@dataclass(frozen=True, slots=True)
class Obtaining:
    """Where certificates come from and where they are kept."""

    configuration: Configuration
    store: Store
    issuers: Mapping[str, Issuer]

    def obtain(
        self, wanted: Wanted, record: Record, decision: Decision, now: datetime, steps: list[str]
    ) -> tuple[Record, bool]:
        """The first issuer that delivers; each failure is recorded before the next one is asked."""
        steps.append(decision.because)
        for issuer in decision.issuers:
            try:
                pair, origin = self._issue(wanted, record, issuer, now)
            except IssuerError as failure:
                reason = failure.diagnostic.message
                record = record.failed(issuer, reason, now, failure.not_before)
                steps.append(f"{issuer}: {reason}")
                if isinstance(failure, Refused):
                    self._count(Event(issuer, "failure", wanted.names, now))
            except RingfenceError as failure:
                if isinstance(failure, UnfitError):
                    self.store.abandon(wanted.name, issuer)
                record = record.failed(issuer, str(failure), now)
                steps.append(f"{issuer}: {failure}")
            else:
                self._count(Event(issuer, "issued", wanted.names, now))
                record = record.obtained(pair.identity, origin)
                self.store.save(wanted.name, record)
                self.store.reach("record saved")
                for other in wanted.issuers:
                    self.store.abandon(wanted.name, other)
                steps.append(f"{issuer} issued {pair.identity[:12]}, valid until {origin.not_after:%Y-%m-%d %H:%M}")
                return record, True
            self.store.save(wanted.name, record)
        return record, False

    def _issue(self, wanted: Wanted, record: Record, issuer: str, now: datetime) -> tuple[Pair, Origin]:
        request_specification = specification(wanted)
        attempt = self.store.attempt(wanted.name, issuer)
        if attempt is not None and attempt.get(SPECIFICATION) != request_specification:
            self.store.abandon(wanted.name, issuer)
            attempt = None
        if attempt is None:
            self._respect_limits(wanted, record, issuer, now)
            self._respect_caa(wanted, record, issuer, now)
            key = self._key(wanted, record)
            attempt = self.store.prepare(wanted.name, issuer, key, wanted.names, request_specification)
            self._count(Event(issuer, "order", wanted.names, now))
        fullchain = self.issuers[issuer].obtain(self._request(wanted, record, issuer, attempt), attempt, now)
        try:
            leaf = keys.chain(fullchain, Span(issuer))[0]
        except SourceError as failure:
            raise UnfitError(failure.diagnostic) from failure
        if set(keys.names_of(leaf.extensions)) != set(keys.names_of(_requested(attempt))):
            raise UnfitError(error(f"{issuer} certified other names than it was asked for"))
        if leaf.not_valid_after_utc <= now:
            raise UnfitError(error(f"{issuer}'s certificate ended {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} already"))
        return self.store.complete(wanted.name, issuer, fullchain, now)

    def _request(self, wanted: Wanted, record: Record, issuer: str, attempt: Attempt) -> Request:
        replaces = None
        if record.origin is not None and record.origin.issuer == issuer:
            replaces = self.store.pair(wanted.name, record.current).fullchain
        return Request(wanted.name, wanted.names, attempt.csr, wanted.lifetime, wanted.profile, replaces)

    def _key(self, wanted: Wanted, record: Record) -> keys.PrivateKey:
        retired = {one.identity for one in record.retired}
        if wanted.keep_key and record.current and record.current not in retired:
            kept = keys.from_pem(self.store.pair(wanted.name, record.current).key)
            if keys.kind_of(kept) == wanted.key:
                return kept
        return keys.generate(wanted.key)

    def _respect_limits(self, wanted: Wanted, record: Record, issuer: str, now: datetime) -> None:
        """Raises IssuerError while the ledger says that the authority would refuse, unless time is running out."""
        described = self.configuration.issuers.get(issuer)
        if not isinstance(described, AcmeIssuer) or record.wish is not None or self._urgent(wanted, record, now):
            return
        limits, domains = ledger.limits_of(described), self.configuration.domains
        blocked = self._ledger().blocked_until(issuer, limits, wanted.names, domains, now)
        if blocked:
            until, limit = blocked
            raise IssuerError(f"its limit of {limit.count} {limit.kind} in {limit.window} is used up", until)

    def _respect_caa(self, wanted: Wanted, record: Record, issuer: str, now: datetime) -> None:
        """Raises IssuerError where CAA forbids it, unless time is running out: what is seen from here may be wrong."""
        if self._urgent(wanted, record, now):
            return
        for found in foreseeing.findings(self.configuration, wanted, self.issuers[issuer], now):
            if found.permission is Permission.FORBIDDEN:
                raise IssuerError(f"{found.because} (to change: {found.remedy}); it was not asked")

    def _urgent(self, wanted: Wanted, record: Record, now: datetime) -> bool:
        """Whether so little is left that nothing of our own may keep an authority from being asked."""
        origin = record.origin
        if origin is None:
            return False
        margin = renewal.safety(terms_of(wanted, self.configuration), origin.not_after - origin.not_before)
        return origin.not_after - now < margin

    def _ledger(self) -> Ledger:
        place = self.store.folder / "ledger.json"
        try:
            return ledger.from_json(files.read_json(place))
        except (KeyError, TypeError, ValueError) as failure:
            raise SourceError(error(f"is no ledger: {failure!r}", Span(str(place)))) from None

    def _count(self, event: Event) -> None:
        if not isinstance(self.configuration.issuers.get(event.issuer), AcmeIssuer):
            return  # Nobody limits our own authority, and it may have thousands of events.
        files.write_json(self.store.folder / "ledger.json", ledger.to_json(self._ledger().add(event)))


def terms_of(wanted: Wanted, configuration: Configuration) -> Terms:
    """What a decision needs to know of a certificate."""
    return Terms(
        wanted.name,
        specification(wanted),
        wanted.issuers,
        isinstance(configuration.issuers.get(wanted.issuers[0]), PrivateIssuer),
        wanted.renew_before,
        configuration.check_interval,
    )


def specification(wanted: Wanted) -> str:
    """A digest of what is asked for; it changes when a certificate must be issued anew for it."""
    text = "\n".join([wanted.key, wanted.profile, str(wanted.lifetime), *sorted(wanted.names)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _requested(attempt: Attempt) -> x509.Extensions:
    return x509.load_pem_x509_csr(attempt.csr).extensions
