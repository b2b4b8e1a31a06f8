"""Files of every kind, and of none."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)
from hypothesis import given
from hypothesis import strategies as st

from ringfence.certificates.x509 import load
from ringfence.sources.certificate_files import parse, read, sort_paths
from tests.certificates.making import authority, leaf, pem, revocation_list

ROOT = authority("root")
LEAF = leaf(ROOT, "a.example")
KEY = load(LEAF.der).key_id
CRL = revocation_list(ROOT, 5)


def archive(password: bytes | None) -> bytes:
    how = NoEncryption() if password is None else BestAvailableEncryption(password)
    return pkcs12.serialize_key_and_certificates(b"x", LEAF.key, LEAF.certificate, [ROOT.certificate], how)


@pytest.mark.parametrize(
    ("content", "certificates", "crls", "keys"),
    [
        (pem(LEAF, ROOT), 2, 0, 0),
        (LEAF.der, 1, 0, 0),
        (LEAF.key_pem, 0, 0, 1),
        (pem(LEAF) + LEAF.key_pem, 1, 0, 1),
        (CRL, 0, 1, 0),
        (archive(None), 2, 0, 1),
        (pkcs7.serialize_certificates([LEAF.certificate, ROOT.certificate], Encoding.PEM), 2, 0, 0),
        (pkcs7.serialize_certificates([LEAF.certificate, ROOT.certificate], Encoding.DER), 2, 0, 0),
        (LEAF.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), 0, 0, 1),
        (LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()), 0, 0, 1),
        (LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()), 0, 0, 0),
        (LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")), 0, 0, 0),
        (pem(LEAF).replace(b"BEGIN C", b"BEGIN TRUSTED C").replace(b"END C", b"END TRUSTED C"), 1, 0, 0),
    ],
)
def test_kinds(content: bytes, certificates: int, crls: int, keys: int) -> None:
    found, problems = parse(content, "f")
    assert problems == []
    assert (len(found.certificates), len(found.crls), len(found.keys)) == (certificates, crls, keys)
    assert all(one == KEY for one in found.keys)
    if certificates:
        assert LEAF.record in [load(one.der) for one in found.certificates]
        assert found.certificates[0].der == LEAF.der or not found.ordered


def test_der_lists_and_trusted_certificates() -> None:
    from ringfence.sources.pem import blocks

    found, _ = parse(blocks(CRL)[0][0].der, "f")
    assert len(found.crls) == 1
    import base64

    trusted = base64.encodebytes(LEAF.der + b"\x30\x03\x0c\x01x")
    content = b"-----BEGIN TRUSTED CERTIFICATE-----\n" + trusted + b"-----END TRUSTED CERTIFICATE-----\n"
    assert parse(content, "f")[0].certificates[0].der == LEAF.der


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello", "neither PEM nor DER"),
        (b"-----BEGIN CERTIFICATE-----\n", "no end"),
        (b"-----BEGIN PRIVATE KEY-----\nAAEC\n-----END PRIVATE KEY-----\n", "private key cannot be read"),
        (archive(b"secret"), "cannot be opened"),
        (archive(None)[:-30], "cannot be opened"),
    ],
)
def test_what_cannot_be_read(content: bytes, said: str) -> None:
    found, problems = parse(content, "f")
    assert found.certificates == ()
    assert said in problems[0].message
    assert problems[0].span.file == "f"


def test_archives_open_with_their_password() -> None:
    found, problems = parse(archive(b"secret"), "f", "secret")
    assert problems == []
    assert len(found.certificates) == 2
    assert found.pkcs12
    assert parse(archive(b"secret"), "f", "wrong")[1] != []


def test_a_folder_is_searched_by_endings(tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "a.pem").write_bytes(LEAF.pem)
    (tmp_path / "tls" / "a.key").write_bytes(LEAF.key_pem)
    (tmp_path / "m.yaml").write_text("kind: x")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "main.tf").write_text("")
    found_files, problems = sort_paths([tmp_path])
    assert [Path(one).name for one in found_files.certificates] == ["a.key", "a.pem"]
    assert [Path(one).name for one in found_files.manifests] == ["m.yaml"]
    assert [Path(one).name for one in found_files.terraform] == ["main.tf"]
    assert problems == []
    found, problems = read(found_files.certificates)
    assert problems == []
    assert [len(one.certificates) for one in found] == [0, 1]
    assert sort_paths([tmp_path / "none"])[1] != []
    assert read([str(tmp_path / "none.pem")])[1] != []


@given(st.binary(max_size=300), st.sampled_from([b"", b"0", b"0\x82", b"-----BEGIN CERTIFICATE-----\n"]))
def test_random_bytes_never_raise(content: bytes, start: bytes) -> None:
    parse(start + content, "f")


@given(st.data())
def test_mutated_archives_never_raise(data: st.DataObject) -> None:
    content = bytearray(ARCHIVE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    parse(bytes(content), "f")


ARCHIVE = archive(None)
