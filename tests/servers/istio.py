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
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):  # Istio's own log goes the same way while the process starts
                found = json.loads(line)
                break
        else:
            raise RuntimeError("the process has ended")
        if "error" in found:
            raise RuntimeError(found["error"])
        modes = {int(port): mode for port, mode in (found["modes"] or {}).items()}
        lists = (tuple(found[name] or ()) for name in ("admission", "http", "tcp", "ztunnel"))
        admission, http, tcp, ztunnel = lists
        return Answer(admission, http, tcp, modes, ztunnel)


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
