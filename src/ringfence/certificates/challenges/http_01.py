"""HTTP-01 (RFC 8555, 8.3): the key authorization under `/.well-known/acme-challenge/TOKEN`.

Either a listener of our own on the address and port that the name's port 80 leads to, or a file in the folder that a
web server already serves. A token that was not asked for is answered with 404, so the listener shows nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ringfence.certificates import files
from ringfence.certificates.challenges import Proof, listening
from ringfence.certificates.issuers import Unavailable
from ringfence.model.diagnostics import SourceError

WELL_KNOWN = "/.well-known/acme-challenge/"
PATIENCE = 10
"""Seconds that a client of the listener may take."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A web server for the time of the validation; an empty address listens everywhere."""

    address: str
    port: int

    @contextmanager
    def present(self, proofs: Sequence[Proof]) -> Iterator[None]:
        """Serves the proofs until the block ends."""
        content = {WELL_KNOWN + proof.token: proof.key_authorization.encode() for proof in proofs}

        class Handler(BaseHTTPRequestHandler):
            timeout = PATIENCE

            def do_GET(self) -> None:
                found = content.get(self.path.partition("?")[0])
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(len(found or b"")))
                self.end_headers()
                self.wfile.write(found or b"")

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing: who asked is the authority's affair."""

        listener = listening(self.address, self.port, "HTTP-01")
        server = ThreadingHTTPServer((self.address, self.port), Handler, bind_and_activate=False)
        server.socket.close()
        server.socket = listener
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@dataclass(frozen=True, slots=True)
class Webroot:
    """The folder that a web server serves as `/`."""

    folder: Path

    @contextmanager
    def present(self, proofs: Sequence[Proof]) -> Iterator[None]:
        """Keeps a file per proof until the block ends. They are readable by everybody, as the authority must."""
        place = self.folder / WELL_KNOWN.strip("/")
        try:
            files.make_folder(place.parent, 0o755)
            files.make_folder(place, 0o755)
            for proof in proofs:
                files.write(place / proof.token, proof.key_authorization.encode(), files.PUBLIC)
            yield
        except SourceError as failure:
            raise Unavailable(f"the webroot {failure}") from failure
        finally:
            for proof in proofs:
                with suppress(OSError):
                    (place / proof.token).unlink(missing_ok=True)
