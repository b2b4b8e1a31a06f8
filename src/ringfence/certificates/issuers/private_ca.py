"""An authority of our own: a root, an intermediate that signs, short-lived leaves, a revocation list.

    CA/root.pem, root.key                    the root; its key may be moved away once the intermediate is made
    CA/intermediate.pem, intermediate.key    signs leaves and the list; made anew from the root as its end comes near
    CA/bundle.pem                            what verifiers shall trust: the root, and during a rotation both roots
    CA/issued/AA/SHA.pem                     every leaf, under the hash of its request: the journal
    CA/revoked.json, crl.pem                 what was revoked, and the signed list of it

A leaf is in the journal, on the disk, before anybody gets it; the same request gets the same leaf again. So a process
killed at any step never has two certificates made for one request, and the rotation of the root knows every leaf there
is. Leaves never outlive the intermediate. The root's name constraints (RFC 5280, 4.2.1.10) bind the intermediate and
are applied before signing, so that nobody gets a certificate that verifiers would refuse.

SPIFFE (X.509-SVID): a leaf with a `spiffe://` name has exactly one URI, and its trust domain is the authority's where
one is configured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import files, keys, records
from ringfence.certificates.configuration import Profile
from ringfence.certificates.issuers import Journal, Refused, Request, Unavailable, Window
from ringfence.certificates.issuers.signing import DAY, Authority, constraints_refuse, sign_ca
from ringfence.model.spans import Span


@dataclass(frozen=True, slots=True)
class PrivateCa:
    """The authority in a folder. It is made at the first request, or by `ensure`."""

    name: str
    folder: Path
    profile: Profile = field(default_factory=Profile)
    passphrase: bytes | None = field(default=None, repr=False)

    def obtain(self, request: Request, journal: Journal, now: datetime) -> bytes:
        """The leaf and the intermediate. `Refused` names the constraint or rule that the request breaks."""
        csr = x509.load_pem_x509_csr(request.csr)
        if not csr.is_signature_valid:
            raise Refused("the request is not signed by its own key")
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        refusal = constraints_refuse(self.profile, names)
        if refusal:
            raise Refused(f"{self.name} does not issue this: {refusal}")
        place = self._journal_place(csr)
        with files.locked(self.folder / "lock", 30):
            if place.exists():
                return files.read(place)
            authority = self._authority(now)
            leaf = authority.sign(csr, names, request.lifetime or self.profile.leaf, now)
            fullchain = leaf.public_bytes(Encoding.PEM) + authority.certificate.public_bytes(Encoding.PEM)
            journal.reach("signed")
            files.make_folder(place.parent)
            files.write(place, fullchain, files.PUBLIC)
        journal.reach("journalled")
        return fullchain

    def renewal_window(self, certificate: bytes, now: datetime) -> Window | None:
        """Leaves of a replaced intermediate's root are not hurried: None."""
        return None

    def caa(self, now: datetime) -> None:
        """A private authority does not go by CAA records."""

    def revoke(self, certificate: bytes, reason: str, now: datetime) -> None:
        """Enters the certificate into the list and signs the list anew."""
        leaf = keys.chain(certificate)[0]
        row = {"at": records.stamp(now), "reason": reason, "until": records.stamp(leaf.not_valid_after_utc)}
        with files.locked(self.folder / "lock", 30):
            revoked = files.read_json(self.folder / "revoked.json") or {}
            revoked.setdefault(f"{leaf.serial_number:x}", row)
            files.write_json(self.folder / "revoked.json", revoked)
            self._write_crl(revoked, now)

    def tend(self, now: datetime) -> None:
        """Once a day: signs the list anew before it runs out, and drops leaves from the journal that have ended."""
        if not (self.folder / "intermediate.pem").exists():
            return
        with files.locked(self.folder / "lock", 30):
            tended = files.read_json(self.folder / "tended.json") or {}
            if "at" in tended and now - records.moment(tended["at"]) < DAY:
                return
            self._write_crl(files.read_json(self.folder / "revoked.json") or {}, now)
            self._forget_ended(now)
            files.write_json(self.folder / "tended.json", {"at": records.stamp(now)})

    def ensure(self, now: datetime) -> x509.Certificate:
        """Makes the root and the intermediate where they are missing; returns the root."""
        with files.locked(self.folder / "lock", 30):
            self._authority(now)
        return self.root()

    def root(self) -> x509.Certificate:
        """The root that the intermediate stands under."""
        return keys.chain(files.read(self.folder / "root.pem"), Span(str(self.folder / "root.pem")))[0]

    def make_root(self, place: Path, now: datetime) -> x509.Certificate:
        """Makes a root as `place`.pem and `place`.key, key first, where there is none; returns it.

        A key without its certificate is what a crash left between the two; it is used.
        """
        certificate, key_file = place.with_suffix(".pem"), place.with_suffix(".key")
        if not certificate.exists():
            root = sign_ca(self.profile, self._key(key_file), None, now)
            files.write(certificate, root.public_bytes(Encoding.PEM), files.PUBLIC)
        return keys.chain(files.read(certificate), Span(str(certificate)))[0]

    def switch_root(self, place: Path) -> None:
        """Signs under the root at `place` from now on, with a new intermediate; the old files go to `retired/`.

        Each step can be repeated: whoever was killed in between calls it again. The certificate of the root moves
        last, so that it is there as long as there is something to do.
        """
        retired = self.folder / "retired"
        with files.locked(self.folder / "lock", 30):
            if not place.with_suffix(".pem").exists():
                return
            old = keys.fingerprint(self.root())[:16] if (self.folder / "root.pem").exists() else "unfinished"
            if place.with_suffix(".key").exists():
                for name in ("intermediate.pem", "intermediate.key", "root.key"):
                    files.move(self.folder / name, retired / f"{old}-{name}")
                files.copy(self.folder / "root.pem", retired / f"{old}-root.pem")
                files.move(place.with_suffix(".key"), self.folder / "root.key")
            files.move(place.with_suffix(".pem"), self.folder / "root.pem")

    def bundle(self) -> list[x509.Certificate]:
        """What verifiers shall trust now."""
        return keys.chain(files.read(self.folder / "bundle.pem"), Span(str(self.folder / "bundle.pem")))

    def write_bundle(self, roots: list[x509.Certificate]) -> None:
        """Publishes what verifiers shall trust."""
        files.write(self.folder / "bundle.pem", b"".join(one.public_bytes(Encoding.PEM) for one in roots), files.PUBLIC)

    def leaves(self) -> Iterator[list[x509.Certificate]]:
        """Every leaf that was ever issued and kept, each with its intermediate."""
        for place in sorted((self.folder / "issued").glob("*/*.pem")):
            yield keys.chain(files.read(place), Span(str(place)))

    def _forget_ended(self, now: datetime) -> None:
        """A leaf that ended over a day ago is nobody's any more, whatever clock he goes by."""
        for place in (self.folder / "issued").glob("*/*.pem"):
            if keys.chain(files.read(place), Span(str(place)))[0].not_valid_after_utc < now - DAY:
                place.unlink()

    def _authority(self, now: datetime) -> Authority:
        """The signing intermediate, made or made anew where it is due. The lock is held."""
        files.make_folder(self.folder)
        root = self.make_root(self.folder / "root", now)
        if not (self.folder / "bundle.pem").exists():
            self.write_bundle([root])
        place, key_file = self.folder / "intermediate.pem", self.folder / "intermediate.key"
        if place.exists():
            current = keys.chain(files.read(place), Span(str(place)))[0]
            left = current.not_valid_after_utc - now
            lifetime = current.not_valid_after_utc - current.not_valid_before_utc
            if left > lifetime / 3 and current.issuer == root.subject and signed_by(current, root):
                return Authority(current, self._key(key_file), self.profile)
        root_key = self._existing_key(self.folder / "root.key")
        if not keys.matches(root_key, root):
            raise Unavailable("the root's key and certificate do not fit: a change of root stopped half way")
        key = self._key(key_file)
        current = sign_ca(self.profile, key, (root, root_key), now)
        files.write(place, current.public_bytes(Encoding.PEM), files.PUBLIC)
        return Authority(current, key, self.profile)

    def _key(self, place: Path) -> keys.PrivateKey:
        if not place.exists():
            files.write(place, keys.to_pem(keys.generate(self.profile.key), self.passphrase))
        return self._existing_key(place)

    def _existing_key(self, place: Path) -> keys.PrivateKey:
        return keys.from_pem(files.read(place), self.passphrase, Span(str(place)))

    def _write_crl(self, revoked: dict[str, dict[str, str]], now: datetime) -> bytes:
        authority = self._authority(now)
        rows = [
            (int(serial, 16), records.moment(row["at"]), row["reason"])
            for serial, row in sorted(revoked.items())
            if records.moment(row["until"]) > now - DAY
        ]
        content = authority.sign_crl(rows, now)
        files.write(self.folder / "crl.pem", content, files.PUBLIC)
        return content

    def _journal_place(self, csr: x509.CertificateSigningRequest) -> Path:
        digest = hashlib.sha256(csr.public_bytes(Encoding.DER)).hexdigest()
        return self.folder / "issued" / digest[:2] / f"{digest}.pem"


def signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the certificate bears the issuer's name and signature."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:
        return False
    return True
