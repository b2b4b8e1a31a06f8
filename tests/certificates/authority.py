"""What the certificate tests share: a configuration in a folder, a runner over a private authority or over fakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ringfence.certificates.configuration import Configuration, Deployment, PrivateIssuer, Profile, Wanted
from ringfence.certificates.issuers import Issuer, Journal, Named, Request, Unavailable, Window
from ringfence.certificates.issuers.private_ca import PrivateCa
from ringfence.certificates.runner import Runner
from ringfence.certificates.store import Reach, Store, on

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LONG = Profile(longest_leaf=400 * DAY, root=8000 * DAY, intermediate=4000 * DAY)


@dataclass
class Fake:
    """An issuer that signs with a private authority, or does not answer, as the test says; it counts what it signed."""

    ca: PrivateCa
    up: bool = True
    not_before: datetime | None = None
    window: Window | None = None
    named: Named | None = None
    lifetime: timedelta = 90 * DAY
    issued: list[Request] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.ca.name

    def obtain(self, request: Request, journal: Journal, now: datetime) -> bytes:
        if not self.up:
            raise Unavailable("out of order", self.not_before)
        self.issued.append(request)
        asked = Request(request.certificate, request.names, request.csr, request.lifetime or self.lifetime)
        return self.ca.obtain(asked, journal, now)

    def renewal_window(self, certificate: bytes, now: datetime) -> Window | None:
        return self.window

    def caa(self, now: datetime) -> Named | None:
        return self.named

    def revoke(self, certificate: bytes, reason: str, now: datetime) -> None:
        self.revoked.append(reason)

    def tend(self, now: datetime) -> None:
        self.ca.tend(now)


def fake(folder: Path, name: str) -> Fake:
    return Fake(PrivateCa(name, folder / f"ca-{name}", LONG))


def configuration(
    folder: Path, *wanted: Wanted, issuers: tuple[str, ...] = ("first",), interval: timedelta = HOUR
) -> Configuration:
    described = {name: PrivateIssuer(name, folder / f"ca-{name}", LONG) for name in issuers}
    return Configuration(
        state=folder / "state",
        check_interval=interval,
        issuers=described,
        wanted={one.name: one for one in wanted},
    )


def runner(folder: Path, *wanted: Wanted, issuers: Mapping[str, Issuer] | None = None, reach: Reach = on) -> Runner:
    if issuers is None:
        issuers = {"first": PrivateCa("first", folder / "ca-first", LONG)}
    return Runner(configuration(folder, *wanted, issuers=tuple(issuers)), Store(folder / "state", reach=reach), issuers)


def web(folder: Path, **changes: object) -> Wanted:
    """A certificate for `shop.example`, deployed to a folder, with nobody to ask whether it is served."""
    values: dict[str, object] = {
        "names": ("shop.example", "www.shop.example"),
        "issuers": ("first",),
        "lifetime": 6 * DAY,
        "deploy": Deployment(folder / "tls" / "web"),
    }
    return Wanted("web", **{**values, **changes})  # type: ignore[arg-type]
