"""Which network plugin a cluster runs, and whether it enforces NetworkPolicy at all.

A policy is a wish; the plugin (CNI) makes it true or does not. The posture file may say which one runs; otherwise its
own workloads in the manifests give it away. Where nothing is known, policies are taken as enforced, and that is listed
as an assumption.

| plugin | enforces NetworkPolicy |
|---|---|
| Calico, Cilium, Antrea, Weave Net, kube-router, OVN-Kubernetes, Canal | yes |
| flannel, kindnet before 1.9 | no |
| Amazon VPC CNI | from v1.14, when `ENABLE_NETWORK_POLICY` or `enable-network-policy-controller` says so |
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes import KubernetesObjects, Workload
from ringfence.topology.options import Options

ENFORCING: dict[str, bool | None] = {
    "calico": True,
    "canal": True,
    "cilium": True,
    "antrea": True,
    "weave": True,
    "kube-router": True,
    "ovn-kubernetes": True,
    "flannel": False,
    "kindnet": None,
    "amazon-vpc-cni": None,
}
"""The plugins by the name that the option `cni` takes; None: it depends."""

DAEMONS = {
    "calico-node": "calico",
    "canal": "canal",
    "cilium": "cilium",
    "antrea-agent": "antrea",
    "weave-net": "weave",
    "kube-router": "kube-router",
    "ovnkube-node": "ovn-kubernetes",
    "kube-flannel-ds": "flannel",
    "kube-flannel": "flannel",
    "kindnet": "kindnet",
    "aws-node": "amazon-vpc-cni",
}
"""The DaemonSets by which plugins are known."""


@dataclass(frozen=True, slots=True)
class Enforcement:
    """The plugin (empty: not known), whether it enforces (None: not known), and how that is known."""

    cni: str
    enforced: bool | None
    because: str
    span: Span = NOWHERE

    @property
    def ipblock_matches_pods(self) -> bool:
        """What `auto` means here: Cilium matches address blocks against what is outside the cluster only."""
        return self.cni != "cilium"


def enforcement(objects: KubernetesObjects, options: Options) -> Enforcement:
    """What options and manifests say about the plugin."""
    daemon = None if options.cni else _daemon(objects)
    cni = options.cni or (DAEMONS[daemon.metadata.name] if daemon else "")
    where = daemon.span if daemon else NOWHERE
    if options.network_policy_enforced is not None:
        says = "enforces" if options.network_policy_enforced else "does not enforce"
        return Enforcement(cni, options.network_policy_enforced, f"the options say that the cluster {says} it", where)
    if not cni:
        return Enforcement("", None, "no network plugin is named or found in the manifests")
    if cni == "amazon-vpc-cni" and daemon is not None:
        return _amazon(objects, daemon)
    enforced = ENFORCING.get(cni)
    if enforced is None:
        return Enforcement(cni, None, f"whether {cni} enforces NetworkPolicy depends on how it is set up", where)
    return Enforcement(cni, enforced, f"{cni} {'enforces' if enforced else 'does not enforce'} NetworkPolicy", where)


def _daemon(objects: KubernetesObjects) -> Workload | None:
    """A plugin that enforces goes before one that only connects (Canal is flannel and Calico)."""
    found = [one for one in objects.workloads if one.kind == "DaemonSet" and one.metadata.name in DAEMONS]
    found.sort(key=lambda one: ENFORCING[DAEMONS[one.metadata.name]] is not True)
    return found[0] if found else None


def _amazon(objects: KubernetesObjects, daemon: Workload) -> Enforcement:
    """Amazon's plugin enforces only where it is switched on, in its ConfigMap and in its agent."""
    for config in objects.config_maps:
        if config.metadata.qualified_name == "kube-system/amazon-vpc-cni":
            on = config.data.get("enable-network-policy-controller") == "true"
            says = f"ConfigMap {config.metadata.qualified_name} {'switches' if on else 'does not switch'} it on"
            return Enforcement("amazon-vpc-cni", on, says, config.span)
    containers = [one for template in daemon.templates for one in template.containers]
    for container in containers:
        value = container.env.get("ENABLE_NETWORK_POLICY")
        if value is not None or "--enable-network-policy=true" in container.args:
            on = str(value).lower() == "true" or "--enable-network-policy=true" in container.args
            return Enforcement("amazon-vpc-cni", on, f"container {container.name} says so", container.span)
    because = "Amazon VPC CNI does not enforce NetworkPolicy unless it is switched on, and nothing here does"
    return Enforcement("amazon-vpc-cni", False, because, daemon.span)
