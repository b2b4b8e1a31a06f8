"""The network plugins that are known here, by name."""

from __future__ import annotations

ENFORCING: dict[str, bool | None] = {
    "calico": True,
    "canal": True,
    "cilium": True,
    "antrea": True,
    "weave": True,
    "kube-router": True,
    "ovn-kubernetes": True,
    "azure-npm": True,
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
    "azure-npm": "azure-npm",
    "anetd": "cilium",
    "kube-flannel-ds": "flannel",
    "kube-flannel": "flannel",
    "kindnet": "kindnet",
    "aws-node": "amazon-vpc-cni",
}
"""The DaemonSets by which plugins are known; the option `cni` takes these names, too."""
