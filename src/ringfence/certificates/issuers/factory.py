"""From what the posture file describes to issuers that can be asked. Only what is described is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ringfence.certificates.challenges import Solver, solver
from ringfence.certificates.configuration import AcmeIssuer, AnyIssuer, AwsIssuer, Configuration, PrivateIssuer
from ringfence.certificates.issuers import Issuer, Refused
from ringfence.certificates.issuers.private_ca import PrivateCa
from ringfence.certificates.runner import SPARE
from ringfence.certificates.secrets import reveal
from ringfence.model.diagnostics import InputError, error


def passphrase(configuration: Configuration) -> bytes | None:
    """What private keys are encrypted under; None where they are not."""
    return reveal(configuration.encryption) if configuration.encryption else None


def build(configuration: Configuration) -> Mapping[str, Issuer]:
    """All issuers of the configuration by name."""
    return {name: _build(one, configuration) for name, one in configuration.issuers.items()}


def private_ca(described: PrivateIssuer, configuration: Configuration) -> PrivateCa:
    """The private authority that the posture file describes."""
    return PrivateCa(described.name, described.directory, described.profile, passphrase(configuration))


def rehearsal(configuration: Configuration, state: Path) -> Configuration:
    """The configuration with which nothing real happens: staging issuers, another state folder, no deployment.

    A private authority without `staging` is rehearsed with one of its kind that is thrown away; another issuer without
    it is an InputError, because asking it would issue a real certificate. CAA is not looked at for stand-ins: a record
    may name the one account that nobody rehearses with.
    """
    stand_ins: dict[str, AnyIssuer] = {}
    used = {name for one in configuration.wanted.values() for name in (*one.issuers, one.spare) if name}
    for name in used:
        described = configuration.issuers[name]
        if described.staging:
            stand_ins[name] = replace(configuration.issuers[described.staging], name=name)
        elif isinstance(described, PrivateIssuer):
            stand_ins[name] = replace(described, directory=state / "ca" / name)
        else:
            message = f"issuer {name!r} names no staging issuer, so nothing can be rehearsed with it"
            raise InputError(error(message, described.span, "describe its staging directory and name it as `staging`"))
    wanted = {name: replace(one, deploy=None, spare="") for name, one in configuration.wanted.items()}
    return replace(configuration, state=state, issuers=stand_ins, wanted=wanted, check_caa=False)


def _build(described: AnyIssuer, configuration: Configuration) -> Issuer:
    if isinstance(described, PrivateIssuer):
        return private_ca(described, configuration)
    if isinstance(described, AwsIssuer):
        return _aws(described)
    return _acme(described, configuration)


def _aws(described: AwsIssuer) -> Issuer:
    import boto3

    from ringfence.certificates.issuers.aws_private_ca import AwsPrivateCa

    region = described.region or (described.arn.split(":") + [""] * 4)[3]
    return AwsPrivateCa(described, boto3.client("acm-pca", region_name=region))


def _acme(described: AcmeIssuer, configuration: Configuration) -> Issuer:
    from ringfence.certificates.issuers.acme import Acme

    def solver_for(certificate: str) -> tuple[str, Solver]:
        challenge = configuration.wanted[certificate.removesuffix(SPARE)].challenge
        if challenge is None:
            raise Refused(f"no challenge is configured for {certificate}")
        return challenge.kind, solver(challenge)

    return Acme(described, configuration.state / "accounts", solver_for, passphrase(configuration))
