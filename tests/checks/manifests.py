"""Small clusters as text, and what the checks are shown of them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ringfence.checks.finding import Finding, View
from ringfence.engine.connectivity import Connectivity
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Witnesses
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import documents
from ringfence.topology.kubernetes import build
from ringfence.topology.options import parse


def view(*manifests: str, readable: bool = True, **options: Any) -> View:
    """The view of a cluster; every manifest must be readable, unless that is said."""
    text = "---\n".join(one.strip() + "\n" for one in manifests)
    objects, diagnostics = from_documents(documents(text, "k8s.yaml"))
    assert not (readable and diagnostics), [str(one) for one in diagnostics]
    chosen, wrong = parse(options)
    assert not wrong
    topology = build(objects, chosen)
    reach = Reachability(topology.network)
    return View(topology, Connectivity(reach), Witnesses(reach))


def found(check: ModuleType, *manifests: str, **options: Any) -> list[Finding]:
    """What one check finds in a cluster."""
    return list(check.run(view(*manifests, **options)))


def messages(check: ModuleType, *manifests: str, **options: Any) -> list[str]:
    """The same as messages alone."""
    return [one.message for one in found(check, *manifests, **options)]


def namespace(name: str = "shop", /, **labels: str) -> str:
    """A declared namespace."""
    return f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {_flow(labels)}}}}}"


def deployment(
    name: str = "web", ports: str = "[]", namespace: str = "shop", spec: str = "", image: str = "i", **labels: str
) -> str:
    """A Deployment whose pods have the label `app: NAME`; `spec` is more of the pod's spec."""
    template = f"""template: {{metadata: {{labels: {_flow({"app": name} | labels)}}},
    spec: {{{spec}containers: [{{name: c, image: {image}, ports: {ports}}}]}}}}"""
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  {template}
"""


def pod(name: str = "web", namespace: str = "shop", spec: str = "", status: str = "{}", **labels: str) -> str:
    """A pod with the label `app: NAME`."""
    return f"""
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {_flow({"app": name} | labels)}}}
spec: {{{spec}containers: [{{name: c, image: i}}]}}
status: {status}
"""


def node(name: str = "n1", address: str = "10.9.0.1") -> str:
    """A node with one address."""
    status = f"{{addresses: [{{type: InternalIP, address: {address}}}]}}"
    return f"{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}, status: {status}}}"


def policy(
    name: str = "p",
    select: str = "{}",
    types: str = "[Ingress]",
    ingress: str = "[]",
    egress: str = "[]",
    namespace: str = "shop",
) -> str:
    """A NetworkPolicy; `select` is its podSelector."""
    rules = "".join(f"\n  {key}: {text}" for key, text in (("ingress", ingress), ("egress", egress)) if text != "[]")
    return f"""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  podSelector: {select}
  policyTypes: {types}{rules}
"""


def app(name: str) -> str:
    """A selector of the pods of a Deployment."""
    return f"{{matchLabels: {{app: {name}}}}}"


def service(name: str = "web", ports: str = "[{port: 80}]", more: str = "", namespace: str = "shop") -> str:
    """A Service that selects the Deployment of its name."""
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{app: {name}}}
  {more}
  ports: {ports}
"""


def ingress(service: str = "web", port: str = "{number: 80}", namespace: str = "shop") -> str:
    """An Ingress with one default backend."""
    return f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: front, namespace: {namespace}}}
spec:
  defaultBackend: {{service: {{name: {service}, port: {port}}}}}
"""


def _flow(labels: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in labels.items()) + "}"
