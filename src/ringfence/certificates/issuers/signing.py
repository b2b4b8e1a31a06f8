"""What a private authority signs: certificates of authorities, leaves and revocation lists, in memory.

Everything that is the same for all leaves is made once, so that issuing costs little more than the curve's own
signature. What stands in a leaf (RFC 5280): a random 159-bit serial, an empty subject with a critical alternative name,
digitalSignature (and keyEncipherment for RSA), serverAuth and clientAuth, both key identifiers. It begins a minute
early, for clocks that are late, and ends with the intermediate at the latest.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ringfence.certificates import constraints, keys
from ringfence.certificates.configuration import Profile
from ringfence.certificates.issuers import Refused

CLOCKS_LATE = timedelta(minutes=1)
LIST_LIFETIME = timedelta(days=7)
DAY = timedelta(days=1)
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
"""The key usages that an end entity or an authority may have, in the order of their bits; three more follow."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that may sign, with its key."""

    certificate: x509.Certificate
    key: keys.PrivateKey = field(repr=False)
    profile: Profile
    _fixed: tuple[tuple[x509.ExtensionType, bool], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        fixed: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False),
            (x509.AuthorityKeyIdentifier(key_identifier(self.certificate), None, None), False),
        ]
        if self.profile.crl_url:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(self.profile.crl_url)], None, None, None)
            fixed.append((x509.CRLDistributionPoints([point]), False))
        object.__setattr__(self, "_fixed", tuple(fixed))

    def sign(
        self,
        csr: x509.CertificateSigningRequest,
        names: x509.SubjectAlternativeName,
        lifetime: timedelta,
        now: datetime,
    ) -> x509.Certificate:
        """A leaf for the key of the request. `Refused` where the lifetime is too long or the authority at its end."""
        if lifetime > self.profile.longest_leaf:
            raise Refused(f"a leaf may live {self.profile.longest_leaf} here, not {lifetime}")
        begin = now.replace(microsecond=0) - CLOCKS_LATE
        end = min(begin + CLOCKS_LATE + lifetime, self.certificate.not_valid_after_utc)
        if end <= now:
            raise Refused("the authority's own certificate has ended")
        key = csr.public_key()
        if not keys.kind_of(key):
            raise Refused("keys of this kind are not certified here")
        builder = (
            x509.CertificateBuilder()
            .subject_name(_NO_NAME)
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(names, critical=True)
            .add_extension(_LEAF_USAGE_RSA if isinstance(key, rsa.RSAPublicKey) else _LEAF_USAGE, critical=True)
            .add_extension(x509.SubjectKeyIdentifier(_identifier(key)), critical=False)
        )
        for extension, critical in self._fixed:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, keys.digest(self.key))

    def sign_crl(self, revoked: Iterable[tuple[int, datetime, str]], now: datetime) -> bytes:
        """The revocation list (PEM) of `(serial, when, reason)`; its number is the time, so it only grows."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now)
            .next_update(now + LIST_LIFETIME)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier(key_identifier(self.certificate), None, None), critical=False)
        )
        for serial, when, reason in revoked:
            row = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            if reason != "unspecified":
                row = row.add_extension(x509.CRLReason(x509.ReasonFlags(reason)), critical=False)
            builder = builder.add_revoked_certificate(row.build())
        return builder.sign(self.key, keys.digest(self.key)).public_bytes(Encoding.PEM)


def sign_ca(
    profile: Profile, key: keys.PrivateKey, parent: tuple[x509.Certificate, keys.PrivateKey] | None, now: datetime
) -> x509.Certificate:
    """A root (no parent), or an intermediate that may sign leaves only and does not outlive its parent."""
    identity = _identifier(key.public_key())
    what = "root" if parent is None else "intermediate"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{profile.common_name} {what} {identity.hex()[:8]}")])
    begin = now.replace(microsecond=0) - CLOCKS_LATE
    end = begin + (profile.root if parent is None else profile.intermediate)
    signer = key
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    if parent is not None:
        certificate, signer = parent
        end = min(end, certificate.not_valid_after_utc)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(certificate.subject)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier(key_identifier(certificate), None, None), critical=False
        )
    builder = (
        builder.public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None if parent is None else 0), critical=True)
        .add_extension(_CA_USAGE, critical=True)
        .add_extension(x509.SubjectKeyIdentifier(identity), critical=False)
    )
    limits = _constraints(profile)
    if limits is not None:
        builder = builder.add_extension(limits, critical=True)
    return builder.sign(signer, keys.digest(signer))


def constraints_refuse(profile: Profile, names: x509.SubjectAlternativeName) -> str:
    """Which name breaks the profile's constraints, and how; empty where all are fine.

    Stricter than a verifier in one point: a wildcard that would also stand for an excluded name is excluded.
    """
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if any(uri.startswith("spiffe://") for uri in uris) and len(uris) != 1:
        return "a SPIFFE certificate has exactly one URI"
    limits = _constraints(profile)
    for name in names:
        text = str(name.value)
        if profile.trust_domain and text.startswith("spiffe://") and _host(text) != profile.trust_domain:
            return f"{text} is outside the trust domain {profile.trust_domain}"
        verb = constraints.refuses(limits, name) if limits else ""
        if not verb and isinstance(name, x509.DNSName) and text.startswith("*."):
            below = [limit.lower().removeprefix(".").partition(".")[2] for limit in profile.excluded]
            verb = "excludes" if text[2:].lower() in below else ""
        if verb:
            return f"its name constraints {verb.replace('excludes', 'exclude').replace('does', 'do')} {text}"
    return ""


def subtrees(limits: Sequence[str]) -> list[x509.GeneralName]:
    """Limits as general names. ValueError for an address block with host bits, and what is no name at all."""
    found: list[x509.GeneralName] = []
    for limit in limits:
        if "://" in limit:
            found.append(x509.UniformResourceIdentifier(_host(limit)))
        elif "/" in limit or ":" in limit or limit.replace(".", "").isdigit():
            found.append(x509.IPAddress(ipaddress.ip_network(limit)))
        else:
            found.append(x509.DNSName(limit))
    return found


def key_identifier(certificate: x509.Certificate) -> bytes:
    """The certificate's own subject key identifier; made from its key where it has none."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return _identifier(certificate.public_key())


def _identifier(key: object) -> bytes:
    """RFC 7093, method 1: the first 160 bits of the SHA-256 of the public key."""
    return hashlib.sha256(keys.public_der(key)).digest()[:20]


def _constraints(profile: Profile) -> x509.NameConstraints | None:
    """The extension that the profile's limits make; None without limits."""
    permitted, excluded = subtrees(profile.permitted), subtrees(profile.excluded)
    return x509.NameConstraints(permitted or None, excluded or None) if permitted or excluded else None


def _host(uri: str) -> str:
    return uri.partition("://")[2].partition("/")[0].lower()


def _usage(*set_bits: str) -> x509.KeyUsage:
    bits = {bit: bit in set_bits for bit in USAGES}
    signs = "key_cert_sign" in set_bits
    return x509.KeyUsage(**bits, key_cert_sign=signs, crl_sign=signs, encipher_only=False, decipher_only=False)


_NO_NAME = x509.Name([])
_LEAF_USAGE = _usage("digital_signature")
_LEAF_USAGE_RSA = _usage("digital_signature", "key_encipherment")
_CA_USAGE = _usage("digital_signature", "key_cert_sign")
