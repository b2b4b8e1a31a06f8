"""From descriptions to issuers, and what a rehearsal asks instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.certificates.configuration import (
    AcmeIssuer,
    AnyIssuer,
    AwsIssuer,
    Challenge,
    Configuration,
    PrivateIssuer,
    Secret,
    Wanted,
)
from ringfence.certificates.issuers import Refused, factory
from ringfence.certificates.issuers.acme import Acme
from ringfence.certificates.issuers.aws_private_ca import AwsPrivateCa
from ringfence.certificates.issuers.private_ca import PrivateCa
from ringfence.model.diagnostics import InputError

LIVE = AcmeIssuer("le", "https://ca.example/dir", staging="test")
TEST = AcmeIssuer("test", "https://test.ca.example/dir")


def test_every_kind(tmp_path: Path) -> None:
    described: dict[str, AnyIssuer] = {
        "le": LIVE,
        "own": PrivateIssuer("own", tmp_path / "ca"),
        "aws": AwsIssuer("aws", "arn:aws:acm-pca:eu-west-3:1:certificate-authority/x"),
    }
    wanted = {
        "web": Wanted("web", ("a.example",), ("le",), challenge=Challenge("http-01", ("127.0.0.1", 80))),
        "mesh": Wanted("mesh", ("a.example",), ("own",)),
    }
    found = factory.build(Configuration(tmp_path, issuers=described, wanted=wanted))
    acme, own, aws = found["le"], found["own"], found["aws"]
    assert isinstance(acme, Acme)
    assert isinstance(own, PrivateCa)
    assert isinstance(aws, AwsPrivateCa)
    assert aws.client.meta.region_name == "eu-west-3"
    assert [one.name for one in found.values()] == ["le", "own", "aws"]
    assert acme.solver_for("web~spare")[0] == "http-01"
    with pytest.raises(Refused, match="no challenge"):
        acme.solver_for("mesh")


def test_the_passphrase(tmp_path: Path) -> None:
    place = tmp_path / "p"
    place.write_text("secret")
    place.chmod(0o600)
    assert factory.passphrase(Configuration(encryption=Secret(place))) == b"secret"
    assert factory.passphrase(Configuration()) is None


def test_a_rehearsal_touches_nothing_real(tmp_path: Path) -> None:
    described: dict[str, AnyIssuer] = {"le": LIVE, "test": TEST, "own": PrivateIssuer("own", tmp_path / "ca")}
    wanted = {"web": Wanted("web", ("a.example",), ("le", "own"), spare="own")}
    found = factory.rehearsal(Configuration(tmp_path / "state", issuers=described, wanted=wanted), tmp_path / "tmp")
    assert found.state == tmp_path / "tmp"
    live = found.issuers["le"]
    assert isinstance(live, AcmeIssuer)
    assert live.directory == TEST.directory
    own = found.issuers["own"]
    assert isinstance(own, PrivateIssuer)
    assert tmp_path / "tmp" in own.directory.parents
    assert found.wanted["web"].deploy is None


def test_nothing_to_rehearse_with() -> None:
    configuration = Configuration(issuers={"test": TEST}, wanted={"web": Wanted("web", ("a.example",), ("test",))})
    with pytest.raises(InputError, match="names no staging issuer"):
        factory.rehearsal(configuration, Path("x"))
