"""What is kept between runs: keys, requests, orders, certificates, and what became of each attempt.

    STATE/lock                          held by whoever issues
    STATE/ledger.json                   what the authorities' rate limits count
    STATE/accounts/ISSUER...            account keys
    STATE/certificates/NAME/record.json what is current, when it is due, how often who failed
    STATE/certificates/NAME/pending/ISSUER/{key.pem,csr.pem,journal.json}   an attempt under way
    STATE/certificates/NAME/issued/ID/{key.pem,fullchain.pem}               a pair, complete by construction

The invariants, at every moment, whatever was killed:

 1. A pending folder appears with its key and request in it, or not at all: an authority is never asked for a
    certificate whose key could be lost.
 2. An issued folder appears with a pair that fits together, or not at all: it is renamed there from `pending`, after
    the certificate was held against the key.
 3. The record is written after the folder it points to. An issued folder that no record mentions was finished in the
    moment of a crash and is taken over (`adopt`).

Keys are 0600 in folders of 0700, and encrypted where a passphrase is configured.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ringfence.certificates import files, keys, records
from ringfence.certificates.records import Origin, Record
from ringfence.model.diagnostics import SourceError, error
from ringfence.model.spans import Span

SPECIFICATION = "specification"
"""The key of an attempt's journal under which stands what was asked for."""

Reach = Callable[[str], None]
"""Is told the name of every step that was reached; a test may end the process there."""


def on(_: str) -> None:
    """The `Reach` of everyday: goes on."""


class UnfitError(SourceError):
    """An issuer's certificate is not the one that was asked for."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key and the chain for it, as they are kept: `identity` is the first 32 digits of the fingerprint."""

    identity: str
    key: bytes = field(repr=False)
    """PKCS #8 PEM, not encrypted."""
    fullchain: bytes
    """PEM, leaf first."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A pending folder: a key, a request, and the journal of whoever is being asked. Implements `issuers.Journal`."""

    folder: Path
    reach: Reach = on

    @property
    def csr(self) -> bytes:
        """The request (PEM)."""
        return files.read(self.folder / "csr.pem")

    def get(self, key: str) -> str | None:
        """What was put under the key."""
        value = (files.read_json(self.folder / "journal.json") or {}).get(key)
        return value if isinstance(value, str) else None

    def put(self, key: str, value: str | None) -> None:
        """Keeps a value durably; None forgets it."""
        content = dict(files.read_json(self.folder / "journal.json") or {})
        if value is None:
            content.pop(key, None)
        else:
            content[key] = value
        files.write_json(self.folder / "journal.json", content)


@dataclass(frozen=True, slots=True)
class Store:
    """The state folder. `passphrase` encrypts the private keys in it."""

    folder: Path
    passphrase: bytes | None = field(default=None, repr=False)
    reach: Reach = on

    def lock(self, seconds: float = 0) -> AbstractContextManager[None]:
        """The lock without which nobody issues; SourceError where another process has it for longer."""
        return files.locked(self.folder / "lock", seconds)

    def record(self, name: str) -> Record:
        """What is known of a certificate, with what a crash left behind taken over; an empty record if nothing."""
        place = self._place(name) / "record.json"
        try:
            record = records.from_json(files.read_json(place))
            return self._adopt(name, record)
        except (KeyError, TypeError, ValueError, AttributeError) as failure:
            raise SourceError(error(f"is no record of a certificate: {failure!r}", Span(str(place)))) from None

    def save(self, name: str, record: Record) -> None:
        """Keeps the record durably. One that says nothing new is not written: most passes change nothing."""
        place, document = self._place(name) / "record.json", records.to_json(record)
        if files.read_json(place) != document:
            files.make_folder(place.parent)
            files.write_json(place, document)

    def attempt(self, name: str, issuer: str) -> Attempt | None:
        """The attempt under way with that issuer, to be gone on with."""
        folder = self._place(name) / "pending" / issuer
        return Attempt(folder, self.reach) if folder.is_dir() else None

    def prepare(
        self, name: str, issuer: str, key: keys.PrivateKey, names: tuple[str, ...], specification: str
    ) -> Attempt:
        """Begins an attempt: key and request are on the disk when this returns."""
        folder = self._place(name) / "pending" / issuer
        partial = folder.with_name(f".{issuer}.part")
        files.make_folder(folder.parent)
        if partial.exists():
            shutil.rmtree(partial)
        files.make_folder(partial)
        files.write(partial / "key.pem", keys.to_pem(key, self.passphrase))
        self.reach("key written")
        files.write(partial / "csr.pem", keys.request(key, names))
        self.reach("request written")
        files.write_json(partial / "journal.json", {SPECIFICATION: specification})
        files.move(partial, folder)
        self.reach("attempt prepared")
        return Attempt(folder, self.reach)

    def abandon(self, name: str, issuer: str) -> None:
        """Drops an attempt. Renamed first, so that no half of it is ever gone on with."""
        folder = self._place(name) / "pending" / issuer
        if folder.is_dir():
            dropped = folder.with_name(f".{issuer}.dropped")
            shutil.rmtree(dropped, ignore_errors=True)
            files.move(folder, dropped)
            shutil.rmtree(dropped, ignore_errors=True)

    def complete(self, name: str, issuer: str, fullchain: bytes, now: datetime) -> tuple[Pair, Origin]:
        """Makes an attempt a pair. UnfitError where the certificate is for another key."""
        folder = self._place(name) / "pending" / issuer
        key = keys.from_pem(files.read(folder / "key.pem"), self.passphrase, Span(str(folder / "key.pem")))
        leaf = keys.chain(fullchain, Span(issuer))[0]
        if not keys.matches(key, leaf):
            raise UnfitError(error("the issuer's certificate is for another key than the one it was asked for"))
        files.write(folder / "fullchain.pem", fullchain, files.PUBLIC)
        self.reach("chain written")
        identity = keys.fingerprint(leaf)[:32]
        place = self._place(name) / "issued" / identity
        files.make_folder(place.parent)
        specification = Attempt(folder).get(SPECIFICATION) or ""
        origin = Origin(issuer, now, specification, leaf.not_valid_before_utc, leaf.not_valid_after_utc)
        files.write_json(folder / "origin.json", records.origin_to_json(origin))
        files.move(folder, place)
        self.reach("pair kept")
        return Pair(identity, keys.to_pem(key), fullchain), origin

    def pair(self, name: str, identity: str) -> Pair:
        """A kept pair with its key in the clear. SourceError where it is missing or does not fit together."""
        folder = self._place(name) / "issued" / identity
        span = Span(str(folder))
        key = keys.from_pem(files.read(folder / "key.pem"), self.passphrase, span)
        fullchain = files.read(folder / "fullchain.pem")
        if not keys.matches(key, keys.chain(fullchain, span)[0]):
            raise SourceError(error("key and certificate do not fit together", span))
        return Pair(identity, keys.to_pem(key), fullchain)

    def prune(self, name: str, keep: set[str]) -> None:
        """Deletes the pairs that nobody needs any more."""
        issued = self._place(name) / "issued"
        for folder in issued.iterdir() if issued.is_dir() else ():
            if folder.name not in keep:
                dropped = folder.with_name(f".{folder.name}") if not folder.name.startswith(".") else folder
                with contextlib.suppress(OSError):
                    folder.rename(dropped)
                shutil.rmtree(dropped, ignore_errors=True)

    def _adopt(self, name: str, record: Record) -> Record:
        """The record with an issued pair in it that a crash kept from being recorded."""
        issued = self._place(name) / "issued"
        found = []
        for folder in issued.iterdir() if issued.is_dir() else ():
            if not folder.name.startswith(".") and folder.name not in record.known:
                found.append((records.origin_from_json(files.read_json(folder / "origin.json")), folder.name))
        for origin, identity in sorted(found, key=lambda row: row[0].at):
            if record.origin is None or origin.at >= record.origin.at:
                record = record.obtained(identity, origin)
        return record

    def _place(self, name: str) -> Path:
        return self.folder / "certificates" / name
