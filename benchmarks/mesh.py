"""How a cluster in a mesh grows: parse, lower, solve, check and report, at n, 2n and 4n namespaces, ratios in one run.

    python -m benchmarks.mesh [NAMESPACES]

A namespace has ten workloads with a Service and an account each, five AuthorizationPolicies (every third asks for
methods and paths, every tenth denies) and up to three DestinationRules; every fourth namespace is ambient, the others
have sidecars, every fifth is PERMISSIVE in a mesh that is STRICT. So 200 namespaces are 2,000 workloads, 1,000 policies
and 500 DestinationRules, and hardly two workloads behave alike: the worst that a mesh can be.

*Solve* selects everybody for every chain and finds the kinds of workloads; *check* solves anew and
looks for known mistakes; *report* renders the edges among the workloads of the first namespaces.
"""

from __future__ import annotations

import sys
from typing import Any

import yaml

from benchmarks.growth import best, table
from ringfence.checks.finding import View
from ringfence.checks.registry import run
from ringfence.engine.connectivity import Connectivity
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Witnesses
from ringfence.model.networks import Network
from ringfence.report import connectivity as report
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import documents
from ringfence.topology.kubernetes import Topology, build

STEPS = ("parse", "lower", "solve", "check", "report")
WORKLOADS, POLICIES = 10, 5
"""In each namespace."""

REPORTED = 5
"""Namespaces whose edges are rendered: pairs grow with the square, and nobody reads them all."""

SECURITY, NETWORKING = "security.istio.io/v1", "networking.istio.io/v1"
Object = dict[str, Any]


def measure(namespaces: int) -> dict[str, float]:
    """Seconds for each step."""
    text = yaml.dump_all(document(namespaces), Dumper=yaml.CSafeDumper)
    taken: dict[str, float] = {}
    read, taken["parse"] = best(lambda: from_documents(documents(text, "mesh.yaml"))[0])
    topology, taken["lower"] = best(lambda: build(read))
    connectivity, taken["solve"] = best(lambda: _solved(topology.network))
    _, taken["check"] = best(lambda: run(_view(topology)))
    witnesses = Witnesses(connectivity.reach)
    some = frozenset(name for name in connectivity.workloads if name.startswith(_shown(namespaces)))
    wanted = report.Wanted(some, some)
    _, taken["report"] = best(lambda: report.document(report.result(connectivity, witnesses, wanted)))
    return taken


def _solved(network: Network) -> Connectivity:
    found = Connectivity(Reachability(network))
    assert found.kinds
    return found


def _view(topology: Topology) -> View:
    connectivity = _solved(topology.network)
    return View(topology, connectivity, Witnesses(connectivity.reach))


def _shown(namespaces: int) -> tuple[str, ...]:
    return tuple(f"team-{place}/" for place in range(min(REPORTED, namespaces)))


def document(namespaces: int) -> list[Object]:
    """The cluster as Kubernetes objects."""
    found = [_thing("v1", "Namespace", "", "istio-system"), _strictness("istio-system", "STRICT")]
    for place in range(namespaces):
        name = f"team-{place}"
        labels = {"istio-injection": "enabled"} if place % 4 else {"istio.io/dataplane-mode": "ambient"}
        found.append(_thing("v1", "Namespace", "", name, labels=labels))
        found += [_strictness(name, "PERMISSIVE")] if place % 5 == 0 else []
        for number in range(WORKLOADS):
            found += _workload(name, number)
        found += [_policy(place, number, namespaces) for number in range(POLICIES)]
        found += [_destination(name, number) for number in range(2 + place % 2)]
    return found


def _thing(version: str, kind: str, namespace: str, name: str, spec: Object | None = None, **metadata: Any) -> Object:
    found: Object = {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}}
    found["metadata"] |= {"namespace": namespace} if namespace else {}
    return found | ({"spec": spec} if spec is not None else {})


def _strictness(namespace: str, mode: str) -> Object:
    return _thing(SECURITY, "PeerAuthentication", namespace, "default", {"mtls": {"mode": mode}})


def _workload(namespace: str, number: int) -> tuple[Object, Object]:
    name, port = f"app-{number}", 8000 + number
    container = {"name": "c", "image": "i", "ports": [{"containerPort": port}]}
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"serviceAccountName": name, "containers": [container]},
    }
    deployment = {"selector": {"matchLabels": {"app": name}}, "template": template}
    protocol = "tcp" if number % 3 == 0 else "http"
    service = {"selector": {"app": name}, "ports": [{"name": protocol, "port": 80, "targetPort": port}]}
    return (
        _thing("apps/v1", "Deployment", namespace, name, deployment),
        _thing("v1", "Service", namespace, name, service),
    )


def _policy(place: int, number: int, namespaces: int) -> Object:
    """A rule for one caller by its account, and for the callers of one namespace."""
    other = (place * 7 + number) % namespaces
    account = f"cluster.local/ns/team-{other}/sa/app-{(place + number) % WORKLOADS}"
    operation: Object = {"ports": [str(8000 + number)]}
    operation |= {"methods": ["GET"], "paths": ["/api/*"]} if number % 3 == 1 else {}
    sources = [{"source": {"principals": [account]}}, {"source": {"namespaces": [f"team-{(other + 1) % namespaces}"]}}]
    spec = {
        "selector": {"matchLabels": {"app": f"app-{number}"}},
        "action": "DENY" if (place * POLICIES + number) % 10 == 0 else "ALLOW",
        "rules": [{"from": sources, "to": [{"operation": operation}]}],
    }
    return _thing(SECURITY, "AuthorizationPolicy", f"team-{place}", f"policy-{number}", spec)


def _destination(namespace: str, number: int) -> Object:
    mode = "DISABLE" if number == 2 else "ISTIO_MUTUAL"
    spec = {"host": f"app-{number}.{namespace}.svc.cluster.local", "trafficPolicy": {"tls": {"mode": mode}}}
    return _thing(NETWORKING, "DestinationRule", namespace, f"rule-{number}", spec)


def main() -> None:
    """Prints the table."""
    start = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    sizes = [start, 2 * start, 4 * start]
    table({size: measure(size) for size in sizes}, STEPS)


if __name__ == "__main__":
    main()
