"""Istio's own code as a process (`tests/oracles/istio`), asked about policies and a workload."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.servers.processes import tool

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What Istio makes of a workload: see the fields of `answer` in `main.go`."""

    admission: tuple[str, ...]
    http: tuple[Any, ...]
    tcp: tuple[Any, ...]
    modes: Mapping[int, str]
    ztunnel: tuple[Any, ...]


@dataclass(frozen=True)
class Dial:
    """What a client's application connects to: an address, and the name that it means by it.

    `speaks`: `http`, `tcp` (perhaps TLS of its own); empty: either.
    """

    host: str
    address: str
    port: int
    speaks: str = ""


@dataclass(frozen=True)
class Sending:
    """Where a connection may come out, over which cluster of Envoy's, and how it is sent there: see `clients.go`."""

    cluster: str
    address: str
    port: int
    transport: str


class Istio:
    """The process, one question after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(
        self,
        objects: Iterable[Manifest],
        namespace: str = "",
        labels: Mapping[str, str] | None = None,
        ports: Iterable[int] = (),
        mesh: Mapping[str, Any] | None = None,
        hosts: Mapping[str, str] | None = None,
        multiple_providers: bool = False,
    ) -> Answer:
        """What Istio says of objects, and of a workload if a namespace is given. Raises RuntimeError if it cannot."""
        question = {
            "mesh": mesh or {},
            "objects": list(objects),
            "workload": {"namespace": namespace, "labels": dict(labels or {})},
            "ports": list(ports),
            "hosts": dict(hosts or {}),
            "multipleProviders": multiple_providers,
        }
        found = self._answer(question)
        modes = {int(port): mode for port, mode in (found["modes"] or {}).items()}
        lists = (tuple(found[name] or ()) for name in ("admission", "http", "tcp", "ztunnel"))
        admission, http, tcp, ztunnel = lists
        return Answer(admission, http, tcp, modes, ztunnel)

    def sent(
        self,
        objects: Iterable[Manifest],
        cluster: Iterable[Manifest],
        clients: Iterable[Manifest],
        dials: Iterable[Dial],
        mesh: Mapping[str, Any] | None = None,
    ) -> list[dict[Dial, tuple[Sending, ...]]]:
        """What the sidecar of each client, which is a pod of the cluster, makes of each of these connections."""
        wanted = list(dials)
        asked = [
            {
                "name": one["metadata"]["name"],
                "namespace": one["metadata"]["namespace"],
                "labels": one["metadata"]["labels"],
                "address": one["status"]["podIP"],
                "dials": [vars(dial) for dial in wanted],
            }
            for one in clients
        ]
        question = {"mesh": mesh or {}, "objects": list(objects), "cluster": list(cluster), "clients": asked}
        return [
            {dial: tuple(Sending(**one) for one in found) for dial, found in zip(wanted, of_client, strict=True)}
            for of_client in self._answer(question)["sent"]
        ]

    def _answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):  # Istio's own log goes the same way while the process starts
                found: dict[str, Any] = json.loads(line)
                break
        else:
            raise RuntimeError("the process has ended")
        if "error" in found:
            raise RuntimeError(found["error"])
        return found


@contextmanager
def istio() -> Iterator[Istio]:
    """Runs the oracle until the block ends."""
    process = subprocess.Popen(
        [tool("istio", "istio")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield Istio(process)
    finally:
        process.terminate()
        process.communicate(timeout=20)


ADDRESS = re.compile(r"(?<![\w.])(?:10|203|198|1|5)\.(\d+\.\d+\.\d+)")


def on_loopback(value: Any) -> Any:
    """The same with 127 as first number of every address, keys left alone: where a test can have them.

    The networks 10, 203, 198, 1 and 5 are those that manifests use. Prefix lengths of 8 and more stay right.
    """
    if isinstance(value, str):
        return ADDRESS.sub(r"127.\1", value)
    if isinstance(value, Mapping):
        return {key: on_loopback(inner) for key, inner in value.items()}
    return [on_loopback(inner) for inner in value] if isinstance(value, list | tuple) else value
