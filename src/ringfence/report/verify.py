"""What `verify` found, as JSON (schema `ringfence.verify/1`) and as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ringfence.checks.finding import Finding, Severity
from ringfence.engine.overview import Overview
from ringfence.engine.witness import Witness
from ringfence.model.spans import Span
from ringfence.posture.proofs import PROVED, VIOLATED, Proof
from ringfence.report.connectivity import assumptions
from ringfence.report.packets import deciding_text, hops_document, packet_document, packet_text
from ringfence.report.style import Style, one_line

SCHEMA = "ringfence.verify/1"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything that one run of `verify` has to say. `exposed` are entries as sentences, with their places.

    `incomplete` says that some of the input could not be read, so that nothing here is good enough; `broken` counts the
    intents among it. `overview` stands in for intents where there is no posture file.
    """

    proofs: tuple[Proof, ...]
    findings: tuple[Finding, ...]
    exposed: tuple[tuple[str, Span], ...]
    not_modelled: tuple[str, ...]
    assumed_open: tuple[str, ...]
    workloads: int
    policies: int
    threshold: Severity
    incomplete: bool = False
    overview: Overview | None = None
    broken: int = 0

    @property
    def failed(self) -> bool:
        """Whether an intent is not proved, or a finding is at or above the threshold."""
        unproved = any(proof.status != PROVED for proof in self.proofs)
        return unproved or any(finding.severity >= self.threshold for finding in self.findings)


def document(verdict: Verdict) -> dict[str, Any]:
    """The JSON document."""
    return {
        "schema": SCHEMA,
        "intents": [_intent(proof) for proof in verdict.proofs],
        "findings": [_finding(finding) for finding in verdict.findings],
        "connectivity": verdict.overview,
        "exposed": [{"what": what, "span": str(span)} for what, span in verdict.exposed],
        "not_modelled": list(verdict.not_modelled),
        "assumed_open": list(verdict.assumed_open),
    }


def _intent(proof: Proof) -> dict[str, Any]:
    found: dict[str, Any] = {"name": proof.intent.name, "status": proof.status, "witness": None}
    if proof.witness is not None:
        found["witness"] = _witness(proof.witness)
    return found | {"because": proof.because, "span": _place(proof.span), "reason": proof.intent.reason}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.check.id,
        "name": finding.check.name,
        "severity": str(finding.severity),
        "message": finding.message,
        "span": _place(finding.span),
        "because": [{"what": what, "span": _place(span)} for what, span in finding.because],
        "witness": None if finding.witness is None else _witness(finding.witness),
        "remediation": finding.check.remediation,
    }


def _witness(witness: Witness) -> dict[str, Any]:
    branch = witness.branch
    ways = {"forward": hops_document(branch.forward), "return": hops_document(branch.back)}
    return packet_document(witness.packet) | {"outcome": str(witness.trace.outcome)} | ways


def text(verdict: Verdict, style: Style) -> str:
    """Intents, findings and exposure, with a line of summary at the end."""
    lines: list[str] = []
    if verdict.proofs:
        lines += [style.bold("Intents"), *_intents(verdict.proofs, style), ""]
    if verdict.overview is not None:
        lines += [style.bold("Connectivity"), *_overview(verdict.overview), ""]
    if verdict.findings:
        lines += [style.bold("Findings"), *_findings(verdict.findings, style), ""]
    if verdict.exposed:
        lines.append(style.bold("Ways in from outside"))
        lines += [f"  {what}  {style.dim(f'({span})')}" for what, span in verdict.exposed]
        lines.append("")
    lines += [style.warn(f"not modelled: {one}") for one in verdict.not_modelled]
    lines += assumptions(verdict.assumed_open, style)
    return "\n".join([*lines, "", *_summary(verdict, style)]) + "\n"


def _intents(proofs: tuple[Proof, ...], style: Style) -> list[str]:
    lines = []
    names = [one_line(proof.intent.name) for proof in proofs]
    width = max(map(len, names))
    for name, proof in zip(names, proofs, strict=True):
        mark = style.good if proof.status == PROVED else style.bad if proof.status == VIOLATED else style.warn
        sign = {PROVED: "ok", VIOLATED: "NO"}.get(proof.status, "??")
        head = f"  {mark(sign)}  {name:<{width}}  {proof.status:<8}"
        lines.append(f"{head}  {style.dim(one_line(' '.join(proof.intent.reason.split())))}")
        if proof.because:
            lines.append(f"        {proof.because}")
        lines += _shown(proof.witness)
    return lines


def _findings(findings: Iterable[Finding], style: Style) -> list[str]:
    lines = []
    for finding in findings:
        mark = style.bad if finding.severity >= Severity.HIGH else style.warn
        head = f"  {mark(f'{finding.severity!s:<8}')} {finding.check.id}"
        lines.append(f"{head}  {finding.message}")
        lines.append(f"        {style.dim('at')} {finding.span}")
        for what, span in finding.because:
            lines.append(f"        {what}" + (f"  ({span})" if span.file else ""))
        lines += _shown(finding.witness)
        lines.append(f"        {style.dim('fix: ' + finding.check.remediation)}")
    return lines


def _shown(witness: Witness | None) -> list[str]:
    if witness is None:
        return []
    packet = f"{witness.packet.source} -> {witness.packet.destination}"
    return [f"        packet {packet_text(witness.packet)}  ({packet})", f"        {deciding_text(witness)}"]


def _overview(found: Overview) -> list[str]:
    """Some sentences, and where to read on."""
    shown = ", ".join(found.from_outside[:4])
    more = f" and {len(found.from_outside) - 4} more" if len(found.from_outside) > 4 else ""
    count = _many(found.pairs, "pair")
    travelling = [f"{number} {kind}" for kind, number in found.transports.items()]
    return [
        f"  {found.connected} of {count} of workloads may exchange something (ringfence connectivity shows them)",
        *([f"  pairs by mutual TLS: {', '.join(travelling)}"] if travelling else []),
        f"  policies let the outside reach: {shown or 'nobody'}{more}",
    ]


def _summary(verdict: Verdict, style: Style) -> list[str]:
    counts = {status: sum(proof.status == status for proof in verdict.proofs) for status in (PROVED, VIOLATED)}
    open_ones = len(verdict.proofs) - sum(counts.values())
    over = sum(finding.severity >= verdict.threshold for finding in verdict.findings)
    parts = [f"{_many(verdict.workloads, 'workload')}, {_many(verdict.policies, 'policy')}"]
    if verdict.proofs or verdict.broken:
        intents = f"{counts[PROVED]} of {_many(len(verdict.proofs) + verdict.broken, 'intent')} proved"
        intents += f", {counts[VIOLATED]} violated" if counts[VIOLATED] else ""
        intents += f", {open_ones} unknown" if open_ones else ""
        parts.append(intents + (f", {verdict.broken} not read" if verdict.broken else ""))
    below = len(verdict.findings) - over
    found = f"{_many(over, 'finding')} at or above {verdict.threshold}"
    parts.append(found + (f", {below} below" if below else ""))
    mark, word = style.good, "ok"
    if verdict.incomplete:
        mark, word = style.warn, "INCOMPLETE, some of the input was not read"
    if verdict.failed:
        mark, word = style.bad, "FAILED"
    return [mark(": ".join([word, "; ".join(parts)]))]


def _many(count: int, what: str) -> str:
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{count} {what if count == 1 else plural}"


def _place(span: Span) -> str:
    return str(span) if span.file or span.pointer else ""
