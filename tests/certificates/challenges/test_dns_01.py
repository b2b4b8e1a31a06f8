"""DNS-01: the record that is asked for, Route 53 as moto plays it, and a hook program. BIND is in tests/servers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ringfence.certificates.challenges import Proof, solver
from ringfence.certificates.challenges.dns_01 import DynamicUpdate, Hook, Route53
from ringfence.certificates.configuration import Challenge
from ringfence.certificates.issuers import Unavailable
from tests.servers.processes import free_port

PROOF = Proof("shop.example", "token", "token.thumb")
WILDCARD = Proof("shop.example", "other", "other.thumb")
SLEEPS: list[float] = []


def test_the_record() -> None:
    """The value by hand: printf token.thumb | openssl dgst -sha256 -binary | base64, in the URL alphabet."""
    assert PROOF.record == ("_acme-challenge.shop.example", "lCdftpJCXapaZHkBGIZbcubeKW8RmA0jSG_aZN01zbU")


@pytest.fixture
def zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, dict[str, str]]]:
    """A client, and public zones by name; a private one of the longest name is in the way."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = boto3.client("route53")
        made = {}
        for name in ("example.", "shop.example.", "other.example."):
            made[name] = client.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"]
        client.create_hosted_zone(
            Name="_acme-challenge.shop.example.",
            CallerReference="p",
            HostedZoneConfig={"PrivateZone": True},
            VPC={"VPCRegion": "eu-west-1", "VPCId": "vpc-1"},
        )
        yield client, made


def values(client: Any, zone: str) -> list[str]:
    rows = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return sorted(row["Value"] for record in rows if record["Type"] == "TXT" for row in record["ResourceRecords"])


def test_route_53_adds_and_takes_away_only_its_own(zones: tuple[Any, dict[str, str]]) -> None:
    client, made = zones
    zone = made["shop.example."]
    others = Route53(client, sleep=SLEEPS.append)
    with others.present([Proof("shop.example", "t", "somebody.else")]):
        before = values(client, zone)
        with Route53(client, sleep=SLEEPS.append).present([PROOF, WILDCARD]):
            assert values(client, zone) == sorted([*before, f'"{PROOF.record[1]}"', f'"{WILDCARD.record[1]}"'])
        assert values(client, zone) == before
    assert values(client, zone) == []
    assert values(client, made["example."]) == []


def test_route_53_without_a_zone(zones: tuple[Any, dict[str, str]]) -> None:
    with pytest.raises(Unavailable, match="no public zone"):
        Route53(zones[0], sleep=SLEEPS.append).present([Proof("shop.test", "t", "t.x")]).__enter__()
    with pytest.raises(Unavailable, match=r"Route 53: .*NoSuchHostedZone"):
        Route53(zones[0], "Z000", sleep=SLEEPS.append).present([PROOF]).__enter__()


def test_hook(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + '\\n')"
    slept: list[float] = []
    with Hook((sys.executable, "-c", program, str(log)), 3, slept.append).present([PROOF]):
        assert log.read_text() == f"present {PROOF.record[0]} {PROOF.record[1]}\n"
    assert log.read_text().splitlines()[1] == f"remove {PROOF.record[0]} {PROOF.record[1]}"
    assert slept == [3]


@pytest.mark.parametrize(
    ("command", "message"),
    [(("sh", "-c", "echo no such zone >&2; exit 4"), "ended with 4: no such zone"), (("no-such",), "cannot be run")],
)
def test_a_hook_that_fails(command: tuple[str, ...], message: str) -> None:
    with pytest.raises(Unavailable, match=message):
        Hook(command).present([PROOF]).__enter__()


def test_a_server_that_does_not_answer() -> None:
    challenge = Challenge("dns-01", provider="rfc2136", server=("127.0.0.1", free_port()), zone="example")
    found = solver(challenge)
    assert isinstance(found, DynamicUpdate)
    with pytest.raises(Unavailable, match="does not answer"):
        found.present([PROOF]).__enter__()
