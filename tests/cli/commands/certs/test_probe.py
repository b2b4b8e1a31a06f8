"""`certs probe`: what is served against its name and what is stored."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ringfence.cli.main import main
from tests.certificates.making import DAY, START, authority, issuer_at, leaf, pem
from tests.servers.processes import free_port, listens, running

ROOT = authority("root")
MIDDLE = authority("middle", ROOT)
OLD = leaf(MIDDLE, "a.example", end=START + 200 * DAY)
NEW = leaf(MIDDLE, "a.example", begin=START + DAY, end=START + 300 * DAY)
AT = ["--at", (START + 2 * DAY).isoformat()]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("probe")
    (folder / "cert.pem").write_bytes(OLD.pem)
    (folder / "chain.pem").write_bytes(MIDDLE.pem)
    (folder / "key.pem").write_bytes(OLD.key_pem)
    number = free_port()
    command: list[str | Path] = ["openssl", "s_server", "-accept", f"127.0.0.1:{number}", "-quiet"]
    command += ["-cert", "cert.pem", "-key", "key.pem", "-cert_chain", "chain.pem"]
    with running(command, folder, lambda: listens(number)):
        yield number


def probe(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, object]]]:
    code = main(["certs", "probe", *arguments, *AT, "-o", "json", "--timeout", "5"])
    return code, json.loads(capsys.readouterr().out)["certificates"]


def rules(certificate: dict[str, object]) -> list[str]:
    alerts = certificate["alerts"]
    assert isinstance(alerts, list)
    return [one["rule"] for one in alerts]


def test_the_served_chain_and_its_name(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    code, (found,) = probe(capsys, f"127.0.0.1:{port}", "--server-name", "a.example")
    assert (code, found["state"], found["names"], found["source"]) == (0, "ok", ["a.example"], "endpoint")
    assert found["id"] == f"127.0.0.1:{port}"
    code, (found,) = probe(capsys, f"127.0.0.1:{port}")
    assert (code, found["state"], rules(found)) == (1, "invalid", ["name-mismatch"])


def test_served_against_stored(port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    endpoint = [f"127.0.0.1:{port}", "--server-name", "a.example", "--stored", str(tmp_path)]
    (tmp_path / "a.pem").write_bytes(pem(OLD, MIDDLE))
    assert probe(capsys, *endpoint)[0] == 0
    (tmp_path / "a.pem").write_bytes(pem(NEW, MIDDLE))
    code, (found,) = probe(capsys, *endpoint)
    assert (code, rules(found)) == (1, ["served-differs"])


def test_many_at_once_and_those_that_do_not_answer(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = free_port()
    (tmp_path / "list").write_text(f"# ours\n127.0.0.1:{port}  # twice\n\n127.0.0.1:{closed}\n")
    code, found = probe(
        capsys, f"tls://127.0.0.1:{port}", "--file", str(tmp_path / "list"), "--server-name", "a.example"
    )
    assert code == 1
    assert [(one["state"], rules(one)) for one in found] == [("ok", []), ("ok", []), ("not_ready", ["unreachable"])]
    assert found[2]["because"] == ["Connection refused"]


def test_status_takes_probes_too(port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.pem").write_bytes(pem(OLD, MIDDLE))
    code = main(["certs", "status", str(tmp_path), "--probe", f"127.0.0.1:{port}", *AT, "-o", "json"])
    found = json.loads(capsys.readouterr().out)["certificates"]
    assert (code, [one["source"] for one in found]) == (1, ["file", "endpoint"])


@pytest.mark.parametrize(
    ("answer", "fetch", "expected", "said", "warned"),
    [
        (MIDDLE.der, False, [], "unless clients trust CN=middle itself, it has to be sent too (it names {url})", ""),
        (MIDDLE.der, True, ["chain-incomplete"], "CN=middle is an intermediate and has to be sent too (it names", ""),
        (ROOT.der, True, [], "unless clients trust CN=middle itself", "did not sign a.example"),
        (MIDDLE.der[:90], True, [], "unless clients trust CN=middle itself", "did not sign a.example"),
        (b"gone", True, [], "unless clients trust CN=middle itself", "the issuer cannot be had"),
    ],
)
def test_a_leaf_that_is_sent_alone(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    answer: bytes,
    fetch: bool,
    expected: list[str],
    said: str,
    warned: str,
) -> None:
    """It says so with the address that the leaf names, and asks there only when it is told to."""
    number, site = free_port(), free_port()
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "middle").write_bytes(answer)
    url = f"http://127.0.0.1:{site}/middle"
    lone = leaf(MIDDLE, "a.example", extra=[(issuer_at(url), False)])
    (tmp_path / "cert.pem").write_bytes(lone.pem)
    (tmp_path / "key.pem").write_bytes(lone.key_pem)
    serve = ["openssl", "s_server", "-accept", f"127.0.0.1:{number}", "-quiet", "-cert", "cert.pem", "-key", "key.pem"]
    web = [sys.executable, "-m", "http.server", str(site), "--bind", "127.0.0.1", "--directory", "www"]
    asked = ["--fetch-issuers"] if fetch else []
    with (
        running([*serve], tmp_path, lambda: listens(number)),
        running([*web], tmp_path, lambda: listens(site)) as log,
    ):
        arguments = [f"127.0.0.1:{number}", "--server-name", "a.example", *AT, "-o", "json", *asked]
        code = main(["certs", "probe", *arguments])
        requests = log.read_text()
    shown = capsys.readouterr()
    (found,) = json.loads(shown.out)["certificates"]
    assert (code, rules(found)) == (int(bool(expected)), expected)
    assert any(said.format(url=url) in one for one in found["because"]), found
    assert ("GET /middle" in requests) == fetch
    assert (warned in shown.err) if warned else shown.err == ""


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certs", "probe"]) == 2
    assert main(["certs", "probe", "a b"]) == 2
    assert "no endpoint" in capsys.readouterr().err
