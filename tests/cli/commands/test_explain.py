"""`ringfence explain`: one question, or a file of them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from ringfence.report.style import Style

from .shop import Run, run, shop

__all__ = ["run", "shop"]

ALLOWED = """\
shop/web -> shop/db tcp/5432: allowed
  packet 10.244.0.1:49152 -> 10.244.0.2:5432 tcp   shop/web[Deployment] -> shop/db[Deployment]
  there
    pods egress              allow    NetworkPolicy: shop/web egress[0]  (shop.yaml:41:7)
    pods                     forward  to fabric
    fabric                   forward  to pods
    pods ingress             allow    NetworkPolicy: shop/db ingress[0]  (shop.yaml:31:7)
  back: the reply passes; every chain on its way saw the request
"""

DENIED = """\
203.0.113.9 -> shop/db tcp/5432: denied
  packet 203.0.113.9:49152 -> 10.244.0.1:5432 tcp   external-ipv4 -> shop/db[Deployment]
  there
    external                 forward  to fabric
    fabric                   forward  to pods
    pods ingress             deny     NetworkPolicy: no rule of shop/closed, shop/db matches  (shop.yaml:19:1)
"""


@pytest.mark.parametrize(
    ("question", "expected"),
    [(("shop/web", "shop/db", "tcp/5432"), ALLOWED), (("203.0.113.9", "shop/db", "tcp/5432"), DENIED)],
)
def test_the_text(shop: Path, run: Run, question: tuple[str, ...], expected: str):
    assert run("explain", *question) == (0, expected, "")
    assert run("explain", *question, "--in", "shop.yaml", "--option", "pod_cidrs=10.244.0.0/16") == (0, expected, "")


def test_json(shop: Path, run: Run):
    _, out, _ = run("explain", "shop/web", "shop/db", "5432", "-o", "json", "--src-port", "40000")
    found = json.loads(out)
    assert list(found) == ["schema", "outcome", "mtls", "identities", "witness", "forward", "return", "because"]
    assert list(found["forward"][0])[:6] == ["location", "layer", "stage", "action", "rule", "span"]
    assert (found["outcome"], found["witness"]["src_port"]) == ("allowed", 40000)
    _, line, _ = run("explain", "shop/web", "shop/db", "5432", "-o", "jsonl", "--src-port", "40000")
    assert (line.count("\n"), json.loads(line)) == (1, found)


@pytest.mark.parametrize("http", ["GET /path", "GET", "/path", "M-SEARCH *", " GET  /path?x=1 "])
def test_an_application_request(shop: Path, run: Run, http: str):
    assert run("explain", "shop/web", "shop/db", "tcp/5432", "--http", http) == (0, ALLOWED, "")


@pytest.mark.parametrize("http", ["", "foo", "get /path", "GET path", "GET /a b"])
def test_what_is_no_request(shop: Path, run: Run, http: str):
    code, out, err = run("explain", "shop/web", "shop/db", "tcp/5432", "--http", http)
    assert (code, out) == (2, "")
    assert f"{http!r} is no request: write 'METHOD PATH', such as 'GET /orders'" in err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "name SRC and DST, or give --batch"),
        (["shop/web"], "name SRC and DST, or give --batch"),
        (["shop/web", "--batch", "questions.jsonl"], "name SRC and DST, or give --batch"),
        (["shop/web", "shop/db", "--batch", "questions.jsonl"], "name SRC and DST, or give --batch"),
        (["--batch", "gone.jsonl"], "gone.jsonl"),
        (["shop/wbe", "shop/db"], "shop/wbe is nothing that this network knows (did you mean shop/web"),
        (["shop/web", "shop/db", "http"], "'http' is not a port"),
        (["shop/web", "shop/db", "80", "--src-port", "70000"], "70000 is not in the range"),
        (["shop/web", "2001:db8::1"], "this network knows no addresses of that family"),
        (["shop/web", "shop/db", "--in", "gone"], "gone: error: cannot be read"),
    ],
)
def test_what_cannot_be_asked(shop: Path, run: Run, arguments: list[str], complaint: str):
    (shop / "questions.jsonl").write_text("")
    code, out, err = run("explain", *arguments)
    assert (code, out) == (2, "")
    assert complaint in err


GOOD = '{"from": "shop/web", "to": "shop/db", "port": 5432}'


@pytest.mark.parametrize("format", ["jsonl", "text"])
def test_a_batch_answers_in_the_same_order(shop: Path, run: Run, format: str):
    lines = [GOOD, GOOD.replace("5432", "1"), "", GOOD]
    (shop / "questions.jsonl").write_text("\n".join(lines))
    code, out, err = run("explain", "--batch", "questions.jsonl", "-o", format)
    assert (code, err) == (0, "")
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == ["allowed", "denied", "allowed"]


def test_a_bad_line_costs_its_neighbours_nothing(shop: Path, run: Run):
    (shop / "questions.jsonl").write_bytes(b"{\n" + GOOD.encode() + b'\n{"from": "\xff"}\n{"from": "shop/web"}\n')
    code, out, _ = run("explain", "--batch", "questions.jsonl", "-o", "json")
    assert code == 2
    assert ["error" in one for one in json.loads(out)] == [True, False, True, True]


def test_a_batch_from_standard_input(shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    code, out, _ = run("explain", "--batch", "-")
    assert (code, json.loads(out)["outcome"]) == (0, "allowed")


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_only_where_it_is_wanted(
    shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool
):
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    _, out, _ = run("explain", "shop/web", "shop/db", "tcp/5432")
    assert (Style(True).good("allowed") in out) == coloured
    assert coloured or out == ALLOWED


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--header", "x-team a"], "'x-team a' is no header: write NAME:VALUE"),
        (["--claim", "iss"], "'iss' is no claim: write NAME=VALUE"),
        (["--client-tls", "tls"], "'tls' is not one of 'mtls', 'plaintext'"),
    ],
)
def test_a_part_of_a_request_that_is_none(shop: Path, run: Run, more: list[str], message: str):
    status, _, err = run("explain", "shop/web", "shop/db", "tcp/5432", *more)
    assert status == 2
    assert message in err


def test_a_request_with_all_of_its_parts(shop: Path, run: Run):
    parts = ("--http", "POST /a", "--host", "h", "--header", "x: 1", "--header", "x: 2", "--claim", "iss=i")
    assert run("explain", "shop/web", "shop/db", "tcp/5432", *parts) == (0, ALLOWED, "")
