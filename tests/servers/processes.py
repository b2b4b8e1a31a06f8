"""Real servers as child processes: on loopback, in a folder of their own, ended by process id."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

TOOLS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ringfence" / "tools"
"""Where `scripts/build-tools` puts what it built."""


def tool(folder: str, name: str) -> Path:
    """A program that `scripts/build-tools` built; a missing one fails the test and says how to get it."""
    place = TOOLS / folder / name
    if not place.exists():
        raise FileNotFoundError(f"{place} is missing: run scripts/build-tools {folder}")
    return place


CANDIDATES = list(range(10240, 32768))
"""Below the ports that Linux gives to clients: no connection of anybody takes one before its server does."""
random.SystemRandom().shuffle(CANDIDATES)


def free_port() -> int:
    """A port of TCP and UDP that nobody has right now, and a different one each time: for who can't be told port 0."""
    while CANDIDATES:
        port = CANDIDATES.pop()
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams, suppress(OSError):
            stream.bind(("", port))
            datagrams.bind(("", port))
            return port
    raise RuntimeError("no port is free")


@contextmanager
def running(
    command: list[str | Path],
    folder: Path,
    ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> Iterator[Path]:
    """Runs a server until the block ends; yields its log file once `ready` says so.

    A server that ends early, or is not ready in time, raises with the end of its log.
    """
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env={**os.environ, **(environment or {})},
        )
    try:
        deadline = time.monotonic() + seconds
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-4000:]
                raise RuntimeError(f"{Path(command[0]).name} is not ready (exit code {process.poll()}):\n{tail}")
            time.sleep(0.1)
        yield log
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=20)


def listens(port: int) -> bool:
    """Whether somebody takes connections on that loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
