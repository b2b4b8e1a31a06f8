"""Endpoints: `openssl s_server`, nginx and PostgreSQL as they are, and peers that do everything wrong."""

from __future__ import annotations

import pwd
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.model.diagnostics import InputError
from ringfence.resources.certificates import Served
from ringfence.sources.endpoints import Endpoint, parse, probe, probe_all
from tests.certificates.making import authority, key, leaf, pem
from tests.servers.nginx import nginx
from tests.servers.processes import free_port, listens, running

ROOT = authority("root")
MIDDLE = authority("middle", ROOT)
LEAF = leaf(MIDDLE, "a.example")
OTHER = leaf(MIDDLE, "b.example", own_key=key("b"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.example", Endpoint("a.example", 443)),
        ("a.example:8443", Endpoint("a.example", 8443)),
        ("a.example:25", Endpoint("a.example", 25, "smtp")),
        ("a.example:5432", Endpoint("a.example", 5432, "postgres")),
        ("tls://a.example:25", Endpoint("a.example", 25)),
        ("imap://a.example:1143", Endpoint("a.example", 1143, "imap")),
        ("https://a.example/", Endpoint("a.example", 443)),
        ("[2001:db8::1]:443", Endpoint("2001:db8::1", 443)),
        ("[2001:db8::1]", Endpoint("2001:db8::1", 443)),
        ("2001:db8::1", Endpoint("2001:db8::1", 443)),
    ],
)
def test_names_of_endpoints(text: str, expected: Endpoint) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", ":443", "a:b", "a:0", "a:65536", "ftp://a:21", "a b:1", "[::1", "a:\u0661", "x/y"]
)
def test_what_names_none(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)


@given(st.text(max_size=20))
def test_any_text_is_an_endpoint_or_an_input_error(text: str) -> None:
    with suppress(InputError):
        assert 1 <= parse(text).port <= 65535


def test_server_names() -> None:
    assert Endpoint("a.example").sni == "a.example"
    assert Endpoint("192.0.2.1").sni == ""
    assert Endpoint("192.0.2.1", server_name="b.example").sni == "b.example"
    assert Endpoint("2001:db8::1", 1).title == "[2001:db8::1]:1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("served")
    (place / "leaf.pem").write_bytes(LEAF.pem)
    (place / "chain.pem").write_bytes(pem(LEAF, MIDDLE))
    (place / "middle.pem").write_bytes(MIDDLE.pem)
    (place / "key.pem").write_bytes(LEAF.key_pem)
    (place / "other.pem").write_bytes(pem(OTHER, MIDDLE))
    (place / "other-key.pem").write_bytes(OTHER.key_pem)
    return place


def ders(served: Served) -> list[bytes]:
    return [one.der for one in served.certificates]


def test_openssl_s_server_shows_its_whole_chain_and_obeys_the_name(folder: Path, tmp_path: Path) -> None:
    port = free_port()
    command: list[str | Path] = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", "-naccept", "9"]
    command += ["-cert", folder / "leaf.pem", "-key", folder / "key.pem", "-cert_chain", folder / "middle.pem"]
    command += ["-servername", "b.example", "-cert2", folder / "other.pem", "-key2", folder / "other-key.pem"]
    with running(command, tmp_path, lambda: listens(port)):
        plain = probe(Endpoint("127.0.0.1", port), 5)
        named = probe(Endpoint("127.0.0.1", port, server_name="b.example"), 5)
    assert plain.problem == named.problem == ""
    assert ders(plain) == [LEAF.der, MIDDLE.der]
    assert plain.protocol == "TLSv1.3"
    assert plain.complete
    assert ders(named)[0] == OTHER.der
    assert named.server_name == "b.example"


SITES = """
ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
server {{ listen 127.0.0.1:{port} ssl; server_name a.example; }}
server {{
  listen 127.0.0.1:{port} ssl; server_name b.example;
  ssl_certificate {folder}/other.pem; ssl_certificate_key {folder}/other-key.pem;
}}
"""


def test_nginx(folder: Path, tmp_path: Path) -> None:
    port = free_port()
    with nginx(tmp_path, SITES.format(folder=folder, port=port), port):
        names = ["a.example", "b.example"] * 10
        found = probe_all([Endpoint("127.0.0.1", port, server_name=name) for name in names], 10, workers=8)
    assert [one.problem for one in found] == [""] * 20
    assert [ders(one) for one in found] == [[LEAF.der, MIDDLE.der], [OTHER.der, MIDDLE.der]] * 10


def test_postgresql(folder: Path, tmp_path: Path) -> None:
    """The real server, as the user postgres where the test runs as root: it refuses to run as root."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert programs, "PostgreSQL is missing: run scripts/debian-packages"
    data, port = tmp_path / "data", free_port()
    user = pwd.getpwnam("postgres")
    import os

    def drop() -> list[str]:
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]

    before = drop() if os.geteuid() == 0 else []
    data.mkdir()
    for parent in [data, tmp_path, *tmp_path.parents]:
        if parent == Path("/tmp"):
            break
        if os.geteuid() == 0 and parent != data:
            parent.chmod(parent.stat().st_mode | 0o055)
    if before:
        os.chown(data, user.pw_uid, user.pw_gid)
    initdb = [*before, str(programs[-1] / "initdb"), "-D", str(data), "-A", "trust", "-N", "--no-instructions"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=data, timeout=60)
    for name in ("chain.pem", "key.pem"):
        shutil.copy(folder / name, data / name)
        (data / name).chmod(0o600)
        if before:
            os.chown(data / name, user.pw_uid, user.pw_gid)
    options = {"ssl": "on", "ssl_cert_file": "chain.pem", "ssl_key_file": "key.pem", "unix_socket_directories": ""}
    options |= {"listen_addresses": "127.0.0.1", "port": str(port), "fsync": "off"}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    command: list[str | Path] = [*before, programs[-1] / "postgres", "-D", data, *settings]
    with running(command, tmp_path, lambda: listens(port)):
        found = probe(Endpoint("127.0.0.1", port, "postgres"), 10)
        unprepared = probe(Endpoint("127.0.0.1", port), 5)
    assert found.problem == ""
    assert ders(found) == [LEAF.der, MIDDLE.der]
    assert "TLS failed" in unprepared.problem or unprepared.problem


@contextmanager
def peer(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that talks as the test says, for one connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(5)
                    talk(connection)
            except OSError:
                pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.close()
        thread.join(10)


def tls(connection: socket.socket, folder: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    with context.wrap_socket(connection, server_side=True) as stream:
        stream.recv(1)


def smtp(connection: socket.socket, folder: Path) -> None:
    with connection.makefile("rwb") as stream:
        stream.write(b"220-mail.example\r\n220 ready\r\n")
        stream.flush()
        assert stream.readline().startswith(b"EHLO")
        stream.write(b"250-mail.example\r\n250-SIZE 1\r\n250 STARTTLS\r\n")
        stream.flush()
        assert stream.readline() == b"STARTTLS\r\n"
        stream.write(b"220 go\r\n")
        stream.flush()
        tls(connection, folder)


def imap(connection: socket.socket, folder: Path) -> None:
    with connection.makefile("rwb") as stream:
        stream.write(b"* OK ready\r\n")
        stream.flush()
        assert stream.readline() == b"a STARTTLS\r\n"
        stream.write(b"* BYE soon\r\na OK go\r\n")
        stream.flush()
        tls(connection, folder)


@pytest.mark.parametrize(("protocol", "talk"), [("smtp", smtp), ("imap", imap)])
def test_starttls(protocol: str, talk: Callable[[socket.socket, Path], None], folder: Path) -> None:
    with peer(lambda connection: talk(connection, folder)) as port:
        found = probe(Endpoint("127.0.0.1", port, protocol), 5)
    assert found.problem == ""
    assert ders(found) == [LEAF.der, MIDDLE.der]


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def endless(connection: socket.socket) -> None:
    for _ in range(2000):
        connection.sendall(b"220-" + b"x" * 1000 + b"\r\n")


def one_line(connection: socket.socket) -> None:
    for _ in range(200):
        connection.sendall(b"220" + b"x" * 1000)


def dripping(connection: socket.socket) -> None:
    for _ in range(100):
        connection.sendall(b"\x16")
        time.sleep(0.05)


def saying(text: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(text)
        silent(connection)

    return talk


@pytest.mark.parametrize(
    ("protocol", "talk", "said"),
    [
        ("", silent, "in time"),
        ("", saying(b"HTTP/1.0 400 Bad Request\r\n\r\n"), "TLS failed"),
        ("", dripping, ""),
        ("", lambda connection: None, ""),
        ("smtp", silent, "in time"),
        ("smtp", endless, "does not end"),
        ("smtp", one_line, "does not end"),
        ("smtp", saying(b"554 no\r\n"), "554 no"),
        ("smtp", lambda connection: None, ""),
        ("imap", saying(b"* BYE\r\n"), "BYE"),
        ("imap", saying(b"* OK\r\n" + b"* x\r\n" * 200), "does not end"),
        ("imap", saying(b"* OK\r\na NO\r\n"), "a NO"),
        ("postgres", saying(b"N"), "no TLS here"),
        ("postgres", saying(b"x"), "no PostgreSQL"),
    ],
)
def test_peers_that_do_it_wrong(protocol: str, talk: Callable[[socket.socket], None], said: str) -> None:
    begun = time.monotonic()
    with peer(talk) as port:
        found = probe(Endpoint("127.0.0.1", port, protocol), 1)
    assert found.certificates == ()
    assert found.problem
    assert said in found.problem
    assert time.monotonic() - begun < 8
    assert found.seconds < 3


def test_nobody_there() -> None:
    assert probe(Endpoint("127.0.0.1", free_port()), 2).problem == "Connection refused"
    assert probe(Endpoint("no-such-host.invalid", 1), 2).problem
    assert probe(Endpoint("a" * 300, 1), 2).problem


@settings(max_examples=25)
@given(st.binary(max_size=60), st.sampled_from(["", "smtp", "imap", "postgres"]))
def test_random_answers_never_raise(answer: bytes, protocol: str) -> None:
    with peer(lambda connection: connection.sendall(answer)) as port:
        found = probe(Endpoint("127.0.0.1", port, protocol), 1)
    assert found.problem
