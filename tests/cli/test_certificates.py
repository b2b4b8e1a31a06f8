"""What the watching commands share. The commands themselves are tested in `commands/certs`."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from ringfence.certificates.alerts import Policy
from ringfence.certificates.inventory import Trouble
from ringfence.certificates.status import judge
from ringfence.cli.certificates import inventory, policy, printable, require_library
from ringfence.cli.output import Output
from ringfence.model.diagnostics import InputError
from tests.certificates.making import NOON, authority, leaf, pem, revocation_list
from tests.certificates.records import START, certificate, entry

ROOT = authority("root")
LEAF = leaf(ROOT, "a.example", serial=5)
QUIET = Output((), quiet=True)


@pytest.mark.parametrize(
    ("days", "expected"), [("60,30,7,1", (60, 30, 7, 1)), ("14", (14,)), (" 3 , 2 ", (3, 2)), ("", ())]
)
def test_policies(days: str, expected: tuple[int, ...]) -> None:
    assert policy(days, True) == Policy(expected, True)


@pytest.mark.parametrize("days", ["x", "-1", "0", "1.5", "99999999999", "60;30"])
def test_what_is_no_policy(days: str) -> None:
    with pytest.raises(click.UsageError):
        policy(days, False)


def test_lists_that_were_read_count(tmp_path: Path) -> None:
    (tmp_path / "leaf.pem").write_bytes(pem(LEAF, ROOT))
    (tmp_path / "ca.crl").write_bytes(revocation_list(ROOT, 5))
    found = inventory([str(tmp_path)], NOON, QUIET)
    assert found.diagnostics == []
    (status,) = found.judge(NOON, Policy())
    assert "revoked" in [alert.rule for alert in status.alerts]


def test_a_missing_library_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    require_library()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"ringfence\[certs\]"):
        inventory([], NOON, QUIET)


def test_nothing_that_a_terminal_obeys_is_left() -> None:
    wild = certificate(subject="CN=\x1b[2J", issuer="\x07", dns_names=("a\u202eb",), defects=("\x1b",))
    one = judge(entry(wild, id="\x1b]0;x\x07", wanted=("\n",), troubles=(Trouble("x", "\x1b[31m"),)), START)
    (shown,) = printable([one])
    leaf = shown.entry.chain[0]
    texts = [shown.entry.id, *shown.entry.wanted, *shown.because, leaf.subject, leaf.issuer, *leaf.names]
    assert all(text.isprintable() for text in texts)
