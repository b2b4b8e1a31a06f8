"""How what asks for pairs grows where no two workloads behave alike: at n, 2n and 4n workloads, ratios in one run.

    python -m benchmarks.distinct [WORKLOADS]

Namespaces of ten workloads with a Service and an account each, in a strict Istio mesh. Each namespace denies both
directions by default; each workload has a NetworkPolicy that admits three callers to its port and lets it call three
servers, an AuthorizationPolicy that names the same callers' accounts, and every tenth a DestinationRule. So every
workload is a kind of its own, hardly any pair passes, and the edges grow with the workloads, not with their square.

*edges* renders all of them as JSON, *groups* likewise by kinds, *verify* counts them for the overview, *checks* looks
for known mistakes; each starts from a network of which nothing is worked out.
"""

from __future__ import annotations

import sys
from typing import Any

import yaml

from benchmarks.growth import best, table
from ringfence.checks.finding import View
from ringfence.checks.registry import run
from ringfence.engine.connectivity import Connectivity
from ringfence.engine.overview import overview
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Witnesses
from ringfence.report import connectivity as report
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import documents
from ringfence.topology.kubernetes import Topology, build

STEPS = ("edges", "groups", "verify", "checks")
TOGETHER, CALLED = 10, (1, 11, 37)
"""Workloads in a namespace, and how far on from a workload the servers stand that it calls."""

ISTIO, NETWORK = "security.istio.io/v1", "networking.k8s.io/v1"
Object = dict[str, Any]


def measure(workloads: int) -> dict[str, float]:
    """Seconds for each step."""
    text = yaml.dump_all(document(workloads), Dumper=yaml.CSafeDumper)
    topology = build(from_documents(documents(text, "cluster.yaml"))[0])
    taken: dict[str, float] = {}
    _, taken["edges"] = best(lambda: _rendered(_fresh(topology), grouped=False))
    _, taken["groups"] = best(lambda: _rendered(_fresh(topology), grouped=True))
    _, taken["verify"] = best(lambda: overview(_fresh(topology).connectivity, topology.inside))
    _, taken["checks"] = best(lambda: run(_fresh(topology)))
    return taken


def _fresh(topology: Topology) -> View:
    connectivity = Connectivity(Reachability(topology.network))
    return View(topology, connectivity, Witnesses(connectivity.reach))


def _rendered(view: View, grouped: bool) -> object:
    return report.document(report.result(view.connectivity, view.witnesses, report.Wanted(), grouped))


def document(workloads: int) -> list[Object]:
    """The cluster as Kubernetes objects."""
    found = [_object("v1", "Namespace", "", "istio-system")]
    found.append(_object(ISTIO, "PeerAuthentication", "istio-system", "default", {"mtls": {"mode": "STRICT"}}))
    for place in range(workloads):
        if place % TOGETHER == 0:
            found += _namespace(_home(place))
        found += _workload(place)
        callers = [(place - step) % workloads for step in CALLED]
        servers = [(place + step) % workloads for step in CALLED]
        found += [_network_policy(place, callers, servers), _authorization(place, callers)]
        found += [_destination(place)] if place % 10 == 0 else []
    return found


def _home(place: int) -> str:
    return f"team-{place // TOGETHER}"


def _object(version: str, kind: str, namespace: str, name: str, spec: Object | None = None, **metadata: Any) -> Object:
    found: Object = {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}}
    found["metadata"] |= {"namespace": namespace} if namespace else {}
    return found | ({"spec": spec} if spec is not None else {})


def _namespace(name: str) -> tuple[Object, ...]:
    deny = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return (
        _object("v1", "Namespace", "", name, labels={"istio-injection": "enabled"}),
        _object(NETWORK, "NetworkPolicy", name, "default-deny", deny),
    )


def _workload(place: int) -> tuple[Object, ...]:
    labels = {"app": f"app-{place}"}
    pod = {
        "serviceAccountName": f"app-{place}",
        "containers": [{"name": "c", "image": "i", "ports": [{"containerPort": _port(place)}]}],
    }
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    service = {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": _port(place)}]}
    name, home = labels["app"], _home(place)
    return _object("apps/v1", "Deployment", home, name, spec), _object("v1", "Service", home, name, service)


def _port(place: int) -> int:
    return 8000 + place % 500


def _network_policy(place: int, callers: list[int], servers: list[int]) -> Object:
    spec = {
        "podSelector": {"matchLabels": {"app": f"app-{place}"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [_peer(one) for one in callers], "ports": [{"port": _port(place)}]}],
        "egress": [{"to": [_peer(one)], "ports": [{"port": _port(one)}]} for one in servers],
    }
    return _object(NETWORK, "NetworkPolicy", _home(place), f"app-{place}", spec)


def _peer(place: int) -> Object:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": _home(place)}},
        "podSelector": {"matchLabels": {"app": f"app-{place}"}},
    }


def _authorization(place: int, callers: list[int]) -> Object:
    accounts = [f"cluster.local/ns/{_home(one)}/sa/app-{one}" for one in callers]
    spec = {
        "selector": {"matchLabels": {"app": f"app-{place}"}},
        "rules": [{"from": [{"source": {"principals": accounts}}]}],
    }
    return _object(ISTIO, "AuthorizationPolicy", _home(place), f"app-{place}", spec)


def _destination(place: int) -> Object:
    host = f"app-{place}.{_home(place)}.svc.cluster.local"
    spec = {"host": host, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}
    return _object("networking.istio.io/v1", "DestinationRule", _home(place), f"app-{place}", spec)


def main() -> None:
    """Prints the table."""
    start = int(sys.argv[1]) if len(sys.argv) > 1 else 250
    table({size: measure(size) for size in (start, 2 * start, 4 * start)}, STEPS)


if __name__ == "__main__":
    main()
