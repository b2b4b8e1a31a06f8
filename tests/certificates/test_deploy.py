"""Deployments: in one step, with a real server that reloads, and back where it does not serve the new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import keys
from ringfence.certificates.configuration import Deployment, Verification
from ringfence.certificates.deploy import current, deploy, preflight
from ringfence.certificates.issuers.signing import Authority, sign_ca
from ringfence.certificates.store import Pair
from ringfence.model.diagnostics import SourceError
from tests.certificates.authority import DAY, LONG, NOW
from tests.certificates.tls_server import running

QUICK = timedelta(seconds=2)


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """Four pairs for the same name."""
    ca_key = keys.generate("ecdsa-p256")
    ca = Authority(sign_ca(LONG, ca_key, None, NOW), ca_key, LONG)
    found = []
    for _ in range(4):
        key = keys.generate("ecdsa-p256")
        csr = x509.load_pem_x509_csr(keys.request(key, ["shop.example"]))
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        leaf = ca.sign(csr, names, 90 * DAY, NOW)
        chain = leaf.public_bytes(Encoding.PEM) + ca.certificate.public_bytes(Encoding.PEM)
        found.append(Pair(keys.fingerprint(leaf)[:32], keys.to_pem(key), chain))
    return found


def served(folder: Path) -> str:
    return keys.fingerprint(keys.chain((folder / "fullchain.pem").read_bytes())[0])[:32]


def test_one_generation_after_another(tmp_path: Path, pairs: list[Pair]) -> None:
    deployment = Deployment(tmp_path / "tls" / "web", key_mode=0o640, directory_mode=0o750)
    assert current(deployment) is None
    for place, pair in enumerate(pairs):
        delivery = deploy(pair, deployment)
        assert (delivery.deployed, delivery.proved) == (True, False)
        assert served(deployment.directory) == pair.identity
        generations = {one.name for one in deployment.directory.parent.iterdir() if not one.is_symlink()}
        assert generations == {f".web.{one.identity}" for one in pairs[max(place - 1, 0) : place + 1]}
    link = deployment.directory
    modes = {name: (link / name).stat().st_mode & 0o777 for name in ("privkey.pem", "cert.pem", "chain.pem")}
    assert modes == {"privkey.pem": 0o640, "cert.pem": 0o644, "chain.pem": 0o644}
    assert link.resolve().stat().st_mode & 0o777 == 0o750
    assert len(keys.chain((link / "cert.pem").read_bytes())) == 1
    assert deploy(pairs[-1], deployment).deployed, "doing it again changes nothing"


def test_a_folder_in_the_way_is_left_alone(tmp_path: Path, pairs: list[Pair]) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "precious").write_text("x")
    with pytest.raises(SourceError, match="in the way"):
        deploy(pairs[0], Deployment(tmp_path / "web"))
    assert (tmp_path / "web" / "precious").read_text() == "x"


def test_a_real_server_is_reloaded_and_asked(tmp_path: Path, pairs: list[Pair]) -> None:
    deployment = Deployment(tmp_path / "web")
    assert deploy(pairs[0], deployment).deployed
    with running(tmp_path / "web") as (port, process):
        verify = (Verification("127.0.0.1", port, within=QUICK),)
        reloading = replace(deployment, reload=("kill", "-HUP", str(process)), verify=verify)
        delivery = deploy(pairs[1], reloading)
        assert (delivery.deployed, delivery.proved) == (True, True), delivery
        assert delivery.because == f"127.0.0.1:{port} serves it"
        silent = replace(reloading, reload=("true",))
        refused = deploy(pairs[2], silent)
        assert (refused.deployed, refused.rolled_back) == (False, True)
        assert "serves another certificate" in refused.because
        assert refused.because.endswith("the previous certificate is in place again")
        assert served(tmp_path / "web") == pairs[1].identity
        assert deploy(pairs[2], reloading).proved, "later it works"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("false",), "`false` ended with 1"),
        (("sh", "-c", "echo broken configuration >&2; exit 3"), "ended with 3: broken configuration"),
        (("no-such-program",), "cannot be run: No such file"),
        (("sleep", "5"), "did not end within 0:00:00.2"),
    ],
)
def test_a_reload_that_fails_goes_back(
    tmp_path: Path, pairs: list[Pair], command: tuple[str, ...], message: str
) -> None:
    deployment = Deployment(tmp_path / "web")
    assert deploy(pairs[0], deployment).deployed
    failing = replace(deployment, reload=command, reload_within=timedelta(seconds=0.2))
    delivery = deploy(pairs[1], failing)
    assert (delivery.deployed, delivery.rolled_back) == (False, True)
    assert message in delivery.because
    assert served(tmp_path / "web") == pairs[0].identity


def test_the_first_one_has_nothing_to_go_back_to(tmp_path: Path, pairs: list[Pair]) -> None:
    delivery = deploy(pairs[0], Deployment(tmp_path / "web", reload=("false",)))
    assert (delivery.deployed, delivery.rolled_back) == (False, False)
    assert served(tmp_path / "web") == pairs[0].identity


def test_preflight(tmp_path: Path) -> None:
    assert preflight(Deployment(tmp_path / "web", reload=("true",))) == ()
    (tmp_path / "web").mkdir()
    bad = Deployment(tmp_path / "web", reload=("no-such-program",), verify=(Verification("127.0.0.1", 1),))
    problems = preflight(bad)
    assert len(problems) == 3
    assert "in the way" in problems[0]
    assert "not to be found" in problems[1]
    assert "cannot be asked" in problems[2]
