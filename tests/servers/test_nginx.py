"""Renewals under a web server in use: nginx serves challenges and certificates, and its clients never pause.

Two clients make one TLS connection after another, each verified against the authority's root, while certificates are
renewed, deployed, and taken back. Not one connection may fail, and none may see a certificate that was taken back.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import keys
from ringfence.certificates.configuration import Challenge, Deployment, Profile, Verification
from ringfence.certificates.deploy import deploy
from ringfence.certificates.issuers.signing import sign_ca
from ringfence.certificates.runner import Runner, State
from ringfence.certificates.store import Pair
from tests.servers.acme import pebble
from tests.servers.issuing import acme, runner, shop
from tests.servers.nginx import Nginx, nginx
from tests.servers.processes import free_port

RENEWALS = 4
IN_FLIGHT = 4
"""Connections that may have begun before a reload and end after it: two of each client, generously."""
CHALLENGES = "server {{ listen 127.0.0.1:{http}; root {folder}/www; }}\n"
SITE = """\
server {{
  listen 127.0.0.1:{tls} ssl; server_name shop.example;
  ssl_certificate {folder}/tls/shop/fullchain.pem; ssl_certificate_key {folder}/tls/shop/privkey.pem;
  return 200 "here";
}}
"""


@dataclass
class Clients:
    """Two threads that connect without a pause; what they saw, and what went wrong."""

    port: int
    trust: str
    seen: list[str] = field(default_factory=list)
    """Identities of the leaves, in the order in which connections ended."""
    problems: list[str] = field(default_factory=list)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Connects until the block ends."""
        end = threading.Event()
        threads = [threading.Thread(target=self._connect_until, args=(end,)) for _ in range(2)]
        for one in threads:
            one.start()
        try:
            yield
        finally:
            end.set()
            for one in threads:
                one.join(30)

    def wait_for_more(self, count: int = 20) -> list[str]:
        """What the next connections see."""
        before, deadline = len(self.seen), time.monotonic() + 30
        while len(self.seen) < before + count and not self.problems:
            assert time.monotonic() < deadline, "the clients stand still"
            time.sleep(0.01)
        return self.seen[before:]

    def _connect_until(self, end: threading.Event) -> None:
        context = ssl.create_default_context(cadata=self.trust)
        while not end.is_set():
            try:
                self.seen.append(self._once(context))
            except (OSError, AssertionError) as failure:
                self.problems.append(f"connection {len(self.seen)}: {failure!r}")

    def _once(self, context: ssl.SSLContext) -> str:
        with (
            socket.create_connection(("127.0.0.1", self.port), 10) as connection,
            context.wrap_socket(connection, server_hostname="shop.example") as stream,
        ):
            stream.sendall(b"GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n")
            answer = b"".join(iter(lambda: stream.recv(4096), b""))
            assert answer.endswith(b"here"), answer
            return _identity(ssl.DER_cert_to_PEM_cert(stream.getpeercert(binary_form=True) or b"").encode())


@dataclass(frozen=True)
class Site:
    """A server that is in use, and what renews its certificate."""

    web: Nginx
    clients: Clients
    made: Runner

    @property
    def deployment(self) -> Deployment:
        """As the posture file would say it."""
        found = self.made.configuration.wanted["shop"].deploy
        assert found is not None
        return found

    def renew(self, **changes: object) -> tuple[State, str]:
        """Renews now, with another deployment if wanted: the state, and what came of the deployment."""
        wanted = replace(self.made.configuration.wanted["shop"], deploy=replace(self.deployment, **changes))  # type: ignore[arg-type]
        configuration = replace(self.made.configuration, wanted={"shop": wanted})
        outcome = replace(self.made, configuration=configuration).run(datetime.now(UTC), force=True)[0]
        return outcome.state, outcome.because[-1]

    def in_place(self) -> str:
        """What lies where nginx reads it."""
        return _identity((self.deployment.directory / "fullchain.pem").read_bytes())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that got its first certificate through its own webroot, as one that goes live does."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "www").mkdir()
    (folder / "server").mkdir()
    with pebble(folder / "server", reject_nonces=15, answers=False, reuse_validations=0) as authority:
        port = free_port()
        values = {"folder": folder, "http": authority.http_port, "tls": port}
        challenge = Challenge("http-01", webroot=folder / "www")
        verify = (Verification("127.0.0.1", port, within=timedelta(seconds=2)),)
        with nginx(folder, CHALLENGES.format(**values), authority.http_port) as web:
            deployment = Deployment(folder / "tls" / "shop", reload=web.reload, verify=verify)
            issuer = acme(folder, authority, challenge)
            first = runner(issuer, folder, shop(folder)).run(datetime.now(UTC))[0]
            assert first.good, first
            web.configure((CHALLENGES + SITE).format(**values))
            made = runner(issuer, folder, shop(folder, deploy=deployment))
            clients = Clients(port, authority.root().decode())
            assert Site(web, clients, made).renew() == (State.RENEWED, f"deployed: 127.0.0.1:{port} serves it")
            with clients.busy():
                yield Site(web, clients, made)
    assert clients.problems == []


def test_clients_notice_what_they_lose(site: Site) -> None:
    """Neither a refused connection nor a chain that is not the authority's passes unseen."""
    foreign = sign_ca(Profile(), keys.generate("ecdsa-p256"), None, datetime.now(UTC)).public_bytes(Encoding.PEM)
    for clients in (Clients(free_port(), site.clients.trust), Clients(site.clients.port, foreign.decode())):
        with clients.busy():
            clients.wait_for_more()
        assert clients.problems != []
        assert clients.seen == []


def test_renewals_cost_no_connection(site: Site) -> None:
    proved = f"deployed: 127.0.0.1:{site.clients.port} serves it"
    for _ in range(RENEWALS):
        before = site.in_place()
        assert site.renew() == (State.RENEWED, proved)
        assert site.in_place() != before
        seen = site.clients.wait_for_more()
        assert set(seen[IN_FLIGHT:]) == {site.in_place()}, "workers that end only finish what they began"
    assert site.clients.problems == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [("its own", "ended with 1: "), ("signal", "serves another certificate")],
)
def test_a_key_that_does_not_fit_is_taken_back(site: Site, command: str, reason: str) -> None:
    """nginx's own command sees it and fails; after a bare signal only the log of nginx knows, and what it serves."""
    served = site.in_place()
    reload = site.web.reload if command == "its own" else ("kill", "-HUP", str(site.web.process))
    other = sign_ca(Profile(), keys.generate("ecdsa-p256"), None, datetime.now(UTC)).public_bytes(Encoding.PEM)
    wrong = Pair("0" * 32, keys.to_pem(keys.generate("ecdsa-p256")), other)
    delivery = deploy(wrong, replace(site.deployment, reload=reload))
    assert (delivery.deployed, delivery.rolled_back) == (False, True)
    assert reason in delivery.because
    assert delivery.because.endswith("; the previous certificate is in place again")
    assert "key values mismatch" in site.web.log.read_text() + delivery.because
    assert site.in_place() == served
    assert set(site.clients.wait_for_more()) == {served}
    assert site.clients.problems == []


def test_settings_that_are_broken_keep_the_old_one_and_cost_no_second_issuing(site: Site) -> None:
    served, settings = site.in_place(), (site.web.folder / "servers.conf").read_text()
    site.web.configure(settings + "server { listen nowhere")
    state, because = site.renew()
    assert state is State.NOT_DEPLOYED
    assert "[emerg]" in because
    assert "the previous certificate is in place again" in because
    assert site.in_place() == served
    assert set(site.clients.wait_for_more()) == {served}
    kept = site.made.store.record("shop").current
    assert kept != served
    site.web.configure(settings)
    later = site.made.run(datetime.now(UTC) + timedelta(minutes=2))[0]
    assert (later.state, later.record.current) == (State.OK, kept), later
    assert set(site.clients.wait_for_more()[IN_FLIGHT:]) == {kept}
    assert site.clients.problems == []


def test_a_server_that_nobody_reloads_goes_on_with_the_old_one(site: Site) -> None:
    served = site.in_place()
    state, because = site.renew(reload=())
    assert state is State.NOT_DEPLOYED
    assert because.startswith(f"not deployed: 127.0.0.1:{site.clients.port} serves another certificate")
    assert site.in_place() == served
    assert set(site.clients.wait_for_more()) == {served}
    assert site.clients.problems == []


def _identity(chain: bytes) -> str:
    return keys.fingerprint(keys.chain(chain)[0])[:32]
