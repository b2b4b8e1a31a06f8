"""What CAA has against a certificate, before its authority is asked; the DNS server is one in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ringfence.certificates import caa_lookup
from ringfence.certificates.caa import Permission, Property
from ringfence.certificates.caa_lookup import LookupFailed
from ringfence.certificates.configuration import AcmeIssuer, Challenge
from ringfence.certificates.foreseeing import against, findings
from ringfence.certificates.issuers import Named
from ringfence.certificates.runner import State
from tests.certificates.authority import DAY, NOW, configuration, fake, runner, web

OURS = Named(("ca.example",), "https://ca.example/acct/1")
ISSUE = {"ours": Property(0, "issue", "ca.example"), "theirs": Property(0, "issue", "ca.test")}


def answering(monkeypatch: pytest.MonkeyPatch, records: Mapping[str, str]) -> list[tuple[str, object]]:
    """The zone in memory (owner to `ours`, `theirs` or `broken`); the names and servers that were asked."""
    asked: list[tuple[str, object]] = []

    def ask(self: caa_lookup.Resolver, name: str) -> Sequence[Property]:
        asked.append((name, self.server))
        if records.get(name) == "broken":
            raise LookupFailed(f"{name}: SERVFAIL")
        return (ISSUE[records[name]],) if name in records else ()

    monkeypatch.setattr(caa_lookup.Resolver, "_asked", ask)
    return asked


@pytest.mark.parametrize(
    ("names", "records", "expected"),
    [
        (("shop.example",), {}, []),
        (("shop.example", "www.shop.example"), {"shop.example": "ours"}, []),
        (("shop.example", "www.shop.example"), {"shop.example": "theirs"}, [Permission.FORBIDDEN]),
        (("shop.example", "www.shop.example"), {"www.shop.example": "theirs"}, [Permission.FORBIDDEN]),
        (("a.example", "b.test"), {"a.example": "theirs", "b.test": "theirs"}, [Permission.FORBIDDEN] * 2),
        (("*.shop.example",), {"shop.example": "theirs"}, [Permission.FORBIDDEN]),
        (("*.shop.example",), {"*.shop.example": "theirs", "shop.example": "ours"}, []),
        (("SHOP.example",), {"shop.example": "theirs"}, [Permission.FORBIDDEN]),
        (("bücher.example",), {"xn--bcher-kva.example": "theirs"}, [Permission.FORBIDDEN]),
        (("192.0.2.1", "2001:db8::1", "spiffe://a.example/b.test"), {"1": "theirs", "test": "theirs"}, []),
        (("shop.example",), {"shop.example": "broken", "example": "ours"}, [Permission.OPEN]),
        (
            ("shop.example", "b.test"),
            {"shop.example": "broken", "b.test": "theirs"},
            [Permission.OPEN, Permission.FORBIDDEN],
        ),
    ],
)
def test_findings(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, ...],
    records: dict[str, str],
    expected: list[Permission],
) -> None:
    asked = answering(monkeypatch, records)
    issuer = fake(tmp_path, "first")
    issuer.named = OURS
    wanted = web(tmp_path, names=names)
    found = findings(replace(configuration(tmp_path, wanted), resolver=("192.0.2.53", 5353)), wanted, issuer, NOW)
    assert [one.permission for one in found] == expected
    assert {server for _, server in asked} <= {("192.0.2.53", 5353)}
    assert len(asked) == len(set(asked)), "each name is asked once"


def test_nobody_is_asked_where_it_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, {"shop.example": "theirs"})
    issuer = fake(tmp_path, "first")
    wanted = web(tmp_path)
    assert findings(configuration(tmp_path, wanted), wanted, issuer, NOW) == []
    issuer.named = OURS
    assert findings(replace(configuration(tmp_path, wanted), check_caa=False), wanted, issuer, NOW) == []
    assert asked == []


def test_the_next_issuer_delivers_what_the_first_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {"shop.example": "theirs"})
    issuers = {name: fake(tmp_path, name) for name in ("first", "second")}
    issuers["first"].named, issuers["second"].named = OURS, Named(("ca.test",), None)
    made = runner(tmp_path, web(tmp_path, issuers=("first", "second"), lifetime=90 * DAY), issuers=issuers)
    outcome = made.run(NOW)[0]
    assert outcome.state is State.RENEWED
    assert "CAA of shop.example" in outcome.because[1]
    assert outcome.because[1].endswith("; it was not asked")
    assert (len(issuers["first"].issued), len(issuers["second"].issued)) == (0, 1)


def test_a_directory_that_does_not_answer_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, {})
    wanted = web(tmp_path, issuers=("silent", "own"), challenge=Challenge())
    base = configuration(tmp_path, wanted, issuers=("own",))
    silent = AcmeIssuer("silent", "https://127.0.0.1:1/dir")
    forbidden, unknown = against(replace(base, issuers={**base.issuers, "silent": silent}), wanted, NOW)
    assert forbidden == []
    assert len(unknown) == 1
    assert unknown[0].startswith("silent: how CAA records name it cannot be had: ")
    assert asked == []
