"""Certificates as a mesh issues them, and tokens as an issuer signs them, for clients that the test plays."""

from __future__ import annotations

import base64
import datetime
import json
import ssl
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

HOUR = datetime.timedelta(hours=1)


class Authority:
    """The certificate authority of a mesh; certificates and keys stand as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "mesh")])
        made = self._builder(self.key.public_key(), self.name)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.anchor = folder / "anchor.pem"
        self.anchor.write_bytes(_pem(made.sign(self.key, hashes.SHA256())))
        self._contexts: dict[str, ssl.SSLContext] = {}

    def _builder(self, key: ec.EllipticCurvePublicKey, subject: x509.Name) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder(self.name, subject, key, x509.random_serial_number())
            .not_valid_before(now - HOUR)
            .not_valid_after(now + 24 * HOUR)
        )

    def certificate(self, identity: str) -> tuple[Path, Path]:
        """Certificate and key of a SPIFFE identity: no subject, one URI name."""
        stem = base64.urlsafe_b64encode(identity.encode()).decode()
        chain, secret = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        if not chain.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
            names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
            made = self._builder(key.public_key(), x509.Name([])).add_extension(names, critical=True)
            made = made.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            secret.write_bytes(_secret(key))
            chain.write_bytes(_pem(made.sign(self.key, hashes.SHA256())))
        return chain, secret

    def client(self, identity: str) -> ssl.SSLContext:
        """TLS as a workload with this identity speaks it to its peers."""
        if identity not in self._contexts:
            context = ssl.create_default_context(cafile=str(self.anchor))
            context.check_hostname = False  # a peer is known by its URI name, not by a host name
            context.load_cert_chain(*self.certificate(identity))
            self._contexts[identity] = context
        return self._contexts[identity]


class Issuer:
    """Signs tokens; `keys` is what its verifiers are told."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)

    @cached_property
    def keys(self) -> str:
        """The JSON Web Key Set."""
        numbers = self.key.public_key().public_numbers()
        modulus, exponent = (_encoded(value.to_bytes(size)) for value, size in ((numbers.n, 256), (numbers.e, 3)))
        return json.dumps({"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "n": modulus, "e": exponent}]})

    def token(self, claims: Mapping[str, Any], expired: bool = False) -> str:
        """A token with these claims, for an hour or an hour ago."""
        moment = datetime.datetime.now(datetime.UTC) + (-HOUR if expired else HOUR)
        parts = ({"alg": "RS256", "typ": "JWT"}, {**claims, "exp": int(moment.timestamp())})
        text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_encoded(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _secret(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form)
