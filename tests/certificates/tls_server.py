"""A TLS server that reads its certificate when it is told to reload, as real ones do.

`python -m tests.certificates.tls_server FOLDER PORT`: serves FOLDER/{fullchain,privkey}.pem, on SIGHUP reads them
again, and writes FOLDER-loaded (one line per load) when it has.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.processes import free_port


def serve(folder: Path, port: int) -> None:
    state: dict[str, ssl.SSLContext] = {}
    loaded = folder.with_name(f"{folder.name}-loaded")

    def load(*_: object) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "fullchain.pem", folder / "privkey.pem")
        state["now"] = context
        with loaded.open("a") as stream:
            stream.write("loaded\n")

    load()
    signal.signal(signal.SIGHUP, load)
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                connection.settimeout(5)
                state["now"].wrap_socket(connection, server_side=True).close()


@contextmanager
def running(folder: Path) -> Iterator[tuple[int, int]]:
    """The server's port and process id, until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "tests.certificates.tls_server", str(folder), str(port)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert process.poll() is None
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
