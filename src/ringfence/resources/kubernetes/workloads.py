"""What runs: namespaces, nodes, pods, and the workloads that own pods.

A `Workload` is what reports and questions name: `namespace/name[Kind]`. It comes from a controller (Deployment,
StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, ReplicationController, Argo Rollout), from a Pod without an owner
(kind `Pod`), or from Pods that name an owner which is not in the files. A controller that another one owns (the
ReplicaSet of a Deployment, the Job of a CronJob) is part of its owner where both are in the files.

What a pod is like stands in its `PodTemplate`: the labels and the part of the pod spec that decides the network.
Containers keep image, command, arguments and plain environment, because that is where a CNI or mesh says what it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import LabelSelector, ObjectMeta

WORKLOAD_KINDS = (
    "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "ReplicationController", "Rollout", "Pod",
)  # fmt: skip
"""The kinds that become workloads when they stand in the files."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace. Its labels always hold `kubernetes.io/metadata.name`, as the API server sets it.

    `declared` is false for one that no file declares but that an object lives in: its other labels are not known.
    """

    metadata: ObjectMeta
    declared: bool = True
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Node:
    """A node; `addresses` are its InternalIP and ExternalIP entries as (type, address)."""

    metadata: ObjectMeta
    addresses: tuple[tuple[str, str], ...] = ()
    pod_cidrs: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A declared port; only a named one changes what a policy means. `host_port` 0: none on the node."""

    container_port: int
    name: str = ""
    protocol: str = "TCP"
    host_port: int = 0
    host_ip: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """A container as far as it tells about the network.

    `env` holds literal values only; a value taken from elsewhere (a Secret, a field) is None.
    `http_probes`: port (by number, or by the name that this container gives it) and path of its probes over HTTP.
    `limits`: of which resources (`cpu`, `memory` ...) it may not take more than so much.
    `init`: it has ended before the pod serves, unless it is a `sidecar` (an init container with restartPolicy Always).
    """

    name: str
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    ports: tuple[ContainerPort, ...] = ()
    http_probes: tuple[tuple[int | str, str], ...] = ()
    limits: frozenset[str] = frozenset()
    init: bool = False
    sidecar: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NodeRequirement:
    """What a node's label must be. `operator` is one of `NODE_OPERATORS`; of `Gt` and `Lt` the one value is a number.

    With `field` the key names a field of the node instead of a label: `metadata.name`.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()
    field: bool = False


NODE_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")

NodeTerm = tuple[NodeRequirement, ...]
"""Requirements that hold together; an empty term holds for no node."""


@dataclass(frozen=True, slots=True)
class Toleration:
    """Which taints a pod puts up with. Empty key (then `Exists`): all of them; empty effect: every effect."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """What a pod is like: its labels and the network-deciding part of its spec.

    `node_name` is empty where the scheduler chooses. `node_selector`, `node_terms` and the taints of nodes that no
    toleration is for limit the choice. `node_terms` None: the pod's affinity asks for nothing; else one of them must
    hold.
    """

    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    containers: tuple[Container, ...] = ()
    host_network: bool = False
    node_name: str = ""
    node_selector: Mapping[str, str] = field(default_factory=dict, hash=False)
    node_terms: tuple[NodeTerm, ...] | None = None
    tolerations: tuple[Toleration, ...] = ()
    service_account_name: str = "default"
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def ports(self) -> tuple[ContainerPort, ...]:
        """The ports of the containers that serve while the pod runs: sidecars count, plain init containers do not."""
        serving = (container for container in self.containers if not container.init or container.sidecar)
        return tuple(port for container in serving for port in container.ports)


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that a file holds: hand-written, or dumped from a cluster with its status.

    `phase` is empty where there is no status. `Succeeded` and `Failed` pods have no network any more.
    """

    metadata: ObjectMeta
    template: PodTemplate
    phase: str = ""
    pod_ips: tuple[str, ...] = ()
    host_ips: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def finished(self) -> bool:
        """Whether the pod has ended and holds no address any more."""
        return self.phase in ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Workload:
    """The owner that pods belong to.

    `templates`: the distinct kinds of pods it has or makes. First the declared template (None declared: an owner that
    only pods name), then those of its pods that differ from it in labels, ports or network.
    `replicas`: 0 means that no pod runs now; None that the kind has no such number (DaemonSet, CronJob) or that an
    autoscaler or an absent owner decides.
    `pods`: the Pod objects found in the files that it owns, finished ones included; often none.
    `selector`: which pods a controller adopts; None where the kind has none or leaves it to the API server.
    """

    kind: str
    metadata: ObjectMeta
    templates: tuple[PodTemplate, ...]
    replicas: int | None = None
    pods: tuple[Pod, ...] = ()
    selector: LabelSelector | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def every_template(self) -> tuple[PodTemplate, ...]:
        """What its pods are like: its own templates, then that of each pod in the files."""
        return (*self.templates, *(pod.template for pod in self.pods))

    @property
    def title(self) -> str:
        """`namespace/name[Kind]`, the name that every output uses."""
        return f"{self.metadata.qualified_name}[{self.kind}]"
