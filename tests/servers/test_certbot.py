"""Another client at the same authority: certbot gets what we get, renews when we do, and what it leaves can be used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from josepy.jwk import JWK

from ringfence.certificates import files, keys
from ringfence.certificates.runner import State
from tests.cli.commands.certs.section import run
from tests.servers.acme import Pebble, pebble
from tests.servers.certbot import Certbot
from tests.servers.issuing import acme, runner, shop

NAMES = ("shop.example", "www.shop.example")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """An authority that takes every good nonce: certbot tries a request twice at most."""
    with pebble(tmp_path_factory.mktemp("certbot"), reject_nonces=0, answers=False, reuse_validations=0) as found:
        yield found


@pytest.fixture(scope="module")
def certbot(server: Pebble, tmp_path_factory: pytest.TempPathFactory) -> Certbot:
    """certbot with the certificate that we want, too: six days. It is renewed by tests, and stays a good one."""
    found = Certbot(tmp_path_factory.mktemp("certbot"), server)
    found.obtain(*NAMES, profile="shortlived")
    return found


def now() -> datetime:
    return datetime.now(UTC)


def live(certbot: Certbot) -> Path:
    return certbot.config / "live" / NAMES[0]


def leaf(folder: Path) -> x509.Certificate:
    return keys.chain((folder / "cert.pem").read_bytes())[0]


def test_both_get_the_same(certbot: Certbot, server: Pebble, tmp_path: Path) -> None:
    """But for serial number, key and the moment: names, profile, extensions, chain, and what lies in which file."""
    assert runner(acme(tmp_path, server, profile="shortlived"), tmp_path, shop(tmp_path)).run(now())[0].good
    folders = (live(certbot), tmp_path / "tls" / "shop")

    def described(folder: Path) -> dict[str, object]:
        content = {name: (folder / f"{name}.pem").read_bytes() for name in ("cert", "chain", "fullchain", "privkey")}
        chain = keys.chain(content["fullchain"])
        key = keys.from_pem(content["privkey"])
        assert keys.matches(key, chain[0])
        assert keys.chain(content["cert"] + content["chain"]) == chain
        return {
            "names": keys.names_of(chain[0].extensions),
            "lifetime": chain[0].not_valid_after_utc - chain[0].not_valid_before_utc,
            "extensions": sorted((one.oid.dotted_string, one.critical) for one in chain[0].extensions),
            "usages": chain[0].extensions.get_extension_for_class(x509.ExtendedKeyUsage).value,
            "issuers": chain[1:],
            "key": keys.kind_of(key),
            "only the owner reads the key": (folder / "privkey.pem").stat().st_mode & 0o777,
        }

    assert described(folders[0]) == described(folders[1])


def test_both_wait_and_both_obey_the_authority(certbot: Certbot, server: Pebble, tmp_path: Path) -> None:
    """ARI (RFC 9773): neither renews on its own, both do once the authority moves the window into the past."""
    made = runner(acme(tmp_path, server, profile="shortlived"), tmp_path, shop(tmp_path))
    assert made.run(now())[0].good
    folders = (live(certbot), tmp_path / "tls" / "shop")
    first = [leaf(folder) for folder in folders]
    certbot.renew()
    waiting = made.run(now())[0]
    assert waiting.state is State.OK
    assert [leaf(folder) for folder in folders] == first
    for one in first:
        server.hurry(one)
    _forget_when_to_ask(certbot)
    certbot.renew()
    assert waiting.record.wish is not None
    later = waiting.record.wish.window.ask_again + timedelta(seconds=1)
    assert made.run(later)[0].state is State.RENEWED
    second = [leaf(folder) for folder in folders]
    assert second[0] != first[0]
    assert second[1] != first[1]


def test_what_certbot_keeps_is_read_as_it_is_used(
    certbot: Certbot, server: Pebble, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a renewal the archive holds two of everything; what is watched is the one in use, with its key."""
    old = leaf(live(certbot))
    server.hurry(old)
    _forget_when_to_ask(certbot)
    certbot.renew()
    assert leaf(live(certbot)) != old
    code, document, errors = run(capsys, "status", str(certbot.config))
    assert (code, errors) == (0, "")
    rows = {Path(row["id"]).name: row for row in document["certificates"]}
    assert rows.keys() == {"cert.pem", "fullchain.pem", "chain.pem"}
    assert {row["state"] for row in rows.values()} == {"ok"}
    assert set(rows["fullchain.pem"]["names"]) == set(NAMES)
    ends = datetime.fromisoformat(rows["fullchain.pem"]["not_after"])
    assert ends == leaf(live(certbot)).not_valid_after_utc
    key = (live(certbot) / "privkey.pem").resolve()
    kept = key.read_bytes()
    key.write_bytes(keys.to_pem(keys.generate("ecdsa-p256")))
    code, document, _ = run(capsys, "status", str(certbot.config))
    key.write_bytes(kept)
    assert code == 1
    assert {alert["rule"] for row in document["certificates"] for alert in row["alerts"]} == {"key-mismatch"}


def test_its_account_is_taken_over(certbot: Certbot, server: Pebble, tmp_path: Path) -> None:
    """With certbot's key the authority sees certbot's account, which may revoke what certbot got."""
    (place,) = certbot.config.glob("accounts/*/*/*/private_key.json")
    account = json.loads(place.with_name("regr.json").read_text())["uri"]
    key = JWK.json_loads(place.read_text()).key
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    issuer = acme(tmp_path, server)
    files.make_folder(issuer.accounts)
    files.write(issuer.accounts / f"{issuer.name}.key", pem)
    issuer.revoke((live(certbot) / "fullchain.pem").read_bytes(), "superseded", now())
    assert json.loads((issuer.accounts / f"{issuer.name}.json").read_text())["uri"] == account


def _forget_when_to_ask(certbot: Certbot) -> None:
    """certbot asks again when the authority said; its note of that is moved into the past."""
    place = certbot.config / "renewal" / f"{NAMES[0]}.conf"
    text = place.read_text()
    place.write_text("\n".join(line for line in text.splitlines() if not line.startswith("ari_retry_after")) + "\n")
