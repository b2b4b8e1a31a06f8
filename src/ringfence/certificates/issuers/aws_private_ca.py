"""AWS Private CA through boto3.

Issuing has two calls: one begins and names a certificate (its ARN goes into the journal), one fetches it once it is
there. The first carries a token made from the request, so that a repetition within five minutes, which is as long as
AWS remembers, names the same certificate. The role needs acm-pca:IssueCertificate, GetCertificate and, to replace
certificates, RevokeCertificate.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import keys
from ringfence.certificates.configuration import AwsIssuer
from ringfence.certificates.issuers import IssuerError, Journal, Refused, Request, Unavailable, Window
from ringfence.model.spans import Span

ARN = "arn"
REASONS = {
    "unspecified": "UNSPECIFIED",
    "keyCompromise": "KEY_COMPROMISE",
    "affiliationChanged": "AFFILIATION_CHANGED",
    "superseded": "SUPERSEDED",
    "cessationOfOperation": "CESSATION_OF_OPERATION",
}
HOPELESS = {"InvalidArgsException", "InvalidArnException", "MalformedCSRException", "ResourceNotFoundException"}
"""Errors that the same call will meet again."""
LONGEST = 60.0
"""Seconds to wait for a certificate that was asked for."""


@dataclass(frozen=True, slots=True)
class AwsPrivateCa:
    """One authority, and a boto3 client for `acm-pca`."""

    described: AwsIssuer
    client: Any
    sleep: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        """The issuer's name in the posture file."""
        return self.described.name

    def obtain(self, request: Request, journal: Journal, now: datetime) -> bytes:
        """Begins where the journal names no certificate yet, and fetches."""
        arn = journal.get(ARN)
        if arn is None:
            end = now + (request.lifetime or self.described.lifetime)
            arguments: dict[str, Any] = {
                "CertificateAuthorityArn": self.described.arn,
                "Csr": request.csr,
                "SigningAlgorithm": self.described.signing_algorithm,
                "Validity": {"Type": "ABSOLUTE", "Value": int(end.timestamp())},
                "IdempotencyToken": hashlib.sha256(request.csr).hexdigest()[:36],
            }
            if self.described.template:
                arguments["TemplateArn"] = self.described.template
            journal.reach("about to ask")
            arn = str(self._call(lambda: self.client.issue_certificate(**arguments))["CertificateArn"])
            journal.reach("asked")
            journal.put(ARN, arn)
            journal.reach("noted")
        answer = self._fetched(arn, journal)
        chain = keys.chain(f"{answer['Certificate']}\n{answer.get('CertificateChain') or ''}".encode(), Span(self.name))
        sent = [chain[0], *(one for one in chain[1:] if one.issuer != one.subject)]
        return b"".join(one.public_bytes(Encoding.PEM) for one in sent)

    def renewal_window(self, certificate: bytes, now: datetime) -> Window | None:
        """AWS has no wish: None."""
        return None

    def caa(self, now: datetime) -> None:
        """A private authority does not go by CAA records."""

    def revoke(self, certificate: bytes, reason: str, now: datetime) -> None:
        """Revokes; a certificate that is revoked already is fine."""
        serial = f"{keys.chain(certificate)[0].serial_number:x}"
        serial = serial.zfill(len(serial) + len(serial) % 2)
        try:
            self._call(
                lambda: self.client.revoke_certificate(
                    CertificateAuthorityArn=self.described.arn,
                    CertificateSerial=":".join(serial[place : place + 2] for place in range(0, len(serial), 2)),
                    RevocationReason=REASONS[reason],
                )
            )
        except IssuerError as failure:
            if "RequestAlreadyProcessedException" not in str(failure):
                raise

    def tend(self, now: datetime) -> None:
        """Others look after that authority: nothing."""

    def _fetched(self, arn: str, journal: Journal) -> dict[str, Any]:
        deadline = time.monotonic() + LONGEST
        while True:
            try:
                answer: dict[str, Any] = self._call(
                    lambda: self.client.get_certificate(CertificateAuthorityArn=self.described.arn, CertificateArn=arn)
                )
                return answer
            except Refused:
                journal.put(ARN, None)
                raise
            except Unavailable as failure:
                if "RequestInProgressException" not in str(failure) or time.monotonic() > deadline:
                    raise
                self.sleep(1)

    def _call(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return call()
        except ClientError as failure:
            code = failure.response.get("Error", {}).get("Code", "")
            kind = Refused if code in HOPELESS else Unavailable
            raise kind(f"AWS Private CA: {failure}") from failure
        except BotoCoreError as failure:
            raise Unavailable(f"AWS Private CA: {failure}") from failure
