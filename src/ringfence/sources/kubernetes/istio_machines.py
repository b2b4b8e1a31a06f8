"""WorkloadEntry and WorkloadGroup (`networking.istio.io`), accepted as istiod's admission webhook does.

Source: istio `pkg/config/validation/validation.go` (`validateWorkloadEntry`, `ValidateWorkloadGroup`).
"""

from __future__ import annotations

from ipaddress import ip_address

from ringfence.resources.istio.machines import Machine
from ringfence.resources.istio.networking import Labels
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.istio_networking import HOST, UNIX
from ringfence.sources.kubernetes.istio_parts import TOP
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part, shown

ENTRY = ("address", "ports", "labels", "network", "locality", "weight", "serviceAccount")


def workload_entry(part: Part) -> Machine:
    """A WorkloadEntry; labels of its metadata go before those of its spec."""
    part.only(*TOP)
    metadata, spec = object_meta(part["metadata"], namespaced=True), part["spec"]
    address = spec["address"].text()
    if not address and not spec["network"].text():
        spec["address"].refuse("is missing", "only a machine of another network may go without")
    elif address and not address.startswith(UNIX) and not _is_address(address) and not HOST.fullmatch(address):
        spec["address"].refuse(f"{shown(address)} is no address and no name")
    elif address.startswith(UNIX) and spec["ports"].entries():
        spec["ports"].refuse("stand beside a socket, which has none")
    labels = {**spec["labels"].mapping_of_texts(), **metadata.labels}
    return Machine("WorkloadEntry", metadata, address, _sorted(labels), _ports(spec), _account(spec), part.span)


def workload_group(part: Part) -> Machine:
    """A WorkloadGroup: the machines that may register by it."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("metadata", "template", "probe")
    template = spec["template"]
    if not template.present:
        template.refuse("is missing")
    labels = {**spec["metadata"]["labels"].mapping_of_texts(), **template["labels"].mapping_of_texts()}
    metadata = object_meta(part["metadata"], namespaced=True)
    return Machine("WorkloadGroup", metadata, "", _sorted(labels), _ports(template), _account(template), part.span)


def _ports(part: Part) -> tuple[tuple[str, int], ...]:
    part.only(*ENTRY)
    return tuple(sorted((name, syntax.port_number(item)) for name, item in part["ports"].parts()))


def _account(part: Part) -> str:
    return part["serviceAccount"].text()


def _sorted(labels: dict[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
