"""Server (`policy.linkerd.io`, v1alpha1 to v1beta3): a port of selected pods, and who may use it by default."""

from __future__ import annotations

from dataclasses import dataclass, field

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import LabelSelector, ObjectMeta

UNKNOWN, GRPC, OPAQUE, TLS = "unknown", "gRPC", "opaque", "TLS"
"""Those of the proxy protocols that change what a policy means; the others are HTTP/1 and HTTP/2."""

DEFAULT_POLICIES = (
    "all-unauthenticated",
    "all-authenticated",
    "cluster-unauthenticated",
    "cluster-authenticated",
    "deny",
    "audit",
)
"""What may stand as `accessPolicy`, in the annotation `default-inbound-policy`, and as the control plane's default."""


@dataclass(frozen=True, slots=True)
class Server:
    """A port, by number or by the name that containers give it, of the pods of its own namespace that are selected.

    One of the two selectors is set; `external_workload_selector` selects machines outside the cluster.
    `access_policy`: a default policy that is added to the authorizations; `deny` adds nothing.
    """

    metadata: ObjectMeta
    port: int | str
    pod_selector: LabelSelector | None = None
    external_workload_selector: LabelSelector | None = None
    proxy_protocol: str = UNKNOWN
    access_policy: str = "deny"
    span: Span = field(default=NOWHERE, compare=False, repr=False)
