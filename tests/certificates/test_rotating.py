"""A whole change of root with real certificates, where every early step is refused and every kill can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import files, keys
from ringfence.certificates.issuers import Request
from ringfence.certificates.issuers.private_ca import PrivateCa, signed_by
from ringfence.certificates.rotating import Rotating
from ringfence.certificates.store import Attempt
from ringfence.model.diagnostics import SourceError
from tests.certificates.authority import DAY, NOW


def issue(ca: PrivateCa, folder: Path, day: int) -> list[x509.Certificate]:
    csr = keys.request(keys.generate("ecdsa-p256"), ["web.example"])
    return keys.chain(ca.obtain(Request("web", ("web.example",), csr), Attempt(folder), NOW + day * DAY))


def test_a_whole_rotation(tmp_path: Path) -> None:
    ca = PrivateCa("own", tmp_path / "ca")
    verifier = tmp_path / "verifier.pem"
    rotating = Rotating(ca, {"web": verifier})
    old = ca.ensure(NOW)
    verifier.write_bytes(old.public_bytes(Encoding.PEM))
    leaf = issue(ca, tmp_path, 0)
    assert signed_by(leaf[1], old)

    begun, against = rotating.advance(NOW)
    assert (against, begun.next) == ((), "confirm")
    assert len(ca.bundle()) == 2
    assert signed_by(issue(ca, tmp_path, 0)[1], old), "nothing is signed under the new root yet"
    assert rotating.advance(NOW)[1] == ("web does not trust the new root",)

    verifier.write_bytes((tmp_path / "ca/bundle.pem").read_bytes())
    assert rotating.advance(NOW) == (rotating.under_way(), ())
    verifier.write_bytes(old.public_bytes(Encoding.PEM))
    assert rotating.advance(NOW)[1] == ("web does not trust the new root",), "the proof must hold now"
    verifier.write_bytes((tmp_path / "ca/bundle.pem").read_bytes())
    signing, against = rotating.advance(NOW)
    assert (against, signing.next) == ((), "drain")
    new = ca.root()
    assert new != old
    assert signed_by(issue(ca, tmp_path, 0)[1], new)

    (refused,) = rotating.advance(NOW)[1]
    assert refused.startswith("2 valid leaves of the old root are left: web.example (the journal)")
    stray = tmp_path / "stray.pem"
    stray.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in leaf))
    later = NOW + 1.1 * DAY
    assert Rotating(ca, {"web": verifier}, (tmp_path / "missing.pem",)).advance(later)[1] != ()
    assert Rotating(ca, {"web": verifier}, (stray,)).advance(NOW)[1][0].startswith("3 valid leaves")
    assert rotating.advance(later)[1] == ()

    verifier.write_bytes(old.public_bytes(Encoding.PEM))
    assert rotating.advance(later)[1] == ("web does not trust the new root",)
    assert old in ca.bundle()
    verifier.write_bytes(new.public_bytes(Encoding.PEM))
    done, against = rotating.advance(later)
    assert (against, done.next) == ((), None)
    assert ca.bundle() == [new]
    assert rotating.under_way() is None
    assert len(list((tmp_path / "ca/rotations").iterdir())) == 1
    assert rotating.advance(later)[0].next == "confirm", "the next one may begin"


@pytest.mark.parametrize("moves", range(1, 8))
def test_killed_in_the_middle_of_the_switch(tmp_path: Path, moves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ca = PrivateCa("own", tmp_path / "ca")
    verifier = tmp_path / "verifier.pem"
    rotating = Rotating(ca, {"web": verifier})
    rotating.advance(NOW)
    new = keys.chain((tmp_path / "ca/next-root.pem").read_bytes())[0]
    verifier.write_bytes((tmp_path / "ca/bundle.pem").read_bytes())
    rotating.advance(NOW)
    left = [moves]
    real: tuple[Callable[..., None], ...] = (files.write, files.move)

    def counted(place: int) -> object:
        def call(*arguments: object) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            real[place](*arguments)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", counted(0))
        patch.setattr(files, "move", counted(1))
        with pytest.raises(KeyboardInterrupt):
            rotating.advance(NOW)
    done, against = rotating.advance(NOW)
    assert (against, done.next) == ((), "drain")
    assert ca.root() == new
    chain = issue(ca, tmp_path, 0)
    assert signed_by(chain[0], chain[1])
    assert signed_by(chain[1], new)


def test_a_broken_rotation_is_said(tmp_path: Path) -> None:
    ca = PrivateCa("own", tmp_path / "ca")
    ca.ensure(NOW)
    (tmp_path / "ca/rotation.json").write_text("{}")
    with pytest.raises(SourceError, match="is no rotation"):
        Rotating(ca, {}).advance(NOW)
