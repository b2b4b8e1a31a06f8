"""External authorizers that always say the same, over HTTP and over gRPC, and their clusters as Istio names them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import grpc

PORT = 9000
"""The port that the mesh configuration names; where the authorizer really is, the cluster says."""
HOSTS = {f"{protocol}-{decision}.authz": "authz" for protocol in ("http", "grpc") for decision in ("allow", "deny")}
"""Host names of all four, with their namespace."""

CHECK = "/envoy.service.auth.v3.Authorization/Check"
ANSWERS = {"allow": b"\x0a\x00", "deny": b"\x0a\x02\x08\x07"}
"""A CheckResponse with a `google.rpc.Status`: OK, or PERMISSION_DENIED."""


def provider(name: str, protocol: str, decision: str) -> dict[str, Any]:
    """An extension provider of the mesh configuration."""
    kind = {"http": "envoyExtAuthzHttp", "grpc": "envoyExtAuthzGrpc"}[protocol]
    return {"name": name, kind: {"service": f"authz/{protocol}-{decision}.authz", "port": PORT}}


@contextmanager
def authorizers() -> Iterator[list[dict[str, Any]]]:
    """Runs all four until the block ends; yields Envoy's clusters of them."""
    calls = ThreadPoolExecutor(4)
    servers, clusters, stubs = [], [], []
    for decision in ("allow", "deny"):
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler({"allow": 200, "deny": 403}[decision]))
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        clusters.append(_cluster(f"http-{decision}.authz", server.server_address[1]))
        stub = grpc.server(calls)
        stub.add_generic_rpc_handlers((_Check(decision),))
        clusters.append(_cluster(f"grpc-{decision}.authz", stub.add_insecure_port("127.0.0.1:0"), http2=True))
        stub.start()
        stubs.append(stub)
    try:
        yield clusters
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for stub in stubs:
            stub.stop(None).wait()
        calls.shutdown()


def _handler(status: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self.send_response(status)  # whatever the method
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


class _Check(grpc.GenericRpcHandler):  # type: ignore[misc] # grpc has no types
    def __init__(self, decision: str) -> None:
        self.decision = decision

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        if handler_call_details.method != CHECK:
            return None
        return grpc.unary_unary_rpc_method_handler(lambda request, context: ANSWERS[self.decision])


def _cluster(host: str, port: int, http2: bool = False) -> dict[str, Any]:
    name = f"outbound|{PORT}||{host}"
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    cluster: dict[str, Any] = {
        "name": name,
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
    if http2:
        kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        options = {"@type": f"type.googleapis.com/{kind}", "explicit_http_config": {"http2_protocol_options": {}}}
        cluster["typed_extension_protocol_options"] = {kind: options}
    return cluster
