"""cert-manager's Certificates as entries: what is issued, what is asked for, and the whole chain of causes between.

`cmctl status certificate` shows the objects one after another; here they are read as causes: Certificate, issuer,
CertificateRequest, Order, Challenges, in the order in which one waits for the next, and then what cert-manager will do
and when. The order of judgement is that of its own controller (`policies`): what the secret lacks, then what differs
from the specification, then the time.

A Secret that a Certificate names belongs to it; other TLS Secrets are entries of their own. Where no Secret was given,
the times of the Certificate's status stand in for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from ringfence.certificates.due import cert_manager_due
from ringfence.certificates.entries import load_all
from ringfence.certificates.inventory import Certificate, Effect, Entry, Renewal, Source, Trouble
from ringfence.certificates.solvers import challenge_troubles
from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.cert_manager import (
    CertIssuer,
    CertManagerObjects,
    Challenge,
    Condition,
    ManagedCertificate,
    Object,
    Order,
    Request,
    TlsSecret,
)
from ringfence.resources.certificates import Encoded

DEFAULT_DURATION = timedelta(days=90)
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(hours=1), timedelta(hours=32)
"""Waits after failed issuances: doubling from the one to the other."""
MANAGED = "cert-manager.io"
BY = "cert-manager"

Owned = TypeVar("Owned", Order, Challenge)


def entries(objects: CertManagerObjects, now: datetime) -> tuple[list[Entry], list[Diagnostic]]:
    """One entry for each Certificate, and for each TLS Secret that none of them names."""
    secrets = {(one.object.namespace, one.object.name): one for one in objects.secrets}
    found: list[Entry] = []
    diagnostics: list[Diagnostic] = []
    kept: set[tuple[str, str]] = set()
    for certificate in objects.certificates:
        place = (certificate.object.namespace, certificate.secret)
        kept.add(place)
        chain, problems = _chain(secrets.get(place))
        diagnostics += problems
        found.append(_Explanation(certificate, objects, secrets.get(place), now).entry(chain))
    for place, secret in secrets.items():
        if place in kept:
            continue
        chain, problems = _chain(secret)
        diagnostics += problems
        if chain:
            renewal = _annotated(secret, chain[0])
            found.append(Entry(title(secret.object), Source.SECRET, chain, secret.object.span, renewal=renewal))
    return found, diagnostics


def _annotated(secret: TlsSecret, leaf: Certificate) -> Renewal | None:
    """Whether a Secret without its Certificate is one of cert-manager's, which then renews it by its usual rule."""
    certificate = secret.object.annotation("cert-manager.io/certificate-name")
    if not certificate:
        return None
    due, rule = cert_manager_due(leaf.not_before, leaf.not_after, None, None)
    return Renewal(BY, due, f"{rule} (its annotations name the Certificate {certificate}, which was not given)")


def title(object: Object) -> str:
    """`namespace/name[Kind]`."""
    return f"{object.namespace}/{object.name}[{object.kind}]" if object.namespace else f"{object.name}[{object.kind}]"


def backoff(failures: int) -> timedelta:
    """How long cert-manager waits after so many failed issuances in a row."""
    return min(FIRST_BACKOFF * (1 << min(max(failures - 1, 0), 10)), LONGEST_BACKOFF)


def _chain(secret: TlsSecret | None) -> tuple[tuple[Certificate, ...], list[Diagnostic]]:
    if secret is None:
        return (), []
    chain, problems = load_all(Encoded(der, secret.object.span) for der in secret.under("tls.crt"))
    return tuple(chain), problems


class _Explanation:
    """One Certificate among the objects of its cluster."""

    def __init__(
        self, certificate: ManagedCertificate, objects: CertManagerObjects, secret: TlsSecret | None, now: datetime
    ) -> None:
        self.certificate, self.objects, self.secret, self.now = certificate, objects, secret, now
        self.object = certificate.object
        self.issuer = self._issuer()

    def entry(self, chain: tuple[Certificate, ...]) -> Entry:
        """The entry with its troubles and its story."""
        ready = self.object.condition("Ready")
        renewal = self._renewal(chain)
        return Entry(
            title(self.object),
            Source.CERT_MANAGER,
            chain or self._from_status(),
            self.object.span,
            wanted=self.certificate.names,
            renewal=renewal,
            issuer=self._issuer_title(),
            ready=None if ready is None else ready.status == "True",
            troubles=tuple(self._troubles(ready)),
            notes=tuple(self._story(chain, renewal)),
        )

    def _issuer(self) -> CertIssuer | None:
        wanted = self.certificate.issuer
        namespace = "" if wanted.kind == "ClusterIssuer" else self.object.namespace
        return next(
            (
                one
                for one in self.objects.issuers
                if (one.object.kind, one.object.namespace, one.object.name) == (wanted.kind, namespace, wanted.name)
            ),
            None,
        )

    def _issuer_title(self) -> str:
        return f"{self.certificate.issuer.name}[{self.certificate.issuer.kind}]"

    def _from_status(self) -> tuple[Certificate, ...]:
        """What the status says of a certificate whose Secret was not given."""
        one = self.certificate
        if self.secret is not None or one.not_before is None or one.not_after is None:
            return ()
        return (Certificate("", 0, "", self._issuer_title(), one.not_before, one.not_after, dns_names=one.names),)

    def _renewal(self, chain: Sequence[Certificate]) -> Renewal | None:
        one = self.certificate
        not_before = chain[0].not_before if chain else one.not_before
        not_after = chain[0].not_after if chain else one.not_after
        if one.renewal_time is not None and (not chain or chain[0].not_after == one.not_after):
            return Renewal(BY, one.renewal_time, "status.renewalTime")
        if not_before is None or not_after is None:
            return None
        due, rule = cert_manager_due(not_before, not_after, one.renew_before, one.renew_before_percentage)
        return Renewal(BY, due, rule)

    def _troubles(self, ready: Condition | None) -> Iterator[Trouble]:
        one = self.certificate
        if ready is not None and ready.status != "True":
            yield Trouble("not-ready", f"not Ready: {_said(ready)}", ready.since)
        if self.issuer is None and one.issuer.group == MANAGED:
            yield Trouble("issuer-missing", f"the issuer {self._issuer_title()} is not among what was read")
        elif self.issuer is not None:
            state = self.issuer.object.condition("Ready")
            if state is not None and state.status != "True":
                text = f"the issuer {self._issuer_title()} is not Ready: {_said(state)}"
                yield Trouble("issuer-not-ready", text, state.since)
        duration = one.duration or DEFAULT_DURATION
        if one.renew_before is not None and one.renew_before >= duration:
            text = f"renewBefore ({_hours(one.renew_before)}) leaves nothing of the duration ({_hours(duration)})"
            yield Trouble("renew-before", text)
        if one.renew_before_percentage is not None and not 0 < one.renew_before_percentage < 100:
            yield Trouble("renew-before", f"renewBeforePercentage is {one.renew_before_percentage}, not 1 to 99")
        if self.issuer is not None and self.issuer.type == "acme":
            yield from challenge_troubles(one, self.issuer)
        if self.secret is not None:
            yield from self._secret_troubles(self.secret)

    def _secret_troubles(self, secret: TlsSecret) -> Iterator[Trouble]:
        if not secret.under("tls.crt"):
            yield Trouble("secret-empty", f"the secret {secret.object.name} holds no certificate (MissingData)")
        issuer = secret.object.annotation("cert-manager.io/issuer-name")
        kind = secret.object.annotation("cert-manager.io/issuer-kind") or "Issuer"
        wanted = self.certificate.issuer
        if issuer and (issuer, kind) != (wanted.name, wanted.kind):
            text = (
                f"the secret is from {issuer}[{kind}], the issuer asked for is {self._issuer_title()} (IncorrectIssuer)"
            )
            yield Trouble("issuer-mismatch", text, effect=Effect.DOUBTFUL)

    def _story(self, chain: Sequence[Certificate], renewal: Renewal | None) -> Iterator[str]:
        """The chain of causes, each waiting for the next, and what comes then."""
        ready = self.object.condition("Ready")
        issuing = self.object.condition("Issuing")
        if ready is None and not chain and self.certificate.not_after is None:
            yield "neither a status nor its secret was given: nothing is known of what was issued"
        if issuing is not None:
            yield f"Issuing is {issuing.status}: {_said(issuing)}"
        waiting = (issuing is not None and issuing.status == "True") or (ready is not None and ready.status != "True")
        request = self._latest()
        if request is not None and waiting:
            yield from self._request_story(request)
        elif waiting and ready is not None:
            yield "there is no CertificateRequest for it"
        yield from self._next(renewal, waiting)

    def _latest(self) -> Request | None:
        """The newest request of the Certificate."""
        mine = [
            one
            for one in self.objects.requests
            if one.object.namespace == self.object.namespace
            and (
                ("Certificate", self.object.name) in one.object.owners
                or one.object.annotation("cert-manager.io/certificate-name") == self.object.name
            )
        ]

        def age(one: Request) -> tuple[int, float]:
            revision = one.object.annotation("cert-manager.io/certificate-revision")
            created = one.object.created.timestamp() if one.object.created else 0.0
            return (int(revision) if revision.isascii() and revision.isdigit() else 0), created

        return max(mine, key=age, default=None)

    def _request_story(self, request: Request) -> Iterator[str]:
        yield from _conditions(request.object, ("Approved", "Denied", "InvalidRequest", "Ready"))
        if request.object.condition("Approved") is None and request.object.condition("Denied") is None:
            yield f"{title(request.object)} waits for approval"
        for order in self._owned(self.objects.orders, request.object):
            text = f"{title(order.object)} is {order.state or 'not yet placed'}"
            yield f"{text}: {order.reason}" if order.reason else text
            for challenge in self._owned(self.objects.challenges, order.object):
                shown = "presented" if challenge.presented else "not presented"
                text = f"{title(challenge.object)}: {challenge.type} for {challenge.dns_name} is "
                text += f"{challenge.state or 'not yet begun'}, {shown}"
                yield f"{text}: {challenge.reason}" if challenge.reason else text

    def _owned(self, objects: Iterable[Owned], owner: Object) -> list[Owned]:
        return [
            one
            for one in objects
            if one.object.namespace == owner.namespace and (owner.kind, owner.name) in one.object.owners
        ]

    def _next(self, renewal: Renewal | None, waiting: bool) -> Iterator[str]:
        one = self.certificate
        if one.failed_attempts and one.last_failure is not None:
            again = one.last_failure + backoff(one.failed_attempts)
            verb = "tried again" if again <= self.now else "tries again"
            times = "once" if one.failed_attempts == 1 else f"{one.failed_attempts} times in a row"
            yield f"issuance failed {times}; cert-manager {verb} {again:%Y-%m-%d %H:%M} UTC"
        elif renewal is not None and not waiting:
            late = " (it is late: is the controller running?)" if renewal.due <= self.now else ""
            yield f"next: cert-manager renews it {renewal.due:%Y-%m-%d %H:%M} UTC{late}"


def _conditions(object: Object, types: Sequence[str]) -> Iterator[str]:
    found: Mapping[str, Condition] = {one.type: one for one in object.conditions}
    for type in types:
        if type in found:
            yield f"{title(object)}: {type} is {found[type].status}: {_said(found[type])}"


def _said(condition: Condition) -> str:
    return ": ".join(part for part in (condition.reason, condition.message) if part) or "no reason given"


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g}h"
