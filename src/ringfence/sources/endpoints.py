"""What endpoints serve: one TLS handshake each, many at once, without judging what is shown.

The handshake is made without verification, with the server's name as SNI, and everything that the peer sent is kept.
Nothing is sent behind it. A port that speaks another protocol first is asked to change to TLS: SMTP (RFC 3207), IMAP
(RFC 3501, 6.2.1), PostgreSQL (its SSLRequest). Which of them follows from the port unless it is said. What a peer sends
before TLS is bounded in length and in time, like everything else here.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from ringfence.model.diagnostics import InputError, error
from ringfence.model.spans import Span
from ringfence.resources.certificates import Encoded, Served
from ringfence.sources.files import Observer

STARTTLS_PORTS = {25: "smtp", 587: "smtp", 143: "imap", 5432: "postgres"}
PROTOCOLS = ("smtp", "imap", "postgres")
DEFAULT_PORT = 443
LONGEST_LINE = 4096
MOST_LINES = 100
POSTGRES_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to look. `server_name` empty: the host, unless that is an address."""

    host: str
    port: int = DEFAULT_PORT
    starttls: str = ""
    server_name: str = ""

    @property
    def title(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def sni(self) -> str:
        """The name that is asked for; empty asks for none."""
        if self.server_name or _is_address(self.host):
            return self.server_name
        return self.host


def parse(text: str, server_name: str = "", starttls: str | None = None) -> Endpoint:
    """`HOST`, `HOST:PORT`, `[V6]:PORT` or `PROTOCOL://HOST:PORT`; `starttls` None: what the port says, `none`: TLS.

    Raises `InputError` for what is none of them.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    wanted = {"": starttls, "tls": "none", "https": "none"}.get(scheme, scheme)
    host, port = _host_and_port(rest.rstrip("/") if separator else rest)
    number = DEFAULT_PORT if not port else int(port) if port.isascii() and port.isdigit() and len(port) < 6 else -1
    known = wanted is None or wanted == "none" or wanted in PROTOCOLS
    if not host or not 1 <= number <= 65535 or not known or any(c.isspace() or c == "/" for c in host):
        raise InputError(error(f"{text!r} is no endpoint", Span(), "write HOST:PORT, or smtp://HOST:PORT"))
    chosen = STARTTLS_PORTS.get(number, "") if wanted is None else wanted
    return Endpoint(host, number, "" if chosen == "none" else chosen, server_name)


def probe_all(
    endpoints: Sequence[Endpoint], seconds: float = 10, workers: int = 32, progress: Observer | None = None
) -> list[Served]:
    """What each endpoint serves, in their order; `workers` of them are asked at once."""
    found: list[Served] = []
    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(endpoints)))) as pool:
        for served in pool.map(lambda one: probe(one, seconds), endpoints):
            found.append(served)
            if progress:
                progress(len(found), len(endpoints))
    return found


def probe(endpoint: Endpoint, seconds: float = 10) -> Served:
    """What one endpoint serves. A failure is a `problem`, never an exception; nothing takes longer than `seconds`."""
    begun = time.monotonic()
    deadline = begun + seconds
    try:
        with socket.create_connection((endpoint.host, endpoint.port), seconds) as connection:
            if endpoint.starttls:
                PREPARE[endpoint.starttls](_Line(connection, deadline))
            connection.settimeout(max(deadline - time.monotonic(), 0.01))
            with _context().wrap_socket(
                connection, server_hostname=endpoint.sni or None, do_handshake_on_connect=False
            ) as tls:
                _handshake(tls, deadline)
                chain, complete = _chain(tls)
                protocol = tls.version() or ""
    except (OSError, ValueError, _Refused) as failure:
        return _served(endpoint, begun, problem=_reason(failure))
    encoded = tuple(Encoded(der, Span("", endpoint.title)) for der in chain)
    problem = "" if encoded else "it showed no certificate"
    return _served(endpoint, begun, encoded, protocol, complete, problem)


def _served(
    endpoint: Endpoint,
    begun: float,
    certificates: tuple[Encoded, ...] = (),
    protocol: str = "",
    complete: bool = True,
    problem: str = "",
) -> Served:
    return Served(
        endpoint.title,
        endpoint.sni or endpoint.host,
        endpoint.starttls,
        certificates,
        protocol,
        complete,
        problem,
        time.monotonic() - begun,
    )


def _context() -> ssl.SSLContext:
    """A client that takes everything: old protocols and weak keys are to be seen, not refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _handshake(tls: ssl.SSLSocket, deadline: float) -> None:
    """A handshake within the deadline: a peer that sends a byte now and then resets a socket's own timeout."""
    tls.settimeout(0)
    import select

    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no TLS handshake in time")
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            select.select([tls], [], [], left)
        except ssl.SSLWantWriteError:
            select.select([], [tls], [], left)
        else:
            tls.settimeout(max(left, 0.01))
            return


def _chain(tls: ssl.SSLSocket) -> tuple[list[bytes], bool]:
    """Everything that the peer sent, the leaf first. Python has this as a public method from 3.13 on."""
    public: Callable[[], list[bytes]] | None = getattr(tls, "get_unverified_chain", None)
    if public is not None:
        return list(public()), True
    inner: Any = getattr(tls, "_sslobj", None)
    if inner is not None and hasattr(inner, "get_unverified_chain"):
        return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in inner.get_unverified_chain() or ()], True
    leaf = tls.getpeercert(binary_form=True)
    return ([leaf] if leaf else []), False


class _Refused(Exception):
    """The peer does not change to TLS, and what it said."""


class _Line:
    """Lines of a protocol before TLS, bounded; read one byte at a time, so that nothing of TLS is taken away."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection, self.deadline = connection, deadline

    def read(self) -> str:
        """The next line without its end."""
        line = b""
        while not line.endswith(b"\n"):
            line += self.receive()
            if len(line) > LONGEST_LINE:
                raise _Refused("it sent a line that does not end")
        return line.decode("latin-1").rstrip("\r\n")

    def receive(self) -> bytes:
        """One byte."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self.connection.settimeout(left)
        byte = self.connection.recv(1)
        if not byte:
            raise _Refused("it closed the connection")
        return byte

    def send(self, content: bytes) -> None:
        """Sends it all."""
        self.connection.sendall(content)


def _smtp(line: _Line) -> None:
    _smtp_reply(line, "220")
    line.send(b"EHLO ringfence.invalid\r\n")
    _smtp_reply(line, "250")
    line.send(b"STARTTLS\r\n")
    _smtp_reply(line, "220")


def _smtp_reply(line: _Line, code: str) -> None:
    """A reply of one or more lines (RFC 5321, 4.2.1)."""
    for _ in range(MOST_LINES):
        text = line.read()
        if not text.startswith(code):
            raise _Refused(f"it said {text[:80]!r}")
        if text[3:4] != "-":
            return
    raise _Refused("its reply does not end")


def _imap(line: _Line) -> None:
    greeting = line.read()
    if not greeting.upper().startswith("* OK"):
        raise _Refused(f"it said {greeting[:80]!r}")
    line.send(b"a STARTTLS\r\n")
    for _ in range(MOST_LINES):
        text = line.read()
        if text.upper().startswith("A OK"):
            return
        if not text.startswith("*"):
            raise _Refused(f"it said {text[:80]!r}")
    raise _Refused("its reply does not end")


def _postgres(line: _Line) -> None:
    line.send(POSTGRES_SSL_REQUEST)
    answer = line.receive()
    if answer != b"S":
        raise _Refused("PostgreSQL has no TLS here" if answer == b"N" else "it is no PostgreSQL")


PREPARE: dict[str, Callable[[_Line], None]] = {"smtp": _smtp, "imap": _imap, "postgres": _postgres}


def _host_and_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        return (host, rest[1:]) if closed and (rest.startswith(":") or not rest) else ("", "")
    if text.count(":") > 1:
        return text, ""
    host, _, port = text.partition(":")
    return host, port


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _reason(failure: Exception) -> str:
    if isinstance(failure, TimeoutError):
        return "no answer in time"
    if isinstance(failure, ssl.SSLError):
        return f"TLS failed: {failure.reason or failure}"
    if isinstance(failure, OSError) and failure.strerror:
        return failure.strerror
    return str(failure) or type(failure).__name__
