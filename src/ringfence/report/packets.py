"""A packet, and the hops of its way, as JSON and as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ringfence.engine.decisions import NOTHING_APPLIES
from ringfence.engine.outcomes import Branch, Hop
from ringfence.engine.witness import Witness
from ringfence.layers import network_policy
from ringfence.model.addresses import address
from ringfence.model.headers import PORT_PLANES, Header
from ringfence.model.networks import Packet
from ringfence.model.rules import Action
from ringfence.report.style import Style

TELLING = network_policy.LAYER
"""The layer of which it is news that nothing applies: the pod is not isolated."""

NAMES = {"mtls": "tcp (mTLS)"}


def packet_document(packet: Packet) -> dict[str, Any]:
    """The packet by its ends, addresses and ports."""
    header = packet.header
    found: dict[str, Any] = {
        "src": packet.source,
        "src_address": str(address(packet.source_address)),
        "dst": packet.destination,
        "dst_address": str(address(packet.destination_address)),
        "protocol": "tcp" if header.plane == "mtls" else header.plane,
    }
    if header.plane == "mtls":
        found["transport"] = "mtls"
    if header.plane in PORT_PLANES:
        return found | {"src_port": header.x, "dst_port": header.y}
    if header.plane == "other":
        return found | {"protocol": str(header.protocol)}
    return found | {"type": header.x, "code": header.y}


def packet_text(packet: Packet) -> str:
    """`203.0.113.10:49152 -> 10.0.0.10:443 tcp`."""
    source, target = (str(address(one)) for one in (packet.source_address, packet.destination_address))
    header = packet.header
    if header.plane in PORT_PLANES:
        return f"{_joined(source, header.x)} -> {_joined(target, header.y)} {NAMES.get(header.plane, header.plane)}"
    return f"{source} -> {target} {_kind(header)}"


def hops_document(hops: Iterable[Hop]) -> list[dict[str, str]]:
    """The hops as the schema of `explain` has them, each with what it says beyond its names."""
    return [
        {
            "location": hop.location,
            "layer": hop.layer,
            "stage": hop.stage,
            "action": hop.action,
            "rule": hop.rule,
            "span": str(hop.span) if hop.span.file or hop.span.pointer else "",
            "because": hop.because,
        }
        for hop in hops
    ]


def hops_text(branch: Branch, style: Style, indent: str = "  ") -> list[str]:
    """The way there and back, one line a hop."""
    lines = [f"{indent}there"]
    lines += [_hop(hop, style, indent) for hop in branch.forward if not _silent(hop)]
    judged = [hop for hop in branch.back if hop.layer or hop.action == "no_route"]
    if judged:
        lines.append(f"{indent}back")
        lines += [_hop(hop, style, indent) for hop in branch.back if not _silent(hop)]
    elif branch.outcome == "allowed":
        lines.append(f"{indent}back: the reply passes; every chain on its way saw the request")
    return lines


def deciding_text(witness: Witness) -> str:
    """The hop that decided, in one line: layer, rule and place."""
    hop = witness.branch.deciding
    return "no layer on the way decides anything" if hop is None else f"{hop.action}: {reason(hop)}"


def _hop(hop: Hop, style: Style, indent: str) -> str:
    action = {"allow": style.good, "deny": style.bad, "no_route": style.bad}.get(hop.action, style.dim)(hop.action)
    where = f"{hop.location} {hop.direction}".strip()
    return f"{indent}  {where:<24} {action:<8} {reason(hop)}"


def reason(hop: Hop) -> str:
    """What a hop did and by which rule, with its place; for a link where it leads."""
    if not hop.layer:
        return hop.because
    says = hop.because or hop.rule
    says += f", open: {hop.open}" if hop.open else ""
    place = f"  ({hop.span})" if hop.span.file or hop.span.pointer else ""
    return f"{hop.layer}: {says}{place}"


def _silent(hop: Hop) -> bool:
    """A layer of which nothing concerns this packet, and that lets it pass."""
    stands_by = hop.action == Action.ALLOW and hop.because == NOTHING_APPLIES
    return stands_by and hop.layer != TELLING


def _joined(text: str, port: int) -> str:
    return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"


def _kind(header: Header) -> str:
    if header.plane == "other":
        return f"protocol {header.protocol}"
    return f"{header.plane} type {header.x} code {header.y}"
