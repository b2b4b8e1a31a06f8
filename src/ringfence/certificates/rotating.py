"""A root's rotation carried out: what is seen is gathered here, judged by `rotation`, and then done.

    CA/rotation.json                the rotation under way, with its evidence
    CA/next-root.pem, next-root.key the new root, until the authority signs under it
    CA/rotations/TIME.json          rotations that are complete

Each step is done first and noted after, and doing it twice does nothing more; so a process killed in between takes the
same step again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from ringfence.certificates import files, keys, rotation
from ringfence.certificates.issuers.private_ca import PrivateCa, signed_by
from ringfence.certificates.records import stamp
from ringfence.certificates.rotation import Leaf, Observation, Rotation
from ringfence.model.diagnostics import SourceError, error
from ringfence.model.spans import Span


@dataclass(frozen=True, slots=True)
class Rotating:
    """The rotation of one private authority's root."""

    ca: PrivateCa
    verifiers: Mapping[str, Path]
    """By name, the bundle that each verifier really uses (PEM)."""
    leaves: tuple[Path, ...] = ()
    """Files of certificates that the journal does not know (PEM)."""

    def under_way(self) -> Rotation | None:
        """The rotation that was begun; None where there is none."""
        place = self.ca.folder / "rotation.json"
        document = files.read_json(place)
        try:
            return None if document is None else rotation.from_json(document)
        except (KeyError, TypeError, ValueError) as failure:
            raise SourceError(error(f"is no rotation: {failure!r}", Span(str(place)))) from None

    def observe(self, old: x509.Certificate, now: datetime) -> Observation:
        """What can be seen now. What cannot be read is said, never taken for good."""
        unread: list[str] = []
        found = list(_valid(self.ca.leaves(), old, now, "the journal"))
        for place in self.leaves:
            try:
                chain = keys.chain(files.read(place), Span(str(place)))
            except SourceError as failure:
                unread.append(str(failure))
                continue
            found += _valid([chain], old, now, str(place))
        return Observation(
            {name: _trusted(place) for name, place in self.verifiers.items()},
            tuple(found),
            frozenset(keys.fingerprint(one) for one in self.ca.bundle()),
            tuple(unread),
        )

    def status(self, now: datetime) -> tuple[Rotation | None, Observation | None, tuple[str, ...]]:
        """The rotation under way, what is seen, and what stands against its next step."""
        current = self.under_way()
        if current is None:
            return None, None, ()
        seen = self.observe(self._root(current.old), now)
        return current, seen, rotation.objections(current, seen)

    def advance(self, now: datetime) -> tuple[Rotation, tuple[str, ...]]:
        """Takes the next step if its proof holds; the rotation after it, and the objections where it was refused."""
        with files.locked(self.ca.folder / "rotation.lock"):
            return self._advance(now)

    def _advance(self, now: datetime) -> tuple[Rotation, tuple[str, ...]]:
        current = self.under_way()
        if current is None:
            return self._publish(now), ()
        seen = self.observe(self._root(current.old), now)
        against = rotation.objections(current, seen)
        if against:
            return current, against
        step = current.next
        if step == "sign":
            self.ca.switch_root(self._next)
            self.ca.ensure(now)
        elif step == "remove":
            self.ca.write_bundle([self.ca.root()])
        done = rotation.take(current, seen, now)
        self._note(done)
        if done.next is None:
            files.move(self.ca.folder / "rotation.json", self.ca.folder / "rotations" / f"{stamp(now)}.json")
        return done, ()

    @property
    def _next(self) -> Path:
        return self.ca.folder / "next-root"

    def _publish(self, now: datetime) -> Rotation:
        old = self.ca.ensure(now)
        new = self.ca.make_root(self._next, now)
        self.ca.write_bundle([old, new])
        begun = Rotation(keys.fingerprint(old), keys.fingerprint(new))
        done = rotation.take(begun, self.observe(old, now), now)
        self._note(done)
        return done

    def _root(self, fingerprint: str) -> x509.Certificate:
        """The old root, from wherever the rotation has moved it."""
        places = [self.ca.folder / "root.pem", *sorted((self.ca.folder / "retired").glob("*-root.pem"))]
        for place in places:
            for one in keys.chain(files.read(place), Span(str(place))):
                if keys.fingerprint(one) == fingerprint:
                    return one
        raise SourceError(error(f"the old root {fingerprint[:16]} is not to be found", Span(str(self.ca.folder))))

    def _note(self, done: Rotation) -> None:
        files.write_json(self.ca.folder / "rotation.json", rotation.to_json(done))


def _valid(
    chains: Iterable[list[x509.Certificate]], old: x509.Certificate, now: datetime, where: str
) -> Iterable[Leaf]:
    """The leaves of the chains that are under the old root and have not ended.

    A chain that does not show which root it is under counts as under the old one: it must not be overlooked.
    """
    for chain in chains:
        leaf, top = chain[0], chain[-1]
        elsewhere = top.issuer != old.subject and top is not leaf
        if leaf.not_valid_after_utc > now and not elsewhere and (top is leaf or signed_by(top, old)):
            names = keys.names_of(leaf.extensions)
            yield Leaf(f"{names[0] if names else f'serial {leaf.serial_number:x}'} ({where})", leaf.not_valid_after_utc)


def _trusted(place: Path) -> frozenset[str] | None:
    try:
        return frozenset(keys.fingerprint(one) for one in keys.chain(files.read(place), Span(str(place))))
    except SourceError:
        return None
