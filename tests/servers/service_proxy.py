"""Kubernetes' own kube-proxy on a real API server, deciding about real connections.

One node (`NODE`), the router of a `Wired` network, runs kube-proxy, the API server and its store. Pods of this node and
of another one, that other node, and hosts outside are on wires around it. Pods serve TCP 8080 and tell whoever connects
their name and whom they see.

kube-proxy hears of Services and of their EndpointSlices in two streams, each in order. What was written is in force
once the Service written last (a *bell*) leads to its pod; of those that went nothing is left by then.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.servers import kubernetes
from tests.servers.kubernetes import TOKEN, ApiServer
from tests.servers.manifests import Manifest
from tests.servers.namespaces import Namespace, Wired, inside, run, wired
from tests.servers.processes import free_port, running, tool

NODE, OTHER = "node-a", "node-b"
NODES = {NODE: "10.2.0.1", OTHER: "10.2.0.2"}
PODS = {"here": ("10.1.0.1", NODE), "near": ("10.1.0.2", NODE), "far": ("10.1.1.1", OTHER), "away": ("10.1.1.2", OTHER)}
OUTSIDE = {"office": "198.51.100.7", "world": "203.0.113.7"}
POD_CIDR, PORT = "10.1.0.0/16", 8080
WIRES = "169.254.1.1"
"""The node's address on every wire: what it masquerades with."""

SPACE, BELL = "shop", "bell"
SERVICES = f"/api/v1/namespaces/{SPACE}/services"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{SPACE}/endpointslices"


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered, and whom it saw: a pod's or host's name, or `node`."""

    server: str
    seen: str


@dataclass
class Proxied:
    """The running cluster: `offer` Services, then `dial`."""

    network: Wired
    server: ApiServer
    numbers: Iterator[int] = field(default_factory=count)

    def offer(self, services: Sequence[Manifest], behind: Mapping[str, Sequence[str]]) -> dict[str, Manifest]:
        """These Services and no others, by name, as they were stored; `behind` are the pods of each."""
        bell = f"{BELL}-{next(self.numbers)}"
        ringing = {"metadata": {"name": bell}, "spec": {"ports": [{"port": 80, "targetPort": PORT}]}}
        with inside(self.network.router):
            for path in (SERVICES, SLICES):
                for one in self._must("GET", path)["items"]:
                    self._must("DELETE", f"{path}/{one['metadata']['name']}")
            found = {}
            for service in (*services, ringing):
                name = service["metadata"]["name"]
                pods = behind.get(name, ("here",))
                found[name] = self._create(service)
                self._must("POST", SLICES, _slice(found[name], pods))
        address = found.pop(bell)["spec"]["clusterIP"]
        deadline = time.monotonic() + 30
        while not self.dial("near", address, 80):
            assert time.monotonic() < deadline, "kube-proxy does not follow"
        return found

    def dial(self, client: str, address: str, port: int) -> Answer | None:
        """What becomes of a connection: None where nobody answers."""
        space = self.network.router if client == NODE else self.network.hosts[client]
        with inside(space), suppress(OSError), socket.create_connection((address, port), timeout=0.4) as connection:
            server, _, seen = connection.recv(100).decode().partition(" ")
            return Answer(server, NAMES.get(seen, seen)) if server else None
        return None

    def _create(self, service: Manifest) -> Manifest:
        made: Manifest = self._must("POST", SERVICES, {**service, "apiVersion": "v1", "kind": "Service"})
        if "status" in service:
            made = self._must(
                "PUT", f"{SERVICES}/{made['metadata']['name']}/status", {**made, "status": service["status"]}
            )
        return made

    def _must(self, method: str, path: str, document: Any = None) -> Any:
        status, answer = self.server.request(method, path, document)
        assert status in (200, 201), (method, path, document, answer)
        return answer


NAMES = {
    **{address: name for name, (address, _) in PODS.items()},
    **{address: name for name, address in OUTSIDE.items()},
    **dict.fromkeys((*NODES.values(), WIRES), "node"),
}


def _slice(service: Manifest, pods: Sequence[str]) -> Manifest:
    name = service["metadata"]["name"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "ports": [{"name": one.get("name", ""), "port": PORT} for one in service["spec"]["ports"]],
        "endpoints": [
            {"addresses": [PODS[one][0]], "nodeName": PODS[one][1], "conditions": {"ready": True}} for one in pods
        ],
    }


@contextmanager
def proxied(folder: Path, mode: str) -> Iterator[Proxied]:
    """The cluster, until the block ends. `mode` is kube-proxy's: `iptables` or `nftables`."""
    hosts = {name: [address] for name, (address, _) in PODS.items()}
    hosts |= {OTHER: [NODES[OTHER]], **{name: [address] for name, address in OUTSIDE.items()}}
    with wired(hosts) as network, ExitStack() as stack:
        with inside(network.router):
            run(["ip", "address", "add", f"{NODES[NODE]}/32", "dev", "lo"])
            server = stack.enter_context(kubernetes.api_server(folder))
            found = Proxied(network, server)
            found._must("POST", "/api/v1/namespaces", {"metadata": {"name": SPACE}})
            for name, address in NODES.items():
                node = found._must("POST", "/api/v1/nodes", {"metadata": {"name": name}})
                node["status"]["addresses"] = [{"type": "InternalIP", "address": address}]
                found._must("PUT", f"/api/v1/nodes/{name}/status", node)
            health = free_port()
            command: list[str | Path] = [tool("kube-proxy", "kube-proxy"), "--config"]
            command.append(_config(folder, mode, server.port, health))
            stack.enter_context(running(command, folder, lambda: _healthy(health)))
        for name in PODS:
            stack.enter_context(_serving(name, network.hosts[name]))
        yield found


def _healthy(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        return b"200 OK" in connection.recv(100)
    return False


def _config(folder: Path, mode: str, port: int, health: int) -> Path:
    access = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}}
        ],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (folder / "access.json").write_text(json.dumps(access))
    config = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": mode,
        "hostnameOverride": NODE,
        "clusterCIDR": POD_CIDR,
        "detectLocalMode": "ClusterCIDR",
        "clientConnection": {"kubeconfig": str(folder / "access.json")},
        "healthzBindAddress": f"127.0.0.1:{health}",
        "metricsBindAddress": f"127.0.0.1:{free_port()}",
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "iptables": {"minSyncPeriod": "0.1s", "syncPeriod": "30s"},
        "nftables": {"minSyncPeriod": "0.1s", "syncPeriod": "30s"},
    }
    (folder / "proxy.json").write_text(json.dumps(config))
    return folder / "proxy.json"


@contextmanager
def _serving(name: str, space: Namespace) -> Iterator[None]:
    """A server in a pod that says who it is and whom it sees."""
    with inside(space):
        listener = socket.create_server(("", PORT), backlog=64)

    def answer() -> None:
        while True:
            try:
                connection, (peer, *_) = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.sendall(f"{name} {peer}".encode())

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)
