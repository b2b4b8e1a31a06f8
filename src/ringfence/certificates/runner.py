"""One pass over all wanted certificates: what `issue`, `renew` and `run` do.

The pass asks `renewal.decide` about each certificate, has what is due obtained from the first issuer that delivers,
deploys it, and revokes what was replaced once its successor is proved. It reads no clock and starts no thread; times
come in, and what happened goes out as `Outcome`s. The store's lock is held by the caller.

Nothing here stops the pass: whatever goes wrong with one certificate is its outcome, and the next one has its turn.

Spares. Where a certificate has a `spare`, a second one is kept under the name `NAME~spare`, always from that issuer.
It is deployed when nothing else is left: the current one has ended or is about to, and no issuer delivers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ringfence.certificates import deploy, renewal, served
from ringfence.certificates.configuration import Configuration, Deployment, Wanted
from ringfence.certificates.issuers import Issuer, IssuerError
from ringfence.certificates.obtaining import Obtaining, terms_of
from ringfence.certificates.records import Record
from ringfence.certificates.renewal import Action, Decision, Terms
from ringfence.certificates.store import Store
from ringfence.model.diagnostics import RingfenceError, SourceError

SPARE = "~spare"


class State(StrEnum):
    """How a certificate stands after the pass."""

    OK = "ok"
    RENEWED = "renewed"
    WAITING = "waiting"
    """It is due, nobody delivered, and there is time."""
    NOT_DEPLOYED = "not_deployed"
    """A good certificate is there, and its server does not serve it."""
    MISSING = "missing"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the pass did about one certificate, and what will happen next."""

    name: str
    state: State
    because: tuple[str, ...]
    """Steps and reasons, in their order."""
    next: datetime
    """When the next pass should look at it."""
    record: Record
    due: datetime | None = None

    @property
    def good(self) -> bool:
        """Whether nobody has to do anything."""
        return self.state in (State.OK, State.RENEWED)


@dataclass(frozen=True, slots=True)
class Runner:
    """What a pass works with."""

    configuration: Configuration
    store: Store
    issuers: Mapping[str, Issuer]
    look: deploy.Look = served.wait_for

    def wanted(self) -> list[Wanted]:
        """All certificates, spares among them, each after what it stands in for."""
        found = []
        for one in self.configuration.wanted.values():
            found.append(one)
            if one.spare:
                found.append(replace(one, name=one.name + SPARE, issuers=(one.spare,), deploy=None, spare=""))
        return found

    def terms(self, wanted: Wanted) -> Terms:
        """What a decision needs to know of a certificate."""
        return terms_of(wanted, self.configuration)

    def run(
        self, now: datetime, names: Iterable[str] = (), *, force: bool = False, retire: str = "", missing: bool = False
    ) -> list[Outcome]:
        """One pass over the named certificates, or all.

        `force` renews what is not due, and does not wait out our own pauses; `retire` does the same and is the reason
        for which the current ones are revoked after. With `missing`, what exists is left alone.
        """
        chosen = set(names)
        outcomes = []
        for wanted in self.wanted():
            if not chosen or wanted.name in chosen or wanted.name.removesuffix(SPARE) in chosen:
                try:
                    outcomes.append(self._one(wanted, now, force, retire, missing))
                except (RingfenceError, OSError) as failure:
                    again = now + self.configuration.check_interval
                    outcomes.append(Outcome(wanted.name, State.MISSING, (str(failure),), again, Record()))
        for issuer in self.issuers.values():
            with suppress(RingfenceError):  # Tried again in the next pass; the list has days left.
                issuer.tend(now)
        return outcomes

    def plan(self, now: datetime, names: Iterable[str] = ()) -> list[tuple[str, Decision]]:
        """What a pass would decide, from what is on the disk: nobody is asked, nothing is written."""
        chosen = set(names)
        return [
            (wanted.name, renewal.decide(self.terms(wanted), self.store.record(wanted.name), now))
            for wanted in self.wanted()
            if not chosen or wanted.name.removesuffix(SPARE) in chosen
        ]

    def _one(self, wanted: Wanted, now: datetime, force: bool, retire: str, missing: bool) -> Outcome:
        terms, steps = self.terms(wanted), list[str]()
        record = self.store.record(wanted.name)
        if retire and wanted.deploy is not None and not record.retired:
            for issuer in wanted.issuers:
                self.store.abandon(wanted.name, issuer)  # Its key may be the one that is no longer trusted.
            record = record.retire(retire)
            self.store.save(wanted.name, record)
            self.store.reach("retired")
        impatient = force or bool(retire)
        replacing = any(one.identity == record.current for one in record.retired)
        if not missing or not record.current:
            record = self._ask_for_window(wanted, record, now, steps)
        decision = renewal.decide(terms, record, now, force=force or replacing, impatient=impatient)
        if missing and not replacing and record.origin and record.origin.specification == terms.specification:
            decision = replace(decision, action=Action.KEEP)
        renewed = False
        if decision.action is Action.OBTAIN:
            obtaining = Obtaining(self.configuration, self.store, self.issuers)
            record, renewed = obtaining.obtain(wanted, record, decision, now, steps)
            replacing = any(one.identity == record.current for one in record.retired)
            decision = renewal.decide(terms, record, now, force=replacing or (force and not renewed))
        elif decision.action is Action.WAIT:
            steps.append(decision.because)
        record, again = self._deliver(wanted, record, now, steps, impatient)
        if not record.deployment.failures:
            record = self._revoke(wanted, record, now, steps)
        self.store.save(wanted.name, record)
        self.store.prune(wanted.name, record.known)
        state = self._state(wanted, record, decision, renewed, now)
        if not steps:
            steps.append(decision.because)
        return Outcome(wanted.name, state, tuple(steps), min(decision.next, again), record, decision.due)

    def _ask_for_window(self, wanted: Wanted, record: Record, now: datetime, steps: list[str]) -> Record:
        """The authority's renewal window, asked for when it is time; a silent authority changes nothing."""
        if record.origin is None or record.origin.not_after <= now or record.origin.issuer not in self.issuers:
            return record
        if record.wish is not None and record.wish.window.ask_again > now:
            return record
        try:
            leaf = self.store.pair(wanted.name, record.current).fullchain
            window = self.issuers[record.origin.issuer].renewal_window(leaf, now)
        except IssuerError as failure:
            steps.append(f"the renewal window cannot be had: {failure.diagnostic.message}")
            return record
        wish = renewal.draw(wanted.name, window, record.wish) if window else None
        if wish and record.wish and wish.chosen != record.wish.chosen:
            steps.append(f"the authority moved the renewal: {wish.window.explanation or 'it says no more'}")
        record = record.wished(wish)
        self.store.save(wanted.name, record)
        return record

    def _deliver(
        self, wanted: Wanted, record: Record, now: datetime, steps: list[str], impatient: bool
    ) -> tuple[Record, datetime]:
        """Deploys what should be served and is not proved to be; when to look again."""
        far = now + timedelta(days=365)
        chosen = self._to_serve(wanted, record, now) if wanted.deploy else None
        if wanted.deploy is None or chosen is None or self._in_place(chosen[1], wanted.deploy, record):
            return record, far
        again = renewal.next_try(record.deployment, record.origin, now, impatient=impatient)
        if again > now:
            steps.append(f"not deployed: {record.deployment.reason}")
            return record, again
        if chosen[0] != wanted.name:
            steps.append("no issuer delivers: the spare takes its place")
        try:
            pair = self.store.pair(*chosen)
            delivery = deploy.deploy(pair, wanted.deploy, self.store.reach, self.look)
        except SourceError as failure:
            delivery = deploy.Delivery(False, False, str(failure))
        steps.append(("deployed: " if delivery.deployed else "not deployed: ") + delivery.because)
        if delivery.deployed:
            return record.delivered(pair.identity), far
        record = record.undelivered(delivery.because, now)
        return record, renewal.next_try(record.deployment, record.origin, now)

    def _in_place(self, identity: str, deployment: Deployment, record: Record) -> bool:
        """Whether the pair was proved to be served, and still is where the server reads it."""
        if identity != record.deployed:
            return False
        try:
            return deploy.in_place(identity, deployment)
        except SourceError:
            return False

    def _to_serve(self, wanted: Wanted, record: Record, now: datetime) -> tuple[str, str] | None:
        """The record and pair that the server should have: the current one, or the spare where time has run out."""
        origin = record.origin
        if origin is not None:
            margin = renewal.safety(self.terms(wanted), origin.not_after - origin.not_before) / 2
            if now < origin.not_after - margin:
                return wanted.name, record.current
        if wanted.spare:
            spare = self.store.record(wanted.name + SPARE)
            if spare.origin and spare.origin.not_after > max(now, origin.not_after if origin else now):
                return wanted.name + SPARE, spare.current
        return (wanted.name, record.current) if record.current else None

    def _revoke(self, wanted: Wanted, record: Record, now: datetime, steps: list[str]) -> Record:
        """Revokes what was retired, once its successor is deployed."""
        for one in record.retired:
            if one.identity == record.current or record.deployed != record.current:
                continue
            try:
                self.issuers[one.issuer].revoke(self.store.pair(wanted.name, one.identity).fullchain, one.reason, now)
            except (KeyError, RingfenceError) as failure:
                steps.append(f"{one.identity[:12]} is not revoked yet: {failure}")
                continue
            self.store.reach("revoked")
            steps.append(f"{one.identity[:12]} is revoked ({one.reason})")
            record = record.revoked(one.identity)
            self.store.save(wanted.name, record)
        return record

    def _state(self, wanted: Wanted, record: Record, decision: Decision, renewed: bool, now: datetime) -> State:
        if record.origin is None:
            return State.MISSING
        if record.origin.not_after <= now:
            return State.EXPIRED
        if wanted.deploy is not None and record.deployed != record.current:
            return State.NOT_DEPLOYED
        if renewed:
            return State.RENEWED
        return State.OK if decision.action is Action.KEEP else State.WAITING
