"""`ringfence verify`: exit codes, what is shown, and where it goes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from .shop import MANIFESTS, POSTURE, Run, run, shop

__all__ = ["run", "shop"]

PROVED = """\
Intents
  ok  catalogue  proved    the catalogue lives there
  ok  closed     proved    nobody else may

assumed: no cloud configuration was given: security groups, network ACLs and routes around the cluster are open
assumed: nothing in the files speaks of IPv6: only IPv4 is considered

ok: 2 workloads, 3 policies; 2 of 2 intents proved; 0 findings at or above medium
"""

VIOLATED = """\
Intents
  NO  closed  violated  nobody may
        shop/web[Deployment] reaches shop/db[Deployment] on tcp 5432
        packet 10.244.0.1:49152 -> 10.244.0.2:5432 tcp  (shop/web[Deployment] -> shop/db[Deployment])
        allow: NetworkPolicy: shop/db ingress[0]  (shop.yaml:31:7)

assumed: no cloud configuration was given: security groups, network ACLs and routes around the cluster are open
assumed: nothing in the files speaks of IPv6: only IPv4 is considered

FAILED: 2 workloads, 3 policies; 0 of 1 intent proved, 1 violated; 0 findings at or above medium
"""


def posture(intents: str) -> str:
    return POSTURE.partition("intents:")[0] + f"intents: {intents}\n"


def test_everything_is_proved(shop: Path, run: Run):
    assert run("verify") == (0, PROVED, "")


def test_an_intent_that_fails(shop: Path, run: Run):
    (shop / "ringfence.yaml").write_text(
        posture("[{name: closed, reason: nobody may, deny: {from: shop/web, to: shop/db}}]")
    )
    assert run("verify") == (1, VIOLATED, "")


def test_paths_and_the_posture_of_a_folder(shop: Path, run: Run):
    code, out, _ = run("verify", str(shop))
    assert (code, "2 of 2 intents proved" in out) == (0, True)
    code, out, _ = run("verify", "shop.yaml")
    assert (code, "Intents" in out) == (0, False)


def test_standard_input(shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MANIFESTS.encode())))
    code, out, _ = run("verify", "-")
    assert (code, out.splitlines()[-1]) == (0, "ok: 2 workloads, 3 policies; 0 findings at or above medium")


@pytest.mark.parametrize(("threshold", "code"), [("info", 1), ("low", 1), ("medium", 1), ("high", 0), ("critical", 0)])
def test_the_threshold(shop: Path, run: Run, threshold: str, code: int):
    (shop / "shop.yaml").write_text(MANIFESTS.replace("podSelector: {}, ", "podSelector: {matchLabels: {app: db}}, "))
    assert run("verify", "shop.yaml", "--fail-on", threshold)[0] == code


def test_an_unknown_threshold(shop: Path, run: Run):
    code, out, err = run("verify", "--fail-on", "some")
    assert (code, out) == (2, "")
    assert "'some' is not one of" in err


def test_json_to_a_file_beside_the_text(shop: Path, run: Run):
    assert run("verify", "-o", "text", "-o", "json=report.json") == (0, PROVED, "")
    found = json.loads((shop / "report.json").read_text())
    assert list(found) == ["schema", "intents", "findings", "connectivity", "exposed", "not_modelled", "assumed_open"]
    assert [(one["name"], one["status"]) for one in found["intents"]] == [("catalogue", "proved"), ("closed", "proved")]


def test_quiet_says_nothing_but_what_o_asks_for(shop: Path, run: Run):
    assert run("verify", "-q") == (0, "", "")
    code, out, err = run("verify", "-q", "-o", "json")
    assert (code, err, json.loads(out)["schema"]) == (0, "", "ringfence.verify/1")


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("shop.yaml", MANIFESTS + "---\nkind: [\n", "shop.yaml:"),
        ("ringfence.yaml", "surces: []\n", "ringfence.yaml:1:1: error: there is no section 'surces'"),
        (
            "ringfence.yaml",
            posture("[{name: n, reason: r, deny: {from: shop/wbe, to: shop/db}}]"),
            "ringfence.yaml:3:39: error: shop/wbe is nothing that this network knows (did you mean shop/web",
        ),
    ],
)
def test_bad_input_is_a_complaint_and_never_ok(shop: Path, run: Run, file: str, content: str, complaint: str):
    (shop / file).write_text(content)
    code, out, err = run("verify")
    assert (code, "Traceback" in err) == (2, False)
    assert any(line.startswith(complaint) for line in err.splitlines()), err
    assert not out.splitlines()[-1].startswith("ok")


def test_a_path_that_is_not_there(shop: Path, run: Run):
    code, out, err = run("verify", "nowhere")
    assert (code, err) == (2, "nowhere: error: cannot be read: No such file or directory\n")
    assert out.splitlines()[-1].startswith("INCOMPLETE")


def test_nothing_to_read(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("verify")
    assert (code, out) == (2, "")
    assert "there is no ringfence.yaml in this folder or above (name a file or folder)" in err
