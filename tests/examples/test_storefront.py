"""The shop is proved, and in the broken shop every planted mistake is found at its line, and nothing else.

A mistake is marked where its finding or the rule that decides its intent stands: `# planted: RF103, intent one-way-in`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ringfence.cli.main import main

ROOT = Path(__file__).parent.parent.parent
SHOP, BROKEN, UNENFORCED = "examples/storefront", "examples/storefront-broken", "examples/storefront-broken/unenforced"
CLOUD, MESH = "examples/storefront-broken/infra", "examples/storefront-broken/mesh"

PLANTED = re.compile(r"# planted: ((?:RF\d{3}|intent [\w-]+)(?:, (?:RF\d{3}|intent [\w-]+))*)$")
FILES = ("*.yaml", "k8s/*.yaml", "*.tf")

CAUSE_IS_ALL = {
    *("RF102", "RF103", "RF104", "RF106"),
    *("RF204", "RF205", "RF206", "RF207"),
    *("RF403", "RF404", "RF405", "RF407", "RF408", "RF409", "RF412"),
}
"""Findings of which no packet tells more than their cause."""
TOO_MUCH = {"RF101", "RF201", "RF203", "RF401", "RF406", "RF411"}
"""Findings that show a packet which gets through."""

HOP = {"location", "layer", "stage", "action", "rule", "span", "because"}
WITNESS = {"src", "src_address", "dst", "dst_address", "protocol", "outcome", "forward", "return"}


def verified(folder: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, Any]:
    monkeypatch.chdir(ROOT)
    code = main(["verify", folder, "-o", "json"])
    shown = capsys.readouterr()
    assert shown.err == ""
    return code, json.loads(shown.out)


def planted(folder: str) -> set[tuple[str, str]]:
    """Each mistake and its place (`file:line`), of a folder's own files and of `k8s/`."""
    found = set()
    for file in sorted(file for files in FILES for file in (ROOT / folder).glob(files)):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            mark = PLANTED.search(line)
            for what in mark[1].split(", ") if mark else ():
                found.add((what, f"{file.relative_to(ROOT)}:{number}"))
    return found


def line(span: str) -> str:
    """`file:line` of a place."""
    return ":".join(span.split(":")[:2])


def found(document: Any) -> set[tuple[str, str]]:
    intents = {(f"intent {one['name']}", line(one["span"])) for one in document["intents"] if one["status"] != "proved"}
    return intents | {(one["id"], line(one["span"])) for one in document["findings"]}


def check_witness(witness: Any, outcomes: set[str]) -> None:
    keys = WITNESS | ({"src_port", "dst_port"} if witness["protocol"] in ("tcp", "udp", "sctp") else set())
    assert set(witness) - {"transport"} == keys  # of TCP in a mesh
    assert witness["outcome"] in outcomes
    assert witness["forward"]
    hops = [*witness["forward"], *witness["return"]]
    assert all(set(hop) == HOP for hop in hops)
    assert any(hop["span"] for hop in hops), "a rule with a place decided"


def test_the_shop_is_proved(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, document = verified(SHOP, capsys, monkeypatch)
    assert code == 0
    assert document["schema"] == "ringfence.verify/1"
    assert {"intents", "findings", "assumed_open"} <= set(document)
    assert [one["name"] for one in document["intents"] if one["status"] != "proved"] == []
    assert len(document["intents"]) == 20
    assert all(one["reason"] and one["witness"] is None for one in document["intents"])
    assert document["findings"] == []
    assert document["not_modelled"] == []


@pytest.mark.parametrize("folder", [BROKEN, UNENFORCED, CLOUD, MESH])
def test_planted_mistakes_are_found_and_nothing_else(
    folder: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, document = verified(folder, capsys, monkeypatch)
    assert code == 1
    assert found(document) == planted(folder)


def test_every_kind_is_planted() -> None:
    marks = {what for folder in (BROKEN, UNENFORCED, CLOUD, MESH) for what, _ in planted(folder)}
    kinds = {f"RF10{number}" for number in range(1, 7)} | {f"RF20{number}" for number in range(1, 8)}
    assert kinds | {f"RF4{number:02}" for number in range(1, 13)} <= marks


@pytest.mark.parametrize(
    ("folder", "kinds"),
    [
        (BROKEN, {"violated": {"allow", "deny", "only", "isolate"}, "unknown": {"allow", "only"}}),
        (CLOUD, {"violated": {"allow", "deny", "only"}}),
        (MESH, {"violated": {"allow", "deny", "only", "encrypted"}}),
    ],
)
def test_what_is_found_has_its_witness(
    folder: str,
    kinds: dict[str, set[str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, document = verified(folder, capsys, monkeypatch)
    texts = (ROOT / folder / "ringfence.yaml").read_text(encoding="utf-8")
    statuses: dict[str, set[str]] = {}
    for intent in document["intents"]:
        if intent["status"] == "proved":
            assert intent["witness"] is None
            continue
        assert intent["because"]
        kind = re.search(rf"- name: {intent['name']}\n.*\n    (allow|deny|only|isolate|encrypted):", texts)
        assert kind
        statuses.setdefault(intent["status"], set()).add(kind[1])
        # A violated allow shows a packet that is refused, the others one that gets through.
        expected = {"unknown"} if intent["status"] == "unknown" else {"denied"} if kind[1] == "allow" else {"allowed"}
        check_witness(intent["witness"], expected)
    assert statuses == kinds
    for finding in document["findings"]:
        assert finding["message"]
        assert finding["remediation"]
        if finding["id"] in CAUSE_IS_ALL:
            assert finding["witness"] is None
        else:
            check_witness(finding["witness"], {"allowed"} if finding["id"] in TOO_MUCH else {"denied"})
