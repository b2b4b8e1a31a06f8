"""Which network plugin a cluster runs, and whether it enforces NetworkPolicy at all.

A policy is a wish; the plugin (CNI) makes it true or does not. The posture file may say which one runs; otherwise its
own workloads in the manifests give it away. Where nothing is known, policies are taken as enforced, and that is listed
as an assumption.

| plugin | enforces NetworkPolicy |
|---|---|
| Calico, Canal, Antrea, Weave Net, kube-router, OVN-Kubernetes, Azure NPM | yes |
| Cilium | yes, unless `enable-policy` is `never`; with `always`, pods that no policy selects are closed, too |
| flannel | no |
| kindnet | old ones do not |
| Amazon VPC CNI | from v1.14, where controller (ConfigMap) and agent (its argument) are switched on |

An agent that is switched on without its controller gets no policies, and a controller without agents has nobody to
carry them out; so one that says no outweighs one that says yes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes import ConfigMap, KubernetesObjects, Workload
from ringfence.topology.options import Options
from ringfence.topology.plugins import DAEMONS, ENFORCING

SWITCHED_OFF = "Amazon VPC CNI does not enforce NetworkPolicy unless it is switched on, and nothing here does"


@dataclass(frozen=True, slots=True)
class Enforcement:
    """The plugin (empty: not known), whether it enforces (None: not known), and how that is known.

    `isolates_all`: also pods that no policy selects are closed. `matches_nodes`: Cilium's `policy-cidr-match-mode`.
    """

    cni: str
    enforced: bool | None
    because: str
    span: Span = NOWHERE
    isolates_all: bool = False
    matches_nodes: bool = False

    @property
    def ipblock_matches_pods(self) -> bool:
        """What `auto` means here: Cilium matches address blocks against what is outside the cluster only."""
        return self.cni != "cilium"

    @property
    def ipblock_matches_nodes(self) -> bool:
        """Whether address blocks also mean nodes: Cilium's do where `policy-cidr-match-mode` says so."""
        return self.cni != "cilium" or self.matches_nodes


def enforcement(objects: KubernetesObjects, options: Options) -> Enforcement:
    """What options and manifests say about the plugin."""
    daemon = None if options.cni else _daemon(objects)
    cni = DAEMONS.get(options.cni, options.cni) or (DAEMONS[daemon.metadata.name] if daemon else "")
    where = daemon.span if daemon else NOWHERE
    if options.network_policy_enforced is not None:
        says = "enforces" if options.network_policy_enforced else "does not enforce"
        return Enforcement(cni, options.network_policy_enforced, f"the options say that the cluster {says} it", where)
    if not cni:
        return Enforcement("", None, "no network plugin is named or found in the manifests")
    if cni == "amazon-vpc-cni" and daemon is not None:
        return _amazon(objects, daemon)
    if cni == "cilium":
        return _cilium(objects, where)
    enforced = ENFORCING.get(cni)
    if enforced is None:
        return Enforcement(cni, None, f"whether {cni} enforces NetworkPolicy depends on how it is set up", where)
    return Enforcement(cni, enforced, f"{cni} {'enforces' if enforced else 'does not enforce'} NetworkPolicy", where)


def _daemon(objects: KubernetesObjects) -> Workload | None:
    """A plugin that enforces goes before one that only connects (Canal is flannel and Calico)."""
    found = [one for one in objects.workloads if one.kind == "DaemonSet" and one.metadata.name in DAEMONS]
    found.sort(key=lambda one: ENFORCING[DAEMONS[one.metadata.name]] is not True)
    return found[0] if found else None


def _cilium(objects: KubernetesObjects, where: Span) -> Enforcement:
    config = _config(objects, "cilium-config")
    data = config.data if config else {}
    mode = data.get("enable-policy", "default")
    nodes = "nodes" in data.get("policy-cidr-match-mode", "")
    if config is None or mode not in ("always", "never"):
        return Enforcement("cilium", True, "cilium enforces NetworkPolicy", where, matches_nodes=nodes)
    says = f"ConfigMap {config.metadata.qualified_name} sets enable-policy to {mode}"
    return Enforcement("cilium", mode == "always", says, config.span, mode == "always", nodes)


def _amazon(objects: KubernetesObjects, daemon: Workload) -> Enforcement:
    """Everything that the files say about it; the first that says no decides, else the first that says yes."""
    found = sorted(_amazon_says(objects, daemon), key=lambda one: one.enforced is True)
    return found[0] if found else Enforcement("amazon-vpc-cni", False, SWITCHED_OFF, daemon.span)


def _amazon_says(objects: KubernetesObjects, daemon: Workload) -> Iterator[Enforcement]:
    config = _config(objects, "amazon-vpc-cni")
    value = config.data.get("enable-network-policy-controller") if config else None
    if config is not None and value is not None:
        on = value == "true"
        says = f"ConfigMap {config.metadata.qualified_name} {'switches' if on else 'does not switch'} it on"
        yield Enforcement("amazon-vpc-cni", on, says, config.span)
    for container in (one for template in daemon.templates for one in template.containers):
        version = re.search(r"/amazon-k8s-cni:v?(\d+)\.(\d+)", container.image)
        if version and (int(version[1]), int(version[2])) < (1, 14):
            says = f"Amazon VPC CNI {version[1]}.{version[2]} does not enforce NetworkPolicy; 1.14 and later can"
            yield Enforcement("amazon-vpc-cni", False, says, container.span)
        if container.env.get("ENABLE_NETWORK_POLICY", "") is None:
            says = f"container {container.name} takes ENABLE_NETWORK_POLICY from elsewhere"
            yield Enforcement("amazon-vpc-cni", None, says, container.span)
        values = [container.env.get("ENABLE_NETWORK_POLICY")]
        values += [one.partition("=")[2] for one in container.args if one.startswith("--enable-network-policy=")]
        for text in values:
            if text is not None:
                on = text.lower() == "true"
                says = f"container {container.name} {'switches' if on else 'does not switch'} it on"
                yield Enforcement("amazon-vpc-cni", on, says, container.span)


def _config(objects: KubernetesObjects, name: str) -> ConfigMap | None:
    return next((one for one in objects.config_maps if one.metadata.qualified_name == f"kube-system/{name}"), None)
