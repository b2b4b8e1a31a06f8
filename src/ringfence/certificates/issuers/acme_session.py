"""An account at an ACME authority, and the signed requests that are made with it (RFC 8555, 6 and 7.3).

The account is a key in a file; its URI lies beside it, with the directory that it belongs to. A key that the authority
knows already answers with the account that there is, so an account is moved here by its key. Ours are P-256; other
clients' are RSA or on other curves, and sign as RFC 7518 says of their kind.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from acme import messages
from acme.client import ClientV2
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from josepy import jwa
from josepy.jwk import JWK, JWKEC, JWKRSA

from ringfence.certificates import files, keys
from ringfence.certificates.configuration import AcmeIssuer
from ringfence.certificates.issuers import Refused, Unavailable
from ringfence.certificates.issuers.acme_network import Body, Network, asked
from ringfence.certificates.secrets import reveal
from ringfence.model.diagnostics import SourceError, error
from ringfence.model.spans import Span

CURVES = {"secp256r1": jwa.ES256, "secp384r1": jwa.ES384, "secp521r1": jwa.ES512}
"""The signature that belongs to each curve (RFC 7518, 3.4)."""


@dataclass(frozen=True, slots=True)
class Session:
    """The network with the directory, for the time of one call."""

    network: Network
    directory: dict[str, Any]
    now: datetime

    @property
    def key(self) -> JWK:
        """The account's key."""
        key: JWK | None = self.network.key
        assert key is not None, "the network was made with a key"
        return key

    def answer(self, url: str, body: dict[str, Any] | None) -> Any:
        """The answer to a signed request; None as body is a POST-as-GET."""
        payload = Body(body) if body is not None else None
        nonces = self.directory["newNonce"]
        return asked(self.network, self.now, lambda: self.network.post(url, payload, new_nonce_url=nonces))

    def read(self, url: str) -> dict[str, Any]:
        """POST-as-GET of an object with a status."""
        return self.document(self.answer(url, None))

    def post(self, url: str, body: dict[str, Any]) -> None:
        """A signed request whose answer is not needed."""
        self.answer(url, body)

    def document(self, answer: Any) -> dict[str, Any]:
        """The object that an answer holds. `Unavailable` where it is none."""
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict) or not isinstance(document.get("status"), str):
            raise Unavailable("the authority's answer holds no object with a status")
        return document


@dataclass(frozen=True, slots=True)
class Account:
    """The account of one issuer; it is made when it is needed first."""

    described: AcmeIssuer
    folder: Path
    """The folder of account keys."""
    passphrase: bytes | None = field(default=None, repr=False)

    def session(self, now: datetime) -> Session:
        """With the account's key; the account is registered where it is not known yet."""
        place = self.folder / f"{self.described.name}.key"
        if not place.exists():
            files.make_folder(self.folder)
            files.write(place, keys.to_pem(keys.generate("ecdsa-p256"), self.passphrase))
        key = keys.from_pem(files.read(place), self.passphrase, Span(str(place)))
        session = self._directory(*_signing(key, place), now)
        session.network.account = _resource(self.uri() or self._register(session))
        return session

    def visit(self, now: datetime) -> Session:
        """Without an account, for what anybody may read: nothing is registered and no key is kept."""
        return self._directory(JWKEC(key=keys.generate("ecdsa-p256")), jwa.ES256, now)

    def _directory(self, key: JWK, algorithm: jwa.JWASignature, now: datetime) -> Session:
        network = Network(key, algorithm, str(self.described.trust) if self.described.trust else None)
        directory = asked(network, now, lambda: ClientV2.get_directory(self.described.directory, network).to_json())
        return Session(network, directory, now)

    def uri(self) -> str | None:
        """What the authority calls the account, as it is noted; None before it was registered there."""
        known = files.read_json(self._note) or {}
        return known.get("uri") if known.get("directory") == self.described.directory else None

    def register_anew(self, session: Session) -> None:
        """For an authority that has forgotten the account."""
        self._note.unlink(missing_ok=True)
        session.network.account = None
        session.network.account = _resource(self._register(session))

    @property
    def _note(self) -> Path:
        return self.folder / f"{self.described.name}.json"

    def _register(self, session: Session) -> str:
        """Registers the key; an authority that knows it already answers with the account that there is."""
        described = self.described
        terms = session.directory.get("meta", {}).get("termsOfService")
        if terms and not described.terms_agreed:
            raise Refused(f"the terms of service are not agreed to: {terms}", remedy="set terms_agreed: true")
        body: dict[str, Any] = {"termsOfServiceAgreed": described.terms_agreed, "contact": list(described.contact)}
        if described.eab_key is not None:
            secret = reveal(described.eab_key).decode()
            classic = messages.Directory.from_json(dict(session.directory))
            body["externalAccountBinding"] = messages.ExternalAccountBinding.from_data(
                session.key.public_key(), described.eab_key_id, secret, classic
            )
        uri = str(session.answer(session.directory["newAccount"], body).headers["Location"])
        files.write_json(self._note, {"directory": described.directory, "uri": uri})
        return uri


def base64url(content: bytes) -> str:
    """As ACME writes bytes: without padding (RFC 8555, 6.1)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _resource(uri: str) -> messages.RegistrationResource:
    return messages.RegistrationResource(body=messages.Registration(), uri=uri)


def _signing(key: keys.PrivateKey, place: Path) -> tuple[JWK, jwa.JWASignature]:
    """The key as JOSE has it, and how it signs. SourceError for a kind that no authority has to take."""
    if isinstance(key, rsa.RSAPrivateKey):
        return JWKRSA(key=key), jwa.RS256
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return JWKEC(key=key), CURVES[key.curve.name]
    raise SourceError(
        error("this account key is neither RSA nor on a P curve: ACME cannot sign with it", Span(str(place)))
    )
