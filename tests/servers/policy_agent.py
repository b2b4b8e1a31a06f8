"""SIG Network's own agent (`kube-network-policies`) on a real API server, deciding about real packets.

One node, the router of a `Wired` network, on which all pods run; the API server, its store and the agent run on it as
well, so that they need no way out. What is forwarded is queued by the kernel for the agent, which accepts or drops the
first packet of a connection by the policies that it was told of; the kernel's connection tracking lets the rest pass.

The agent queues with nftables' `queue`, which not every kernel has (it then says so and goes on); so the rules here do
it by iptables' NFQUEUE, to the same queue of the agent: where both are there, it says the same twice. It writes its
rules anew whenever pods of its own node are concerned, and with each change the kernel drops what is queued; so its
node is one without pods. What it decides does not depend on that.

**The bell.** Objects of one kind reach the agent in the order in which they were written. After those of a world one
more is changed, about pods that no other policy decides about, so that it opens one port which was closed: as soon as
a packet arrives there, the agent knows of all before it. There is a bell for NetworkPolicy and one for
AdminNetworkPolicy. BaselineAdminNetworkPolicy has none (there may be only one, `default`): it is written first.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from tests.servers import kubernetes
from tests.servers.flows import Flow, Flows
from tests.servers.kubernetes import TOKEN, ApiServer
from tests.servers.manifests import Manifest
from tests.servers.namespaces import Wired, inside, one_processor, run, wired
from tests.servers.processes import running, tool

NODE, AGENTS_NODE, QUEUE = "node-a", "agents", 100
RULES = f"""*mangle
-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A FORWARD -j NFQUEUE --queue-num {QUEUE}
COMMIT
"""

AF_NETLINK, NETLINK_NETFILTER, NFNL_SUBSYS_QUEUE = 16, 12, 3
REQUEST, ACKNOWLEDGE = 1, 4
CONFIG, CONFIG_COMMAND, BIND = 2, 1, 1

ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"
START = f"""mount -t tmpfs tmpfs /run && mkdir -p {ACCOUNT}
cp "$1/token" "$1/ca.crt" {ACCOUNT}/ && shift && exec "$@"
"""
"""Where an agent in a pod finds its credentials (/var/run is /run): in a mount namespace that it alone is in."""

GROUP = "policy.networking.k8s.io"
PATHS = {
    "BaselineAdminNetworkPolicy": f"/apis/{GROUP}/v1alpha1/baselineadminnetworkpolicies",
    "AdminNetworkPolicy": f"/apis/{GROUP}/v1alpha1/adminnetworkpolicies",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
}
"""Kinds in the order in which they are written."""

ADMIN_KINDS = ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy")

BELL = "bell"
ADDRESSES = {"ringer": "10.9.0.1", "NetworkPolicy": "10.9.0.2", "AdminNetworkPolicy": "10.9.0.3"}
"""The pods of the bell's namespace: who rings, and a bell for each kind."""


@dataclass
class Cluster:
    """The running cluster: `enforce` policies, then `ask` for flows."""

    network: Wired
    server: ApiServer
    flows: Flows
    namespaces: Sequence[str]
    bells: dict[str, Manifest] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    port: int = 1

    def enforce(self, policies: Iterable[Manifest]) -> None:
        """These policies and no others are in force when this returns, and no connection is known any more."""
        with inside(self.network.router):
            for path in PATHS.values():
                for space in self.namespaces if "{}" in path else ("",):
                    self.must("DELETE", f"{path.format(space)}?labelSelector=!fixed")
            for policy in sorted(policies, key=lambda one: list(PATHS).index(one["kind"])):
                self.create(policy)
            self.port = self.port % 60000 + 1
            for kind, before in self.bells.items():
                changed = {**before, "spec": _bell(kind, self.port)["spec"]}
                self.bells[kind] = self.must("PUT", f"{PATHS[kind].format(BELL)}/{BELL}", changed)
        for kind in self.bells:
            self.flows.wait(partial(self.bell, kind))
        with inside(self.network.router):
            run(["conntrack", "-F"])

    def bell(self, kind: str = "NetworkPolicy") -> Flow:
        """A flow that passes once all of the kind that was written is known."""
        return Flow(f"{BELL}/ringer", ADDRESSES[kind], f"sctp/{self.port}", number=next(self.numbers))

    def ask(self, flows: Sequence[Flow]) -> set[Flow]:
        """Which flows the kernel lets pass."""
        return self.flows.ask(flows, self.bell)

    def create(self, manifest: Manifest) -> Manifest:
        """The object as it was stored, with its status."""
        path, namespaced = self.server.path(manifest["apiVersion"], manifest["kind"])
        place = path.format(f"namespaces/{manifest['metadata'].get('namespace')}/" if namespaced else "")
        made: Manifest = self.must("POST", f"{place}?fieldValidation=Strict", manifest)
        if "status" in manifest:
            made["status"] = manifest["status"]
            made = self.must("PUT", f"{place}/{manifest['metadata']['name']}/status", made)
        return made

    def must(self, method: str, path: str, document: Any = None) -> Any:
        """The answer of the API server, which must not refuse."""
        status, answer = self.server.request(method, path, document)
        assert status in (200, 201), (method, path, document, answer)
        return answer


@contextmanager
def cluster(
    folder: Path, objects: Iterable[Manifest], outside: Mapping[str, Sequence[str]], ports: Mapping[str, Iterable[int]]
) -> Iterator[Cluster]:
    """Namespaces, nodes and pods with their addresses, each pod (`namespace/name`) on a wire; and hosts that are none.

    `ports` are served everywhere.
    """
    objects = [*objects, *_of_bells()]
    spaces = [one["metadata"]["name"] for one in objects if one["kind"] == "Namespace"]
    pods = [one for one in objects if one["kind"] == "Pod" and not one["spec"].get("hostNetwork")]
    hosts = {
        f"{one['metadata']['namespace']}/{one['metadata']['name']}": [each["ip"] for each in one["status"]["podIPs"]]
        for one in pods
    }
    with wired({**hosts, **outside}) as network, ExitStack() as stack:
        with inside(network.router):
            for program in ("iptables-restore", "ip6tables-restore"):
                run([program], RULES)
            server = stack.enter_context(kubernetes.api_server(folder))
            found = Cluster(network, server, stack.enter_context(closing(Flows(network))), spaces)
            for one in _kinds():
                found.create(one)
            _eventually(lambda: all(server.request("GET", PATHS[kind])[0] == 200 for kind in ADMIN_KINDS))
            for one in objects:
                found.create(one)
            for kind in ("NetworkPolicy", "AdminNetworkPolicy"):
                found.bells[kind] = found.create(_bell(kind, found.port))
            stack.enter_context(closing(_taken(QUEUE + 1)))
            stack.enter_context(one_processor())
            agent, environment = _agent(folder, server.port)
            stack.enter_context(running(agent, folder, _queue_is_read, environment))
        found.flows.serve(ports)
        yield found


def _taken(queue: int) -> socket.socket:
    """A queue that nobody else may have (linux/netfilter/nfnetlink_queue.h) while the socket is open.

    The agent would learn domain names by it. Where nftables cannot queue, it would then try to read a closed socket
    for ever; that it cannot have the queue, it takes.
    """
    one = socket.socket(AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    bind = struct.pack("=HHBBH", 8, CONFIG_COMMAND, BIND, 0, 0)
    head = struct.pack("=IHHII", 28, NFNL_SUBSYS_QUEUE << 8 | CONFIG, REQUEST | ACKNOWLEDGE, 0, 0)
    one.send(head + struct.pack("=BB", 0, 0) + struct.pack("!H", queue) + bind)
    (failed,) = struct.unpack_from("=i", one.recv(1000), 16)
    assert failed == 0, os.strerror(-failed)
    return one


def _agent(folder: Path, port: int) -> tuple[list[str | Path], dict[str, str]]:
    """Command line and environment. The agent finds the API server as from a pod: by a certificate and a token."""
    account = folder / "account"
    account.mkdir()
    (account / "token").write_text(TOKEN)
    (account / "ca.crt").write_bytes((folder / "certificates" / "apiserver.crt").read_bytes())
    command: list[str | Path] = ["unshare", "--mount", "sh", "-ec", START, "sh", account]
    command += [tool("kube-network-policies", "cmd"), f"--hostname-override={AGENTS_NODE}", f"--nfqueue-id={QUEUE}"]
    command += ["--admin-network-policy", "--baseline-admin-network-policy", "--netfilter-bug-1766-fix=false"]
    return command, {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(port)}


def _eventually(so: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "the kinds of cluster policies are not served"
        time.sleep(0.05)


def _queue_is_read() -> bool:
    queues = Path("/proc/thread-self/net/netfilter/nfnetlink_queue").read_text().splitlines()
    return any(line.split()[0] == str(QUEUE) for line in queues)


def _bell(kind: str, port: int) -> Manifest:
    """Opens one port of SCTP and closes all others."""
    if kind == "NetworkPolicy":
        one_port = {"protocol": "SCTP", "port": port}
        plain = {"podSelector": _named(kind), "policyTypes": ["Ingress"], "ingress": [{"ports": [one_port]}]}
        return _policy("networking.k8s.io/v1", kind, {"name": BELL, "namespace": BELL}, plain)
    everybody: list[dict[str, Any]] = [{"namespaces": {}}]
    opened = {"action": "Allow", "from": everybody, "ports": [{"portNumber": {"protocol": "SCTP", "port": port}}]}
    admin = {
        "priority": 0,
        "subject": {"pods": {"namespaceSelector": {}, "podSelector": _named(kind)}},
        "ingress": [opened, {"action": "Deny", "from": everybody}],
    }
    return _policy(f"{GROUP}/v1alpha1", kind, {"name": BELL}, admin)


def _of_bells() -> Iterator[Manifest]:
    """Namespace and pods, and a policy so that nobody else's decide about the ringer and the plain bell."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": BELL}}
    for name, address in ADDRESSES.items():
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name.lower(), "namespace": BELL, "labels": {"bell": name}},
            "spec": {"nodeName": NODE, "containers": [{"name": "main", "image": "none"}]},
            "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]},
        }
    others = {"matchExpressions": [{"key": "bell", "operator": "In", "values": ["ringer", "NetworkPolicy"]}]}
    first = {
        "priority": 0,
        "subject": {"pods": {"namespaceSelector": {}, "podSelector": others}},
        "egress": [{"action": "Allow", "to": [{"namespaces": {}}]}],
        "ingress": [{"action": "Pass", "from": [{"namespaces": {}}]}],
    }
    yield _policy(f"{GROUP}/v1alpha1", "AdminNetworkPolicy", {"name": "before-others"}, first)


def _named(name: str) -> dict[str, Any]:
    return {"matchLabels": {"bell": name}}


def _policy(version: str, kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> Manifest:
    """One that stays when a world's policies go."""
    return {"apiVersion": version, "kind": kind, "metadata": {**metadata, "labels": {"fixed": "yes"}}, "spec": spec}


def _kinds() -> Iterator[Manifest]:
    """The kinds of cluster policies, without their schemas: what is written is known to be right."""
    for kind in ADMIN_KINDS:
        plural = PATHS[kind].rpartition("/")[2]
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        yield {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": f"{plural}.{GROUP}",
                "annotations": {"api-approved.kubernetes.io": "unapproved, a test"},
            },
            "spec": {
                "group": GROUP,
                "scope": "Cluster",
                "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
                "versions": [{"name": "v1alpha1", "served": True, "storage": True, "schema": schema}],
            },
        }
