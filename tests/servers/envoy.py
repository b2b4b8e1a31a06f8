"""The real Envoy with the filters that Istio sends to a sidecar, and clients that ask it real requests.

Each `Sidecar` is a listener of its own on loopback, built like Istio's inbound listener: by destination port and
transport (TLS or not) it chooses a filter chain; an HTTP chain normalizes paths as the mesh says, then has the given
HTTP filters and answers 200 itself; a TCP chain has the given network filters and then echoes. TLS asks for a client's
certificate.

A client says with the PROXY protocol which address and port it dialled, as REDIRECT and `original_dst` tell a sidecar.
Its own address is one of 127.0.0.0/8, because rules on `ipBlocks` look at the peer's real address.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.servers.processes import running
from tests.servers.spiffe import Authority

EXTENSIONS = "type.googleapis.com/envoy.extensions"
Verdict = Literal["allowed", "denied", "refused", "malformed"]
"""Denied by a rule or a token; refused: no filter chain takes the transport; malformed: answered with 400 at once."""

NORMALIZED: Mapping[str, Mapping[str, Any]] = {
    "NONE": {"normalize_path": False},
    "BASE": {"normalize_path": True},
    "MERGE_SLASHES": {"normalize_path": True, "merge_slashes": True},
    "DECODE_AND_MERGE_SLASHES": {
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD",
    },
}
"""As istio `pilot/pkg/networking/core/listener_builder.go` sets the connection manager."""


ANY_PORT = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
"""Envoy says later which it took: one that is found beforehand may be taken by another when Envoy comes to it."""

WORDS = b"more bytes than are needed to see that this is not TLS"


@dataclass(frozen=True)
class Sidecar:
    """What stands before a workload. `ports`: `http` or `tcp`; `modes`: PERMISSIVE where none is given."""

    ports: Mapping[int, str]
    http: Sequence[Any] = ()
    tcp: Sequence[Any] = ()
    modes: Mapping[int, str] = field(default_factory=dict)
    normalization: str = "BASE"


@dataclass(frozen=True)
class Request:
    """One HTTP request as sent; `headers` beside Host."""

    method: str = "GET"
    path: str = "/"
    host: str = "web"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Connection:
    """Who dials whom: addresses of 127.0.0.0/8; `identity` empty for plaintext, `sni` for none."""

    source: str
    target: str
    port: int
    identity: str = ""
    sni: str = ""


class Envoy:
    """A running Envoy; `ask` is what tests want."""

    def __init__(self, authority: Authority, ports: Sequence[int]) -> None:
        self.authority = authority
        self.ports = ports

    def ask(self, sidecar: int, connection: Connection, request: Request | None = None) -> Verdict:
        """What becomes of a request, or of a connection with some bytes, at the sidecar of that index."""
        try:
            with self._open(self.ports[sidecar], connection) as stream:
                if request is None:
                    stream.sendall(WORDS)
                    return "allowed" if stream.recv(len(WORDS)) else "denied"
                stream.sendall(_written(request))
                status = _status(stream)
        except (ssl.SSLError, ConnectionError):
            return "refused" if request is not None or connection.identity else "denied"
        if status == 200:
            return "allowed"
        if status == 400:
            return "malformed"
        assert status in (401, 403), status
        return "denied"

    def _open(self, port: int, connection: Connection) -> socket.socket:
        stream = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(connection.source, 0))
        try:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            own = stream.getsockname()[1]
            stream.sendall(f"PROXY TCP4 {connection.source} {connection.target} {own} {connection.port}\r\n".encode())
            if connection.identity:
                return self.authority.client(connection.identity).wrap_socket(
                    stream, server_hostname=connection.sni or None
                )
        except BaseException:
            stream.close()
            raise
        return stream


def _written(request: Request) -> bytes:
    lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {request.host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _status(stream: socket.socket) -> int:
    received = b""
    while b"\r\n" not in received:
        more = stream.recv(65536)
        if not more:
            raise ConnectionError("no answer")
        received += more
    return int(received.split(b" ", 2)[1])


@contextmanager
def envoy(
    folder: Path, sidecars: Iterable[Sidecar], authority: Authority, clusters: Sequence[Any] = ()
) -> Iterator[Envoy]:
    """Runs Envoy with these sidecars until the block ends."""
    listeners = [_listener(index, sidecar, authority) for index, sidecar in enumerate(sidecars)]
    settings = {
        "admin": {"address": ANY_PORT},
        "static_resources": {"listeners": listeners, "clusters": list(clusters)},
    }
    bootstrap, place = folder / "envoy.json", folder / "envoy.admin"
    bootstrap.write_text(json.dumps(settings))
    place.unlink(missing_ok=True)
    # The program of the wheel replaces itself by the binary, so that its process id is Envoy's.
    program: list[str | Path] = [Path(sys.executable).with_name("envoy"), "--config-path", bootstrap]
    quiet = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
    with running([*program, "--admin-address-path", place, *quiet], folder, lambda: _get(place, "/ready") is not None):
        listening = json.loads(_get(place, "/listeners?format=json") or "{}")
        ports = {
            one["name"]: one["local_address"]["socket_address"]["port_value"] for one in listening["listener_statuses"]
        }
        yield Envoy(authority, [ports[one["name"]] for one in listeners])


def _get(place: Path, path: str) -> bytes | None:
    """What the admin interface, whose address Envoy writes to `place`, has there; None before it is ready."""
    if not place.exists():
        return None
    connection = http.client.HTTPConnection(place.read_text(), timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read() if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _typed(name: str, kind: str, **content: Any) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": f"{EXTENSIONS}.{kind}", **content}}


def _listener(index: int, sidecar: Sidecar, authority: Authority) -> dict[str, Any]:
    return {
        "name": f"sidecar-{index}",
        "address": ANY_PORT,
        "listener_filters": [
            _typed("proxy_protocol", "filters.listener.proxy_protocol.v3.ProxyProtocol"),
            _typed("tls_inspector", "filters.listener.tls_inspector.v3.TlsInspector"),
        ],
        "filter_chains": [
            _chain(sidecar, number, protocol, transport, authority)
            for number, protocol in sidecar.ports.items()
            for transport in _transports(sidecar.modes.get(number, "PERMISSIVE"))
        ],
    }


def _transports(mode: str) -> tuple[str, ...]:
    return {"STRICT": ("tls",), "DISABLE": ("raw_buffer",)}.get(mode, ("tls", "raw_buffer"))


def _chain(sidecar: Sidecar, port: int, protocol: str, transport: str, authority: Authority) -> dict[str, Any]:
    filters = (
        [_manager(sidecar)] if protocol == "http" else [*sidecar.tcp, _typed("echo", "filters.network.echo.v3.Echo")]
    )
    chain: dict[str, Any] = {
        "name": f"{port}-{transport}",
        "filter_chain_match": {"destination_port": port, "transport_protocol": transport},
        "filters": filters,
    }
    if transport == "tls":
        chain["transport_socket"] = _typed(
            "tls",
            "transport_sockets.tls.v3.DownstreamTlsContext",
            require_client_certificate=True,
            common_tls_context=_tls(authority),
        )
    return chain


def _tls(authority: Authority) -> dict[str, Any]:
    chain, secret = authority.certificate("spiffe://cluster.local/ns/shop/sa/server")
    return {
        "tls_certificates": [{"certificate_chain": {"filename": str(chain)}, "private_key": {"filename": str(secret)}}],
        "validation_context": {"trusted_ca": {"filename": str(authority.anchor)}},
    }


def _manager(sidecar: Sidecar) -> dict[str, Any]:
    answer = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
    hosts = [{"name": "all", "domains": ["*"], "routes": [answer]}]
    router = _typed("envoy.filters.http.router", "filters.http.router.v3.Router")
    return _typed(
        "manager",
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="inbound",
        use_remote_address=False,
        http_protocol_options={"allow_custom_methods": True},  # what HTTP/2 takes anyway
        http_filters=[*sidecar.http, router],
        route_config={"virtual_hosts": hosts},
        **NORMALIZED[sidecar.normalization],
    )
