"""A runner over Pebble: what the ACME tests and the process that they kill share."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

from ringfence.certificates.challenges import Solver, solver
from ringfence.certificates.configuration import AcmeIssuer, Challenge, Configuration, Deployment, Wanted
from ringfence.certificates.issuers.acme import Acme
from ringfence.certificates.runner import Runner
from ringfence.certificates.store import Reach, Store, on
from tests.servers.acme import Pebble

ISSUER = "pebble"


def acme(folder: Path, server: Pebble, challenge: Challenge | None = None, **described: object) -> Acme:
    """An account at Pebble; HTTP-01 with an own listener where nothing else is said."""
    chosen = challenge or Challenge("http-01", listen=("127.0.0.1", server.http_port))
    values: dict[str, object] = {"terms_agreed": True, "trust": server.listener_certificate}
    issuer = AcmeIssuer(ISSUER, server.directory, **{**values, **described})  # type: ignore[arg-type]

    def solver_for(_: str) -> tuple[str, Solver]:
        return chosen.kind, solver(chosen)

    return Acme(issuer, folder / "state" / "accounts", solver_for, patience=30, sleep=_hasty)


def runner(issuer: Acme, folder: Path, *wanted: Wanted, reach: Reach = on, resolver: str = "") -> Runner:
    """A runner whose only issuer is that one; with a `resolver` (`address:port`), CAA records are looked at."""
    address, _, port = resolver.partition(":")
    configuration = Configuration(
        state=folder / "state",
        issuers={ISSUER: issuer.described},
        wanted={one.name: one for one in wanted},
        check_caa=bool(resolver),
        resolver=(address, int(port)) if resolver else None,
    )
    return Runner(configuration, Store(folder / "state", reach=reach), {ISSUER: issuer})


def shop(folder: Path, **changes: object) -> Wanted:
    """A certificate for `shop.example`, deployed to a folder."""
    values: dict[str, object] = {"deploy": Deployment(folder / "tls" / "shop")}
    wanted = Wanted("shop", ("shop.example", "www.shop.example"), (ISSUER,))
    return dataclasses.replace(wanted, **{**values, **changes})  # type: ignore[arg-type]


def _hasty(seconds: float) -> None:
    """Pebble asks for a second of patience and needs a hundredth."""
    time.sleep(min(seconds, 0.02))
