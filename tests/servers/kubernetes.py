"""A real kube-apiserver on etcd, and its word on a manifest: `?dryRun=All` validates a document as if to store it.

The paths of the API come from the server's own discovery, so a manifest names its kind and nothing else is needed.
"""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.processes import free_port, listens, running, tool

TOKEN = "test-token"


@dataclass
class ApiServer:
    """A client of one API server; `dry_run` is what tests want."""

    port: int
    paths: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)
    connection: http.client.HTTPSConnection | None = None

    def request(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        """Sends one request over the kept connection; returns status and JSON (or text).

        A server closes what was idle for long, so a request that a kept connection does not take goes over a new one.
        """
        kept = self.connection is not None
        try:
            return self._request(method, path, document)
        except (ssl.SSLEOFError, ConnectionError, http.client.RemoteDisconnected):
            if not kept:
                raise
            return self._request(method, path, document)

    def _request(self, method: str, path: str, document: Any) -> tuple[int, Any]:
        if self.connection is None:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # a server of our own on loopback that made its certificate itself
            self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=30)
        body = None if document is None else json.dumps(document)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            content = response.read()
        except (http.client.HTTPException, OSError):
            self.close()
            raise
        is_json = (response.getheader("Content-Type") or "").startswith("application/json")
        return response.status, json.loads(content) if is_json else content.decode()

    def close(self) -> None:
        """Drops the connection; the next request opens another."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def ready(self) -> bool:
        """Whether the server serves."""
        try:
            return listens(self.port) and self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def path(self, api_version: str, kind: str) -> tuple[str, bool]:
        """The plural path segment of a kind and whether it lives in a namespace, from the server's discovery."""
        if (api_version, kind) not in self.paths:
            root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
            status, found = self.request("GET", root)
            for one in found["resources"] if status == 200 else []:
                if "/" not in one["name"]:
                    self.paths[api_version, one["kind"]] = (f"{root}/{{}}{one['name']}", one["namespaced"])
        return self.paths[api_version, kind]

    def create(self, manifest: dict[str, Any], *, dry: bool = False) -> tuple[bool, str]:
        """Creates the object, or only validates it; returns whether it was accepted, and the server's message."""
        try:
            path, namespaced = self.path(manifest["apiVersion"], manifest["kind"])
        except KeyError:
            return False, f"no kind {manifest.get('kind')!r} in version {manifest.get('apiVersion')!r}"
        namespace = (manifest.get("metadata") or {}).get("namespace") or "default"
        place = path.format(f"namespaces/{namespace}/" if namespaced else "")
        query = "?fieldValidation=Strict" + ("&dryRun=All" if dry else "")
        status, answer = self.request("POST", place + query, manifest)
        return status in (200, 201), answer.get("message", "") if isinstance(answer, dict) else str(answer)

    def dry_run(self, manifest: dict[str, Any]) -> tuple[bool, str]:
        """The server's own word on a manifest, which is not stored: accepted or not, and why not."""
        return self.create(manifest, dry=True)


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Runs etcd and kube-apiserver until the block ends; both keep all they write in `folder`."""
    store, peers, port = free_port(), free_port(), free_port()
    key = folder / "service-account.key"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True, timeout=60)
    (folder / "tokens.csv").write_text(f"{TOKEN},admin,1,system:masters\n")
    etcd: list[str | Path] = ["etcd", "--data-dir", folder / "etcd"]
    etcd += [f"--listen-client-urls=http://127.0.0.1:{store}", f"--advertise-client-urls=http://127.0.0.1:{store}"]
    etcd += [f"--listen-peer-urls=http://127.0.0.1:{peers}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peers}"]
    etcd += [f"--initial-cluster=default=http://127.0.0.1:{peers}"]
    server: list[str | Path] = [
        tool("kube-apiserver", "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{store}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--disable-admission-plugins=ServiceAccount",
    ]
    client = ApiServer(port)
    try:
        with running(etcd, folder, lambda: listens(store)), running(server, folder, client.ready):
            yield client
    finally:
        client.close()
