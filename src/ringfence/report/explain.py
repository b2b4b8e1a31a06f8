"""An explanation as JSON (schema `ringfence.explain/1`) and as text."""

from __future__ import annotations

from typing import Any

import msgspec

from ringfence.engine.explain import Explanation
from ringfence.engine.outcomes import Outcome
from ringfence.engine.transport import Transport
from ringfence.engine.witness import Witness
from ringfence.report.packets import hops_document, hops_text, packet_document, packet_text
from ringfence.report.style import Style, one_line

SCHEMA = "ringfence.explain/1"


def document(found: Explanation) -> dict[str, Any]:
    """The JSON document."""
    branch = found.witness.branch
    return {
        "schema": SCHEMA,
        "outcome": str(found.outcome),
        "mtls": str(found.transport),
        "identities": {"source": found.identities[0] or None, "destination": found.identities[1] or None},
        "witness": packet_document(found.witness.packet),
        "forward": hops_document(branch.forward),
        "return": hops_document(branch.back),
        "because": [*found.because, *found.notes],
    }


def line(answer: dict[str, Any]) -> str:
    """One answer as a line of JSON."""
    return msgspec.json.encode(answer).decode() + "\n"


def text(question: str, found: Explanation, style: Style) -> str:
    """The outcome in one line, then the packet that shows it and its way, hop by hop."""
    mark = {Outcome.ALLOWED: style.good, Outcome.DENIED: style.bad, Outcome.NO_ROUTE: style.bad}
    lines = [f"{style.bold(one_line(question))}: {mark.get(found.outcome, style.warn)(str(found.outcome))}"]
    lines += [f"  {style.warn('not known')}: {one}" for one in found.because]
    lines += _transport(found, style)
    lines += [f"  {style.warn('note')}: {one}" for one in found.notes]
    lines += _witness(found.witness, style)
    if found.arriving is not None and found.arriving is not found.witness:
        lines += ["", "and one that arrives:", *_witness(found.arriving, style)]
    return "\n".join(lines) + "\n"


def _transport(found: Explanation, style: Style) -> list[str]:
    """How TCP travels and as whom; nothing where no mesh has to do with it."""
    source, destination = found.identities
    if not source and not destination and found.transport is Transport.PLAINTEXT:
        return []
    mark = style.good if found.transport is Transport.STRICT else style.warn
    names = f"{source or 'no identity'} -> {destination or 'no identity'}"
    return [f"  mTLS {mark(str(found.transport))}   {style.dim(names)}"]


def _witness(witness: Witness, style: Style) -> list[str]:
    packet = witness.packet
    names = f"{packet.source} -> {packet.destination}"
    return [f"  packet {packet_text(packet)}   {style.dim(names)}", *hops_text(witness.branch, style)]
