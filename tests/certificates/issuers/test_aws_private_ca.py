"""AWS Private CA as moto plays it, and the errors that moto does not have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from moto import mock_aws

from ringfence.certificates import keys
from ringfence.certificates.configuration import AwsIssuer, Profile
from ringfence.certificates.issuers import IssuerError, Refused, Request, Unavailable
from ringfence.certificates.issuers.aws_private_ca import AwsPrivateCa
from ringfence.certificates.issuers.signing import sign_ca
from ringfence.certificates.store import Attempt
from tests.certificates.authority import NOW


def request() -> Request:
    return Request("web", ("a.example",), keys.request(keys.generate("ecdsa-p256"), ["a.example"]))


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsPrivateCa]:
    """An active authority."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("acm-pca", region_name="eu-west-1")
        subject = {"CommonName": "ca.example"}
        arn = client.create_certificate_authority(
            CertificateAuthorityConfiguration={
                "KeyAlgorithm": "RSA_2048",
                "SigningAlgorithm": "SHA256WITHRSA",
                "Subject": subject,
            },
            CertificateAuthorityType="SUBORDINATE",
        )["CertificateAuthorityArn"]
        root = sign_ca(Profile(), keys.generate("ecdsa-p256"), None, NOW).public_bytes(Encoding.PEM)
        client.import_certificate_authority_certificate(CertificateAuthorityArn=arn, Certificate=root)
        yield AwsPrivateCa(AwsIssuer("aws", arn), client, sleep=lambda _: None)


def test_issued_once_for_one_journal(tmp_path: Path, authority: AwsPrivateCa) -> None:
    attempt, asked = Attempt(tmp_path), request()
    chain = authority.obtain(asked, attempt, NOW)
    assert (
        attempt.get(
            "arn",
        )
        is not None
    )
    csr = x509.load_pem_x509_csr(asked.csr)
    assert keys.public_der(keys.chain(chain)[0].public_key()) == keys.public_der(csr.public_key())
    assert all(one.issuer != one.subject for one in keys.chain(chain)[1:]), "without the root"
    assert authority.obtain(asked, attempt, NOW) == chain
    assert authority.renewal_window(chain, NOW) is None
    authority.revoke(chain, "keyCompromise", NOW)


class Broken:
    """A client whose calls fail as told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.arguments: dict[str, Any] = {}

    def issue_certificate(self, **arguments: Any) -> dict[str, str]:
        self.arguments = arguments
        if self.failures:
            raise self.failures.pop(0)
        return {"CertificateArn": "arn:x"}

    get_certificate = revoke_certificate = issue_certificate


def failure(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, "IssueCertificate")


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (failure("MalformedCSRException"), Refused),
        (failure("ThrottlingException"), Unavailable),
        (failure("LimitExceededException"), Unavailable),
        (EndpointConnectionError(endpoint_url="https://x"), Unavailable),
    ],
)
def test_failures(tmp_path: Path, problem: Exception, kind: type[IssuerError]) -> None:
    client = Broken(problem)
    issuer = AwsPrivateCa(AwsIssuer("aws", "arn:ca", template="arn:t"), client)
    with pytest.raises(kind, match="AWS Private CA"):
        issuer.obtain(request(), Attempt(tmp_path), NOW)
    assert client.arguments["TemplateArn"] == "arn:t"
    assert len(client.arguments["IdempotencyToken"]) == 36
    assert client.arguments["Validity"] == {"Type": "ABSOLUTE", "Value": int(NOW.timestamp()) + 7 * 86_400}


def test_a_certificate_that_is_gone_is_asked_for_anew(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path)
    attempt.put("arn", "arn:gone")
    issuer = AwsPrivateCa(AwsIssuer("aws", "arn:ca"), Broken(failure("ResourceNotFoundException")))
    with pytest.raises(Refused):
        issuer.obtain(request(), attempt, NOW)
    assert attempt.get("arn") is None


def test_revoked_already_is_fine() -> None:
    leaf = sign_ca(Profile(), keys.generate("ecdsa-p256"), None, NOW).public_bytes(Encoding.PEM)
    AwsPrivateCa(AwsIssuer("aws", "arn:ca"), Broken(failure("RequestAlreadyProcessedException"))).revoke(
        leaf, "superseded", NOW
    )
