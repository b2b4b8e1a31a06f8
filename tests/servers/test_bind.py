"""DNS-01 by dynamic updates, against BIND: signed updates, a zone found from the name, only our own values removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
import pytest

from ringfence.certificates import keys
from ringfence.certificates.challenges import Proof, solver
from ringfence.certificates.configuration import Challenge, Secret
from ringfence.certificates.issuers import Unavailable
from tests.servers.acme import pebble
from tests.servers.bind import KEY_NAME, Bind, bind
from tests.servers.issuing import acme, runner, shop

PROOF, WILDCARD = Proof("www.shop.example", "a", "a.thumb"), Proof("www.shop.example", "b", "b.thumb")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bind]:
    """BIND with the zone."""
    with bind(tmp_path_factory.mktemp("bind")) as found:
        yield found


def challenge(server: Bind) -> Challenge:
    return Challenge(
        "dns-01", provider="rfc2136", server=("127.0.0.1", server.port), key_name=KEY_NAME, key=Secret(server.key)
    )


def records(server: Bind) -> set[str]:
    question = dns.message.make_query(PROOF.record[0], dns.rdatatype.TXT)
    answer = dns.query.tcp(question, "127.0.0.1", timeout=10, port=server.port)
    return {str(row).strip('"') for rows in answer.answer for row in rows}


@pytest.mark.parametrize("zone", ["", "shop.example", "shop.example."])
def test_added_and_only_ours_removed(server: Bind, zone: str) -> None:
    found = replace(challenge(server), zone=zone)
    with solver(found).present([PROOF]):
        assert records(server) == {PROOF.record[1]}
        with solver(found).present([WILDCARD]):
            assert records(server) == {PROOF.record[1], WILDCARD.record[1]}
        assert records(server) == {PROOF.record[1]}
    assert records(server) == set()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key": None, "key_name": ""}, "REFUSED"),
        ({"key_algorithm": "hmac-sha512"}, "BADKEY|does not answer|NOTAUTH"),
        ({"zone": "other.example"}, "NOTAUTH|NOTZONE|REFUSED"),
    ],
)
def test_refused(server: Bind, changes: dict[str, object], message: str) -> None:
    found = replace(challenge(server), **changes)  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match=message):
        solver(found).present([PROOF]).__enter__()
    assert records(server) == set()


def test_an_authority_sees_the_records(server: Bind, tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with pebble(tmp_path / "server", reject_nonces=15, dns_server=f"127.0.0.1:{server.port}") as authority:
        wanted = shop(tmp_path, names=("*.shop.example", "shop.example", "www.shop.example"))
        made = runner(acme(tmp_path, authority, challenge(server)), tmp_path, wanted)
        assert made.run(datetime.now(UTC))[0].good
    leaf = keys.chain((tmp_path / "tls/shop/cert.pem").read_bytes())[0]
    assert keys.names_of(leaf.extensions) == wanted.names
    assert records(server) == set()


def test_a_name_of_another_zone(server: Bind) -> None:
    with pytest.raises(Unavailable, match="holds no zone"):
        solver(challenge(server)).present([Proof("a.test", "a", "a.b")]).__enter__()


def test_a_wrong_key(server: Bind, tmp_path: Path) -> None:
    place = tmp_path / "key"
    place.write_text("AAAA")
    place.chmod(0o600)
    with pytest.raises(Unavailable, match=r"does not answer|NOTAUTH|BADSIG|TSIG"):
        solver(replace(challenge(server), key=Secret(place))).present([PROOF]).__enter__()
