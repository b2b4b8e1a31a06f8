"""Small meshes as text, beside `manifests`."""

from __future__ import annotations

from .manifests import _flow

ISTIO = {"istio-injection": "enabled"}
AMBIENT = {"istio.io/dataplane-mode": "ambient"}
LINKERD = {"linkerd.io/inject": "enabled"}


def meshed(name: str = "shop", /, labels: dict[str, str] | None = None, **annotations: str) -> str:
    """A namespace in Istio's mesh, or with these labels and annotations (`_` for `/`, of Linkerd's configuration)."""
    written = _flow({key.replace("_", "-"): value for key, value in annotations.items()})
    chosen = _flow(ISTIO if labels is None else labels)
    return f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, labels: {chosen}, annotations: {written}}}
"""


def annotated(name: str = "shop", /, annotations: dict[str, str] | None = None) -> str:
    """A namespace with annotations, by default in Linkerd's mesh."""
    written = _flow(LINKERD | (annotations or {}))
    return f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, annotations: {written}}}
"""


def workload(
    name: str = "web",
    port: int = 8080,
    namespace: str = "shop",
    account: str = "",
    annotations: dict[str, str] | None = None,
    **labels: str,
) -> str:
    """A Deployment that serves one port, with its own service account (its name)."""
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {_flow({"app": name} | labels)}, annotations: {_flow(annotations or {})}}}
    spec:
      serviceAccountName: {account or name}
      containers: [{{name: c, image: i, ports: [{{containerPort: {port}}}]}}]
"""


def peer_authentication(
    name: str, mode: str = "", namespace: str = "shop", select: str = "", ports: str = "", more: str = ""
) -> str:
    """A PeerAuthentication; `select` is an app, `ports` the portLevelMtls."""
    parts = [
        f"selector: {{matchLabels: {{app: {select}}}}}" if select else "",
        f"mtls: {{mode: {mode}}}" if mode else "",
        f"portLevelMtls: {ports}" if ports else "",
    ]
    return f"""
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: {name}, namespace: {namespace}{more}}}
spec: {{{", ".join(part for part in parts if part)}}}
"""


def authorization(
    name: str, rules: str = "[{}]", action: str = "ALLOW", namespace: str = "shop", select: str = "", dry: bool = False
) -> str:
    """An AuthorizationPolicy of Istio."""
    selector = f"selector: {{matchLabels: {{app: {select}}}}}, " if select else ""
    annotations = ', annotations: {istio.io/dry-run: "true"}' if dry else ""
    return f"""
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: {namespace}{annotations}}}
spec:
  {{{selector}action: {action}, rules: {rules}}}
"""


def destination_rule(name: str, host: str, policy: str, namespace: str = "shop", more: str = "") -> str:
    """A DestinationRule; `policy` is its trafficPolicy."""
    return f"""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{host: {host}, trafficPolicy: {policy}{more}}}
"""


def server(name: str, select: str, port: int | str = 8080, namespace: str = "shop", more: str = "") -> str:
    """A Server of Linkerd for the pods of an app."""
    return f"""
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{podSelector: {{matchLabels: {{app: {select}}}}}, port: {port}{more}}}
"""


def linkerd_policy(name: str, target: str, required: str, namespace: str = "shop", kind: str = "Server") -> str:
    """An AuthorizationPolicy of Linkerd; `required` are its requiredAuthenticationRefs."""
    group = "" if kind == "Namespace" else "policy.linkerd.io"
    return f"""
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  targetRef: {{group: "{group}", kind: {kind}, name: {target}}}
  requiredAuthenticationRefs: {required}
"""


def mesh_tls(name: str, identities: str = "", refs: str = "", namespace: str = "shop") -> str:
    """A MeshTLSAuthentication."""
    parts = [f"identities: {identities}" if identities else "", f"identityRefs: {refs}" if refs else ""]
    return f"""
apiVersion: policy.linkerd.io/v1alpha1
kind: MeshTLSAuthentication
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{", ".join(part for part in parts if part)}}}
"""


REQUIRES = "[{{group: policy.linkerd.io, kind: MeshTLSAuthentication, name: {}}}]"
"""A list of required authentications with one name."""
