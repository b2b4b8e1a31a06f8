"""An authority that speaks ACME (RFC 8555), with renewal information (RFC 9773) and profiles.

The `acme` library signs, keeps nonces and knows the messages; the order's life is driven here, because it has to
outlive the process. Its URL is in the journal as soon as it is known, and every run first asks what became of it:

    pending -> the challenges are met -> ready -> finalize -> processing -> valid -> the chain is fetched

An order that became invalid is forgotten and its reasons are told; the next attempt places another one, with the same
key and request. Waiting follows Retry-After, and ends after `patience`: the order stays in the journal.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import keys, records
from ringfence.certificates.challenges import Proof, Solver
from ringfence.certificates.configuration import AcmeIssuer
from ringfence.certificates.issuers import REASONS, IssuerError, Journal, Named, Refused, Request, Unavailable, Window
from ringfence.certificates.issuers.acme_network import asked, patience, problem, readable
from ringfence.certificates.issuers.acme_session import Account, Session, base64url

ORDER = "order"
POLL = 1.0
"""Seconds between two looks where the authority names no other time."""
ASK_AGAIN = timedelta(hours=6)
"""When to ask for the renewal window again, where the authority does not say; never over a day, as RFC 9773 advises."""


@dataclass(frozen=True, slots=True)
class Acme:
    """One account at one authority."""

    described: AcmeIssuer
    accounts: Path
    """The folder of account keys."""
    solver_for: Callable[[str], tuple[str, Solver]]
    """The kind of challenge and the solver for a certificate, by its name."""
    passphrase: bytes | None = field(default=None, repr=False)
    patience: float = 180
    """Seconds that one call waits for validation, and again for issuing."""
    sleep: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        """The issuer's name in the posture file."""
        return self.described.name

    @property
    def _account(self) -> Account:
        return Account(self.described, self.accounts, self.passphrase)

    def obtain(self, request: Request, journal: Journal, now: datetime) -> bytes:
        """Goes on with the order of the journal, or places one, up to the chain."""
        with readable():
            return self._obtain(request, journal, now)

    def _obtain(self, request: Request, journal: Journal, now: datetime) -> bytes:
        session = self._account.session(now)
        order = self._resumed(session, journal) or self._ordered(session, request, journal)
        if order["status"] == "pending":
            self._prove(session, request, order)
            journal.reach("challenges met")
            order = self._settled(session, journal, "pending")
        if order["status"] == "ready":
            csr = x509.load_pem_x509_csr(request.csr).public_bytes(Encoding.DER)
            journal.reach("about to finalize")
            session.post(order["finalize"], {"csr": base64url(csr)})
            journal.reach("finalized")
            order = self._settled(session, journal, "ready", "processing")
        elif order["status"] == "processing":
            order = self._settled(session, journal, "processing")
        if order["status"] != "valid":
            journal.put(ORDER, None)
            raise Refused(f"the order became {order['status']}: {problem(order.get('error'))}")
        content: bytes = session.answer(order["certificate"], None).content
        journal.reach("chain fetched")
        return content

    def renewal_window(self, certificate: bytes, now: datetime) -> Window | None:
        """The authority's window for a certificate; None where it offers none."""
        with readable():
            session = self._account.visit(now)
            base = session.directory.get("renewalInfo")
        if not base:
            return None
        path = f"{base}/{renewal_identifier(keys.chain(certificate)[0])}"
        try:
            answer = asked(session.network, now, lambda: session.network.get(path).json())
            window = answer["suggestedWindow"]
            start, end = records.moment(window["start"]), records.moment(window["end"])
        except Refused:
            return None
        except (KeyError, TypeError, ValueError) as failure:
            raise Unavailable(f"the renewal window cannot be read: {failure!r}") from failure
        if end <= start:
            raise Unavailable("the renewal window ends before it begins")
        again = patience(session.network, now) or now + ASK_AGAIN
        again = min(max(again, now + timedelta(minutes=1)), now + timedelta(days=1))
        return Window(start, end, again, str(answer.get("explanationURL", "")))

    def caa(self, now: datetime) -> Named:
        """By what its directory says (RFC 8555, 7.1.1), or the posture file."""
        with readable():
            meta = self._account.visit(now).directory.get("meta") or {}
            said = tuple(str(one) for one in meta.get("caaIdentities") or ())
        return Named(self.described.caa_identities or said, self._account.uri())

    def revoke(self, certificate: bytes, reason: str, now: datetime) -> None:
        """Revokes with the account's key; a certificate that is revoked already is fine."""
        with readable():
            session = self._account.session(now)
            revocation = session.directory["revokeCert"]
        leaf = keys.chain(certificate)[0].public_bytes(Encoding.DER)
        try:
            session.post(revocation, {"certificate": base64url(leaf), "reason": REASONS[reason]})
        except Refused as refusal:
            if "alreadyRevoked" not in str(refusal):
                raise

    def tend(self, now: datetime) -> None:
        """Others look after that authority: nothing."""

    def _resumed(self, session: Session, journal: Journal) -> dict[str, Any] | None:
        """The order of the journal; None where there is none, or the authority does not know it any more."""
        url = journal.get(ORDER)
        if url is None:
            return None
        try:
            order = session.read(url)
        except Refused:
            journal.put(ORDER, None)
            return None
        if order["status"] == "invalid":
            journal.put(ORDER, None)
            return None
        return order

    def _ordered(self, session: Session, request: Request, journal: Journal) -> dict[str, Any]:
        """Places an order.

        `replaces` is a courtesy: where it fails (409 says that somebody else did it; Pebble does not find the order of
        some certificates) the order is placed once without.
        """
        body: dict[str, Any] = {"identifiers": [identifier(name) for name in request.names]}
        profile = request.profile or self.described.profile
        if profile:
            body["profile"] = profile
        replaced = dict(body)
        if request.replaces is not None and "renewalInfo" in session.directory:
            replaced["replaces"] = renewal_identifier(keys.chain(request.replaces)[0])
        journal.reach("about to order")
        try:
            answer = self._new_order(session, replaced)
        except IssuerError as failure:
            if replaced == body or failure.not_before is not None:
                raise
            answer = self._new_order(session, body)
        journal.reach("order placed")
        journal.put(ORDER, str(answer.headers["Location"]))
        journal.reach("order noted")
        return session.document(answer)

    def _new_order(self, session: Session, body: dict[str, Any]) -> Any:
        """The authority's answer to an order; an account that it has forgotten is registered anew, once."""
        url = session.directory["newOrder"]
        try:
            return session.answer(url, body)
        except Unavailable as failure:
            if "accountDoesNotExist" not in str(failure):
                raise
        self._account.register_anew(session)
        return session.answer(url, body)

    def _prove(self, session: Session, request: Request, order: dict[str, Any]) -> None:
        """Meets the challenges of all authorizations that are still open, and waits until they are judged."""
        kind, solver = self.solver_for(request.certificate)
        open_ones: list[str] = []
        proofs: list[Proof] = []
        urls: list[str] = []
        thumbprint = base64url(session.key.thumbprint())
        for url in order["authorizations"]:
            authorization = session.read(url)
            if authorization["status"] != "pending":
                continue
            offered = {one["type"]: one for one in authorization["challenges"]}
            name = authorization["identifier"]["value"]
            if kind not in offered:
                raise Refused(f"{name} can be proved by {', '.join(sorted(offered))} only, not by {kind}")
            token = offered[kind]["token"]
            proofs.append(Proof(name, token, f"{token}.{thumbprint}"))
            urls.append(offered[kind]["url"])
            open_ones.append(url)
        if not proofs:
            return
        with solver.present(proofs):
            for url in urls:
                session.post(url, {})
            self._judged(session, open_ones)

    def _judged(self, session: Session, urls: Sequence[str]) -> None:
        """Waits until no authorization is pending; what failed is told by the order."""
        deadline = time.monotonic() + self.patience
        for url in urls:
            while True:
                authorization = session.read(url)
                if authorization["status"] == "pending" and time.monotonic() < deadline:
                    self._pause(session)
                    continue
                if authorization["status"] == "pending":
                    raise Unavailable(f"the authority did not validate within {self.patience:.0f} seconds")
                if authorization["status"] != "valid":
                    failed = [one["error"] for one in authorization["challenges"] if one.get("error")]
                    reasons = "; ".join(problem(one) for one in failed)
                    raise Refused(f"{authorization['identifier']['value']} was not proved: {reasons}")
                break

    def _settled(self, session: Session, journal: Journal, *waiting: str) -> dict[str, Any]:
        """The order once it has left the given states. `Unavailable` where it takes too long; it is gone on with."""
        url = journal.get(ORDER)
        assert url is not None, "the order was noted before"
        deadline = time.monotonic() + self.patience
        while True:
            order = session.read(url)
            if order["status"] not in waiting:
                return order
            if time.monotonic() > deadline:
                raise Unavailable(f"the order is still {order['status']}", patience(session.network, session.now))
            self._pause(session)

    def _pause(self, session: Session) -> None:
        wish = patience(session.network, session.now)
        seconds = (wish - session.now).total_seconds() if wish else POLL
        self.sleep(min(max(seconds, 0.05), 30.0))


def renewal_identifier(certificate: x509.Certificate) -> str:
    """How ARI names a certificate (RFC 9773, 4.1): key identifier of the issuer and serial, as base64url.

    `Refused` for a certificate that does not name its issuer's key.
    """
    try:
        extension = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except (x509.ExtensionNotFound, ValueError):
        raise Refused("the certificate does not name its issuer's key") from None
    serial = certificate.serial_number
    content = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    return f"{base64url(extension.value.key_identifier or b'')}.{base64url(content)}"


def identifier(name: str) -> dict[str, str]:
    """The ACME identifier of a name (RFC 8555, 9.7.7; RFC 8738 for addresses)."""
    try:
        return {"type": "ip", "value": str(ipaddress.ip_address(name))}
    except ValueError:
        return {"type": "dns", "value": str(keys.general_name(name).value)}
